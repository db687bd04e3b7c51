/* SPDX-License-Identifier: MIT */
#include "core/remote/http.h"

#include <curl/curl.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "core/base/cleanup.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/remote/call.h"
#include "core/remote/http-transfer.h"

enum {
    PRIORITIES = REMOTE_WARM_UP + 1,
    TICK_MS = 100,       /* cancel flags, deadlines and stalls are looked at this often */
    IDLE_MS = 60 * 1000, /* nothing to do: curl_multi_wakeup ends the wait */
    DEFAULT_TRANSFERS = 64,
    DEFAULT_CONNECT_MS = 5000,
};

#define DEFAULT_BYTES (UINT64_C(256) << 20)

struct http_client {
    /* Set by http_client_new, then constant. */
    struct http_limits limits;
    CURLM *multi;
    CURLSH *share; /* TLS sessions; only the transfer thread touches it, so it needs no locks */
    pthread_t thread;

    atomic_uint pending;  /* calls of http_perform in progress */
    pthread_mutex_t lock; /* held for a few instructions, never over I/O or a callback */
    struct {
        struct http_job *arrived;
        bool check; /* look at the cancel flags now */
        bool stop;
    } synced; /* guarded by lock */

    /* The transfer thread's own. */
    struct http_job *waiting[PRIORITIES];
    struct http_job *running;
    unsigned transfers;
    uint64_t bytes;
    CURL **spare; /* easy handles to use again; room for limits.transfers */
    unsigned spares;
    uint64_t checked_ms;
};

/* --- the transfer thread --- */

static CURL *easy_get(struct http_client *client)
{
    return client->spares > 0 ? client->spare[--client->spares] : curl_easy_init();
}

static void easy_put(struct http_client *client, CURL *easy)
{
    curl_easy_reset(easy);
    if (client->spares < client->limits.transfers)
        client->spare[client->spares++] = easy;
    else
        curl_easy_cleanup(easy);
}

static const char *method_name(enum http_method method)
{
    static const char *const names[] = { "GET", "HEAD", "PUT", "POST", "PATCH", "DELETE" };
    return names[method];
}

/* Gives the job back. After sem_post the caller's stack frame may be gone. */
static void job_finish(struct http_job *job, int result)
{
    log_debug("http", "%s %s: %s, status %d, %llu bytes, first after %u ms",
        method_name(job->request->method), job->request->url,
        result == 0 ? "done" : strerror(-result), job->response->status,
        (unsigned long long)job->received, job->response->first_byte_ms);
    job->call->status = job->response->status;
    job->call->server_time_s = job->response->date;
    job->result = result;
    (void)sem_post(&job->done); /* fails only on overflow: it is posted once */
}

static void job_end_running(struct http_client *client, struct http_job *job, int result)
{
    CURL *easy = job->easy;
    (void)curl_multi_remove_handle(
        client->multi, easy); /* it is ours and in there, or fails as wished */
    DL_DELETE(client->running, job);
    client->transfers--;
    client->bytes -= job->request->expected_bytes;
    http_transfer_clear(job);
    easy_put(client, easy);
    job_finish(job, result);
}

static void job_start(struct http_client *client, struct http_job *job)
{
    CURL *easy = easy_get(client);
    if (easy == NULL) {
        job_finish(job, remote_call_fail_transient(job->call, -ENOMEM, "out of memory"));
        return;
    }
    job->call->attempts++;
    int rc = http_transfer_prepare(job, easy, client->share, client->limits.connect_ms);
    DL_APPEND(client->running, job);
    client->transfers++;
    client->bytes += job->request->expected_bytes;
    if (rc == 0 && curl_multi_add_handle(client->multi, easy) != CURLM_OK)
        rc = remote_call_fail_transient(job->call, -ENOMEM, "out of memory");
    if (rc < 0)
        job_end_running(client, job, rc);
}

static bool same_host(const struct http_job *a, const struct http_job *b)
{
    return a->origin_len == b->origin_len &&
           strncmp(a->request->url, b->request->url, a->origin_len) == 0;
}

static bool host_is_full(const struct http_client *client, const struct http_job *job)
{
    unsigned count = 0;
    const struct http_job *other;
    if (client->transfers < client->limits.transfers_per_host)
        return false;
    DL_FOREACH(client->running, other)
        count += same_host(job, other);
    return count >= client->limits.transfers_per_host;
}

