/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/cli/cli.h"

enum cli_exit cli_config(int argc, char **argv)
{
    static const struct cli_spec spec = {
        .command = "config",
        .operands = "",
        .about = "Prints a configuration file with every option explained and the value that would "
                 "apply:\n"
                 "the default, or what --config FILE and the command line set.",
        .takes_config = true,
    };
    struct cli_args args;
    enum cli_exit result = cli_parse(&spec, argc, argv, &args);
    if (result != CLI_GO_ON)
        return result;
    config_print(stdout, &args.config);
    return CLI_OK;
}
