/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs independent tasks on several threads. */
#ifndef TRANSCODER_WORKER_PARALLEL_H
#define TRANSCODER_WORKER_PARALLEL_H

/*
 * Calls run(context, n) for each n from 0 to count - 1, and returns when all calls are done.
 * The calls begin in the order of n. Up to `threads` threads take part; the calling thread is one
 * of them. If fewer threads can be started, fewer do the work.
 */
void parallel_run(int threads, int count, void (*run)(void *context, int number), void *context);

#endif
