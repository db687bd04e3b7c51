/* SPDX-License-Identifier: MIT */
#include "core/remote/http-transfer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/strbuf.h"
#include "core/remote/call.h"
#include "core/remote/http-header.h"

enum { BUFFER_SIZE = 128 * 1024, REDIRECTS_MAX = 5 };

size_t http_origin_len(const char *url)
{
    size_t scheme = 0;
    if (strncasecmp(url, "http://", 7) == 0)
        scheme = 7;
    else if (strncasecmp(url, "https://", 8) == 0)
        scheme = 8;
    size_t host = strcspn(url + scheme, "/?#");
    return scheme == 0 || host == 0 ? 0 : scheme + host;
}

static bool same_part(CURLU *a, CURLU *b, CURLUPart part)
{
    char *in_a = NULL, *in_b = NULL;
    bool same = curl_url_get(a, part, &in_a, CURLU_DEFAULT_PORT) == CURLUE_OK &&
                curl_url_get(b, part, &in_b, CURLU_DEFAULT_PORT) == CURLUE_OK &&
                strcasecmp(in_a, in_b) == 0;
    curl_free(in_a);
    curl_free(in_b);
    return same;
}

bool http_same_origin(const char *url, const char *target)
{
    CURLU *a = curl_url(), *b = curl_url();
    bool same = a != NULL && b != NULL && curl_url_set(a, CURLUPART_URL, url, 0) == CURLUE_OK &&
                curl_url_set(b, CURLUPART_URL, target, 0) == CURLUE_OK &&
                same_part(a, b, CURLUPART_SCHEME) && same_part(a, b, CURLUPART_HOST) &&
                same_part(a, b, CURLUPART_PORT);
    curl_url_cleanup(a);
    curl_url_cleanup(b);
    return same;
}

static bool is_redirect(int status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

static void note_progress(struct http_job *job)
{
    job->progress_ms = clock_ms();
}

/* --- callbacks, on the transfer thread --- */

/* The connection stands and the request is about to be sent. */
static int on_request(
    void *context, char *remote_ip, char *local_ip, int remote_port, int local_port)
{
    struct http_job *job = context;
    (void)remote_ip, (void)local_ip, (void)remote_port, (void)local_port;
    job->started_us = remote_clock_us();
    note_progress(job);
    return CURL_PREREQFUNC_OK;
}

static void end_head(struct http_job *job)
{
    struct http_response *response = job->response;
    response->first_byte_ms = (uint32_t)((remote_clock_us() - job->started_us) / 1000);
    job->headed = true;
    job->discards_body = is_redirect(response->status) && !job->request->keep_redirects;
    if (!job->discards_body && job->request->head != NULL)
        job->stopped = job->request->head(job->request->context, response);
}

static size_t on_header(char *line, size_t unit, size_t count, void *context)
{
    struct http_job *job = context;
    size_t len = unit * count;
    note_progress(job);
    if (job->headed) /* trailers: nothing we know stands there */
        return len;
    http_header_take(job->response, line, len);
    if (job->request->header != NULL)
        job->request->header(job->request->context, line, len);
    if (http_header_is_end(line, len) && job->response->status >= 200)
        end_head(job);
    return job->stopped == 0 ? len : 0;
}

static size_t on_body(char *bytes, size_t unit, size_t count, void *context)
{
    struct http_job *job = context;
    size_t len = unit * count;
    note_progress(job);
    if (job->discards_body)
        return len;
    job->received += len;
    if (job->request->body != NULL)
        job->stopped = job->request->body(job->request->context, bytes, len);
    return job->stopped == 0 ? len : CURL_WRITEFUNC_ERROR;
}

static size_t on_upload(char *buf, size_t unit, size_t count, void *context)
{
    struct http_job *job = context;
    const struct http_request *request = job->request;
    uint64_t left = request->body_size - job->sent;
    size_t want = unit * count < left ? unit * count : (size_t)left;
    note_progress(job);
    if (want == 0)
        return 0;
    ssize_t got = pread(request->body_fd, buf, want, (off_t)(request->body_offset + job->sent));
    if (got <= 0) {
        job->stopped = got < 0 ? -errno : -ESTALE;
        return CURL_READFUNC_ABORT;
    }
    if (request->sent != NULL)
        request->sent(request->context, job->sent, buf, (size_t)got);
    job->sent += (uint64_t)got;
    return (size_t)got;
}

/* A kept connection turned out to be dead: curl sends the body again from where it says. */
static int on_rewind(void *context, curl_off_t offset, int origin)
{
    struct http_job *job = context;
    if (origin != SEEK_SET || offset != 0)
        return CURL_SEEKFUNC_FAIL; /* `sent` promises: from the start or not at all */
    job->sent = 0;
    return CURL_SEEKFUNC_OK;
}

/* --- set-up --- */

static bool add_line(struct http_job *job, const char *line)
{
    struct curl_slist *longer = curl_slist_append(job->headers, line);
    if (longer == NULL)
        return false;
    job->headers = longer;
    return true;
}

static bool add_header(struct http_job *job, const char *name, const char *value)
{
    struct strbuf line = STRBUF_INIT;
    strbuf_addf(&line, "%s:%s%s", name, value[0] == '\0' ? "" : " ", value);
    bool ok = !line.failed && add_line(job, strbuf_cstr(&line));
    strbuf_free(&line);
    return ok;
}

static bool set_headers(struct http_job *job)
{
    const struct http_request *request = job->request;
    /* Lengths must be those of the object, so nothing is compressed; and no waiting for a 100. */
    bool ok = add_header(job, "Accept-Encoding", "identity") && add_header(job, "Expect", "");
    if (request->authorization != NULL)
        ok = ok && add_header(job, "Authorization", request->authorization);
    if (request->content_type != NULL)
        ok = ok && add_header(job, "Content-Type", request->content_type);
    for (const char *const *line = request->headers; ok && line != NULL && *line != NULL; line++)
        ok = add_line(job, *line);
    return ok && curl_easy_setopt(job->easy, CURLOPT_HTTPHEADER, job->headers) == CURLE_OK;
}

static CURLcode set_method(struct http_job *job)
{
    const struct http_request *request = job->request;
    CURL *easy = job->easy;
    switch (request->method) {
    case HTTP_GET:
        return curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
    case HTTP_HEAD:
        return curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    case HTTP_DELETE:
        return curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, "DELETE");
    case HTTP_PATCH:
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)strlen(request->post));
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->post);
        return curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, "PATCH");
    case HTTP_POST:
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)strlen(request->post));
        return curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->post);
    case HTTP_PUT:
        curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_upload);
        curl_easy_setopt(easy, CURLOPT_READDATA, job);
        curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, on_rewind);
        curl_easy_setopt(easy, CURLOPT_SEEKDATA, job);
        curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, (long)BUFFER_SIZE);
        curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)request->body_size);
        return curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    }
    return CURLE_BAD_FUNCTION_ARGUMENT;
}

