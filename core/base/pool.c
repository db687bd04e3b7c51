/* SPDX-License-Identifier: MIT */
#include "core/base/pool.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "core/base/cleanup.h"
#include "core/base/clock.h"

enum { POOL_STACK_SIZE = 1 << 20 }; /* bytes; the deepest job holds two wire buffers and some paths */

struct job {
    struct job *next;
    pool_job_fn *run;
    void *argument;
};

struct pool {
    unsigned threads_max;
    unsigned idle_ms;
    pthread_mutex_t lock;
    pthread_cond_t work; /* a job came, or the end */
    pthread_cond_t left; /* a thread has left */
    struct {
        struct job *first, **end;
        unsigned queued, running, idle, threads;
        bool ending;
    } synced;
};

struct pool *pool_new(unsigned threads, unsigned idle_ms)
{
    struct pool *pool = calloc(1, sizeof(*pool));
    if (pool == NULL)
        return NULL;
    pool->threads_max = threads;
    pool->idle_ms = idle_ms;
    pool->synced.end = &pool->synced.first;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->left, NULL);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&pool->work, &monotonic);
    pthread_condattr_destroy(&monotonic);
    return pool;
}

void pool_free(struct pool *pool)
{
    if (pool == NULL)
        return;
    pthread_mutex_lock(&pool->lock);
    pool->synced.ending = true;
    pthread_cond_broadcast(&pool->work);
    while (pool->synced.threads > 0)
        pthread_cond_wait(&pool->left, &pool->lock);
    pthread_mutex_unlock(&pool->lock);
    pthread_cond_destroy(&pool->work);
    pthread_cond_destroy(&pool->left);
    pthread_mutex_destroy(&pool->lock);
    free(pool);
}

/* The next job, or NULL when this thread should leave. Lock held. */
static struct job *pool_take(struct pool *pool)
{
    struct timespec until = clock_timespec(clock_ms() + pool->idle_ms);
    int rc = 0;
    pool->synced.idle++;
    while (pool->synced.first == NULL && !pool->synced.ending && rc != ETIMEDOUT)
        rc = pthread_cond_timedwait(&pool->work, &pool->lock, &until);
    pool->synced.idle--;
    struct job *job = pool->synced.first;
    if (job == NULL)
        return NULL;
    pool->synced.first = job->next;
    if (job->next == NULL)
        pool->synced.end = &pool->synced.first;
    pool->synced.queued--;
    return job;
}

static void *pool_thread(void *argument)
{
    struct pool *pool = argument;
    pthread_mutex_lock(&pool->lock);
    struct job *job;
    while ((job = pool_take(pool)) != NULL) {
        pool->synced.running++;
        pthread_mutex_unlock(&pool->lock);
        job->run(job->argument);
        free(job);
        pthread_mutex_lock(&pool->lock);
        pool->synced.running--;
    }
    pool->synced.threads--;
    pthread_cond_signal(&pool->left);
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

/* Lock held. */
static int pool_grow(struct pool *pool)
{
    pthread_attr_t attributes;
    pthread_t thread;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, POOL_STACK_SIZE);
    int rc = pthread_create(&thread, &attributes, pool_thread, pool);
    pthread_attr_destroy(&attributes);
    if (rc == 0)
        pool->synced.threads++;
    return -rc;
}

int pool_submit(struct pool *pool, pool_job_fn *run, void *argument)
{
    struct job *job = malloc(sizeof(*job));
    if (job == NULL)
        return -ENOMEM;
    *job = (struct job){ .run = run, .argument = argument };
    LOCK_SCOPE(&pool->lock);
    if (pool->synced.queued >= pool->synced.idle && pool->synced.threads < pool->threads_max) {
        int rc = pool_grow(pool);
        if (rc < 0 && pool->synced.threads == 0) {
            free(job);
            return rc;
        }
    }
    *pool->synced.end = job;
    pool->synced.end = &job->next;
    pool->synced.queued++;
    pthread_cond_signal(&pool->work);
    return 0;
}

unsigned pool_active(struct pool *pool)
{
    LOCK_SCOPE(&pool->lock);
    return pool->synced.queued + pool->synced.running;
}

unsigned pool_threads(struct pool *pool)
{
    LOCK_SCOPE(&pool->lock);
    return pool->synced.threads;
}
