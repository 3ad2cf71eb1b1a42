/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/cli/cli.h"
#include "node/node.h"

static void print_address(void *ctx, const char *urls)
{
    (void)ctx;
    printf("listening on %s\n", urls);
    fflush(stdout);
}

enum cli_exit cli_serve(int argc, char **argv)
{
    static const struct cli_spec spec = {
        .command = "serve",
        .operands = "",
        .about = "Runs a node on the data folder, which is created if it isn't there: serves "
                 "lessons and pages, takes\n"
                 "uploads, makes renditions. SIGTERM or SIGINT stop it cleanly, SIGHUP loads the "
                 "certificate anew. One line on "
                 "standard output tells the\n"
                 "address; the log goes to standard error.",
        .takes_config = true,
    };
    struct cli_args args;
    char message[NODE_MESSAGE_BYTES];
    enum cli_exit result = cli_parse(&spec, argc, argv, &args);
    if (result != CLI_GO_ON)
        return result;
    const struct node_params params = {
        .config = &args.config, .data = args.data, .on_listening = print_address};
    if (node_run(&params, message, sizeof(message)) < 0)
        return cli_fail("%s", message);
    return CLI_OK;
}
