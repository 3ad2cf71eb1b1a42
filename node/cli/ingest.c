/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "node/cli/cli.h"
#include "node/cli/data.h"
#include "node/cli/progress.h"
#include "node/cli/text.h"
#include "node/cli/wait.h"
#include "node/util/clock.h"
#include "transcoder/text/utf8.h"

struct ingest {
    const struct cli_data *data;
    struct progress progress;
    const char *title, *topic, *description, *language;
    bool publish;
    sigset_t signals; /* SIGINT and SIGTERM, which are blocked; on_copied() tests for them */
};

/* ---- before anything is copied ---- */

/* Opens a file that can be ingested. Returns a descriptor, which is the caller's, and the size; or
 * -1 with a line on standard error. */
static int open_source(const char *path, int64_t *bytes)
{
    struct stat status;
    /* Without O_NONBLOCK, opening a FIFO would wait for its other end. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &status) < 0) {
        cli_fail("%s can't be read: %s", path, strerror(errno));
    } else if (!S_ISREG(status.st_mode)) {
        cli_fail("%s is not a regular file", path);
    } else if (status.st_size == 0) {
        cli_fail("%s is empty", path);
    } else {
        *bytes = status.st_size;
        return fd;
    }
    if (fd >= 0)
        close(fd);
    return -1;
}

/* Checks all files before any is copied, so that nothing is ingested if one of them can't be.
 * Returns CLI_GO_ON and the space that they need, or CLI_FAILED. */
static enum cli_exit check_files(const struct cli_args *args, int64_t *needed_bytes)
{
    *needed_bytes = 0;
    for (size_t i = 0; i < args->operand_count; i++) {
        int64_t bytes = 0;
        int fd = open_source(args->operands[i], &bytes);
        if (fd < 0)
            return CLI_FAILED;
        close(fd);
        *needed_bytes += bytes + store_estimate_bytes(bytes);
    }
    return CLI_GO_ON;
}

static enum cli_exit check_room(const struct store *store, int64_t needed_bytes)
{
    char needed[TEXT_SHORT_BYTES], there[TEXT_SHORT_BYTES];
    int64_t free_bytes = store_free_bytes(store);
    needed_bytes += STORE_WORK_ROOM_BYTES;
    if (free_bytes < 0)
        return cli_fail("the free space of %s can't be told: %s", store_path(store),
            strerror((int)-free_bytes));
    if (free_bytes >= needed_bytes)
        return CLI_GO_ON;
    return cli_fail(
        "there is not enough room in %s: about %s are needed with all renditions, %s are left",
        store_path(store), text_size(needed_bytes, needed), text_size(free_bytes, there));
}

/* ---- copying ---- */

struct copy {
    struct ingest *ingest;
    const char *name;
};

static bool on_copied(void *ctx, int64_t done_bytes, int64_t total_bytes)
{
    struct copy *copy = ctx;
    char label[PROGRESS_LABEL_BYTES];
    snprintf(label, sizeof(label), "copying %s", copy->name);
    progress_update(&copy->ingest->progress, label,
        total_bytes > 0 ? (int)((double)done_bytes / (double)total_bytes * 1000) : 0);
    return sigtimedwait(&copy->ingest->signals, NULL, &(struct timespec){0}) < 0;
}

static enum cli_exit import_failed(const char *path, int error)
{
    switch (error) {
    case -ECANCELED:
        return cli_fail("interrupted; %s was not put in", path);
    case -ENOSPC:
        return cli_fail("the disk is full; %s was not put in", path);
    default:
        return cli_fail("%s can't be copied: %s", path, strerror(-error));
    }
}

static enum cli_exit create_lesson(
    struct ingest *ingest, struct catalog_new_lesson *lesson, const char *path, int64_t *lesson_id)
{
    lesson->title = ingest->title;
    lesson->topic = ingest->topic;
    lesson->description = ingest->description;
    lesson->language = ingest->language;
    lesson->publish = ingest->publish;
    lesson->submitter = CLI_SUBMITTER;
    lesson->now_ms = clock_wall_ms();
    int error = catalog_lesson_create(ingest->data->catalog, lesson, lesson_id);
    if (error != CATALOG_OK) {
        store_remove_source(ingest->data->store, lesson->source_file);
        return cli_catalog_failed(ingest->data->catalog, error, "catalog");
    }
    printf("lesson %" PRId64 ": ", *lesson_id);
    text_print(stdout, path, 0, 0);
    putchar('\n');
    fflush(stdout);
    return CLI_GO_ON;
}

/* Ingests one file. name: the file's name without its folders, in UTF-8. */
static enum cli_exit ingest_as(
    struct ingest *ingest, const char *path, const char *name, int64_t *lesson_id)
{
    struct store_imported imported;
    int64_t bytes = 0;
    int fd = open_source(path, &bytes);
    if (fd < 0)
        return CLI_FAILED;
    struct copy copy = {ingest, name};
    int error = store_import(ingest->data->store, fd, &imported, on_copied, &copy);
    close(fd);
    progress_clear(&ingest->progress);
    if (error < 0)
        return import_failed(path, error);
    struct catalog_new_lesson lesson = {.source_file = imported.name,
        .source_name = name,
        .source_bytes = imported.bytes,
        .source_sha256 = imported.sha256};
    return create_lesson(ingest, &lesson, path, lesson_id);
}

static enum cli_exit ingest_file(struct ingest *ingest, const char *path, int64_t *lesson_id)
{
    const char *slash = strrchr(path, '/');
    char *name = text_utf8(slash ? slash + 1 : path);
    if (name)
        utf8_clean(name); /* it may become the title */
    enum cli_exit result =
        name != NULL ? ingest_as(ingest, path, name, lesson_id) : cli_fail("out of memory");
    free(name);
    return result;
}

/* Blocks SIGINT and SIGTERM. on_copied() tests for them while a file is copied. With --wait,
 * wait_for_lessons() unblocks and handles them afterwards. */
static void hold_signals(sigset_t *signals)
{
    sigemptyset(signals);
    sigaddset(signals, SIGINT);
    sigaddset(signals, SIGTERM);
    sigprocmask(SIG_BLOCK, signals, NULL);
}

static enum cli_exit ingest_all(struct ingest *ingest, const struct cli_args *args, bool wait)
{
    int64_t *lesson_ids = calloc(args->operand_count, sizeof(lesson_ids[0]));
    if (!lesson_ids)
        return cli_fail("out of memory");
    enum cli_exit result = CLI_GO_ON;
    for (size_t i = 0; i < args->operand_count && result == CLI_GO_ON; i++)
        result = ingest_file(ingest, args->operands[i], &lesson_ids[i]);
    if (result == CLI_GO_ON && wait)
        result = wait_for_lessons(&(struct wait_params){.data = ingest->data,
            .config = &args->config,
            .lesson_ids = lesson_ids,
            .lesson_count = args->operand_count});
    free(lesson_ids);
    return result == CLI_GO_ON ? CLI_OK : result;
}

/* ---- the command ---- */

/* What the command line asks for, besides the files. */
struct request {
    const char *title, *topic, *description, *language;
    bool publish;
    bool wait; /* wait until each lesson is ready or has failed */
};

/* Checks all files, then opens the data folder and ingests them. A missing data folder is created
 * only after the check. */
static enum cli_exit run(const struct cli_args *args, struct ingest *ingest, bool wait)
{
    struct cli_data data;
    int64_t needed_bytes = 0;
    enum cli_exit result = check_files(args, &needed_bytes);
    if (result == CLI_GO_ON)
        result = cli_data_open(&data, args, CLI_DATA_CREATE);
    if (result != CLI_GO_ON)
        return result;
    ingest->data = &data;
    hold_signals(&ingest->signals);
    progress_open(&ingest->progress);
    result = check_room(data.store, needed_bytes);
    if (result == CLI_GO_ON)
        result = ingest_all(ingest, args, wait);
    cli_data_close(&data);
    return result;
}

/* Checks a text. The limits are the same as in the operator's page. The texts are in every list of
 * lessons, so they must be short. lines: it may have several lines. */
static enum cli_exit check_text(const char *option, const char *text, size_t max, bool lines)
{
    if (utf8_has_controls(text, lines))
        return cli_misuse("ingest", "--%s has control characters, which can't be seen", option);
    return utf8_count(text) <= max
               ? CLI_GO_ON
               : cli_misuse("ingest", "--%s has at most %zu characters", option, max);
}

static enum cli_exit check_texts(const struct ingest *ingest)
{
    enum cli_exit result = check_text("title", ingest->title, 200, false);
    if (result == CLI_GO_ON)
        result = check_text("topic", ingest->topic, 100, false);
    return result == CLI_GO_ON ? check_text("description", ingest->description, 5000, true)
                               : result;
}

/* Converts the texts to UTF-8, because the terminal may use GB18030. */
static enum cli_exit run_request(const struct cli_args *args, const struct request *request)
{
    char *title = text_utf8(request->title);
    char *topic = text_utf8(request->topic);
    char *description = text_utf8(request->description);
    enum cli_exit result = CLI_FAILED;
    if (!title || !topic || !description) {
        result = cli_fail("out of memory");
    } else {
        struct ingest ingest = {.title = title,
            .topic = topic,
            .description = description,
            .language = request->language,
            .publish = request->publish};
        result = check_texts(&ingest);
        if (result == CLI_GO_ON)
            result = run(args, &ingest, request->wait);
    }
    free(title);
    free(topic);
    free(description);
    return result;
}

static bool language_acceptable(const char *language)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
    return strlen(language) <= 35 && language[strspn(language, allowed)] == '\0';
}

