/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The options and operands of a subcommand. Parsing and --help both follow from one description. */
#ifndef NODE_CLI_ARGS_H
#define NODE_CLI_ARGS_H

#include <stdbool.h>
#include <stddef.h>

#include "node/config.h"

enum cli_exit {
    CLI_GO_ON = -1, /* never an exit status: nothing failed, and the command goes on */
    CLI_OK = 0,
    CLI_FAILED = 1, /* one line on standard error gave the reason */
    CLI_USAGE = 2,
};

struct cli_option {
    const char *name;       /* without the "--" */
    const char *value_name; /* such as "TEXT"; NULL: the option is a flag */
    const char *about;
    const char **value; /* receives the value, which points into argv */
    bool *flag;         /* set to true if the flag is given */
};

struct cli_spec {
    const char *command;  /* such as "user add" */
    const char *operands; /* such as "FILE..."; "" for none */
    const char *about;    /* for --help: whole sentences, with line breaks set by hand */
    const struct cli_option *options;
    size_t option_count;
    size_t min_operands, max_operands;
    bool takes_config_file; /* accepts --config FILE */
    bool takes_config;      /* accepts --config FILE and every option of the configuration */
};

struct cli_args {
    const char *data; /* value of --data, which every command accepts */
    char **operands;  /* points into argv */
    size_t operand_count;
    /* If takes_config_file or takes_config: the defaults, changed by the file, then by the command
     * line. */
    struct config config;
};

/* Parses the arguments. argv[0] is the command's name. Reorders argv so that the operands come
 * first. Returns CLI_GO_ON; CLI_OK if --help was asked for and has been printed; CLI_USAGE, or
 * CLI_FAILED for the configuration file, with one line on standard error. */
enum cli_exit cli_parse(const struct cli_spec *spec, int argc, char **argv, struct cli_args *out);

/* Sets the function that cli_parse() calls for --help. The manual pages have one of their own. */
void cli_set_help_printer(void (*print)(const struct cli_spec *spec));

/* Prints one line on standard error: what is wrong, and where to find help. Returns CLI_USAGE. */
enum cli_exit cli_misuse(const char *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Prints one line "terrace: ..." on standard error. Returns CLI_FAILED. */
enum cli_exit cli_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
