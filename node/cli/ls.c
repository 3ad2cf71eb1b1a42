/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "node/api/lesson_json.h"
#include "node/cli/cli.h"
#include "node/cli/data.h"
#include "node/cli/json.h"
#include "node/cli/text.h"

#define STATE_BYTES 32

/* Returns "working 42 %", "paused 42 %", "ready" and so on. */
static const char *state_text(const struct catalog_lesson *lesson, char *out)
{
    if (lesson->state == CATALOG_LESSON_QUEUED && lesson->paused)
        snprintf(out, STATE_BYTES, "paused");
    else if (lesson->state == CATALOG_LESSON_WORKING && lesson->paused)
        snprintf(out, STATE_BYTES, "paused %d %%", lesson->progress_permille / 10);
    else if (lesson->state == CATALOG_LESSON_WORKING)
        snprintf(out, STATE_BYTES, "working %d %%", lesson->progress_permille / 10);
    else
        snprintf(out, STATE_BYTES, "%s", catalog_lesson_state_name(lesson->state));
    return out;
}

static int number_columns(int64_t number)
{
    return snprintf(NULL, 0, "%" PRId64, number);
}

struct columns {
    int id, title; /* id: the width of the numbers; title: the most columns that a title may take,
                    * 0: no limit */
};

#define FIXED_COLUMNS 50 /* all columns between the number and the title */

static void print_lesson(const struct catalog_lesson *lesson, const struct columns *columns)
{
    char state[STATE_BYTES], size[TEXT_SHORT_BYTES], length[TEXT_SHORT_BYTES] = "";
    if (lesson->duration_us > 0)
        text_duration(lesson->duration_us, length);
    printf("%*" PRId64 "  %-13s  %-9s  %8s  %10s  ", columns->id, lesson->id,
        state_text(lesson, state), lesson->published ? "published" : "", length,
        text_size(lesson->media_bytes, size));
    text_print(
        stdout, *lesson->title != '\0' ? lesson->title : lesson->source_name, columns->title, 0);
    putchar('\n');
    if (lesson->state == CATALOG_LESSON_FAILED) {
        printf("%*s  ", columns->id, "");
        cli_print_reason(stdout, lesson->reason, lesson->reason_detail);
        putchar('\n');
    } else if (*lesson->salvaged != '\0') {
        printf("%*s  ", columns->id, "");
        cli_print_salvaged(stdout, lesson);
        putchar('\n');
    }
}

static bool waits_for_a_node(const struct catalog_lesson *lesson)
{
    return lesson->queued_jobs + lesson->running_jobs > 0 && !lesson->paused;
}

static void print_table(const struct catalog_lessons *lessons)
{
    if (lessons->count == 0)
        return;
    struct columns columns = {.id = number_columns(lessons->items[0].id)};
    int terminal = text_terminal_columns();
    if (columns.id < 2)
        columns.id = 2;
    if (terminal > FIXED_COLUMNS + columns.id + 10)
        columns.title = terminal - FIXED_COLUMNS - columns.id;
    printf("%*s  %-13s  %-9s  %8s  %10s  %s\n", columns.id, "no", "state", "", "length", "media",
        "title");
    for (size_t i = 0; i < lessons->count; i++)
        print_lesson(&lessons->items[i], &columns);
}

/* Warns if lessons wait for work but no workers are running. Otherwise "working" would be
 * misleading. */
static void report_standstill(const struct store *store, const struct catalog_lessons *lessons)
{
    size_t i = 0;
    while (i < lessons->count && !waits_for_a_node(&lessons->items[i]))
        i++;
    if (i < lessons->count && !cli_work_goes_on(store))
        puts("no node is running: work goes on when one does (`terrace serve`)");
}

static enum cli_exit print_json(const struct catalog_lessons *lessons)
{
    json_t *list = json_array();
    for (size_t i = 0; i < lessons->count; i++) {
        /* this call fails as well if the item is NULL */
        if (json_array_append_new(list, lesson_json_operator(&lessons->items[i])) < 0) {
            json_decref(list);
            return cli_fail("out of memory");
        }
    }
    return cli_print_json(json_pack("{s:o}", "lessons", list));
}

enum cli_exit cli_ls(int argc, char **argv)
{
    bool json = false;
    const struct cli_option options[] = {
        {.name = "json",
            .about = "as JSON: {\"lessons\": [...]}, as /api/operator/lessons has it",
            .flag = &json},
    };
    const struct cli_spec spec = {
        .command = "ls",
        .operands = "",
        .about = "Lists the lessons, newest first.",
        .options = options,
        .option_count = 1,
    };
    struct cli_args args;
    struct cli_data data;
    enum cli_exit result = cli_parse(&spec, argc, argv, &args);
    if (result == CLI_GO_ON)
        result = cli_data_open(&data, &args, CLI_DATA_WRITE);
    if (result != CLI_GO_ON)
        return result;
    struct catalog_lessons lessons;
    int error = catalog_lessons(data.catalog, &(struct catalog_lesson_filter){0}, &lessons);
    result = CLI_OK;
    if (error != CATALOG_OK) {
        result = cli_catalog_failed(data.catalog, error, "catalog");
    } else {
        if (json && catalog_queue_positions(data.catalog, &lessons) != CATALOG_OK)
            result = cli_fail("%s", catalog_message(data.catalog));
        else if (json)
            result = print_json(&lessons);
        else
            print_table(&lessons);
        if (!json)
            report_standstill(data.store, &lessons);
        catalog_lessons_free(&lessons);
    }
    cli_data_close(&data);
    return result;
}
