/* SPDX-License-Identifier: MIT */
/*
 * The log of a program of ours (agent, server, command line). Not for the shim.
 *
 * One line a record: `2026-11-21T08:00:00.123Z level module: text`, written by one write(2) so that
 * lines of several threads do not mix. Library code logs at debug only and returns its error; the
 * place that gives up logs once, with the path in quotes.
 *
 * Debug lines are switched by module: ALGOFS_DEBUG=fetch,tree or ALGOFS_DEBUG=all.
 * A key must never be an argument of these functions.
 *
 * Thread-safe after log_init. Before log_init, errors and warnings go to stderr.
 */
#ifndef ALGOFS_BASE_LOG_H
#define ALGOFS_BASE_LOG_H

#include <stdbool.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/** Writes records to `fd` (borrowed) from now on; `debug` is a list of modules, "all" or NULL. */
void log_init(int fd, const char *debug);
/** Whether debug lines of `module` are wanted. Cheap: one load when nothing is switched on. */
bool log_debug_wanted(const char *module);
void log_write(enum log_level level, const char *module, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#define log_error(module, ...) log_write(LOG_LEVEL_ERROR, module, __VA_ARGS__)
#define log_warn(module, ...) log_write(LOG_LEVEL_WARN, module, __VA_ARGS__)
#define log_info(module, ...) log_write(LOG_LEVEL_INFO, module, __VA_ARGS__)
#define log_debug(module, ...)                                                                   \
    do {                                                                                         \
        if (__builtin_expect(log_debug_wanted(module), 0))                                       \
            log_write(LOG_LEVEL_DEBUG, module, __VA_ARGS__);                                     \
    } while (0)

#endif
