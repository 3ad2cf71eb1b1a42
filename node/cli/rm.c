/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "node/cli/cli.h"
#include "node/cli/data.h"

/* Removes the files of a lesson that is no longer in the catalog. Files that can't be removed now
 * are swept when a node starts. */
static enum cli_exit remove_files(const struct store *store, const struct catalog_lesson *lesson)
{
    const int errors[] = {store_remove_source(store, lesson->source_file),
        store_remove_source(store, lesson->remuxed_file), store_remove_media(store, lesson->id)};
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
        if (errors[i] < 0)
            return cli_fail("lesson %" PRId64 " is removed, but not all of its files: %s",
                lesson->id, strerror(-errors[i]));
    printf("lesson %" PRId64 " is removed\n", lesson->id);
    return CLI_OK;
}

static enum cli_exit remove_lesson(struct cli_data *data, int64_t lesson_id)
{
    struct catalog_lessons lessons = {0};
    int error = catalog_lesson_get(data->catalog, lesson_id, &lessons);
    if (error == CATALOG_OK)
        error = catalog_lesson_remove(data->catalog, lesson_id);
    enum cli_exit result = error == CATALOG_OK ? remove_files(data->store, &lessons.items[0])
                                               : cli_lesson_failed(data->catalog, error, lesson_id);
    catalog_lessons_free(&lessons);
    return result;
}

enum cli_exit cli_rm(int argc, char **argv)
{
    static const struct cli_spec spec = {
        .command = "rm",
        .operands = "LESSON",
        .about = "Removes the lesson with this number and all its files, the original included. "
                 "This can't be undone.",
        .min_operands = 1,
        .max_operands = 1,
    };
    struct cli_data data;
    int64_t lesson_id = 0;
    enum cli_exit result = cli_begin_lesson(&spec, argc, argv, CLI_DATA_WRITE, &data, &lesson_id);
    if (result != CLI_GO_ON)
        return result;
    result = remove_lesson(&data, lesson_id);
    cli_data_close(&data);
    return result;
}
