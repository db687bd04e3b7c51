/* SPDX-License-Identifier: MIT */
/*
 * Making and removing directories, removing files.
 *
 * A directory must outlive what is removed from it, as on any file system; on S3 it is there only while
 * a key is below it. So before anything is removed its parent gets a marker, unless it is known to have
 * one. Before, not after: a crash between leaves a marker too many and never a directory too few.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/remote/call.h"
#include "core/remote/circle.h"
#include "core/remote/s3-internal.h"
#include "core/remote/s3-xml.h"

/* --- markers --- */

static int put_marker(struct s3 *store, struct remote_call *call, const char *key, const char *what)
{
    CLEANUP_S3_ANSWER struct s3_answer answer = S3_ANSWER_INIT;
    CLEANUP_S3_LINES struct s3_lines headers = { 0 };
    int rc = s3_put_empty(store, call, key, what, S3_DIRECTORY_TYPE, &headers, &answer);
    if (rc == 0)
        s3_known_set_marker(store->known, key, true);
    return rc;
}

/* Makes sure that the directory in which `path` is stays when `path` goes. */
static int keep_parent(struct s3 *store, struct remote_call *call, const char *path)
{
    CLEANUP_S3_ANSWER struct s3_answer answer = S3_ANSWER_INIT;
    CLEANUP_STRBUF struct strbuf key = STRBUF_INIT;
    const char *slash = strrchr(path, '/');
    if (slash == NULL)
        return 0; /* the root is there without a key */
    CLEANUP_FREE char *parent = strndup(path, (size_t)(slash - path));
    if (parent == NULL)
        return remote_call_fail(call, -ENOMEM, "out of memory");
    int rc = s3_key(store, call, parent, "/", &key);
    if (rc < 0 || s3_known_marker(store->known, key.buf))
        return rc;
    rc = s3_head(store, call, key.buf, parent, &answer);
    if (rc == -ENOENT)
        return put_marker(store, call, key.buf, parent);
    if (rc == 0)
        s3_known_set_marker(store->known, key.buf, true);
    return rc;
}

int s3_make_dir(struct remote *remote, struct remote_call *call, const char *path)
{
    struct s3 *store = (struct s3 *)remote;
    CLEANUP_S3_FOUND struct s3_found found = S3_FOUND_INIT;
    CLEANUP_STRBUF struct strbuf key = STRBUF_INIT;
    if (path[0] == '\0')
        return remote_call_fail(call, -EEXIST, "'%s': is there", path);
    int rc = s3_find_file(store, call, path, &found);
    if (rc == 0 && found.kind != S3_NOTHING)
        return remote_call_fail(call, -EEXIST, "'%s': is there", path);
    if (rc == 0)
        rc = s3_key(store, call, path, "/", &key);
    return rc < 0 ? rc : put_marker(store, call, key.buf, path);
}

/* --- one object --- */

static int delete_key(struct s3 *store, struct remote_call *call, const char *key, const char *what)
{
    CLEANUP_S3_ANSWER struct s3_answer answer = S3_ANSWER_INIT;
    const struct s3_request request = { .method = HTTP_DELETE, .key = key, .what = what };
    int rc = s3_perform(store, call, &request, &answer);
    return rc == -ENOENT ? 0 : rc; /* what is asked for is that it be gone */
}

static int fail_other_kind(struct s3 *store, struct remote_call *call, const char *path)
{
    CLEANUP_S3_FOUND struct s3_found found = S3_FOUND_INIT;
    int rc = s3_find_file(store, call, path, &found);
    if (rc < 0)
        return rc;
    if (found.kind == S3_DIRECTORY)
        return remote_call_fail(call, -EISDIR, "'%s': a directory", path);
    if (found.kind == S3_FILE)
        return remote_call_fail(call, -ENOTDIR, "'%s': a file, not a directory", path);
    return remote_call_fail(call, -ENOENT, "'%s': no such object", path);
}

