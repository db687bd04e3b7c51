/* SPDX-License-Identifier: MIT */
#include "core/remote/contract/contract.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

const char *contract_path(const struct fixture *fixture, char buf[1024], const char *name)
{
    (void)snprintf(buf, 1024, "%s/%s", fixture->base, name);
    return buf;
}
static int make_fd(const void *bytes, size_t len)
{
    int fd = memfd_create("contract", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, len), (ssize_t)len);
    return fd;
}

int contract_put(struct fixture *fixture, const char *path, const void *bytes, size_t len,
    struct remote_entry *ret_entry)
{
    struct remote_call call = { 0 };
    CLEANUP_CLOSE int fd = make_fd(bytes, len);
    struct remote_write_source source = { .fd = fd, .size = len };
    int rc = remote_write(fixture->remote, &call, path, &source, ret_entry);
    if (rc < 0)
        print_message("put %s: %s\n", path, call.why);
    return rc;
}

static int content_begin(void *context, uint64_t size, const char *version)
{
    struct content *content = context;
    (void)version;
    content->begins++;
    content->size = size;
    content->next = UINT64_MAX;
    return 0;
}

static int content_data(void *context, uint64_t offset, const void *bytes, size_t len)
{
    struct content *content = context;
    assert_int_equal(content->begins, 1);
    if (content->next == UINT64_MAX)
        content->first = content->next = offset;
    assert_int_equal(offset, content->next);
    strbuf_add(&content->bytes, bytes, len);
    content->next += len;
    return content->stop;
}

int contract_get(struct fixture *fixture, struct remote_call *call, const char *path, uint64_t offset,
    uint64_t length, struct content *content)
{
    const struct remote_read_sink sink = { content, content_begin, content_data };
    return remote_read(fixture->remote, call, path, offset, length, &sink);
}

/* Reads a range and compares, whether or not the store ranges. */
void contract_range(struct fixture *fixture, const char *path, uint64_t offset,
    uint64_t length, const char *whole, size_t whole_len)
{
    struct remote_call call = { 0 };
    struct content content = { .bytes = STRBUF_INIT };
    int rc = contract_get(fixture, &call, path, offset, length, &content);
    if (rc != 0) /* said here, for cmocka ends a program whose assertion fails in another thread without a word */
        fprintf(stderr, "read %s from %" PRIu64 ": %s (%s)\n", path, offset, strerror(-rc), call.why);
    assert_int_equal(rc, 0);
    uint64_t end = length > whole_len - offset ? whole_len : offset + length;
    assert_true(content.size == whole_len || content.size == UINT64_MAX);
    if (end > offset) {
        assert_true(content.first <= offset);
        assert_true(content.next >= end);
        assert_memory_equal(content.bytes.buf, whole + content.first, content.bytes.len);
    }
    strbuf_free(&content.bytes);
}

char *contract_big(void)
{
    char *big = malloc(BIG);
    assert_non_null(big);
    for (size_t i = 0; i < BIG; i++)
        big[i] = (char)(i * 31 + i / 251);
    return big;
}

int contract_see(void *context, const char *name, size_t name_len, const struct remote_entry *entry)
{
    struct seen *seen = context;
    seen->files += !entry->is_dir;
    seen->dirs += entry->is_dir;
    seen->bytes += entry->size;
    if (seen->wanted != NULL && strlen(seen->wanted) == name_len &&
        memcmp(seen->wanted, name, name_len) == 0) {
        seen->found = true;
        seen->entry = *entry;
    }
    return 0;
}

bool contract_can(const struct fixture *fixture, unsigned capabilities)
{
    bool can = (remote_capabilities(fixture->remote) & capabilities) == capabilities;
    assert_true(can || (fixture->backend->must & capabilities) != capabilities);
    return can;
}

void contract_refused(const struct fixture *fixture, int rc, int error)
{
    if (rc != 0 || fixture->faults == NULL)
        assert_int_equal(rc, error);
}

int contract_put_as(struct fixture *fixture, const char *path, const char *text,
    const char *expected, const struct remote_attributes *attributes,
    struct remote_entry *ret_entry)
{
    struct remote_call call = { 0 };
    CLEANUP_CLOSE int fd = make_fd(text, strlen(text));
    struct remote_write_source source = { .fd = fd, .size = strlen(text), .expected = expected };
    if (attributes != NULL)
        source.attributes = *attributes;
    return remote_write(fixture->remote, &call, path, &source, ret_entry);
}

void contract_holds(struct fixture *fixture, const char *path, const char *text)
{
    struct remote_call call = { 0 };
    struct content content = { .bytes = STRBUF_INIT };
    assert_int_equal(contract_get(fixture, &call, path, 0, UINT64_MAX, &content), 0);
    assert_int_equal(content.bytes.len, strlen(text));
    assert_memory_equal(strbuf_cstr(&content.bytes), text, strlen(text));
    strbuf_free(&content.bytes);
}

struct remote_entry contract_entry(struct fixture *fixture, const char *path)
{
    struct remote_call call = { 0 };
    struct remote_entry entry = { .version = "" };
    assert_int_equal(remote_probe(fixture->remote, &call, path, &entry), 0);
    return entry;
}

void contract_absent(struct fixture *fixture, const char *path)
{
    struct remote_call call = { 0 };
    struct remote_entry entry;
    assert_int_equal(remote_probe(fixture->remote, &call, path, &entry), -ENOENT);
}
