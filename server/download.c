/* SPDX-License-Identifier: MIT */
#include "server/download.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "server/media.h"

/* A decimal number at `*text`, which is moved behind it. False if there is none or it is huge. */
static bool download_parse_number(const char **text, uint64_t *ret_number)
{
    if (!isdigit((unsigned char)**text))
        return false;
    char *end;
    errno = 0;
    unsigned long long number = strtoull(*text, &end, 10);
    *text = end;
    *ret_number = number;
    return errno == 0;
}

/* `first-last`, `first-` or `-suffix` as first byte and one past the last, not cut to the file. */
static bool download_parse_spec(
    const char *text, uint64_t total, uint64_t *ret_first, uint64_t *ret_end)
{
    uint64_t number;
    if (*text == '-') {
        text++;
        if (!download_parse_number(&text, &number) || *text != '\0')
            return false;
        *ret_first = number == 0 ? UINT64_MAX : number < total ? total - number : 0;
        *ret_end = total;
        return true;
    }
    if (!download_parse_number(&text, ret_first) || *text++ != '-')
        return false;
    *ret_end = UINT64_MAX;
    if (*text == '\0')
        return true;
    if (!download_parse_number(&text, &number) || *text != '\0' || number < *ret_first)
        return false;
    *ret_end = number == UINT64_MAX ? number : number + 1;
    return true;
}

enum download_range_outcome download_parse_range(
    const char *text, uint64_t total, struct download_range *ret_range)
{
    uint64_t first;
    uint64_t end;
    if (text == NULL || strncasecmp(text, "bytes=", 6) != 0)
        return DOWNLOAD_WHOLE;
    if (!download_parse_spec(text + 6, total, &first, &end))
        return DOWNLOAD_WHOLE;
    if (first >= total)
        return DOWNLOAD_UNSATISFIABLE;
    ret_range->offset = first;
    ret_range->length = (end < total ? end : total) - first;
    return DOWNLOAD_PART;
}

bool download_if_range(const char *text, const char *etag)
{
    if (text == NULL)
        return true;
    size_t len = strlen(etag);
    if (text[0] != '"')
        return len > 0 && strcmp(text, etag) == 0;
    return len > 0 && strncmp(text + 1, etag, len) == 0 && strcmp(text + 1 + len, "\"") == 0;
}

void download_file(int fd, const struct stat *st, const char *name, const char *etag,
    const char *range, bool ranges, struct answer *answer)
{
    uint64_t total = (uint64_t)st->st_size;
    struct download_range part = { 0, total };
    enum download_range_outcome outcome =
        ranges ? download_parse_range(range, total, &part) : DOWNLOAD_WHOLE;
    if (outcome == DOWNLOAD_UNSATISFIABLE) {
        (void)close(fd); /* read-only */
        answer_error(answer, 416, "range not satisfiable");
        answer->total = total;
        answer->has_range = true;
        return;
    }
    answer_free(answer);
    *answer = (struct answer){
        .status = outcome == DOWNLOAD_PART ? 206 : 200,
        .data_type = "file",
        .media_type = media_type(name),
        .body = STRBUF_INIT,
        .fd = fd,
        .offset = part.offset,
        .length = part.length,
        .total = total,
        .has_range = outcome == DOWNLOAD_PART,
        .accepts_ranges = ranges,
    };
    memcpy(answer->etag, etag, sizeof(answer->etag));
}
