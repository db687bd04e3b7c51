/* SPDX-License-Identifier: MIT */
#include "core/engine/ahead.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/engine/hydration.h"
#include "core/engine/internal.h"
#include "core/engine/offline.h"
#include "core/engine/order.h"
#include "core/engine/whole.h"

enum {
    AHEAD_DIRECTORIES_MAX = 64, /* whose order is known at a time */
    AHEAD_SLACK = 16, /* several readers of one sequence are not exactly in order */
};

/* How a directory is being read, in one of its orders. */
struct ahead_guess {
    size_t last;  /* the furthest place opened */
    size_t next;  /* up to here has been fetched ahead */
    unsigned right; /* guesses in a row */
};

struct ahead {
    UT_hash_handle hh;
    struct instance *instance;
    /* all under orders_lock, but the order itself, which does not change */
    unsigned users;
    bool forgotten; /* no longer in the table */
    unsigned generation; /* counts up when a guess was wrong: what has not begun is dropped */
    struct order *order; /* NULL until it has been read */
    struct ahead_guess guesses[ORDER_KINDS];
    char path[];
};

/* One file to be fetched. */
struct ahead_job {
    struct ahead *ahead;
    unsigned generation;
    char path[];
};

static void ahead_free(struct ahead *ahead)
{
    order_free(ahead->order);
    free(ahead);
}

/* Lock held. */
static void ahead_unref(struct ahead *ahead)
{
    if (--ahead->users == 0 && ahead->forgotten)
        ahead_free(ahead);
}

/* Lock held. */
static void ahead_drop(struct ahead *ahead)
{
    HASH_DEL(ahead->instance->orders, ahead);
    ahead->forgotten = true;
    ahead->generation++;
    ahead->users++;
    ahead_unref(ahead);
}

static void ahead_read_order(void *argument)
{
    struct ahead *ahead = argument;
    struct instance *instance = ahead->instance;
    struct order *order = order_read(instance->tree, ahead->path);
    LOCK_SCOPE(&instance->orders_lock);
    ahead->order = order;
    ahead_unref(ahead);
}

/* Fetches the small file `path` unless it is here, or has gone. */
static void ahead_fetch(struct instance *instance, const char *path)
{
    struct file_state state;
    struct hydration *h = NULL;
    CLEANUP_CLOSE int fd = file_open(instance->tree, path);
    if (fd < 0 || file_inspect(fd, &state) < 0 || state.complete ||
        state.size > instance->engine->options.whole_size)
        return;
    uint64_t outstanding = atomic_fetch_add(&instance->ahead_bytes, state.size) + state.size;
    if (outstanding <= AHEAD_BYTES_MAX && hydration_open(instance, path, fd, &h) == 0 && h != NULL)
        (void)whole_fetch(h, REMOTE_READ_AHEAD); /* a wish: who needs the file asks again */
    hydration_put(h);
    atomic_fetch_sub(&instance->ahead_bytes, state.size);
}

static void ahead_run(void *argument)
{
    struct ahead_job *job = argument;
    struct ahead *ahead = job->ahead;
    struct instance *instance = ahead->instance;
    pthread_mutex_lock(&instance->orders_lock);
    bool wanted = job->generation == ahead->generation;
    pthread_mutex_unlock(&instance->orders_lock);
    if (wanted && !atomic_load(&instance->engine->cancelled))
        ahead_fetch(instance, job->path);
    free(job);
    LOCK_SCOPE(&instance->orders_lock);
    ahead_unref(ahead);
}

/* Lock held. */
static void ahead_submit(struct ahead *ahead, const char *name)
{
    size_t directory_len = strlen(ahead->path);
    struct ahead_job *job = malloc(sizeof(*job) + directory_len + strlen(name) + 2);
    if (job == NULL)
        return;
    job->ahead = ahead;
    job->generation = ahead->generation;
    (void)stpcpy(stpcpy(stpcpy(job->path, ahead->path), "/"), name);
    ahead->users++;
    if (pool_submit(ahead->instance->engine->ahead, ahead_run, job) < 0) {
        free(job);
        ahead->users--; /* the caller's table entry keeps it */
    }
}

