/* SPDX-License-Identifier: MIT */
/* What other operations need of links.c. Threads: any. */
#ifndef ALGOFS_ENGINE_LINKS_H
#define ALGOFS_ENGINE_LINKS_H

struct instance;

/** Uploads the file `path` if the remote has never seen it. 0, or the upload's verdict. */
int links_have_remote(struct instance *instance, const char *path);

#endif
