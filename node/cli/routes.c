/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "node/cli/cli.h"
#include "node/node.h"

static const struct {
    int method;
    const char *name;
} methods[] = {{HTTP_GET, "GET"}, {HTTP_HEAD, "HEAD"}, {HTTP_POST, "POST"}, {HTTP_PUT, "PUT"},
    {HTTP_PATCH, "PATCH"}, {HTTP_DELETE, "DELETE"}, {HTTP_OPTIONS, "OPTIONS"}};

static const char *access_name(enum http_access access)
{
    switch (access) {
    case HTTP_PUBLIC:
        return "public";
    case HTTP_OPERATOR:
        return "operator";
    case HTTP_TECHNICIAN:
        return "technician";
    case HTTP_ADMIN:
        return "admin";
    case HTTP_ANY_USER:
        return "user";
    }
    return "?";
}

static void print_route(void *ctx, const struct http_route *route)
{
    char names[64] = "";
    int bytes = 0;
    (void)ctx;
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        if ((route->methods & methods[i].method) != 0)
            bytes += snprintf(names + bytes, sizeof(names) - (size_t)bytes, "%s%s",
                bytes > 0 ? "," : "", methods[i].name);
    }
    printf("%-18s %-40s %-11s %s\n", names, route->pattern, access_name(route->access),
        route->about != NULL ? route->about : "");
}

enum cli_exit cli_routes(int argc, char **argv)
{
    static const struct cli_spec spec = {
        .command = "routes",
        .operands = "",
        .about = "Prints what the node answers over HTTP: methods, pattern, who may, what it is. "
                 "GET allows HEAD too.",
    };
    struct cli_args args;
    char message[NODE_MESSAGE_BYTES];
    enum cli_exit result = cli_parse(&spec, argc, argv, &args);
    if (result != CLI_GO_ON)
        return result;
    if (node_each_route(print_route, NULL, message, sizeof(message)) < 0)
        return cli_fail("%s", message);
    return CLI_OK;
}
