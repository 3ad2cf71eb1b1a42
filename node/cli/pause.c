/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `terrace pause` and `terrace resume`. */
#include <inttypes.h>

#include "node/cli/cli.h"
#include "node/cli/data.h"
#include "node/util/clock.h"

static enum cli_exit set_paused(const struct cli_spec *spec, int argc, char **argv, bool paused)
{
    struct cli_data data;
    int64_t lesson_id = 0;
    enum cli_exit result = cli_begin_lesson(spec, argc, argv, CLI_DATA_WRITE, &data, &lesson_id);
    if (result != CLI_GO_ON)
        return result;
    result = CLI_OK;
    int error =
        catalog_lesson_set_paused(data.catalog, lesson_id, paused, CLI_SUBMITTER, clock_wall_ms());
    if (error != CATALOG_OK)
        result = cli_lesson_failed(data.catalog, error, lesson_id);
    else
        printf("lesson %" PRId64 " %s\n", lesson_id,
            paused ? "is paused; what runs of it goes on to its end" : "goes on");
    cli_data_close(&data);
    return result;
}

enum cli_exit cli_pause(int argc, char **argv)
{
    static const struct cli_spec spec = {
        .command = "pause",
        .operands = "LESSON",
        .about = "Begins no more work on the lesson with this number, until `terrace resume`. "
                 "Nothing is lost.",
        .min_operands = 1,
        .max_operands = 1,
    };
    return set_paused(&spec, argc, argv, true);
}

enum cli_exit cli_resume(int argc, char **argv)
{
    static const struct cli_spec spec = {
        .command = "resume",
        .operands = "LESSON",
        .about = "Goes on with a lesson that was paused.",
        .min_operands = 1,
        .max_operands = 1,
    };
    return set_paused(&spec, argc, argv, false);
}
