/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NODE_CLI_PASSWORD_H
#define NODE_CLI_PASSWORD_H

#include "node/cli/args.h"

#define PASSWORD_BYTES 1025

/* Reads a password into out[PASSWORD_BYTES]. On a terminal it is asked for twice and not shown;
 * otherwise it is the first line of standard input. Returns CLI_GO_ON; or CLI_FAILED with a line on
 * standard error, and out is wiped. */
enum cli_exit password_read(const char *user, char *out);

#endif
