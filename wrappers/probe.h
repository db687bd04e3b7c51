/* SPDX-License-Identifier: MIT */
/*
 * Does a child that is started like the command will be see the prefix? ld.so goes on without a word
 * when a preloaded library is missing or of the wrong kind, so this is asked of a real child.
 */
#ifndef ALGOFS_WRAPPERS_PROBE_H
#define ALGOFS_WRAPPERS_PROBE_H

/** The hidden first argument that makes algofs-run the probe child. */
#define PROBE_ARGUMENT "--probe-prefix"

/** Starts the probe child. 0, or -errno: what looking at the prefix gave; -ENOENT: no shim there. */
int probe_prefix(const char *prefix);
/** What the child does; its exit status. */
int probe_main(const char *prefix);

#endif
