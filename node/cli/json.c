/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/cli/json.h"

enum cli_exit cli_print_json(json_t *value)
{
    if (!value)
        return cli_fail("out of memory");
    /* A double keeps 15 digits exactly, so 0.1 is printed as 0.1. */
    int failed = json_dumpf(value, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
    json_decref(value);
    if (failed)
        return cli_fail("standard output can't be written");
    putchar('\n');
    return CLI_OK;
}
