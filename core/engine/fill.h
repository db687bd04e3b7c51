/* SPDX-License-Identifier: MIT */
/* Having a whole file here, for who cannot do with less than all of it. Threads: any. */
#ifndef ALGOFS_ENGINE_FILL_H
#define ALGOFS_ENGINE_FILL_H

struct instance;

/** Waits until the file `path`, open as `fd`, is complete. -ESTALE: it has changed, look again. */
int fill_file(struct instance *instance, const char *path, int fd);

#endif
