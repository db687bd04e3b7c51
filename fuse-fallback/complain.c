/* SPDX-License-Identifier: MIT */
#include "fuse-fallback/complain.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

int complain(int status, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    (void)fputs("algofs mount: ", stderr);
    (void)vfprintf(stderr, format, ap); /* nowhere else to complain */
    (void)fputc('\n', stderr);
    va_end(ap);
    return status;
}

int complain_no_mount(const char *point, const char *why)
{
    return complain(1, "cannot mount \"%s\": %s: `algofs-run COMMAND` needs no mount", point, why);
}

const char *complain_advice(int error)
{
    switch (error) {
    case EACCES:
        return "the key is missing, wrong or not allowed to read: set ALGORITHMIA_API_KEY, or api_key in "
               "~/.algorithmia/config";
    case EHOSTUNREACH:
    case ETIMEDOUT:
        return "check ALGORITHMIA_API and the network";
    default:
        return "see agent.log in the cache folder (ALGOFS_CACHE)";
    }
}