static int remove_file(struct s3 *store, struct remote_call *call, const char *path)
{
    CLEANUP_S3_ANSWER struct s3_answer answer = S3_ANSWER_INIT;
    CLEANUP_STRBUF struct strbuf key = STRBUF_INIT;
    int rc = s3_key(store, call, path, "", &key);
    if (rc == 0) /* a DELETE does not tell whether there was anything */
        rc = s3_head(store, call, key.buf, path, &answer);
    if (rc == -ENOENT)
        return fail_other_kind(store, call, path);
    if (rc == 0)
        rc = keep_parent(store, call, path);
    return rc < 0 ? rc : delete_key(store, call, key.buf, path);
}

static int remove_empty_dir(struct s3 *store, struct remote_call *call, const char *path)
{
    CLEANUP_STRBUF struct strbuf key = STRBUF_INIT;
    struct s3_page page = { 0 };
    int rc = s3_key(store, call, path, "/", &key);
    if (rc == 0)
        rc = s3_page_get(store, call, key.buf, false, NULL, 2, path, &page);
    bool has_marker = page.has_marker, has_more = page.count > 0;
    s3_page_free(&page);
    if (rc < 0)
        return rc;
    if (has_more)
        return remote_call_fail(call, -ENOTEMPTY, "'%s': not empty", path);
    if (!has_marker)
        return fail_other_kind(store, call, path);
    rc = keep_parent(store, call, path);
    if (rc == 0)
        rc = delete_key(store, call, key.buf, path);
    if (rc == 0)
        s3_known_set_marker(store->known, key.buf, false);
    return rc;
}

/* --- a whole tree, a page of keys at a time --- */

struct batch {
    struct s3 *store;
    const char *path, *prefix;
    const struct s3_page *page;
    char code[S3_CODE_MAX]; /* of the first error in a DeleteResult */
    char key[128];
};

static int delete_item(void *context, unsigned index, struct remote_call *call)
{
    const struct batch *batch = context;
    CLEANUP_S3_ANSWER struct s3_answer answer = S3_ANSWER_INIT;
    CLEANUP_STRBUF struct strbuf key = STRBUF_INIT;
    strbuf_addf(&key, "%s%s", batch->prefix, batch->page->items[index].name);
    if (key.failed)
        return -ENOMEM;
    const struct s3_request request = {
        .method = HTTP_DELETE, .key = key.buf, .what = batch->path
    };
    int rc = s3_perform_patiently(batch->store, call, &request, &answer);
    return rc == -ENOENT ? 0 : rc;
}

/* Whether XML can say all keys of the page as they are: not every byte that a key may have. */
static bool is_plain(const struct s3_page *page, const char *prefix)
{
    for (const char *c = prefix; *c != '\0'; c++)
        if (*c < ' ' || *c > '~')
            return false;
    for (unsigned i = 0; i < page->count; i++)
        for (const char *c = page->items[i].name; *c != '\0'; c++)
            if (*c < ' ' || *c > '~')
                return false;
    return true;
}

static int result_element(void *context, const char *path, const char *text, size_t len)
{
    struct batch *batch = context;
    (void)len;
    if (strcmp(path, "DeleteResult/Error/Key") == 0)
        (void)snprintf(batch->key, sizeof(batch->key), "%s", text); /* cut: for words */
    else if (strcmp(path, "DeleteResult/Error/Code") == 0 && strcmp(text, "NoSuchKey") != 0 &&
             batch->code[0] == '\0')
        (void)snprintf(batch->code, sizeof(batch->code), "%s", text);
    return 0;
}

