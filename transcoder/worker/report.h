/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sends the messages of transcoder/protocol/message.h from the worker to the node, and reads its
 * replies. Any thread; a mutex keeps messages whole. */
#ifndef TRANSCODER_WORKER_REPORT_H
#define TRANSCODER_WORKER_REPORT_H

#include "transcoder/protocol/message.h"
#include "transcoder/worker/failure.h"

struct report;

/*
 * Opens a report that writes to fd, which stays the caller's. *out is for report_close().
 * Returns 0, or -1 if memory runs out.
 */
int report_open(struct report **out, int fd);
/* Frees the report and sets *report to NULL. Accepts NULL in *report. */
void report_close(struct report **report);

/* Sends a message; blocks while the pipe is full. Returns 0, or -1 with failure set: the node is
 * gone, or the message cannot be encoded. */
int report_send(struct report *report, const struct message *message, struct failure *failure);
/* Sends the progress if half a second has passed since the last time, even if it is unchanged.
 * In this way a worker notices that the node is gone. Returns 0, or -1 with failure set. */
int report_progress(struct report *report, int permille, struct failure *failure);

/* Asks the node for a file, and waits for the reply. *fd: the descriptor, which the caller closes;
 * -1 if the reply has none, as for MESSAGE_REQUEST_KEEP. Returns 0, or -1 with failure set: the
 * node can't do it, or is gone. */
int report_request(struct report *report, enum message_request request, const struct job_file *file,
    int *fd, struct failure *failure);

#endif
