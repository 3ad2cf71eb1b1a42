/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/node/http/gate.h"

void gate_wait(struct gate *gate)
{
    pthread_mutex_lock(&gate->lock);
    gate->waiting++;
    pthread_cond_broadcast(&gate->changed);
    while (gate->passes == 0)
        pthread_cond_wait(&gate->changed, &gate->lock);
    gate->passes--;
    gate->waiting--;
    pthread_mutex_unlock(&gate->lock);
}

void gate_open(struct gate *gate, int passes)
{
    pthread_mutex_lock(&gate->lock);
    gate->passes += passes;
    pthread_cond_broadcast(&gate->changed);
    pthread_mutex_unlock(&gate->lock);
}

void gate_await(struct gate *gate, int waiting)
{
    pthread_mutex_lock(&gate->lock);
    while (gate->waiting < waiting)
        pthread_cond_wait(&gate->changed, &gate->lock);
    pthread_mutex_unlock(&gate->lock);
}
