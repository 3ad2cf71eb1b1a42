/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A subcommand describes its options and operands in a struct cli_spec. Parsing, --help and the
 * manual page all follow from that description. */
#ifndef NODE_CLI_ARGS_H
#define NODE_CLI_ARGS_H

#include <stdbool.h>
#include <stddef.h>

#include "node/config.h"

enum cli_exit {
    CLI_GO_ON = -1, /* never an exit status: nothing failed, and the command goes on */
    CLI_OK = 0,
    CLI_FAILED = 1, /* the reason was printed: by `terrace doctor` on standard output, else on
                     * standard error */
    CLI_USAGE = 2,
};

struct cli_option {
    const char *name;       /* without the "--" */
    const char *value_name; /* such as "TEXT"; NULL for a flag */
    const char *about;
    const char **value; /* receives the value, which points into argv; NULL for a flag */
    bool *flag;         /* set to true if the flag is given; NULL for an option with a value */
};

struct cli_spec {
    const char *command;  /* such as "user add" */
    const char *operands; /* such as "FILE..."; "" for none */
    const char *about;    /* for --help and the manual page: whole sentences, with line breaks set
                           * by hand */
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
    /* The defaults, changed by the file of --config, then by the options of the configuration on
     * the command line. A command that takes neither gets the defaults. */
    struct config config;
};

/* Parses the arguments. argv[0] is the command's name. Changes argv: the operands come first,
 * and an option "--name=value" is cut at its "=". Returns CLI_GO_ON; CLI_OK if --help was asked for
 * and has been printed; CLI_USAGE, or CLI_FAILED for the configuration file, with one line on
 * standard error. */
enum cli_exit cli_parse(const struct cli_spec *spec, int argc, char **argv, struct cli_args *out);

/* Sets the function that cli_parse() calls for --help. The manual pages have one of their own. */
void cli_set_help_printer(void (*print)(const struct cli_spec *spec));

/* Prints one line on standard error: what is wrong, and where to find help. command: such as "user
 * add"; "" refers to the help of the whole program. Returns CLI_USAGE. */
enum cli_exit cli_misuse(const char *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Prints one line "terrace: ..." on standard error. Returns CLI_FAILED. */
enum cli_exit cli_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