static int delete_batch(struct batch *batch, struct remote_call *call)
{
    CLEANUP_S3_ANSWER struct s3_answer answer = S3_ANSWER_INIT;
    CLEANUP_S3_LINES struct s3_lines headers = { 0 };
    CLEANUP_STRBUF struct strbuf xml = STRBUF_INIT;
    struct s3_digests digests;
    strbuf_addstr(&xml, "<Delete><Quiet>true</Quiet>");
    for (unsigned i = 0; i < batch->page->count; i++) {
        strbuf_addstr(&xml, "<Object><Key>");
        s3_xml_add_text(&xml, batch->prefix);
        s3_xml_add_text(&xml, batch->page->items[i].name);
        strbuf_addstr(&xml, "</Key></Object>");
    }
    strbuf_addstr(&xml, "</Delete>");
    if (xml.failed)
        return remote_call_fail(call, -ENOMEM, "out of memory");
    s3_digest_bytes(xml.buf, xml.len, &digests);
    s3_lines_addf(&headers, "Content-MD5: %s", digests.md5_base64);
    const struct s3_request request = { .method = HTTP_POST,
        .what = batch->path,
        .query = { { "delete", "" } },
        .headers = &headers,
        .content_type = "application/xml",
        .post = xml.buf,
        .payload = digests.sha256_hex,
        .slow = true };
    int rc = s3_perform_patiently(batch->store, call, &request, &answer);
    if (rc == 0)
        rc = s3_check_body(batch->store, call, &request, &answer, "DeleteResult");
    if (rc < 0)
        return rc;
    (void)s3_xml_walk(strbuf_cstr(&answer.body), answer.body.len, result_element, batch); /* whole, as was just checked */
    if (batch->code[0] == '\0')
        return 0;
    if (strcmp(batch->code, "AccessDenied") == 0)
        return remote_call_fail(call, -EACCES, "'%s': the key has no right to remove it", batch->key);
    return remote_call_fail_transient(
        call, -EIO, "'%s': the store did not remove it (%s)", batch->key, batch->code);
}

static int delete_page(struct batch *batch, struct remote_call *call)
{
    struct s3 *store = batch->store;
    int rc = -EOPNOTSUPP;
    if (batch->page->count == 0)
        return 0;
    if (!atomic_load(&store->no_batches) && is_plain(batch->page, batch->prefix))
        rc = delete_batch(batch, call);
    else
        return s3_parallel(store, call, batch->page->count, S3_PARALLEL, delete_item, batch);
    if (rc != -EOPNOTSUPP)
        return rc;
    atomic_store(&store->no_batches, true);
    return s3_parallel(store, call, batch->page->count, S3_PARALLEL, delete_item, batch);
}

static int remove_below(
    struct s3 *store, struct remote_call *call, const char *path, const char *prefix)
{
    struct circle circle = CIRCLE_INIT;
    char *token = NULL;
    int rc;
    do {
        struct s3_page page = { 0 };
        rc = s3_page_get_patiently(
            store, call, prefix, false, token, S3_PAGE_KEYS, path, &page);
        free(token);
        token = NULL;
        if (rc < 0)
            break;
        struct batch batch = { .store = store, .path = path, .prefix = prefix, .page = &page };
        rc = delete_page(&batch, call);
        token = TAKE(page.token);
        if (rc == 0 && token != NULL)
            rc = circle_check(&circle, call, token);
        s3_page_free(&page);
    } while (rc == 0 && token != NULL);
    free(token);
    circle_free(&circle);
    return rc;
}

/* The marker goes last, so that a tree that is half removed is still a directory. */
static int remove_tree(struct s3 *store, struct remote_call *call, const char *path)
{
    CLEANUP_S3_FOUND struct s3_found found = S3_FOUND_INIT;
    CLEANUP_STRBUF struct strbuf key = STRBUF_INIT;
    int rc = s3_key(store, call, path, "/", &key);
    if (rc == 0)
        rc = s3_find_file(store, call, path, &found);
    if (rc == 0 && found.kind == S3_NOTHING)
        return remote_call_fail(call, -ENOENT, "'%s': no such object", path);
    if (rc == 0 && found.kind == S3_FILE)
        return remove_file(store, call, path);
    if (rc == 0)
        rc = keep_parent(store, call, path);
    if (rc == 0)
        rc = remove_below(store, call, path, key.buf);
    if (rc == 0 && found.has_marker)
        rc = delete_key(store, call, key.buf, path);
    if (rc == 0)
        s3_known_set_marker(store->known, key.buf, false);
    return rc;
}

int s3_remove(
    struct remote *remote, struct remote_call *call, const char *path, enum remote_remove_kind kind)
{
    struct s3 *store = (struct s3 *)remote;
    if (path[0] == '\0')
        return remote_call_fail(call, -EBUSY, "the root cannot be removed");
    switch (kind) {
    case REMOTE_REMOVE_FILE:
        return remove_file(store, call, path);
    case REMOTE_REMOVE_EMPTY_DIR:
        return remove_empty_dir(store, call, path);
    case REMOTE_REMOVE_TREE:
        return remove_tree(store, call, path);
    }
    return -EINVAL;
}
