/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `terrace priority`. */
#include <inttypes.h>

#include "node/cli/cli.h"
#include "node/cli/data.h"
#include "node/util/clock.h"

static enum cli_exit set_priority(const struct cli_args *args, int64_t lesson_id, int priority)
{
    struct cli_data data;
    enum cli_exit result = cli_data_open(&data, args, CLI_DATA_WRITE);
    if (result != CLI_GO_ON)
        return result;
    result = CLI_OK;
    int error = catalog_lesson_set_priority(
        data.catalog, lesson_id, priority, CLI_SUBMITTER, clock_wall_ms());
    if (error != CATALOG_OK)
        result = cli_lesson_failed(data.catalog, error, lesson_id);
    else
        printf("lesson %" PRId64 " has %s priority\n", lesson_id, catalog_priority_name(priority));
    cli_data_close(&data);
    return result;
}

enum cli_exit cli_priority(int argc, char **argv)
{
    static const struct cli_spec spec = {
        .command = "priority",
        .operands = "LESSON low|normal|high",
        .about = "Sets the priority of the lesson with this number. Work on lessons of a high one "
                 "is begun before all\n"
                 "other work, on those of a low one when nothing else waits.",
        .min_operands = 2,
        .max_operands = 2,
    };
    struct cli_args args;
    int64_t lesson_id = 0;
    enum catalog_priority priority = CATALOG_PRIORITY_NORMAL;
    enum cli_exit result = cli_parse(&spec, argc, argv, &args);
    if (result == CLI_GO_ON)
        result = cli_parse_lesson(spec.command, args.operands[0], &lesson_id);
    if (result == CLI_GO_ON && !catalog_priority_parse(args.operands[1], &priority))
        result = cli_misuse(
            spec.command, "\"%s\" is not a priority: low, normal or high", args.operands[1]);
    return result == CLI_GO_ON ? set_priority(&args, lesson_id, priority) : result;
}
