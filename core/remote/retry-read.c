/* SPDX-License-Identifier: MIT */
/*
 * A read that goes on where it broke off.
 *
 * [start, end) is what the caller's sink has, in one piece. Usually start is the offset asked for;
 * a store that cannot range starts at 0, and each try delivers its bytes from there again: those
 * that the sink has are dropped here.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/remote/call.h"
#include "core/remote/retry-internal.h"

struct resume {
    struct retry *retry;
    const char *path;
    const struct remote_read_sink *sink;
    uint64_t offset, length; /* as asked for */
    uint64_t start, end;     /* delivered */
    bool begun;
    uint64_t size; /* as the first try saw it; UINT64_MAX unknown */
    char version[REMOTE_VERSION_MAX];

    /* Of the current try. */
    struct remote_call *call;
    bool progressed;
    bool refused; /* the caller's sink, or a changed object, ended it: no more tries */
};

static int refuse(struct resume *resume, int error)
{
    resume->refused = error != 0;
    return error;
}

static int resume_begin(void *context, uint64_t size, const char *version)
{
    struct resume *resume = context;
    if (!resume->begun) {
        resume->begun = true;
        resume->size = size;
        (void)snprintf(resume->version, sizeof(resume->version), "%s", version); /* never longer */
        if (resume->sink->begin == NULL)
            return 0;
        return refuse(resume, resume->sink->begin(resume->sink->context, size, version));
    }
    bool resized = size != UINT64_MAX && resume->size != UINT64_MAX && size != resume->size;
    bool changed =
        version[0] != '\0' && resume->version[0] != '\0' && strcmp(version, resume->version) != 0;
    if (resized || changed)
        return refuse(resume, remote_call_fail(resume->call, -ESTALE,
                                  "'%s': the object changed while it was read", resume->path));
    return 0;
}

static int resume_data(void *context, uint64_t offset, const void *bytes, size_t len)
{
    struct resume *resume = context;
    if (offset >= resume->start && offset < resume->end) { /* known, wholly or in part */
        uint64_t known = resume->end - offset;
        if (known >= len)
            return 0;
        offset += known;
        bytes = (const char *)bytes + known;
        len -= (size_t)known;
    }
    if (offset != resume->end)
        resume->start = offset;
    resume->end = offset + len;
    resume->progressed = resume->progressed || len > 0;
    return refuse(resume, resume->sink->data(resume->sink->context, offset, bytes, len));
}

/* Where the read must end, as far as that is known. */
static uint64_t wanted_end(const struct resume *resume)
{
    uint64_t end =
        resume->length > UINT64_MAX - resume->offset ? UINT64_MAX : resume->offset + resume->length;
    return resume->begun && resume->size < end ? resume->size : end;
}

/* A failure behind the last byte wanted is none. */
static bool is_complete(const struct resume *resume)
{
    return resume->start <= resume->offset && resume->end > resume->offset &&
           resume->end >= wanted_end(resume);
}

static int resume_attempt(void *context, struct remote_call *call, bool *progressed)
{
    struct resume *resume = context;
    const struct remote_read_sink sink = {
        .context = resume, .begin = resume_begin, .data = resume_data
    };
    uint64_t offset = resume->offset, length = resume->length;
    if (resume->start <= offset && resume->end > offset) {
        if (length != UINT64_MAX)
            length -= resume->end - offset;
        offset = resume->end;
    }
    resume->call = call;
    resume->progressed = false;
    int rc = remote_read(resume->retry->layer.inner, call, resume->path, offset, length, &sink);
    *progressed = resume->progressed;
    if (resume->refused)
        call->transient = false;
    else if (rc < 0 && call->transient && is_complete(resume))
        return 0;
    return rc;
}

int retry_read(struct remote *remote, struct remote_call *call, const char *path, uint64_t offset,
    uint64_t length, const struct remote_read_sink *sink)
{
    struct retry *retry = (struct retry *)remote;
    struct resume resume = { .retry = retry,
        .path = path,
        .sink = sink,
        .offset = offset,
        .length = length,
        .start = offset,
        .end = offset };
    return retry_layer_run(retry, call, 0, resume_attempt, &resume);
}
