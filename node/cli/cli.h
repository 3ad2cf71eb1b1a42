/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The command line. Each subcommand is one function, which prints everything for the user and
 * returns the exit code. */
#ifndef NODE_CLI_CLI_H
#define NODE_CLI_CLI_H

#include "node/cli/args.h"

/* Runs the whole program: argv as main() has it. Returns the exit code. */
int cli_main(int argc, char **argv);

struct cli_command {
    const char *name; /* "ingest" */
    enum cli_exit (*run)(int argc, char **argv);
    const char *operands; /* "FILE..."; "" if it has none */
    const char *about;    /* one line; NULL leaves the command out of the list and of the manual
                           * page */
};

/* Returns all subcommands in the order in which `terrace help` lists them. They are static. */
const struct cli_command *cli_commands(size_t *count);
/* Returns the subcommands of `terrace user`. They are static. */
const struct cli_command *cli_user_commands(size_t *count);

/* The subcommands. argv[0] is the name of the subcommand, such as "serve". */
enum cli_exit cli_serve(int argc, char **argv);
enum cli_exit cli_ingest(int argc, char **argv);
enum cli_exit cli_ls(int argc, char **argv);
enum cli_exit cli_show(int argc, char **argv);
enum cli_exit cli_rm(int argc, char **argv);
enum cli_exit cli_publish(int argc, char **argv);
enum cli_exit cli_unpublish(int argc, char **argv);
enum cli_exit cli_retry(int argc, char **argv);
enum cli_exit cli_jobs(int argc, char **argv);
enum cli_exit cli_pause(int argc, char **argv);
enum cli_exit cli_resume(int argc, char **argv);
enum cli_exit cli_priority(int argc, char **argv);
enum cli_exit cli_doctor(int argc, char **argv);
enum cli_exit cli_backup(int argc, char **argv);
enum cli_exit cli_user(int argc, char **argv);
enum cli_exit cli_routes(int argc, char **argv);
enum cli_exit cli_config(int argc, char **argv);
enum cli_exit cli_man(int argc, char **argv);

#endif