/* A low priority leaves places free for the higher ones; but one transfer may always go. */
static bool has_room(const struct http_client *client, enum remote_priority priority)
{
    static const unsigned quarters[PRIORITIES] = { 4, 3, 2 };
    if (client->transfers == 0)
        return true;
    return client->transfers * 4 < client->limits.transfers * quarters[priority];
}

static bool has_bytes(const struct http_client *client, const struct http_job *job)
{
    uint64_t expected = job->request->expected_bytes;
    return client->bytes == 0 ||
           (expected <= client->limits.bytes && client->bytes <= client->limits.bytes - expected);
}

static void start_waiting(struct http_client *client)
{
    for (int priority = 0; priority < PRIORITIES; priority++) {
        struct http_job *job, *next;
        DL_FOREACH_SAFE(client->waiting[priority], job, next)
        {
            if (!has_room(client, (enum remote_priority)priority))
                break;
            if (host_is_full(client, job))
                continue; /* another host's request need not wait for this one's */
            if (!has_bytes(client, job))
                return; /* nor may a small low one keep overtaking a large high one */
            DL_DELETE(client->waiting[priority], job);
            job_start(client, job);
        }
    }
}

/* Takes what other threads left. Returns false when it is time to stop. */
static bool take_arrived(struct http_client *client, bool *ret_check)
{
    struct http_job *arrived, *job, *next;
    bool stop;
    {
        LOCK_SCOPE(&client->lock);
        arrived = client->synced.arrived;
        client->synced.arrived = NULL;
        *ret_check = client->synced.check;
        client->synced.check = false;
        stop = client->synced.stop;
    }
    DL_FOREACH_SAFE(arrived, job, next)
    {
        DL_DELETE(arrived, job);
        DL_APPEND(client->waiting[job->call->priority], job);
    }
    return !stop;
}

static void end_overdue(struct http_client *client, bool now_please)
{
    uint64_t now_ms = clock_ms();
    struct http_job *job, *next;
    if (!now_please && now_ms - client->checked_ms < TICK_MS)
        return;
    client->checked_ms = now_ms;
    DL_FOREACH_SAFE(client->running, job, next)
    {
        int rc = http_transfer_overdue(job, now_ms);
        if (rc < 0)
            job_end_running(client, job, rc);
    }
    for (int priority = 0; priority < PRIORITIES; priority++)
        DL_FOREACH_SAFE(client->waiting[priority], job, next)
        {
            int rc = http_transfer_overdue(job, now_ms);
            if (rc == 0)
                continue;
            DL_DELETE(client->waiting[priority], job);
            job_finish(job, rc);
        }
}

/* Returns whether any transfer came to its end or to a redirect: then there is something to start.
 */
static bool end_done(struct http_client *client)
{
    CURLMsg *message;
    int left;
    bool any = false;
    while ((message = curl_multi_info_read(client->multi, &left)) != NULL) {
        struct http_job *job = NULL;
        CURLcode code = message->data.result;
        if (message->msg != CURLMSG_DONE)
            continue;
        any = true;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&job);
        if (http_transfer_redirect(job, code) &&
            curl_multi_remove_handle(client->multi, job->easy) == CURLM_OK &&
            curl_multi_add_handle(client->multi, job->easy) == CURLM_OK)
            continue;
        job_end_running(client, job, http_transfer_result(job, code));
    }
    return any;
}

static bool has_work(const struct http_client *client)
{
    bool work = client->running != NULL;
    for (int priority = 0; priority < PRIORITIES; priority++)
        work = work || client->waiting[priority] != NULL;
    return work;
}

static void *transfer_main(void *context)
{
    struct http_client *client = context;
    bool check;
    while (take_arrived(client, &check)) {
        int active;
        end_overdue(client, check);
        do { /* until nothing ends at once: what has ended makes no event to wake the poll */
            start_waiting(client);
            (void)curl_multi_perform(client->multi, &active); /* failures are in the messages */
        } while (end_done(client));
        if (curl_multi_poll(client->multi, NULL, 0, has_work(client) ? TICK_MS : IDLE_MS, NULL) !=
            CURLM_OK)
            log_debug("http", "curl_multi_poll failed"); /* out of memory: the tick tries again */
    }
    return NULL;
}

/* --- the callers' side --- */

static void curl_start(void)
{
    (void)curl_global_init(CURL_GLOBAL_DEFAULT); /* its failure shows in curl_multi_init */
}

