/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>

#include "node/cli/cli.h"
#include "node/cli/data.h"
#include "node/util/clock.h"

static enum cli_exit set_published(
    const struct cli_spec *spec, int argc, char **argv, bool published)
{
    struct cli_data data;
    int64_t lesson_id = 0;
    enum cli_exit result = cli_begin_lesson(spec, argc, argv, CLI_DATA_WRITE, &data, &lesson_id);
    if (result != CLI_GO_ON)
        return result;
    result = CLI_OK;
    int error = catalog_lesson_set_published(
        data.catalog, lesson_id, published, CLI_SUBMITTER, clock_wall_ms());
    if (error == CATALOG_ESTATE)
        result = cli_fail("lesson %" PRId64
                          " failed and can't be published (`terrace retry` tries it again)",
            lesson_id);
    else if (error != CATALOG_OK)
        result = cli_lesson_failed(data.catalog, error, lesson_id);
    else
        printf("lesson %" PRId64 " is %s\n", lesson_id,
            published ? "published" : "not published any more");
    cli_data_close(&data);
    return result;
}

enum cli_exit cli_publish(int argc, char **argv)
{
    static const struct cli_spec spec = {
        .command = "publish",
        .operands = "LESSON",
        .about = "Shows the lesson with this number to terminals, as soon as it plays.",
        .min_operands = 1,
        .max_operands = 1,
    };
    return set_published(&spec, argc, argv, true);
}

enum cli_exit cli_unpublish(int argc, char **argv)
{
    static const struct cli_spec spec = {
        .command = "unpublish",
        .operands = "LESSON",
        .about = "Hides the lesson with this number from terminals. Nothing is removed.",
        .min_operands = 1,
        .max_operands = 1,
    };
    return set_published(&spec, argc, argv, false);
}
