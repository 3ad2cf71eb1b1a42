/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What commands share: the data folder, numbers of lessons, and messages about failures. */
#ifndef NODE_CLI_DATA_H
#define NODE_CLI_DATA_H

#include <stdio.h>

#include "catalog/catalog.h"
#include "node/cli/args.h"
#include "node/store/store.h"

/* An open data folder with its catalog. */
struct cli_data {
    struct store *store;
    struct catalog *catalog;
};
enum cli_data_mode { CLI_DATA_WRITE, CLI_DATA_CREATE };

/* Refuses to work as root if the catalog belongs to another user, because the node of that user
 * could not read the new files. Returns CLI_GO_ON; or CLI_FAILED with a line on standard error. */
enum cli_exit cli_check_user(const struct store *store);
/* Opens the data folder; CLI_DATA_CREATE creates it if it is missing. The store keeps
 * args->config.floor_bytes free. Returns CLI_GO_ON; or CLI_FAILED with a line on standard error. */
enum cli_exit cli_data_open(
    struct cli_data *out, const struct cli_args *args, enum cli_data_mode mode);
void cli_data_close(struct cli_data *data);

/* Prints a line on standard error: "there is no WHAT" for CATALOG_ENOTFOUND, else the message of
 * the catalog's last failure. Returns CLI_FAILED. */
enum cli_exit cli_catalog_failed(const struct catalog *catalog, int error, const char *what);
/* Calls cli_catalog_failed() with "lesson <lesson_id>" as what. Returns CLI_FAILED. */
enum cli_exit cli_lesson_failed(const struct catalog *catalog, int error, int64_t lesson_id);

/* Parses the number of a lesson from an operand of a command. Returns CLI_GO_ON; or CLI_USAGE with
 * a line on standard error. */
enum cli_exit cli_parse_lesson(const char *command, const char *text, int64_t *lesson_id);
/* Starts a command whose only operand is the number of a lesson: parses argv and opens the data
 * folder. Returns CLI_GO_ON, and the caller closes data; or the exit code. */
enum cli_exit cli_begin_lesson(const struct cli_spec *spec, int argc, char **argv,
    enum cli_data_mode mode, struct cli_data *data, int64_t *lesson_id);

/* Prints the reason of a failure in the user's language, with its code and detail: "...
 * (unknown_codec: sipr)". */
void cli_print_reason(FILE *file, const char *reason, const char *detail);
/* Prints, in the user's language, how much of a source that was cut short became the lesson. */
void cli_print_salvaged(FILE *file, const struct catalog_lesson *lesson);

/* Whether workers are running: those of a node, or of `terrace ingest --wait`. If that can't be
 * found out, prints a line on standard error and returns true. */
bool cli_work_goes_on(const struct store *store);

/* The submitter of lessons from the command line, and the name in the events of its commands. */
#define CLI_SUBMITTER "cli"

#endif