static const char command[] = "ingest";

static enum cli_exit parse(int argc, char **argv, struct cli_args *args, struct request *request)
{
    const struct cli_option options[] = {
        {.name = "title",
            .value_name = "TEXT",
            .about = "the lesson's title (with a single FILE); else the file's own title or name",
            .value = &request->title},
        {.name = "topic",
            .value_name = "TEXT",
            .about = "what it is about: rice, pigs, arithmetic",
            .value = &request->topic},
        {.name = "description",
            .value_name = "TEXT",
            .about = "a few sentences",
            .value = &request->description},
        {.name = "language",
            .value_name = "TAG",
            .about = "zh, yi, en, ... (BCP 47)",
            .value = &request->language},
        {.name = "publish",
            .about = "show it to terminals as soon as it plays",
            .flag = &request->publish},
        {.name = "wait",
            .about =
                "until the lessons are ready; makes them itself if no node runs, and then their "
                "versions in AV1 too",
            .flag = &request->wait},
    };
    const struct cli_spec spec = {
        .command = command,
        .operands = "FILE...",
        .about = "Puts video or audio files in: each becomes a lesson. The files are copied. A "
                 "running node takes them\n"
                 "up by itself. With --wait the exit code is 1 if a lesson fails.",
        .options = options,
        .option_count = sizeof(options) / sizeof(options[0]),
        .min_operands = 1,
        .max_operands = SIZE_MAX,
        .takes_config_file = true,
    };
    return cli_parse(&spec, argc, argv, args);
}

enum cli_exit cli_ingest(int argc, char **argv)
{
    struct request request = {.title = "", .topic = "", .description = "", .language = ""};
    struct cli_args args;
    enum cli_exit result = parse(argc, argv, &args, &request);
    if (result != CLI_GO_ON)
        return result;
    if (*request.title != '\0' && args.operand_count > 1)
        return cli_misuse(command, "--title goes with a single FILE");
    if (!language_acceptable(request.language))
        return cli_misuse(command, "--language is a tag like zh or zh-Hans");
    return run_request(&args, &request);
}