static struct http_limits limits_with_defaults(const struct http_limits *wanted)
{
    struct http_limits limits = wanted == NULL ? (struct http_limits){ 0 } : *wanted;
    if (limits.transfers == 0)
        limits.transfers = DEFAULT_TRANSFERS;
    if (limits.transfers_per_host == 0)
        limits.transfers_per_host = limits.transfers;
    if (limits.bytes == 0)
        limits.bytes = DEFAULT_BYTES;
    if (limits.connect_ms == 0)
        limits.connect_ms = DEFAULT_CONNECT_MS;
    return limits;
}

/* The thread handles no signals: those are the program's own. */
static int start_thread(struct http_client *client)
{
    sigset_t all, saved;
    sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &saved); /* cannot fail with these arguments */
    int error = pthread_create(&client->thread, NULL, transfer_main, client);
    (void)pthread_sigmask(SIG_SETMASK, &saved, NULL);
    if (error == 0)
        (void)pthread_setname_np(client->thread, "transfer"); /* only for people */
    return error;
}

/* All of a client but its thread. */
static void client_release(struct http_client *client)
{
    while (client->spares > 0)
        curl_easy_cleanup(client->spare[--client->spares]);
    (void)curl_multi_cleanup(client->multi); /* nothing is in it any more; NULL is allowed */
    (void)curl_share_cleanup(client->share);
    (void)pthread_mutex_destroy(&client->lock);
    free(client->spare);
    free(client);
}

struct http_client *http_client_new(const struct http_limits *limits)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, curl_start);

    struct http_client *client = calloc(1, sizeof(*client));
    if (client == NULL)
        return NULL;
    client->limits = limits_with_defaults(limits);
    (void)pthread_mutex_init(&client->lock, NULL); /* a default mutex: cannot fail on Linux */
    client->spare = calloc(client->limits.transfers, sizeof(CURL *));
    client->multi = curl_multi_init();
    client->share = curl_share_init();
    int error = ENOMEM;
    if (client->spare != NULL && client->multi != NULL && client->share != NULL) {
        (void)curl_share_setopt(client->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
        (void)curl_multi_setopt(
            client->multi, CURLMOPT_MAXCONNECTS, (long)client->limits.transfers);
        error = start_thread(client);
    }
    if (error == 0)
        return client;
    client_release(client);
    errno = error;
    return NULL;
}

void http_client_free(struct http_client *client)
{
    if (client == NULL)
        return;
    {
        LOCK_SCOPE(&client->lock);
        client->synced.stop = true;
    }
    (void)curl_multi_wakeup(client->multi);
    (void)pthread_join(client->thread, NULL);
    client_release(client);
}

void http_client_wake(struct http_client *client)
{
    {
        LOCK_SCOPE(&client->lock);
        client->synced.check = true;
    }
    (void)curl_multi_wakeup(client->multi); /* should it fail, the next tick is near */
}

unsigned http_client_pending(struct http_client *client)
{
    return atomic_load_explicit(&client->pending, memory_order_relaxed);
}

int http_perform(struct http_client *client, struct remote_call *call,
    const struct http_request *request, struct http_response *ret_response)
{
    struct http_job job = { .request = request,
        .call = call,
        .response = ret_response,
        .origin_len = http_origin_len(request->url),
        .deadline_ms = UINT64_MAX };
    *ret_response = (struct http_response){ 0 };
    call->status = 0;
    call->server_time_s = 0;
    call->transient = false;
    call->retry_after_ms = 0;
    call->why[0] = '\0';
    if (job.origin_len == 0)
        return remote_call_fail(call, -EINVAL, "not an http or https address");
    if (remote_call_cancelled(call))
        return remote_call_fail(call, -ECANCELED, "cancelled");
    if (call->deadline_ms != 0)
        job.deadline_ms = clock_add(clock_ms(), call->deadline_ms);

    (void)sem_init(&job.done, 0, 0); /* 0 is a possible value: cannot fail */
    {
        LOCK_SCOPE(&client->lock);
        DL_APPEND(client->synced.arrived, &job);
    }
    atomic_fetch_add_explicit(&client->pending, 1, memory_order_relaxed);
    (void)curl_multi_wakeup(client->multi); /* fails only when a wake-up is pending */
    while (sem_wait(&job.done) < 0)
        ; /* a signal: the transfer still holds our stack */
    (void)sem_destroy(&job.done);
    atomic_fetch_sub_explicit(&client->pending, 1, memory_order_relaxed);
    return job.result;
}