/* Lock held. Takes one open into account; whether it was guessed. */
static bool ahead_observe(struct ahead_guess *guess, size_t place)
{
    size_t from = guess->last > AHEAD_SLACK ? guess->last - AHEAD_SLACK : 0;
    size_t to = (guess->next > guess->last ? guess->next : guess->last) + AHEAD_SLACK / 4;
    bool right = place >= from && place <= to && place != guess->last;
    if (!right) {
        *guess = (struct ahead_guess){ .last = place, .next = place + 1 };
        return false;
    }
    guess->last = place > guess->last ? place : guess->last;
    guess->right++;
    return true;
}

/* Lock held. The file `name` has been opened: what follows it? */
static void ahead_follow(struct ahead *ahead, const char *name)
{
    size_t places[ORDER_KINDS];
    struct ahead_guess *best = NULL;
    enum order_kind kind = ORDER_BY_NAME;
    if (order_places(ahead->order, name, places) < 0)
        return;
    for (unsigned i = 0; i < ORDER_KINDS; i++) {
        struct ahead_guess *guess = &ahead->guesses[i];
        if (ahead_observe(guess, places[i]) && (best == NULL || guess->right > best->right)) {
            best = guess;
            kind = i;
        }
    }
    if (best == NULL) {
        ahead->generation++;
        return;
    }
    size_t window = best->right < 6 ? (size_t)1 << best->right : AHEAD_FILES_MAX;
    size_t end = best->last + 1 + window;
    size_t count = order_count(ahead->order);
    size_t place = best->next > best->last ? best->next : best->last + 1;
    for (; place < end && place < count; place++)
        ahead_submit(ahead, order_name(ahead->order, kind, place));
    best->next = place;
}

/* Lock held. Starts to learn the order of a directory; the oldest known one makes room. */
static void ahead_start(struct instance *instance, const char *path)
{
    struct ahead *ahead = calloc(1, sizeof(*ahead) + strlen(path) + 1);
    if (ahead == NULL)
        return;
    if (HASH_COUNT(instance->orders) >= AHEAD_DIRECTORIES_MAX)
        ahead_drop(instance->orders);
    ahead->instance = instance;
    (void)stpcpy(ahead->path, path);
    HASH_ADD_STR(instance->orders, path, ahead);
    if (!table_added(&ahead->hh)) {
        free(ahead);
        return;
    }
    ahead->users++;
    if (pool_submit(instance->engine->ahead, ahead_read_order, ahead) < 0) {
        ahead->users--;
        ahead_drop(ahead);
    }
}

void ahead_opened(struct instance *instance, const char *path)
{
    char directory[PATH_MAX];
    const char *slash = strrchr(path, '/');
    if (slash == NULL || offline_is(instance, path)) /* what is not here does not come */
        return;
    memcpy(directory, path, (size_t)(slash - path));
    directory[slash - path] = '\0';
    struct ahead *ahead;
    LOCK_SCOPE(&instance->orders_lock);
    HASH_FIND_STR(instance->orders, directory, ahead);
    if (ahead == NULL)
        ahead_start(instance, directory);
    else if (ahead->order != NULL)
        ahead_follow(ahead, slash + 1);
}

void ahead_forget(struct instance *instance, const char *path)
{
    struct ahead *ahead;
    LOCK_SCOPE(&instance->orders_lock);
    HASH_FIND_STR(instance->orders, path, ahead);
    if (ahead != NULL)
        ahead_drop(ahead);
}

void ahead_free_all(struct instance *instance)
{
    struct ahead *ahead, *next;
    HASH_ITER(hh, instance->orders, ahead, next) {
        HASH_DEL(instance->orders, ahead);
        ahead_free(ahead);
    }
}
