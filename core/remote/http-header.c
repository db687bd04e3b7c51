/* SPDX-License-Identifier: MIT */
#include "core/remote/http-header.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum { NUMBER_DIGITS_MAX = 19, RETRY_AFTER_MAX_S = 86400 };

/* A header's value, without the white space around it. */
struct value {
    const char *text;
    size_t len;
};

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct value trim(const char *text, size_t len)
{
    while (len > 0 && is_space(text[0])) {
        text++;
        len--;
    }
    while (len > 0 && is_space(text[len - 1]))
        len--;
    return (struct value){ text, len };
}

static bool value_is(struct value value, const char *word)
{
    return value.len == strlen(word) && strncasecmp(value.text, word, value.len) == 0;
}

/* Takes decimal digits off the front. 19 of them fit a uint64_t whatever they are. */
static bool take_number(struct value *value, uint64_t *ret_number)
{
    uint64_t number = 0;
    size_t digits = 0;
    while (digits < value->len && value->text[digits] >= '0' && value->text[digits] <= '9') {
        if (digits == NUMBER_DIGITS_MAX)
            return false;
        number = number * 10 + (uint64_t)(value->text[digits++] - '0');
    }
    if (digits == 0)
        return false;
    value->text += digits;
    value->len -= digits;
    *ret_number = number;
    return true;
}

static bool take_char(struct value *value, char c)
{
    if (value->len == 0 || value->text[0] != c)
        return false;
    value->text++;
    value->len--;
    return true;
}

static void copy_text(char *buf, size_t size, struct value value)
{
    size_t len = value.len < size ? value.len : size - 1;
    memcpy(buf, value.text, len);
    buf[len] = '\0';
}

static void take_length(struct http_response *response, struct value value)
{
    uint64_t length;
    if (!take_number(&value, &length) || value.len != 0)
        return;
    response->has_length = true;
    response->length = length;
}

/* "bytes 0-99/1234", "bytes 0-99/STAR", or with a 416 "bytes STAR/1234" (STAR being an asterisk).
 */
static void take_range(struct http_response *response, struct value value)
{
    static const char unit[] = "bytes ";
    if (value.len < sizeof(unit) - 1 || strncasecmp(value.text, unit, sizeof(unit) - 1) != 0)
        return;
    value = trim(value.text + sizeof(unit) - 1, value.len - (sizeof(unit) - 1));
    uint64_t start = 0, end = 0;
    bool ranged = !take_char(&value, '*');
    if (ranged && !(take_number(&value, &start) && take_char(&value, '-') &&
                      take_number(&value, &end) && start <= end))
        return;
    if (!take_char(&value, '/'))
        return;
    response->has_range = ranged;
    response->range_start = start;
    response->range_end = end;
    uint64_t total;
    if (take_number(&value, &total) && value.len == 0 && (!ranged || end < total)) {
        response->has_total = true;
        response->range_total = total;
    }
}

static void take_data_type(struct http_response *response, struct value value)
{
    if (value_is(value, "file"))
        response->data_type = HTTP_DATA_FILE;
    else if (value_is(value, "directory"))
        response->data_type = HTTP_DATA_DIRECTORY;
    else
        response->data_type = HTTP_DATA_OTHER;
}

/* An ETag is compared, never read: half of one would be a lie, so one that does not fit is none. */
static void take_etag(struct http_response *response, struct value value)
{
    if (value.len >= 2 && strncmp(value.text, "W/", 2) == 0)
        value = trim(value.text + 2, value.len - 2);
    if (value.len >= 2 && value.text[0] == '"' && value.text[value.len - 1] == '"')
        value = (struct value){ value.text + 1, value.len - 2 };
    if (value.len < sizeof(response->etag) && memchr(value.text, '\0', value.len) == NULL)
        copy_text(response->etag, sizeof(response->etag), value);
}

/* Seconds, or a date. */
static void take_retry_after(struct http_response *response, struct value value)
{
    uint64_t seconds;
    struct value number = value;
    if (!take_number(&number, &seconds) || number.len != 0) {
        char date[64];
        copy_text(date, sizeof(date), value);
        time_t then = curl_getdate(date, NULL);
        time_t now = time(NULL);
        if (then <= now)
            return;
        seconds = (uint64_t)(then - now);
    }
    if (seconds > RETRY_AFTER_MAX_S)
        seconds = RETRY_AFTER_MAX_S;
    response->retry_after_ms = (uint32_t)seconds * 1000;
}

static void take_date(struct http_response *response, struct value value)
{
    char date[64];
    copy_text(date, sizeof(date), value);
    time_t when = curl_getdate(date, NULL);
    if (when > 0)
        response->date = when;
}

static void take_encoding(struct http_response *response, struct value value)
{
    response->encoded = value.len > 0 && !value_is(value, "identity");
}

static void take_error_message(struct http_response *response, struct value value)
{
    copy_text(response->error_message, sizeof(response->error_message), value);
}

static const struct header {
    const char *name;
    void (*take)(struct http_response *response, struct value value);
} headers[] = {
    { "Content-Length", take_length },
    { "Content-Range", take_range },
    { "Content-Encoding", take_encoding },
    { "X-Data-Type", take_data_type },
    { "X-Error-Message", take_error_message },
    { "Date", take_date },
    { "ETag", take_etag },
    { "Retry-After", take_retry_after },
};

/* "HTTP/1.1 200 OK" or "HTTP/2 200". */
static void take_status(struct http_response *response, const char *line, size_t len)
{
    const char *space = memchr(line, ' ', len);
    uint64_t status = 0;
    *response = (struct http_response){ 0 };
    if (space == NULL)
        return;
    struct value rest = trim(space, len - (size_t)(space - line));
    if (take_number(&rest, &status) && status >= 100 && status <= 999)
        response->status = (int)status;
}

void http_header_take(struct http_response *response, const char *line, size_t len)
{
    if (len >= 5 && strncmp(line, "HTTP/", 5) == 0) {
        take_status(response, line, len);
        return;
    }
    const char *colon = memchr(line, ':', len);
    if (colon == NULL)
        return;
    struct value name = { line, (size_t)(colon - line) };
    struct value value = trim(colon + 1, len - name.len - 1);
    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
        if (value_is(name, headers[i].name))
            headers[i].take(response, value);
}

bool http_header_is_end(const char *line, size_t len)
{
    return trim(line, len).len == 0;
}
