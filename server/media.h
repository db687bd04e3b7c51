/* SPDX-License-Identifier: MIT */
/* The media type of a file, by the extension of its name. */
#ifndef ALGOFS_SERVER_MEDIA_H
#define ALGOFS_SERVER_MEDIA_H

/** The type of a file called `name`; never NULL, static. */
const char *media_type(const char *name);

#endif
