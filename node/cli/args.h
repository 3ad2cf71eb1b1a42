/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Options and operands of a subcommand, and its --help, from one description. */
#ifndef NODE_CLI_ARGS_H
#define NODE_CLI_ARGS_H

#include <stdbool.h>
#include <stddef.h>

#include "node/config.h"

enum cli_exit {
    CLI_GO_ON = -1, /* from cli_parse() alone: the command is to be run */
    CLI_OK = 0,
    CLI_FAILED = 1, /* one line on standard error said why */
    CLI_USAGE = 2,
};

struct cli_option {
    const char *name;       /* without "--" */
    const char *value_name; /* "TEXT"; NULL: a flag */
    const char *about;
    const char **value; /* where its value goes; points into argv */
    bool *flag;         /* a flag: set to true */
};

struct cli_spec {
    const char *command;  /* "user add" */
    const char *operands; /* "FILE...", "" none */
    const char *about;    /* for --help: sentences, lines broken by hand */
    const struct cli_option *options;
    size_t option_count;
    size_t min_operands, max_operands;
    bool takes_config_file; /* --config FILE */
    bool takes_config;      /* that, and every option of the configuration */
};

struct cli_args {
    const char *data; /* --data, which every command takes */
    char **operands;  /* inside argv */
    size_t operand_count;
    struct config config; /* takes_config_file: defaults, then the file, then the command line */
};

/*
 * argv[0] is the command's name. Reorders argv (operands to the front). CLI_GO_ON; CLI_OK: --help
 * was asked for and is printed; CLI_USAGE, CLI_FAILED (the configuration file): a line stands on
 * standard error.
 */
enum cli_exit cli_parse(const struct cli_spec *spec, int argc, char **argv, struct cli_args *out);

/* One line on standard error: what is wrong, and where to find help. Returns CLI_USAGE. */
enum cli_exit cli_misuse(const char *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* One line "terrace: ..." on standard error. Returns CLI_FAILED. */
enum cli_exit cli_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
