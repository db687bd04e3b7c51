/* SPDX-License-Identifier: MIT */
#include "core/base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LOG_LINE_MAX = 2048, LOG_MODULES_MAX = 256 };

static const char *const level_names[] = { "error", "warn", "info", "debug" };

static int log_fd = STDERR_FILENO;
static atomic_bool any_debug;
static char debug_modules[LOG_MODULES_MAX]; /* ",fetch,tree," once log_init has run */

void log_init(int fd, const char *debug)
{
    log_fd = fd;
    if (debug == NULL || debug[0] == '\0')
        return;
    (void)snprintf(debug_modules, sizeof(debug_modules), ",%s,", debug); /* a long list is cut */
    atomic_store(&any_debug, true);
}

bool log_debug_wanted(const char *module)
{
    if (!atomic_load_explicit(&any_debug, memory_order_relaxed))
        return false;
    if (strstr(debug_modules, ",all,") != NULL)
        return true;
    char wanted[64];
    (void)snprintf(wanted, sizeof(wanted), ",%s,", module);
    return strstr(debug_modules, wanted) != NULL;
}

void log_write(enum log_level level, const char *module, const char *format, ...)
{
    int saved = errno;
    char line[LOG_LINE_MAX];
    struct timespec now;
    struct tm utc;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    size_t used = strftime(line, sizeof(line), "%Y-%m-%dT%H:%M:%S", &utc);
    used += (size_t)snprintf(line + used, sizeof(line) - used, ".%03ldZ %s %s: ",
        now.tv_nsec / 1000000, level_names[level], module);
    va_list ap;
    va_start(ap, format);
    int len = vsnprintf(line + used, sizeof(line) - used - 1, format, ap);
    va_end(ap);
    if (len > 0)
        used += (size_t)len < sizeof(line) - used - 1 ? (size_t)len : sizeof(line) - used - 2;
    for (size_t i = 0; i < used; i++)
        if ((unsigned char)line[i] < ' ') /* a name from a stranger must not forge a line */
            line[i] = '?';
    line[used++] = '\n';
    (void)!write(log_fd, line, used); /* a full disk must not stop the work */
    errno = saved;
}
