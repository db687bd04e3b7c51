/* SPDX-License-Identifier: MIT */
/*
 * Shared libraries in the prefix. The loader opens and maps them without calling anybody, so what it will
 * want is made whole before: the library itself, and what it needs from beside it ($ORIGIN).
 */
#ifndef ALGOFS_PRELOAD_LIBRARY_H
#define ALGOFS_PRELOAD_LIBRARY_H

/** Fills the libraries that the program or library open as `fd` needs and that its RPATH or RUNPATH has in
 *  the prefix. What is wrong with one of them the loader says. Stack only: may run in a child of vfork. */
void library_fill_needed(int fd);

#endif
