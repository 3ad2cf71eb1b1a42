/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/cli/cli.h"
#include "node/cli/data.h"

enum cli_exit cli_backup(int argc, char **argv)
{
    static const struct cli_spec spec = {
        .command = "backup",
        .operands = "FILE",
        .about = "Copies the catalog (lessons, users, jobs) into a new FILE, while a node may go "
                 "on working. Media is\n"
                 "not in it: copy the folders sources and media as well, after the catalog.",
        .min_operands = 1,
        .max_operands = 1,
    };
    struct cli_args args;
    struct cli_data data;
    enum cli_exit result = cli_parse(&spec, argc, argv, &args);
    if (result == CLI_GO_ON)
        result = cli_data_open(&data, &args, CLI_DATA_WRITE);
    if (result != CLI_GO_ON)
        return result;
    result = CLI_OK;
    int error = catalog_backup(data.catalog, args.operands[0]);
    if (error != CATALOG_OK)
        result = cli_fail("%s", catalog_message(data.catalog));
    else
        printf("the catalog is saved in %s\n", args.operands[0]);
    cli_data_close(&data);
    return result;
}
