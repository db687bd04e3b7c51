/* SPDX-License-Identifier: MIT */
#include "server/fault-names.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/base/strbuf.h"
#include "server/json.h"

static int fault_names_read(const char *path, struct strbuf *text)
{
    CLEANUP_FCLOSE FILE *file = fopen(path, "re");
    if (file == NULL)
        return -errno;
    char block[4096];
    size_t got;
    while ((got = fread(block, 1, sizeof(block), file)) > 0)
        strbuf_add(text, block, got);
    if (ferror(file))
        return -EIO;
    return text->failed ? -ENOMEM : 0;
}

static int fault_names_add(const cJSON *item, struct strbuf *folders, struct strbuf *files)
{
    const cJSON *raw = cJSON_GetObjectItemCaseSensitive(item, "json");
    const cJSON *name =
        cJSON_IsString(item) ? item : cJSON_GetObjectItemCaseSensitive(item, "name");
    if (!cJSON_IsString(raw) && !cJSON_IsString(name))
        return -EINVAL;
    bool is_dir = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(item, "dir"));
    struct strbuf *out = is_dir ? folders : files;
    strbuf_addf(out, "%s{\"%s\":", out->len > 0 ? "," : "", is_dir ? "name" : "filename");
    if (cJSON_IsString(raw))
        strbuf_addf(out, "\"%s\"", raw->valuestring);
    else
        json_add_string(out, name->valuestring);
    if (!is_dir)
        strbuf_addstr(out, ",\"last_modified\":\"2020-01-01T00:00:00.000Z\",\"size\":1");
    strbuf_addch(out, '}');
    return 0;
}

static int fault_names_parse(const char *text, struct strbuf *folders, struct strbuf *files)
{
    cJSON *list = cJSON_Parse(text);
    int rc = cJSON_IsArray(list) ? 0 : -EINVAL;
    const cJSON *item;
    cJSON_ArrayForEach(item, list) {
        if (rc == 0)
            rc = fault_names_add(item, folders, files);
    }
    cJSON_Delete(list);
    return rc;
}

int fault_names_load(const char *path, struct fault_names **ret_names)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    CLEANUP_STRBUF struct strbuf folders = STRBUF_INIT;
    CLEANUP_STRBUF struct strbuf files = STRBUF_INIT;
    int rc = fault_names_read(path, &text);
    if (rc == 0)
        rc = fault_names_parse(strbuf_cstr(&text), &folders, &files);
    if (rc < 0)
        return rc;
    struct fault_names *names = calloc(1, sizeof(*names));
    if (names == NULL)
        return -ENOMEM;
    names->references = 1;
    names->folders = strbuf_detach(&folders);
    names->files = strbuf_detach(&files);
    if (names->folders == NULL || names->files == NULL) {
        fault_names_unref(names);
        return -ENOMEM;
    }
    *ret_names = names;
    return 0;
}

void fault_names_ref(struct fault_names *names)
{
    atomic_fetch_add(&names->references, 1);
}

void fault_names_unref(struct fault_names *names)
{
    if (names == NULL || atomic_fetch_sub(&names->references, 1) != 1)
        return;
    free(names->folders);
    free(names->files);
    free(names);
}