/* The options that are the same for every request. Those unchecked fail only for want of memory for
 * a string they do not have, or for an option this libcurl lacks, and the build would have said so.
 */
static void set_common(struct http_job *job, CURLSH *share, uint32_t connect_ms)
{
    CURL *easy = job->easy;
    curl_easy_setopt(easy, CURLOPT_PRIVATE, job);
    curl_easy_setopt(easy, CURLOPT_SHARE, share);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L); /* http_transfer_redirect decides */
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);     /* an object may be named ".." */
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)connect_ms);
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)BUFFER_SIZE);
    curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L); /* a proxy's head is not ours */
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, job->error);
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_request);
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, job);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, job);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, job);
}

int http_transfer_prepare(struct http_job *job, CURL *easy, CURLSH *share, uint32_t connect_ms)
{
    const struct http_request *request = job->request;
    job->easy = easy;
    set_common(job, share, connect_ms);
    CURLcode code = curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    if (code == CURLE_OK)
        code = curl_easy_setopt(easy, CURLOPT_USERAGENT, "algofs/" ALGOFS_VERSION);
    if (code == CURLE_OK)
        code = curl_easy_setopt(easy, CURLOPT_URL, request->url);
    if (code == CURLE_OK && request->ca_cert != NULL)
        code = curl_easy_setopt(easy, CURLOPT_CAINFO, request->ca_cert);
    if (code == CURLE_OK && request->range != NULL)
        code = curl_easy_setopt(easy, CURLOPT_RANGE, request->range);
    if (code == CURLE_OK)
        code = set_method(job);
    if (code == CURLE_OK && !set_headers(job))
        code = CURLE_OUT_OF_MEMORY;
    if (code == CURLE_OK)
        return 0;
    return remote_call_fail(job->call, code == CURLE_OUT_OF_MEMORY ? -ENOMEM : -EINVAL,
        "cannot set up the request: %s", curl_easy_strerror(code));
}

void http_transfer_clear(struct http_job *job)
{
    curl_slist_free_all(job->headers);
    job->headers = NULL;
    job->easy = NULL;
}

/* --- the end --- */

