/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>

#include "node/api/lesson_json.h"
#include "node/cli/cli.h"
#include "node/cli/data.h"
#include "node/cli/json.h"
#include "node/cli/text.h"

/* All queued and running work. */
struct board {
    struct catalog_lessons lessons; /* lessons that have work, in the order of the queue;
                                     * those without a position last */
    struct catalog_jobs jobs;       /* queued and leased jobs, sorted by lesson */
};

static void board_free(struct board *board)
{
    catalog_lessons_free(&board->lessons);
    catalog_jobs_free(&board->jobs);
}

static int compare_numbers(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

/* Sorts by position in the queue. Lessons without a position come last, by number. */
static int compare_lessons(const void *a, const void *b)
{
    const struct catalog_lesson *one = a, *two = b;
    if ((one->position == 0) != (two->position == 0))
        return one->position == 0 ? 1 : -1;
    return one->position != two->position ? compare_numbers(one->position, two->position)
                                          : compare_numbers(one->id, two->id);
}

static enum cli_exit board_read(struct catalog *catalog, struct board *out)
{
    *out = (struct board){0};
    int error =
        catalog_lessons(catalog, &(struct catalog_lesson_filter){.at_work = true}, &out->lessons);
    if (error == CATALOG_OK)
        error = catalog_queue_positions(catalog, &out->lessons);
    if (error == CATALOG_OK)
        error = catalog_jobs(catalog, 0, &out->jobs);
    if (error != CATALOG_OK) {
        board_free(out);
        return cli_catalog_failed(catalog, error, "catalog");
    }
    if (out->lessons.count > 0)
        qsort(
            out->lessons.items, out->lessons.count, sizeof(out->lessons.items[0]), compare_lessons);
    return CLI_GO_ON;
}

/* Returns the index of a lesson's first job; if it has none, the index where that job would be. */
static size_t first_job(const struct catalog_jobs *jobs, int64_t lesson_id)
{
    size_t low = 0, high = jobs->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (jobs->items[middle].lesson_id < lesson_id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Returns the lesson's next queued job from index *at on, and moves *at behind it; NULL if there is
 * no more. */
static const struct catalog_job *next_queued(
    const struct catalog_jobs *jobs, int64_t lesson_id, size_t *at)
{
    for (; *at < jobs->count && jobs->items[*at].lesson_id == lesson_id; ++*at)
        if (jobs->items[*at].state == CATALOG_JOB_QUEUED)
            return &jobs->items[(*at)++];
    return NULL;
}

static const char *name_of(const struct catalog_lesson *lesson)
{
    return *lesson->title != '\0' ? lesson->title : lesson->source_name;
}

/* Returns the progress of the lesson; of a ready lesson, the progress of its optional
 * renditions. */
static int permille_of(const struct catalog_lesson *lesson)
{
    return lesson->state == CATALOG_LESSON_READY ? lesson->optional_permille
                                                 : lesson->progress_permille;
}

static const char *name_of_job(const struct board *board, const struct catalog_job *job)
{
    for (size_t i = 0; i < board->lessons.count; i++)
        if (board->lessons.items[i].id == job->lesson_id)
            return name_of(&board->lessons.items[i]);
    return job->lesson_title;
}

/* ---- as JSON ---- */

static json_t *running_json(const struct board *board)
{
    json_t *list = json_array();
    for (size_t i = 0; i < board->jobs.count; i++) {
        const struct catalog_job *job = &board->jobs.items[i];
        if (job->state != CATALOG_JOB_LEASED)
            continue;
        json_t *json = lesson_json_job(job);
        /* json_object_set_new() fails if the value is NULL, and releases the value in any case. */
        if (json_object_set_new(json, "lesson", json_integer(job->lesson_id)) < 0 ||
            json_object_set_new(json, "title", json_string(name_of_job(board, job))) < 0) {
            json_decref(json);
            json_decref(list);
            return NULL;
        }
        json_array_append_new(list, json);
    }
    return list;
}

static json_t *waiting_jobs_json(const struct board *board, int64_t lesson_id)
{
    json_t *list = json_array();
    const struct catalog_job *job;
    for (size_t at = first_job(&board->jobs, lesson_id);
         (job = next_queued(&board->jobs, lesson_id, &at)) != NULL;)
        json_array_append_new(list, lesson_json_job(job));
    return list;
}

static json_t *waiting_json(const struct board *board)
{
    json_t *list = json_array();
    for (size_t i = 0; i < board->lessons.count; i++) {
        const struct catalog_lesson *l = &board->lessons.items[i];
        if (l->queued_jobs == 0)
            continue;
        json_array_append_new(
            list, json_pack("{s:I, s:s, s:s, s:o, s:s, s:b, s:f, s:i, s:i, s:o}", "lesson",
                      (json_int_t)l->id, "title", name_of(l), "submitter", l->submitter, "position",
                      l->position > 0 ? json_integer(l->position) : json_null(), "priority",
                      catalog_priority_name(l->priority), "paused", (int)l->paused, "progress",
                      permille_of(l) / 1000.0, "queued_jobs", l->queued_jobs, "running_jobs",
                      l->running_jobs, "jobs", waiting_jobs_json(board, l->id)));
    }
    return list;
}

/* ---- for people ---- */

static void print_title(const char *title, int used_columns)
{
    int terminal = text_terminal_columns();
    text_print(stdout, title, terminal > used_columns + 10 ? terminal - used_columns : 0, 0);
    putchar('\n');
}

/* Prints why the job's last attempt failed, if it did. */
static void print_last_failure(const struct catalog_job *job)
{
    if (*job->reason == '\0')
        return;
    printf("%8s", "");
    cli_print_reason(stdout, job->reason, job->reason_detail);
    putchar('\n');
}

static const char *piece_text(const struct catalog_job *job, char *out)
{
    const char *kind = catalog_job_kind_name(job->kind);
    if (job->kind == CATALOG_JOB_VIDEO)
        snprintf(out, TEXT_SHORT_BYTES, "%s %d", kind, job->chunk);
    else
        snprintf(out, TEXT_SHORT_BYTES, "%s", kind);
    return out;
}

/* Returns the number of the current or the next attempt, such as "2 of 3"; "" for the first
 * attempt. */
static const char *attempt_text(const struct catalog_job *job, char *out)
{
    int attempt = job->attempt + (job->state == CATALOG_JOB_QUEUED);
    *out = '\0';
    if (attempt > 1)
        snprintf(out, TEXT_SHORT_BYTES, "%d of %d", attempt, job->max_attempts);
    return out;
}

static void print_running(const struct board *board, bool goes_on)
{
    int count = 0;
    for (size_t i = 0; i < board->jobs.count; i++) {
        const struct catalog_job *job = &board->jobs.items[i];
        char piece[TEXT_SHORT_BYTES], attempt[TEXT_SHORT_BYTES];
        if (job->state != CATALOG_JOB_LEASED)
            continue;
        if (count++ == 0)
            printf("%s\n  lesson  piece       done  attempt  title\n",
                goes_on ? "running" : "interrupted");
        printf("  %6" PRId64 "  %-9s  %3d %%  %-7s  ", job->lesson_id, piece_text(job, piece),
            job->progress_permille / 10, attempt_text(job, attempt));
        print_title(name_of_job(board, job), 38);
        print_last_failure(job);
    }
    if (count == 0)
        puts("nothing is running");
}

static void print_lesson(const struct board *board, const struct catalog_lesson *lesson)
{
    size_t at = first_job(&board->jobs, lesson->id);
    const struct catalog_job *next = next_queued(&board->jobs, lesson->id, &at);
    char turn[TEXT_SHORT_BYTES] = "", piece[TEXT_SHORT_BYTES] = "", attempt[TEXT_SHORT_BYTES] = "";
    if (lesson->paused)
        snprintf(turn, sizeof(turn), "paused");
    else if (lesson->position > 0)
        snprintf(turn, sizeof(turn), "%d", lesson->position);
    printf("  %6s  %6" PRId64 "  %-9s  %6d  %3d %%  %-7s  %-8s  ", turn, lesson->id,
        next ? piece_text(next, piece) : "", lesson->queued_jobs, permille_of(lesson) / 10,
        next ? attempt_text(next, attempt) : "",
        lesson->priority == CATALOG_PRIORITY_NORMAL ? "" : catalog_priority_name(lesson->priority));
    text_print(stdout, lesson->submitter, 12, 12);
    fputs("  ", stdout);
    print_title(name_of(lesson), 78);
    if (next)
        print_last_failure(next);
}

static void print_waiting(const struct board *board)
{
    int count = 0;
    for (size_t i = 0; i < board->lessons.count; i++) {
        if (board->lessons.items[i].queued_jobs == 0)
            continue;
        if (count++ == 0)
            puts("\nwaiting\n"
                 "    turn  lesson  next       pieces   done  attempt  priority  submitter     "
                 "title");
        print_lesson(board, &board->lessons.items[i]);
    }
    if (count == 0)
        puts("nothing is waiting");
}

enum cli_exit cli_jobs(int argc, char **argv)
{
    bool json = false;
    const struct cli_option options[] = {
        {.name = "json",
            .about = "as JSON: {\"running\": [...], \"waiting\": [...]}",
            .flag = &json},
    };
    const struct cli_spec spec = {
        .command = "jobs",
        .operands = "",
        .about = "Shows the queue: the pieces of work that run, and the lessons that wait, in the "
                 "order in which\n"
                 "they get their next piece (a forecast: others may come in between). Versions in "
                 "AV1 of lessons\n"
                 "that are ready come after all else.",
        .options = options,
        .option_count = 1,
    };
    struct cli_args args;
    struct cli_data data;
    struct board board;
    enum cli_exit result = cli_parse(&spec, argc, argv, &args);
    if (result == CLI_GO_ON)
        result = cli_data_open(&data, &args, CLI_DATA_WRITE);
    if (result != CLI_GO_ON)
        return result;
    result = board_read(data.catalog, &board);
    if (result == CLI_GO_ON && json) {
        result = cli_print_json(json_pack(
            "{s:o, s:o}", "running", running_json(&board), "waiting", waiting_json(&board)));
    } else if (result == CLI_GO_ON) {
        bool goes_on = board.lessons.count == 0 || cli_work_goes_on(data.store);
        if (!goes_on)
            puts("no node is running: work goes on when one does (`terrace serve`)\n");
        print_running(&board, goes_on);
        print_waiting(&board);
        result = CLI_OK;
    }
    board_free(&board);
    cli_data_close(&data);
    return result;
}
