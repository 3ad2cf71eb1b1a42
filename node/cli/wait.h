/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NODE_CLI_WAIT_H
#define NODE_CLI_WAIT_H

#include "node/cli/data.h"

struct wait_params {
    const struct cli_data *data; /* its catalog must not be used by others meanwhile */
    const struct config *config;
    const int64_t *lesson_ids;
    size_t lesson_count;
};

/*
 * Waits until these lessons are ready, failed or removed, and shows how far they are. Whenever
 * nobody else runs the workers of this data folder, runs them itself; then it also waits until
 * their versions in AV1 are made or given up, which is no failure. SIGINT and SIGTERM, which may
 * be blocked on calling, stop it cleanly: leases are given back. CLI_OK: all are ready; else
 * CLI_FAILED with a line for each on standard error.
 */
enum cli_exit wait_for_lessons(const struct wait_params *params);

#endif