/* Only a GET or HEAD may change into another request; anything else only where its status keeps it.
 */
static bool may_redirect(const struct http_job *job)
{
    if (job->redirects >= REDIRECTS_MAX || !is_redirect(job->response->status) ||
        job->request->keep_redirects)
        return false;
    return job->request->method == HTTP_GET || job->request->method == HTTP_HEAD ||
           job->response->status >= 307;
}

bool http_transfer_redirect(struct http_job *job, CURLcode code)
{
    char *target = NULL;
    if (code != CURLE_OK || !may_redirect(job) ||
        curl_easy_getinfo(job->easy, CURLINFO_REDIRECT_URL, &target) != CURLE_OK || target == NULL)
        return false;
    if (!http_same_origin(job->request->url, target) ||
        curl_easy_setopt(job->easy, CURLOPT_URL, target) != CURLE_OK)
        return false;
    job->redirects++;
    job->sent = 0;
    job->headed = false;
    job->discards_body = false;
    return true;
}

static int fail_stopped(struct http_job *job)
{
    struct remote_call *call = job->call;
    if (job->stopped == -ESTALE && job->request->method == HTTP_PUT)
        return remote_call_fail(call, -ESTALE, "the file became shorter while it was sent");
    if (call->why[0] == '\0') /* a callback that knows better has said so */
        return remote_call_fail(call, job->stopped, "stopped: %s", strerror(-job->stopped));
    return job->stopped;
}

static const char *error_text(const struct http_job *job, CURLcode code)
{
    return job->error[0] != '\0' ? job->error : curl_easy_strerror(code);
}

static int fail_code(struct http_job *job, CURLcode code)
{
    struct remote_call *call = job->call;
    const char *text = error_text(job, code);
    int host_len = (int)job->origin_len;
    const char *host = job->request->url;

    switch (code) {
    case CURLE_OUT_OF_MEMORY:
        return remote_call_fail_transient(call, -ENOMEM, "out of memory");
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
        return remote_call_fail_transient(call, -EHOSTUNREACH, "%.*s: %s", host_len, host, text);
    case CURLE_OPERATION_TIMEDOUT: /* the only time-out that curl keeps for us is the connection's
                                    */
        return remote_call_fail_transient(
            call, -EHOSTUNREACH, "%.*s does not answer: %s", host_len, host, text);
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
        return remote_call_fail(call, -EINVAL, "not a usable address: %s", text);
    case CURLE_SSL_CACERT_BADFILE:
        return remote_call_fail(
            call, -EIO, "the file of certificate authorities is no use: %s", text);
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
        return remote_call_fail(
            call, -EIO, "%.*s: its TLS certificate is not trusted: %s", host_len, host, text);
    case CURLE_PARTIAL_FILE:
        return remote_call_fail_transient(
            call, -EIO, "%.*s: the answer ended early: %s", host_len, host, text);
    default:
        return remote_call_fail_transient(call, -EIO, "%.*s: %s", host_len, host, text);
    }
}

int http_transfer_result(struct http_job *job, CURLcode code)
{
    if (job->stopped != 0)
        return fail_stopped(job);
    if (code != CURLE_OK)
        return fail_code(job, code);
    if (is_redirect(job->response->status) && !job->request->keep_redirects)
        return remote_call_fail(job->call, -EIO,
            "%.*s: answered with a redirect (%d) that leads elsewhere or nowhere; not followed",
            (int)job->origin_len, job->request->url, job->response->status);
    return 0;
}

static uint32_t stall_limit(const struct http_job *job)
{
    const struct http_request *request = job->request;
    bool waits = request->method == HTTP_PUT && job->sent == request->body_size;
    return waits && request->answer_ms != 0 ? request->answer_ms : request->stall_ms;
}

int http_transfer_overdue(struct http_job *job, uint64_t now_ms)
{
    int host_len = (int)job->origin_len;
    const char *host = job->request->url;
    if (remote_call_cancelled(job->call))
        return remote_call_fail(job->call, -ECANCELED, "cancelled");
    if (now_ms >= job->deadline_ms)
        return remote_call_fail_transient(job->call, -ETIMEDOUT, "%.*s: not done in %llu ms",
            host_len, host, (unsigned long long)job->call->deadline_ms);
    uint32_t limit = stall_limit(job);
    if (job->progress_ms != 0 && limit != 0 && now_ms > job->progress_ms &&
        now_ms - job->progress_ms > limit)
        return remote_call_fail_transient(
            job->call, -ETIMEDOUT, "%.*s: nothing came for %u ms", host_len, host, limit);
    return 0;
}
