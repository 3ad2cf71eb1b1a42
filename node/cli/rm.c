/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "node/cli/cli.h"

static bool contains(char *const *names, const char *name)
{
    for (; *names != NULL; names++) {
        if (strcmp(*names, name) == 0)
            return true;
    }
    return false;
}

/* Removes the sources that the catalog knew before and doesn't know now. 0 or a negative errno. */
static int remove_sources(const struct store *store, char *const *before, char *const *after)
{
    int result = 0;
    for (; *before != NULL; before++) {
        char path[STORE_PATH_BYTES];
        if (contains(after, *before))
            continue;
        int error = store_source_path(store, *before, path);
        if (error == 0 && unlink(path) < 0 && errno != ENOENT)
            error = -errno;
        if (error < 0)
            result = error;
    }
    return result;
}

/* The lesson is out of the catalog: what can't be removed now is swept when a node starts. */
static enum cli_exit remove_files(struct cli_data *data, int64_t lesson_id, char *const *before)
{
    char **after = NULL;
    size_t count = 0;
    int error = catalog_source_files(data->catalog, &after, &count);
    if (error != CATALOG_OK)
        return cli_catalog_failed(data->catalog, error, "catalog");
    int sources = remove_sources(data->store, before, after);
    catalog_names_free(after);
    int media = store_remove_media(data->store, lesson_id);
    if (sources < 0 || media < 0)
        return cli_fail("lesson %" PRId64 " is removed, but its files aren't: %s", lesson_id,
            strerror(media < 0 ? -media : -sources));
    return CLI_OK;
}

static enum cli_exit remove_lesson(struct cli_data *data, int64_t lesson_id)
{
    char **before = NULL;
    size_t count = 0;
    int error = catalog_source_files(data->catalog, &before, &count);
    if (error == CATALOG_OK)
        error = catalog_lesson_remove(data->catalog, lesson_id);
    enum cli_exit result = error == CATALOG_OK ? remove_files(data, lesson_id, before)
                                               : cli_lesson_failed(data->catalog, error, lesson_id);
    catalog_names_free(before);
    if (result == CLI_OK)
        printf("lesson %" PRId64 " is removed\n", lesson_id);
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
