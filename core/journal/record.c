/* SPDX-License-Identifier: MIT */
/*
 * The file of one intent, journal/<id in 16 hexadecimal digits>:
 *
 *     offset  bytes
 *          0      4   magic "alIN"
 *          4      2   version of the format, 1
 *          6      2   kind (journal_kind)
 *          8      4   length of all
 *         12      4   flags (journal_flag)
 *         16      8   checksum: hash_bytes of all with these eight bytes zero
 *         24      8   device
 *         32      8   inode
 *         40      8   birth, seconds
 *         48      4   birth, nanoseconds
 *         52      4   errno of the last failure
 *         56      8   since, seconds of the epoch
 *         64          three strings: path, to, why; each its bytes and a NUL
 *
 * Numbers are in host order: the cache does not leave the machine. A record is valid if its length
 * is the file's, the checksum is right, and the strings end where the file does. A file of another
 * version is as useless as a damaged one and is kept in the same way; a change of the format
 * changes the version.
 */
#include "core/journal/record.h"

#include <errno.h>
#include <string.h>

#include "core/base/hash.h"

enum { RECORD_MAGIC = 0x4e496c61, RECORD_VERSION = 1 };

struct record {
    uint32_t magic;
    uint16_t version, kind;
    uint32_t length, flags;
    uint64_t checksum;
    uint64_t device, inode;
    int64_t birth_s;
    uint32_t birth_ns;
    int32_t error;
    int64_t since_s;
};

_Static_assert(sizeof(struct record) == 64, "the layout is the format");

static void record_add_string(struct strbuf *out, const char *text)
{
    strbuf_add(out, text == NULL ? "" : text, text == NULL ? 1 : strlen(text) + 1);
}

void record_encode(const struct journal_intent *intent, struct strbuf *out)
{
    struct record record = {
        .magic = RECORD_MAGIC,
        .version = RECORD_VERSION,
        .kind = (uint16_t)intent->kind,
        .flags = intent->flags,
        .device = intent->device,
        .inode = intent->inode,
        .birth_s = intent->birth_s,
        .birth_ns = intent->birth_ns,
        .error = intent->error,
        .since_s = intent->since_s,
    };
    strbuf_add(out, &record, sizeof(record));
    record_add_string(out, intent->path);
    record_add_string(out, intent->to);
    record_add_string(out, intent->why);
    if (out->failed)
        return;
    record.length = (uint32_t)out->len;
    memcpy(out->buf, &record, sizeof(record));
    record.checksum = hash_bytes(out->buf, out->len);
    memcpy(out->buf, &record, sizeof(record));
}

/* The string at *at, which moves behind it. NULL: it does not end. */
static const char *record_take_string(const char **at, const char *end)
{
    const char *text = *at;
    const char *nul = memchr(text, '\0', (size_t)(end - text));
    if (nul == NULL)
        return NULL;
    *at = nul + 1;
    return text;
}

int record_decode(const void *bytes, size_t len, struct journal_intent *ret_intent)
{
    struct record record;
    char copy[RECORD_MAX];
    if (len < sizeof(record) || len > sizeof(copy))
        return -EBADMSG;
    memcpy(&record, bytes, sizeof(record));
    if (record.magic != RECORD_MAGIC)
        return -EBADMSG;
    if (record.version != RECORD_VERSION)
        return -EPROTONOSUPPORT;
    uint64_t checksum = record.checksum;
    record.checksum = 0;
    memcpy(copy, bytes, len);
    memcpy(copy, &record, sizeof(record));
    if (record.length != len || hash_bytes(copy, len) != checksum)
        return -EBADMSG;
    const char *at = (const char *)bytes + sizeof(record);
    const char *end = (const char *)bytes + len;
    const char *path = record_take_string(&at, end);
    const char *to = path == NULL ? NULL : record_take_string(&at, end);
    const char *why = to == NULL ? NULL : record_take_string(&at, end);
    bool known = record.kind == JOURNAL_WRITE || record.kind == JOURNAL_RENAME;
    if (why == NULL || at != end || !known)
        return -EBADMSG;
    *ret_intent = (struct journal_intent){
        .kind = record.kind,
        .flags = record.flags,
        .error = record.error,
        .device = record.device,
        .inode = record.inode,
        .birth_s = record.birth_s,
        .birth_ns = record.birth_ns,
        .since_s = record.since_s,
        .path = path,
        .to = to,
        .why = why,
    };
    return 0;
}
