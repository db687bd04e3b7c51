/* SPDX-License-Identifier: MIT */
/*
 * S3's XML, as a walk over its leaves. Expat does the parsing; here are the limits.
 *
 *     static int leaf(void *context, const char *path, const char *text, size_t len)
 *     {   // "ListBucketResult/Contents/Key", "a/b.txt" …
 *     }
 *     int rc = s3_xml_walk(bytes, len, leaf, end, &page);
 *
 * A stranger's document: no DTD (so no entities of its own), at most S3_XML_DEPTH elements deep, at most
 * S3_XML_TEXT bytes of text in an element. What breaks a limit is no document. White space before it
 * does not matter. Names lose their
 * prefix up to ':'. Pure; any thread.
 */
#ifndef ALGOFS_REMOTE_S3_XML_H
#define ALGOFS_REMOTE_S3_XML_H

#include <stddef.h>

enum { S3_XML_DEPTH = 8, S3_XML_PATH = 256, S3_XML_TEXT = 8192 };

/** An element has ended. `text` (NUL-terminated; XML holds no NUL) is what stood in it after its last
 * child. 0 or -errno to stop with. */
typedef int s3_xml_fn(void *context, const char *path, const char *text, size_t len);

/** 0; -EBADMSG: no such document; -ENOMEM; what `end` returned. `end` is called for each element. */
int s3_xml_walk(const char *bytes, size_t len, s3_xml_fn *end, void *context);

/** The text of the first element `path` of a document; "" if it is not there or is too long. */
void s3_xml_text(const char *bytes, size_t len, const char *path, char *text, size_t size);

/** Appends `text` for an element's content: & < > and control bytes escaped. */
struct strbuf;
void s3_xml_add_text(struct strbuf *xml, const char *text);

#endif
