/* SPDX-License-Identifier: MIT */
#include "core/remote/s3-xml.h"

#include <errno.h>
#include <expat.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "core/base/strbuf.h"

struct walk {
    XML_Parser parser;
    s3_xml_fn *end;
    void *context;
    int result; /* why it was stopped */
    unsigned depth;
    size_t path_len[S3_XML_DEPTH];
    char path[S3_XML_PATH];
    size_t path_used;
    size_t len;
    char text[S3_XML_TEXT + 1];
};

static void walk_stop(struct walk *walk, int result)
{
    if (walk->result == 0)
        walk->result = result;
    (void)XML_StopParser(walk->parser, XML_FALSE); /* fails only when it is stopped */
}

static void on_start(void *context, const XML_Char *name, const XML_Char **attributes)
{
    struct walk *walk = context;
    (void)attributes;
    const char *colon = strchr(name, ':');
    if (colon != NULL)
        name = colon + 1;
    size_t len = strlen(name);
    if (walk->depth == S3_XML_DEPTH || walk->path_used + 1 + len >= sizeof(walk->path)) {
        walk_stop(walk, -EBADMSG);
        return;
    }
    walk->path_len[walk->depth++] = walk->path_used;
    if (walk->path_used > 0)
        walk->path[walk->path_used++] = '/';
    memcpy(walk->path + walk->path_used, name, len + 1);
    walk->path_used += len;
    walk->len = 0;
}

static void on_text(void *context, const XML_Char *text, int len)
{
    struct walk *walk = context;
    if ((size_t)len > S3_XML_TEXT - walk->len) {
        walk_stop(walk, -EBADMSG);
        return;
    }
    memcpy(walk->text + walk->len, text, (size_t)len);
    walk->len += (size_t)len;
}

static void on_end(void *context, const XML_Char *name)
{
    struct walk *walk = context;
    (void)name;
    if (walk->result != 0)
        return;
    walk->text[walk->len] = '\0';
    int rc = walk->end(walk->context, walk->path, walk->text, walk->len);
    walk->path_used = walk->path_len[--walk->depth];
    walk->path[walk->path_used] = '\0';
    walk->len = 0;
    if (rc < 0)
        walk_stop(walk, rc);
}

/* S3 sends no DTD; without one there are no entities to expand and no files to fetch. */
static void on_doctype(void *context, const XML_Char *name, const XML_Char *sysid,
    const XML_Char *pubid, int has_internal_subset)
{
    (void)name, (void)sysid, (void)pubid, (void)has_internal_subset;
    walk_stop(context, -EBADMSG);
}

/* A store that takes its time keeps the connection alive with white space, maybe before the declaration,
 * where XML allows none. */
int s3_xml_walk(const char *bytes, size_t len, s3_xml_fn *end, void *context)
{
    for (; len > 0 && strchr(" \t\r\n", *bytes) != NULL && *bytes != '\0'; len--)
        bytes++;
    struct walk walk = { .parser = XML_ParserCreate("UTF-8"), .end = end, .context = context };
    if (walk.parser == NULL)
        return -ENOMEM;
    XML_SetUserData(walk.parser, &walk);
    XML_SetElementHandler(walk.parser, on_start, on_end);
    XML_SetCharacterDataHandler(walk.parser, on_text);
    XML_SetStartDoctypeDeclHandler(walk.parser, on_doctype);
    enum XML_Status status = XML_STATUS_ERROR;
    if (len <= INT_MAX)
        status = XML_Parse(walk.parser, bytes, (int)len, 1);
    int rc = walk.result;
    if (rc == 0 && status != XML_STATUS_OK)
        rc = XML_GetErrorCode(walk.parser) == XML_ERROR_NO_MEMORY ? -ENOMEM : -EBADMSG;
    XML_ParserFree(walk.parser);
    return rc;
}

struct search {
    const char *path;
    char *text;
    size_t size;
};

static int search_end(void *context, const char *path, const char *text, size_t len)
{
    struct search *search = context;
    if (strcmp(path, search->path) != 0)
        return 0;
    if (len < search->size)
        memcpy(search->text, text, len + 1);
    return -ECANCELED; /* found: the rest does not matter */
}

void s3_xml_text(const char *bytes, size_t len, const char *path, char *text, size_t size)
{
    struct search search = { path, text, size };
    text[0] = '\0';
    (void)s3_xml_walk(bytes, len, search_end, &search); /* what is not found is "" */
}

void s3_xml_add_text(struct strbuf *xml, const char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '&')
            strbuf_addstr(xml, "&amp;");
        else if (c == '<')
            strbuf_addstr(xml, "&lt;");
        else if (c == '>')
            strbuf_addstr(xml, "&gt;");
        else if (c < ' ' || c == 0x7f)
            strbuf_addf(xml, "&#x%x;", c);
        else
            strbuf_addch(xml, *text);
    }
}
