/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NODE_CLI_JSON_H
#define NODE_CLI_JSON_H

#include <jansson.h>

#include "node/cli/args.h"

/* Prints value indented on standard output, and releases it. NULL means that memory ran out.
 * Returns CLI_OK or CLI_FAILED. */
enum cli_exit cli_print_json(json_t *value);

#endif
