/* SPDX-License-Identifier: MIT */
/*
 * A pool of threads that grows with blocked jobs and shrinks when there is nothing to do.
 *
 *     struct pool *pool = pool_new(64, 10000);
 *     int rc = pool_submit(pool, serve, connection);
 *     pool_free(pool);  // waits for every job
 *
 * A job goes to an idle thread, else to a new one while there are fewer than the limit, else into a
 * queue of unlimited length, in order: bounding what is submitted is the caller's. A job may submit
 * others; it must not wait for one that could still stand in the queue of its own pool.
 *
 * Threads: pool_submit and pool_active from any; pool_free once, after the last pool_submit.
 */
#ifndef ALGOFS_BASE_POOL_H
#define ALGOFS_BASE_POOL_H

struct pool;

typedef void pool_job_fn(void *argument);

/** At most `threads` (above 0) at a time; one leaves after `idle_ms` without a job. NULL: no
 * memory. */
struct pool *pool_new(unsigned threads, unsigned idle_ms);

/** Waits until every job has run and every thread has left, then frees. NULL is allowed. */
void pool_free(struct pool *pool);

/** Has `run(argument)` called once by a thread of the pool. 0, or -errno and it is never called. */
int pool_submit(struct pool *pool, pool_job_fn *run, void *argument);

/** Jobs that run or wait. */
unsigned pool_active(struct pool *pool);

/** Threads that exist. */
unsigned pool_threads(struct pool *pool);

#endif
