/* SPDX-License-Identifier: MIT */
/*
 * What exec and spawn share: which environment the new program gets, and which file it really is.
 * Safe between vfork and exec: all on the stack.
 */
#ifndef ALGOFS_PRELOAD_EXEC_H
#define ALGOFS_PRELOAD_EXEC_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "preload/target.h"

/** How many entries exec_environment may add to those of `envp`. */
size_t exec_environment_room(char *const *envp);

/**
 * The new program's environment: `envp` and what of ours it lacks (the shim in LD_PRELOAD, the ALGOFS_ and
 * ALGORITHMIA_ variables of this process). ALGOFS_INHERIT=0 in ours or theirs turns it off.
 * @param out    room for exec_environment_room(envp) pointers, NULL included
 * @param buffer holds the assignments that are made anew
 */
struct exec_buffer {
    char preload[2 * PATH_MAX];
    char cache[PATH_MAX + 16];
    char writers[256];
};
char *const *exec_environment(char *const *envp, char **out, struct exec_buffer *buffer);

enum {
    EXEC_SCRIPT_LINE = 256, /* BINPRM_BUF_SIZE of the kernel */
    EXEC_SCRIPT_DEPTH = 5,  /* how many interpreters may be scripts themselves, as in the kernel */
};

/* A "#!" line, taken apart. */
struct exec_script {
    char line[EXEC_SCRIPT_LINE + 1];
    char *interpreter;
    char *argument; /* NULL if there is none */
};

/** Reads the "#!" line. False if the file is no script. */
bool exec_read_script(const struct target *t, struct exec_script *script);
/** The interpreter's arguments, for a script that the program called `path`: up to 3 more than argv has. */
void exec_script_arguments(
    const struct exec_script *script, const char *path, char *const argv[], char **out);

/** After ETXTBSY: the agent may be just about to close the descriptor that it filled or opened the file
 * through. Waits a moment; whether it is worth another try (about 0.2 s in all). */
bool exec_wait_if_busy(int *tries);
/** The program under the prefix is made whole, so that the kernel can map it. 0, or -1 with errno. */
int exec_fill(const struct target *t);

/** In the child of a fork: no other thread is in system or popen. */
void command_after_fork(void);

#endif
