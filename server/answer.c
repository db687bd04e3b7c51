/* SPDX-License-Identifier: MIT */
#include "server/answer.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <unistd.h>

#include "server/json.h"

static const struct {
    int error;
    unsigned status;
    const char *message;
} errors[] = {
    { ENOENT, 404, "path not found" },
    { ENOTDIR, 404, "path not found" },
    { ELOOP, 404, "path not found" }, /* a symlink: for us it is not there */
    { EXDEV, 404, "path not found" }, /* a way out of the root */
    { EINVAL, 400, "malformed path" },
    { ENAMETOOLONG, 400, "name too long" },
    { E2BIG, 400, "directory tree too deep" },
    { EILSEQ, 400, "name is not UTF-8" },
    { EISDIR, 400, "path is a directory" },
    { ENOTEMPTY, 400, "directory is not empty" },
    { EEXIST, 409, "path already exists" },
    { EACCES, 403, "the server may not do this to its files" },
    { EPERM, 403, "the server may not do this to its files" },
    { EROFS, 403, "the server's files are read-only" },
    { ENOSPC, 507, "no space left on the server" },
    { EDQUOT, 507, "no space left on the server" },
    { EFBIG, 507, "file too large for the server" },
    { EMFILE, 503, "server is busy" },
    { ENFILE, 503, "server is busy" },
    { ENOMEM, 503, "server is busy" },
};

void answer_free(struct answer *answer)
{
    strbuf_free(&answer->body);
    if (answer->fd >= 0)
        (void)close(answer->fd); /* read-only: nothing to lose */
    *answer = (struct answer)ANSWER_INIT;
}

uint64_t answer_length(const struct answer *answer)
{
    return answer->fd >= 0 ? answer->length : answer->body.len;
}

void answer_json(struct answer *answer)
{
    answer_free(answer);
    answer->status = 200;
    answer->media_type = "application/json";
}

void answer_uri(struct answer *answer, const char *connector, const char *path, const char *name)
{
    CLEANUP_STRBUF struct strbuf uri = STRBUF_INIT;
    strbuf_addf(&uri, "%s://%s", connector, path);
    if (name != NULL)
        strbuf_addf(&uri, "%s%s", path[0] != '\0' ? "/" : "", name);
    answer_json(answer);
    strbuf_addstr(&answer->body, "{\"result\":");
    json_add_string(&answer->body, strbuf_cstr(&uri));
    strbuf_addch(&answer->body, '}');
    answer->body.failed |= uri.failed; /* reply_send answers 503 for it */
}

static void answer_envelope(struct answer *answer, unsigned status, const char *message)
{
    answer_json(answer);
    answer->status = status;
    answer->message = message;
    strbuf_addstr(&answer->body, "{\"error\":{\"message\":");
    json_add_string(&answer->body, message);
}

void answer_error(struct answer *answer, unsigned status, const char *message)
{
    answer_envelope(answer, status, message);
    strbuf_addstr(&answer->body, "}}");
}

static void answer_find_error(int rc, unsigned *ret_status, const char **ret_message)
{
    *ret_status = 500;
    *ret_message = "the server could not read or write its files";
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        if (errors[i].error == -rc) {
            *ret_status = errors[i].status;
            *ret_message = errors[i].message;
        }
    }
}

void answer_errno(struct answer *answer, int rc)
{
    unsigned status;
    const char *message;
    answer_find_error(rc, &status, &message);
    answer_error(answer, status, message);
}

void answer_partial_delete(struct answer *answer, int rc, uint64_t deleted)
{
    unsigned status;
    const char *message;
    answer_find_error(rc, &status, &message);
    answer_envelope(answer, status, message);
    strbuf_addf(&answer->body, ",\"deleted\":%" PRIu64 "}}", deleted);
}
