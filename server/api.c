/* SPDX-License-Identifier: MIT */
#include "server/api.h"

#include <errno.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "server/auth.h"
#include "server/delete.h"
#include "server/directory.h"
#include "server/download.h"
#include "server/list.h"

enum { API_BODY_MAX = 64 * 1024 /* bytes of a POST or PATCH */ };

/* One row a method. `receive` is NULL where a body means nothing. */
struct api_method {
    const char *name;
    bool writes;
    void (*begin)(struct request *request);
    void (*receive)(struct request *request, const void *data, size_t len);
    void (*finish)(struct request *request);
};

static void api_answer_directory(struct request *request, int fd)
{
    const struct fault_names *extra = request->faults.names;
    const struct list_query query = {
        .acl = request->head.wants_acl,
        .marker = request->head.marker,
        .page = request->server->options->page,
        .extra_folders = extra == NULL ? "" : extra->folders,
        .extra_files = extra == NULL ? "" : extra->files,
    };
    if (strcmp(request->method, "HEAD") == 0) { /* nobody sees the listing: do not make it */
        answer_json(&request->answer);
        request->answer.data_type = "directory";
    } else if (request->target.store == NULL) {
        list_hosted_root(request->server->space.user, &query, &request->answer);
    } else {
        list_directory(&request->server->snapshots, &request->target, fd, &query, &request->answer);
    }
}

/* GET and HEAD. */
static void api_read(struct request *request)
{
    CLEANUP_CLOSE int fd = -1;
    struct stat st;
    if (request->target.store == NULL) {
        api_answer_directory(request, -1);
        return;
    }
    int rc = store_open_object(request->target.store, request->target.path, &fd, &st);
    if (rc == 0 && S_ISREG(st.st_mode) && request->route.wants_dir)
        rc = -ENOTDIR;
    if (rc < 0) {
        answer_errno(&request->answer, rc);
        return;
    }
    if (S_ISDIR(st.st_mode)) {
        api_answer_directory(request, fd);
        return;
    }
    char etag[ANSWER_ETAG_LEN + 1];
    etag_get(&request->server->etags, fd, &st, etag);
    bool whole = strcmp(request->method, "HEAD") == 0 ||
                 !download_if_range(request->head.if_range, etag);
    download_file(TAKE_FD(fd), &st, request->target.path, etag, whole ? NULL : request->head.range,
        !request->server->options->no_range, &request->answer);
}

static void api_begin_upload(struct request *request)
{
    const struct target *target = &request->target;
    const struct request_head *head = &request->head;
    bool strict = request->server->options->strict && target->hosted;
    if (target_is_fixed(target) || request->route.wants_dir) {
        answer_errno(&request->answer, -EISDIR);
        return;
    }
    if (strict && target->level != 3) {
        answer_error(&request->answer, 400, "files can only be directly in a directory");
        return;
    }
    int rc = upload_begin(&request->upload, target, head->has_length ? head->length : 0);
    if (rc < 0)
        answer_errno(&request->answer, rc);
    request->answer_now = rc == -ENOSPC; /* such a body may well have no end */
}

static void api_receive_upload(struct request *request, const void *data, size_t len)
{
    int rc = upload_write(&request->upload, data, len);
    if (rc < 0) {
        upload_abort(&request->upload); /* gives the space back at once */
        answer_errno(&request->answer, rc);
    }
}

static void api_finish_upload(struct request *request)
{
    if (request->faults.nospace) {
        answer_errno(&request->answer, -ENOSPC);
        return;
    }
    int rc = upload_finish(&request->upload, &request->server->etags);
    if (rc < 0) {
        answer_errno(&request->answer, rc);
        return;
    }
    answer_uri(&request->answer, request->route.connector, request->route.path, NULL);
}

static void api_receive_body(struct request *request, const void *data, size_t len)
{
    if (len > API_BODY_MAX - request->body.len)
        answer_error(&request->answer, 413, "request too large");
    else
        strbuf_add(&request->body, data, len);
    if (request->body.failed)
        answer_errno(&request->answer, -ENOMEM);
    else if (memchr(data, '\0', len) != NULL)
        answer_error(&request->answer, 400, "malformed request");
}

static void api_delete(struct request *request)
{
    delete_target(
        &request->target, request->route.wants_dir, request->head.force, &request->answer);
}

static const struct api_method methods[] = {
    { "GET", false, NULL, NULL, api_read },
    { "HEAD", false, NULL, NULL, api_read },
    { "PUT", true, api_begin_upload, api_receive_upload, api_finish_upload },
    { "POST", true, NULL, api_receive_body, directory_create },
    { "PATCH", true, NULL, api_receive_body, directory_set_acl },
    { "DELETE", true, NULL, NULL, api_delete },
};

static const struct api_method *api_find_method(const char *name)
{
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
        if (strcmp(methods[i].name, name) == 0)
            return &methods[i];
    return NULL;
}

static void api_answer_bad_route(struct request *request, int rc)
{
    if (rc == -ENOENT)
        answer_error(&request->answer, 404, "path not found");
    else
        answer_errno(&request->answer, rc);
}

/* Whether this key may do that there; else answers. */
static bool api_may(struct request *request, const struct api_method *method, enum auth_right right)
{
    const struct store *store = request->target.store;
    if (method->writes && right != AUTH_WRITE)
        answer_error(&request->answer, 403, "this key may only read");
    else if (method->writes && store != NULL && store->read_only)
        answer_error(&request->answer, 403, "this connector is read-only");
    return request->answer.status == 0;
}

static void api_begin_method(struct request *request)
{
    enum auth_right right =
        auth_check(&request->server->options->keys, request->head.authorization);
    if (right == AUTH_NONE) {
        answer_error(&request->answer, 401, "authorization required");
        return;
    }
    int rc = route_parse(&request->route, request->target_text);
    if (rc == 0)
        rc = space_resolve(&request->server->space, &request->route, &request->target);
    if (rc < 0) {
        api_answer_bad_route(request, rc);
        return;
    }
    const struct api_method *method = api_find_method(request->method);
    if (method == NULL)
        answer_error(&request->answer, 405, "method not allowed");
    else if (api_may(request, method, right) && method->begin != NULL)
        method->begin(request);
}

void api_begin(struct request *request)
{
    if (request->faults.status != 0) {
        answer_error(&request->answer, (unsigned)request->faults.status, "failing on purpose");
        request->answer.retry_after = (unsigned)request->faults.retry_after;
    } else {
        api_begin_method(request);
    }
    if (request->answer.status != 0 && request->head.expects_continue)
        request->answer_now = true; /* the body never starts */
}

void api_receive(struct request *request, const void *data, size_t len)
{
    const struct api_method *method = api_find_method(request->method);
    request->received += len;
    if (request->answer.status == 0 && method->receive != NULL)
        method->receive(request, data, len);
}

void api_finish(struct request *request)
{
    if (request->answer.status == 0)
        api_find_method(request->method)->finish(request);
}
