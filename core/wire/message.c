/* SPDX-License-Identifier: MIT */
#include "core/wire/message.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

struct writer {
    struct wire_buffer *out;
    bool overflow;
};

struct reader {
    const unsigned char *at;
    const unsigned char *end;
    bool broken;
};

static void put_bytes(struct writer *w, const void *bytes, size_t len)
{
    if (len > sizeof(w->out->bytes) - w->out->len) {
        w->overflow = true;
        return;
    }
    memcpy(w->out->bytes + w->out->len, bytes, len);
    w->out->len += len;
}

static void put_number(struct writer *w, uint64_t value)
{
    put_bytes(w, &value, sizeof(value));
}

static void put_string(struct writer *w, const char *string)
{
    if (string == NULL)
        string = "";
    size_t len = strlen(string);
    uint32_t prefix = (uint32_t)len;
    put_bytes(w, &prefix, sizeof(prefix));
    put_bytes(w, string, len + 1);
}

static uint64_t get_number(struct reader *r)
{
    uint64_t value;
    if (r->broken || (size_t)(r->end - r->at) < sizeof(value)) {
        r->broken = true;
        return 0;
    }
    memcpy(&value, r->at, sizeof(value));
    r->at += sizeof(value);
    return value;
}

static const char *get_string(struct reader *r)
{
    uint32_t len;
    if (r->broken || (size_t)(r->end - r->at) < sizeof(len)) {
        r->broken = true;
        return "";
    }
    memcpy(&len, r->at, sizeof(len));
    r->at += sizeof(len);
    const unsigned char *string = r->at;
    if ((size_t)(r->end - r->at) <= len || memchr(string, '\0', (size_t)len + 1) != string + len) {
        r->broken = true;
        return "";
    }
    r->at += (size_t)len + 1;
    return (const char *)string;
}

static void begin(struct writer *w, struct wire_buffer *out, enum wire_type type, int status)
{
    struct wire_header header = {
        .magic = WIRE_MAGIC,
        .version = WIRE_VERSION,
        .type = (uint16_t)type,
        .status = status,
    };
    out->len = 0;
    *w = (struct writer){ .out = out };
    put_bytes(w, &header, sizeof(header));
}

static int finish(struct writer *w)
{
    if (w->overflow)
        return -EMSGSIZE;
    uint32_t length = (uint32_t)(w->out->len - sizeof(struct wire_header));
    memcpy(w->out->bytes + offsetof(struct wire_header, length), &length, sizeof(length));
    return 0;
}

void wire_encode_failure(struct wire_buffer *out, enum wire_type type, int status)
{
    struct writer w;
    begin(&w, out, type, status);
    (void)finish(&w); /* a bare header always fits */
}

int wire_decode_header(const struct wire_buffer *in, struct wire_header *ret_header)
{
    if (in->len < sizeof(*ret_header))
        return -EPROTO;
    memcpy(ret_header, in->bytes, sizeof(*ret_header));
    if (ret_header->magic != WIRE_MAGIC)
        return -EPROTO;
    if (ret_header->version != WIRE_VERSION)
        return -EPROTONOSUPPORT;
    if (ret_header->length != in->len - sizeof(*ret_header))
        return -EPROTO;
    return 0;
}

void wire_mark_again(struct wire_buffer *request)
{
    struct wire_header header;
    uint64_t again = 1;
    if (wire_decode_header(request, &header) == 0 &&
        (header.type == WIRE_MKDIR || header.type == WIRE_REMOVE || header.type == WIRE_RENAME ||
            header.type == WIRE_SYMLINK || header.type == WIRE_LINK))
        memcpy(request->bytes + sizeof(header) + sizeof(uint64_t), &again, sizeof(again));
}

#define WIRE_PUT_NUM(field) put_number(&w, message->field);
#define WIRE_PUT_STR(field) put_string(&w, message->field);
#define WIRE_GET_NUM(field) message.field = get_number(&r);
#define WIRE_GET_STR(field) message.field = get_string(&r);
#define WIRE_ZERO_NUM(field) message.field = 0;
#define WIRE_ZERO_STR(field) message.field = "";

#define WIRE_DEFINE(name, FIELDS)                                                                \
    int wire_encode_##name(                                                                      \
        struct wire_buffer *out, enum wire_type type, const struct wire_##name *message)         \
    {                                                                                            \
        struct writer w;                                                                         \
        begin(&w, out, type, 0);                                                                 \
        FIELDS(WIRE_PUT_NUM, WIRE_PUT_STR)                                                       \
        return finish(&w);                                                                       \
    }                                                                                            \
    int wire_decode_##name(const struct wire_buffer *in, struct wire_##name *ret_message)        \
    {                                                                                            \
        struct wire_header header;                                                               \
        struct wire_##name message;                                                              \
        int rc = wire_decode_header(in, &header);                                                \
        if (rc < 0)                                                                              \
            return rc;                                                                           \
        struct reader r = { in->bytes + sizeof(header), in->bytes + in->len, false };            \
        if (header.status < 0) {                                                                 \
            FIELDS(WIRE_ZERO_NUM, WIRE_ZERO_STR)                                                 \
        } else {                                                                                 \
            FIELDS(WIRE_GET_NUM, WIRE_GET_STR)                                                   \
        }                                                                                        \
        if (r.broken || r.at != r.end)                                                           \
            return -EPROTO;                                                                      \
        *ret_message = message;                                                                  \
        return header.status < 0 ? header.status : 0;                                            \
    }
WIRE_MESSAGES(WIRE_DEFINE)
