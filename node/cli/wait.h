/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NODE_CLI_WAIT_H
#define NODE_CLI_WAIT_H

#include "node/cli/data.h"

struct wait_params {
    const struct cli_data *data; /* the caller must not use its catalog meanwhile */
    const struct config *config;
    const int64_t *lesson_ids;
    size_t lesson_count;
};

/* Waits until the lessons are ready, failed or removed, and shows their progress. If no other
 * process runs the workers of this data folder, this process runs them. In that case it also waits
 * for the AV1 renditions; a failure of these is no error. SIGINT and SIGTERM, which may be blocked
 * by the caller, stop it cleanly: the leases are given back. Returns CLI_OK if all lessons are
 * ready; else CLI_FAILED, and standard error says why. */
enum cli_exit wait_for_lessons(const struct wait_params *params);

#endif
