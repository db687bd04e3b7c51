/* SPDX-License-Identifier: MIT */
#include "agent/service.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/call.h"
#include "core/base/cleanup.h"
#include "core/base/clock.h"
#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/pool.h"

enum {
    SERVICE_WORKER_IDLE_MS = 10000,
    SERVICE_POLL_MS = 1000,      /* how exact the idle time is */
    SERVICE_FULL_POLL_MS = 10,   /* while the queue is full */
    SERVICE_TICK_MS = 5000,
    SERVICE_GRACE_MS = 10000,    /* calls in progress at the end are given this long */
};

struct service {
    struct engine *engine;
    const struct service_options *options;
    struct call_host host;
    struct pool *workers;
    int listener;
    int wake; /* an eventfd: STOP came */
    uint64_t started_ms, active_ms, ticked_ms;
    atomic_uint calls; /* in progress or queued */
    atomic_bool stopping, forced, ticking;
    pthread_mutex_t lock;
    pthread_cond_t closed_changed;
    bool closed; /* no call is accepted any more */
};

struct connection {
    struct service *service;
    int fd;
};

static void service_status(void *context, struct strbuf *out)
{
    const struct service *service = context;
    strbuf_addstr(out, "\"version\":");
    json_add_string(out, ALGOFS_VERSION);
    strbuf_addf(out, ",\"pid\":%d,\"uptime_s\":%llu,\"cache\":", (int)getpid(),
        (unsigned long long)((clock_ms() - service->started_ms) / 1000));
    json_add_string(out, service->options->home->cache);
    strbuf_addf(out, ",\"calls\":%u,\"threads\":%u", atomic_load(&service->calls),
        pool_threads(service->workers));
}

static void service_wake(struct service *service)
{
    const uint64_t one = 1;
    (void)!write(service->wake, &one, sizeof(one)); /* fails only if it is awake already */
}

static void service_stop(void *context, bool force)
{
    struct service *service = context;
    if (force)
        atomic_store(&service->forced, true);
    atomic_store(&service->stopping, true);
    service_wake(service);
    LOCK_SCOPE(&service->lock);
    while (!service->closed)
        pthread_cond_wait(&service->closed_changed, &service->lock);
}

static void service_call(void *argument)
{
    struct connection *connection = argument;
    struct service *service = connection->service;
    call_serve(service->engine, &service->host, connection->fd);
    (void)close(connection->fd); /* a socket: the answer has left */
    free(connection);
    atomic_fetch_sub(&service->calls, 1);
}

/* Takes one connection. False: there is none now. */
static bool service_accept(struct service *service)
{
    int fd = accept4(service->listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0) {
        if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)
            log_warn("agent", "cannot accept a call: %s", strerror(errno));
        return errno == EINTR || errno == ECONNABORTED;
    }
    struct connection *connection = malloc(sizeof(*connection));
    if (connection != NULL) {
        *connection = (struct connection){ service, fd };
        atomic_fetch_add(&service->calls, 1);
        if (pool_submit(service->workers, service_call, connection) == 0)
            return true;
        atomic_fetch_sub(&service->calls, 1);
        free(connection);
    }
    log_error("agent", "no memory or thread for a call");
    (void)close(fd); /* its door repeats the call */
    return false;
}

static bool service_full(struct service *service)
{
    return atomic_load(&service->calls) >= SERVICE_QUEUE_MAX;
}

static void service_accept_all(struct service *service)
{
    while (!service_full(service) && service_accept(service))
        ;
}

static void service_tick(void *argument)
{
    struct service *service = argument;
    engine_tick(service->engine);
    atomic_store(&service->ticking, false);
}

/* Time passes: background work now and then. Whether it is time to leave. */
static bool service_idle(struct service *service)
{
    uint64_t now = clock_ms();
    if (atomic_load(&service->calls) > 0 || engine_transfers(service->engine) > 0 ||
        engine_pending(service->engine) > 0)
        service->active_ms = now;
    if (now - service->ticked_ms >= SERVICE_TICK_MS && !atomic_exchange(&service->ticking, true)) {
        service->ticked_ms = now;
        if (pool_submit(service->workers, service_tick, service) < 0)
            atomic_store(&service->ticking, false); /* the next round tries again */
    }
    uint64_t idle_ms = (uint64_t)service->options->idle_s * 1000;
    return idle_ms > 0 && now - service->active_ms >= idle_ms;
}

static void service_loop(struct service *service)
{
    enum { LISTENER, SIGNALS, WAKE, POLLED };
    struct pollfd polled[POLLED] = {
        [LISTENER] = { .events = POLLIN },
        [SIGNALS] = { .fd = service->options->signals, .events = POLLIN },
        [WAKE] = { .fd = service->wake, .events = POLLIN },
    };
    do {
        bool full = service_full(service);
        polled[LISTENER].fd = full ? -1 : service->listener;
        int ready = poll(polled, POLLED, full ? SERVICE_FULL_POLL_MS : SERVICE_POLL_MS);
        if (ready > 0 && polled[SIGNALS].revents != 0)
            return;
        if (ready > 0 && polled[LISTENER].revents != 0) {
            service_accept_all(service);
            service->active_ms = clock_ms();
        }
    } while (!atomic_load(&service->stopping) && !service_idle(service));
}

/* See service.h for the order. */
static void service_close(struct service *service)
{
    (void)unlink(service->options->home->address.sun_path); /* the next agent removes it otherwise */
    while (service_accept(service))
        ;
    (void)close(service->listener);
    LOCK_SCOPE(&service->lock);
    service->closed = true;
    pthread_cond_broadcast(&service->closed_changed);
}

/* Calls in progress end by themselves, or at a second signal, or when their time is up. */
static void service_drain(struct service *service)
{
    struct pollfd signals = { .fd = service->options->signals, .events = POLLIN };
    uint64_t until = clock_ms() + SERVICE_GRACE_MS;
    char record[128];
    engine_end_watches(service->engine);
    (void)!read(service->options->signals, record, sizeof(record)); /* the signal that ended us */
    while (atomic_load(&service->calls) > 0 && !atomic_load(&service->forced) &&
        clock_ms() < until && poll(&signals, 1, SERVICE_FULL_POLL_MS) <= 0)
        ;
    engine_cancel(service->engine);
}

int service_run(struct engine *engine, const struct service_options *options)
{
    struct service service = {
        .engine = engine,
        .options = options,
        .listener = options->listener,
        .started_ms = clock_ms(),
        .active_ms = clock_ms(),
        .ticked_ms = clock_ms(),
        .lock = PTHREAD_MUTEX_INITIALIZER,
        .closed_changed = PTHREAD_COND_INITIALIZER,
    };
    service.host = (struct call_host){ &service, service_status, service_stop };
    CLEANUP_CLOSE int wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    service.wake = wake;
    service.workers = pool_new(SERVICE_WORKERS_MAX, SERVICE_WORKER_IDLE_MS);
    if (wake < 0 || service.workers == NULL)
        return wake < 0 ? -errno : -ENOMEM;
    service_loop(&service);
    service_close(&service);
    service_drain(&service);
    pool_free(service.workers);
    log_info("agent", "leaves");
    return 0;
}
