/* SPDX-License-Identifier: MIT */
#include "wrappers/say.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

void say(const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    (void)fprintf(stderr, "%s: ", program_invocation_short_name);
    (void)vfprintf(stderr, format, ap); /* nowhere else to complain */
    (void)fputc('\n', stderr);
    va_end(ap);
}

static const struct {
    int error;
    const char *advice;
} advices[] = {
    { EACCES, "the key is missing, wrong or not allowed to read: set ALGORITHMIA_API_KEY, or "
              "api_key in ~/.algorithmia/config" },
    { EHOSTUNREACH, "the server does not answer: check ALGORITHMIA_API (or --api) and the network" },
    { ETIMEDOUT, "the server answers too slowly: check ALGORITHMIA_API (or --api) and the network" },
    { ENOTCONN, "the agent cannot be started: see agent.log in the cache folder (ALGOFS_CACHE)" },
    { EIO, "the server failed: see agent.log in the cache folder (ALGOFS_CACHE)" },
    { EINVAL, "a setting is wrong: see agent.log in the cache folder (ALGOFS_CACHE)" },
    { ENOSPC, "the disk of the cache folder is full: free some space or set ALGOFS_CACHE" },
    { ENOENT, "the shim is not loaded: is the program, or algofs-run, of another architecture?" },
};

const char *say_advice(int error)
{
    for (size_t i = 0; i < sizeof(advices) / sizeof(advices[0]); i++)
        if (advices[i].error == error)
            return advices[i].advice;
    return "see agent.log in the cache folder (ALGOFS_CACHE)";
}
