/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What sandbox_tool can do inside the sandbox. */
#ifndef TESTS_TRANSCODER_SANDBOX_ACTS_H
#define TESTS_TRANSCODER_SANDBOX_ACTS_H

#include "transcoder/protocol/message.h"

/* Descriptors that were open before the sandbox was entered. */
enum act_fd {
    ACT_FD_FOLDER = 20, /* the folder of the source */
    ACT_FD_FILE = 21,   /* the file "victim" in it, open for writing */
    ACT_FD_STATUS = 22, /* /proc/self/status */
};

struct act {
    const char *name;
    long (*run)(void); /* a negative result is an error, with errno set */
};

/* Each table ends with a NULL name. */
extern const struct act acts_on_files[];
extern const struct act acts_on_system[];

/* What an act found out; "" if it only succeeds or fails. */
extern char act_answer[200];

/* Sends a message to the node. Ends the program if that fails. */
void act_send(const struct message *message);

#endif
