/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>

#include "node/cli/cli.h"
#include "node/cli/data.h"
#include "node/util/clock.h"

enum cli_exit cli_retry(int argc, char **argv)
{
    static const struct cli_spec spec = {
        .command = "retry",
        .operands = "LESSON",
        .about = "Tries a failed lesson again, or versions in AV1 that could not be made; what was "
                 "finished stays.\n"
                 "A running node takes it up at once.",
        .min_operands = 1,
        .max_operands = 1,
    };
    struct cli_data data;
    int64_t lesson_id = 0;
    enum cli_exit result = cli_begin_lesson(&spec, argc, argv, CLI_DATA_WRITE, &data, &lesson_id);
    if (result != CLI_GO_ON)
        return result;
    result = CLI_OK;
    int error = catalog_lesson_retry(data.catalog, lesson_id, CLI_SUBMITTER, clock_wall_ms());
    if (error == CATALOG_ESTATE)
        result = cli_fail("lesson %" PRId64 " has not failed", lesson_id);
    else if (error != CATALOG_OK)
        result = cli_lesson_failed(data.catalog, error, lesson_id);
    else
        printf("lesson %" PRId64 " is queued again\n", lesson_id);
    cli_data_close(&data);
    return result;
}
