/* SPDX-License-Identifier: MIT */
#include "server/directory.h"

#include <cjson/cJSON.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "core/base/cleanup.h"
#include "server/acl.h"
#include "server/json.h"
#include "server/route.h"

enum { STRICT_NAME_MAX = 30 };

/* What a POST asks for. */
struct directory_order {
    char *name; /* owned */
    enum acl acl;
};

bool directory_name_is_strict(const char *name)
{
    if (!isalpha((unsigned char)name[0]) || strlen(name) > STRICT_NAME_MAX)
        return false;
    for (const char *p = name; *p != '\0'; p++)
        if (!isalnum((unsigned char)*p) && *p != '_')
            return false;
    return true;
}

/* cJSON ends a string at \u0000, so a name with it would pass for a shorter one. */
static cJSON *directory_parse_body(const struct request *request)
{
    const char *text = strbuf_cstr(&request->body);
    return strstr(text, "\\u0000") != NULL ? NULL : cJSON_Parse(text);
}

static int directory_parse_json(const cJSON *json, struct directory_order *order)
{
    const cJSON *name = cJSON_GetObjectItemCaseSensitive(json, "name");
    const cJSON *acl = cJSON_GetObjectItemCaseSensitive(json, "acl");
    if (!cJSON_IsString(name))
        return -EINVAL;
    if (acl != NULL && !cJSON_IsNull(acl) && acl_parse(acl, &order->acl) < 0)
        return -EINVAL;
    order->name = strdup(name->valuestring);
    return order->name == NULL ? -ENOMEM : 0;
}

static bool directory_is_plain(const struct request *request)
{
    const char *type = request->head.content_type;
    return type != NULL && strncasecmp(type, "text/plain", strlen("text/plain")) == 0;
}

/* The body is the documented object, or (an official client does that) the bare name as text. */
static int directory_parse_order(const struct request *request, struct directory_order *order)
{
    cJSON *json = directory_parse_body(request);
    int rc = -EINVAL;
    if (cJSON_IsObject(json)) {
        rc = directory_parse_json(json, order);
    } else if (directory_is_plain(request)) {
        order->name = strdup(strbuf_cstr(&request->body));
        rc = order->name == NULL ? -ENOMEM : 0;
    }
    cJSON_Delete(json);
    return rc;
}

/* Whether the place and the name are such that a directory can be there at all; else answers. */
static bool directory_check(struct request *request, const char *name)
{
    const struct target *parent = &request->target;
    bool strict = request->server->options->strict && parent->hosted;
    if (parent->store == NULL)
        answer_error(&request->answer, 400, "accounts cannot be created");
    else if (route_check_name(name) < 0 || !json_is_utf8(name) || !json_is_utf8(parent->path))
        answer_error(&request->answer, 400, "invalid directory name");
    else if (strict && !directory_name_is_strict(name))
        answer_error(&request->answer, 400,
            "a directory name is a letter, then letters, digits and underscores, 30 at most");
    else if (strict && parent->level != 1)
        answer_error(&request->answer, 400, "directories can only be directly below an account");
    return request->answer.status == 0;
}

/* Makes the directory `made` on disk, with its access list. */
static int directory_make(const struct target *made, enum acl acl)
{
    CLEANUP_CLOSE int parent = -1;
    const char *name;
    int rc = store_open_parent(made->store, made->path, &parent, &name);
    if (rc < 0)
        return rc;
    if (mkdirat(parent, name, 0777) < 0)
        return -errno;
    if (!made->hosted)
        return 0;
    CLEANUP_CLOSE int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return fd < 0 ? -errno : acl_set(made, fd, acl);
}

void directory_create(struct request *request)
{
    struct directory_order order = { NULL, ACL_MY_ALGORITHMS };
    int rc = directory_parse_order(request, &order);
    CLEANUP_FREE char *name = order.name;
    if (rc < 0) {
        answer_error(
            &request->answer, rc == -ENOMEM ? 503 : 400, "malformed directory description");
        return;
    }
    if (!directory_check(request, name))
        return;
    struct target made = request->target;
    if (asprintf(&made.path, "%s%s%s", request->target.path,
            request->target.path[0] != '\0' ? "/" : "", name) < 0) {
        answer_errno(&request->answer, -ENOMEM);
        return;
    }
    made.level++;
    rc = directory_make(&made, order.acl);
    free(made.path);
    if (rc < 0)
        answer_errno(&request->answer, rc);
    else
        answer_uri(&request->answer, request->route.connector, request->route.path, name);
}

static int directory_parse_acl(const struct request *request, enum acl *ret_acl)
{
    cJSON *json = directory_parse_body(request);
    int rc = acl_parse(cJSON_GetObjectItemCaseSensitive(json, "acl"), ret_acl);
    cJSON_Delete(json);
    return rc;
}

void directory_set_acl(struct request *request)
{
    const struct target *target = &request->target;
    enum acl acl;
    if (!target->hosted || target_is_fixed(target)) {
        answer_error(&request->answer, 400, "this directory has no access list");
        return;
    }
    if (directory_parse_acl(request, &acl) < 0) {
        answer_error(&request->answer, 400, "malformed access list");
        return;
    }
    CLEANUP_CLOSE int fd = -1;
    struct stat st;
    int rc = store_open_object(target->store, target->path, &fd, &st);
    if (rc == 0 && !S_ISDIR(st.st_mode)) {
        answer_error(&request->answer, 400, "path is not a directory");
        return;
    }
    if (rc == 0)
        rc = acl_set(target, fd, acl);
    if (rc < 0) {
        answer_errno(&request->answer, rc);
        return;
    }
    answer_json(&request->answer);
    request->answer.media_type = NULL; /* an empty 200 */
}
