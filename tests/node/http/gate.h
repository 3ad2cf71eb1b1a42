/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A gate at which work waits until a test lets it pass. */
#ifndef TESTS_NODE_HTTP_GATE_H
#define TESTS_NODE_HTTP_GATE_H

#include <pthread.h>

/* Work in the pool waits at this gate until the test opens it. */
struct gate {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int waiting, passes;
};
void gate_wait(struct gate *gate);
void gate_open(struct gate *gate, int passes);
/* Waits until this many threads wait at the gate. */
void gate_await(struct gate *gate, int waiting);

#endif
