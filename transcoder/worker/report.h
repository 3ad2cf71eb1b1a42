/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The worker's side of transcoder/protocol/message.h: what it has to say to the node. Any thread; one
 * message at a time. */
#ifndef TRANSCODER_WORKER_REPORT_H
#define TRANSCODER_WORKER_REPORT_H
#include "transcoder/protocol/message.h"
#include "transcoder/worker/failure.h"

struct report;

/* 0, or -1: out of memory. fd stays the caller's. */
int report_open(struct report **out, int fd);
void report_close(struct report **report);

/* Sends a message; blocks while the pipe is full. 0, or -1 with failure set: the node is gone. */
int report_send(struct report *report, const struct message *message, struct failure *failure);
/* Sends progress if half a second has passed since it was last sent, also if it is the same: this
 * is how a worker finds out that its node is gone. */
int report_progress(struct report *report, int permille, struct failure *failure);

#endif
