/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What commands share: the data folder, lessons' numbers, and what is printed about failures. */
#ifndef NODE_CLI_DATA_H
#define NODE_CLI_DATA_H

#include <stdio.h>

#include "catalog/catalog.h"
#include "node/cli/args.h"
#include "node/store/store.h"

/* A data folder with its catalog, opened. */
struct cli_data {
    struct store *store;
    struct catalog *catalog;
};
enum cli_data_mode { CLI_DATA_WRITE, CLI_DATA_CREATE };

/* Root beside another user's node: its files would be beyond that node's reach. CLI_GO_ON, or
 * CLI_FAILED with a line on standard error. */
enum cli_exit cli_check_user(const struct store *store);
/* CLI_GO_ON, or CLI_FAILED with a line on standard error. args->config.floor_bytes is the store's
 * floor. */
enum cli_exit cli_data_open(
    struct cli_data *out, const struct cli_args *args, enum cli_data_mode mode);
void cli_data_close(struct cli_data *data);

/* A line on standard error from the catalog's last failure; for CATALOG_ENOTFOUND "there is no
 * WHAT". Returns CLI_FAILED. */
enum cli_exit cli_catalog_failed(const struct catalog *catalog, int error, const char *what);
/* The same for a lesson. */
enum cli_exit cli_lesson_failed(const struct catalog *catalog, int error, int64_t lesson_id);

/* A lesson's number from an operand of this command. CLI_GO_ON, or CLI_USAGE with a line on
 * standard error. */
enum cli_exit cli_parse_lesson(const char *command, const char *text, int64_t *lesson_id);
/* For commands with one operand, a lesson's number: parses argv and opens the data folder.
 * CLI_GO_ON, or the exit code. */
enum cli_exit cli_begin_lesson(const struct cli_spec *spec, int argc, char **argv,
    enum cli_data_mode mode, struct cli_data *data, int64_t *lesson_id);

/* A failure's reason in the reader's language, with a name for looking it up: "... (unknown_codec:
 * sipr)". */
void cli_print_reason(FILE *file, const char *reason, const char *detail);
/* Of a lesson whose file was cut short: what was made of it, in the reader's language. */
void cli_print_salvaged(FILE *file, const struct catalog_lesson *lesson);

/* Whether work goes on: a node or `terrace ingest --wait` runs the workers. Where that can't be
 * seen, a line on standard error says so, and it is taken to go on. */
bool cli_work_goes_on(const struct store *store);

/* Who did it, for the catalog's events: "cli". */
#define CLI_SUBMITTER "cli"

#endif
