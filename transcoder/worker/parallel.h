/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pieces of work that don't depend on one another, shared out among threads. */
#ifndef TRANSCODER_WORKER_PARALLEL_H
#define TRANSCODER_WORKER_PARALLEL_H

/*
 * Calls run(context, n) for each n from 0 to count - 1, begun in this order, on up to `threads`
 * threads, the caller's included; returns when all are done. Where threads can't be had, fewer do
 * it.
 */
void parallel_run(int threads, int count, void (*run)(void *context, int number), void *context);

#endif
