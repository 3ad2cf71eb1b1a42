/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fts.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "node/cli/doctor.h"
#include "node/cli/text.h"
#include "transcoder/protocol/job.h"

#define RELATIVE_BYTES 128

/* The files of one lesson below DATA/media/<lesson>, by their names in the catalog, such as
 * "<revision>/v400/00003.chunk". */
struct known {
    char (*names)[RELATIVE_BYTES];
    size_t count, room;
};

struct check {
    struct doctor *doctor;
    const struct catalog_lesson *lesson;
    struct known known;
    size_t files, wrong, stray;
    int64_t bytes, stray_bytes;
    bool failed; /* the check itself failed: memory ran out, or the catalog can't be read */
};

static void give_up(struct check *check, const char *why)
{
    if (!check->failed)
        doctor_say(check->doctor, DOCTOR_BAD, "media: the check can't go on: %s", why);
    check->failed = true;
}

/* ---- files that the catalog names ---- */

/* Whether the lesson still exists with the same revision and the same copy of its source. If it was
 * removed or changed during the check, its old files may be missing rightly. */
static bool still_there(struct check *check)
{
    struct catalog_lessons lessons;
    int error = catalog_lesson_get(check->doctor->catalog, check->lesson->id, &lessons);
    if (error == CATALOG_ENOTFOUND)
        return false;
    if (error != CATALOG_OK)
        return true;
    bool same = lessons.items[0].revision == check->lesson->revision &&
                strcmp(lessons.items[0].remuxed_file, check->lesson->remuxed_file) == 0;
    catalog_lessons_free(&lessons);
    return same;
}

static void report(struct check *check, const char *name, const char *what)
{
    if (!still_there(check))
        return;
    check->wrong++;
    doctor_say(
        check->doctor, DOCTOR_BAD, "lesson %" PRId64 ": %s %s", check->lesson->id, name, what);
}

/* Checks one file. bytes -1 and sha256 "" mean that they are unknown. */
static void check_file(
    struct check *check, const char *path, const char *name, int64_t bytes, const char *sha256)
{
    struct stat status;
    char found[65], what[96];
    check->files++;
    if (stat(path, &status) < 0) {
        report(check, name, errno == ENOENT ? "is missing" : "can't be read");
        return;
    }
    check->bytes += status.st_size;
    if (bytes >= 0 && status.st_size != bytes) {
        snprintf(what, sizeof(what), "has %" PRId64 " bytes instead of %" PRId64,
            (int64_t)status.st_size, bytes);
        report(check, name, what);
        return;
    }
    if (bytes < 0 && status.st_size == 0) {
        report(check, name, "is empty");
        return;
    }
    if (check->doctor->fast || *sha256 == '\0')
        return;
    int error = store_file_sha256(path, found);
    if (error < 0)
        report(check, name, strerror(-error));
    else if (strcmp(found, sha256) != 0)
        report(check, name, "is damaged: its SHA-256 is another one");
}

static bool remember(struct known *known, int revision, const char *relative)
{
    if (known->count == known->room) {
        size_t room = known->room > 0 ? known->room * 2 : 64;
        void *names = realloc(known->names, room * sizeof(known->names[0]));
        if (!names)
            return false;
        known->names = names;
        known->room = room;
    }
    snprintf(known->names[known->count++], RELATIVE_BYTES, "%d/%s", revision, relative);
    return true;
}

/* Checks one media file. relative: its path below the folder of the revision. */
static void check_media_file(
    struct check *check, const char *relative, int64_t bytes, const char *sha256)
{
    char path[STORE_PATH_BYTES];
    const struct catalog_lesson *lesson = check->lesson;
    if (!remember(&check->known, lesson->revision, relative))
        give_up(check, "out of memory");
    else if (store_media_path(check->doctor->store, lesson->id, lesson->revision, relative, path) <
             0)
        report(check, relative, "has an impossible name");
    else
        check_file(check, path, relative, bytes, sha256);
}

static bool must_be_whole(const struct check *check, const struct catalog_rendition *rendition)
{
    return check->lesson->state == CATALOG_LESSON_READY && !rendition->optional;
}

static void check_chunks(struct check *check, const struct catalog_rendition *rendition,
    const struct catalog_chunks *chunks)
{
    char name[JOB_PATH_BYTES];
    for (size_t i = 0; i < chunks->count && !check->failed; i++) {
        const struct catalog_chunk *chunk = &chunks->items[i];
        if (job_chunk_path(rendition->name, chunk->number, name, sizeof(name)) < 0)
            report(check, rendition->name, "has a chunk with an impossible number");
        else
            check_media_file(check, name, chunk->bytes, chunk->sha256);
    }
    if (must_be_whole(check, rendition) && chunks->count != (size_t)rendition->chunk_count)
        report(check, rendition->name, "lacks chunks, although the lesson is ready");
}

static void check_rendition(struct check *check, const struct catalog_rendition *rendition)
{
    char name[JOB_PATH_BYTES];
    struct catalog_chunks chunks;
    if (rendition->init_bytes > 0 && job_init_path(rendition->name, name, sizeof(name)) > 0)
        check_media_file(check, name, rendition->init_bytes, rendition->init_sha256);
    else if (must_be_whole(check, rendition) && catalog_has_init(rendition->kind))
        report(check, rendition->name, "lacks its init segment, although the lesson is ready");
    if (catalog_chunks(check->doctor->catalog, rendition->id, &chunks) != CATALOG_OK) {
        give_up(check, catalog_message(check->doctor->catalog));
        return;
    }
    check_chunks(check, rendition, &chunks);
    catalog_chunks_free(&chunks);
}

static void check_source(struct check *check)
{
    char path[STORE_PATH_BYTES];
    const struct catalog_lesson *lesson = check->lesson;
    if (store_source_path(check->doctor->store, lesson->source_file, path) < 0)
        report(check, "the source", "has an impossible name");
    else
        check_file(check, path, "the source", lesson->source_bytes, lesson->source_sha256);
    if (lesson->remuxed_file[0] == '\0')
        return;
    if (store_source_path(check->doctor->store, lesson->remuxed_file, path) < 0)
        report(check, "the source's copy", "has an impossible name");
    else
        check_file(check, path, "the source's copy", lesson->remuxed_bytes, "");
}

/* ---- files that it doesn't name ---- */

static int compare_names(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void count_stray(struct check *check, int64_t bytes)
{
    check->stray++;
    check->stray_bytes += bytes;
}

/* Counts the files below a folder that are not in known, which is sorted. known NULL: counts all
 * files. */
static void count_strays(struct check *check, char *folder, const struct known *known)
{
    char *paths[] = {folder, NULL};
    size_t prefix = strlen(folder) + 1;
    FTS *walk = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    for (FTSENT *entry; walk != NULL && (entry = fts_read(walk)) != NULL;) {
        if (entry->fts_info != FTS_F && entry->fts_info != FTS_SL)
            continue;
        char name[RELATIVE_BYTES];
        snprintf(name, sizeof(name), "%s", entry->fts_path + prefix);
        if (!known || known->count == 0 ||
            bsearch(name, known->names, known->count, RELATIVE_BYTES, compare_names) == NULL)
            count_stray(check, entry->fts_statp->st_size);
    }
    if (walk)
        fts_close(walk);
}

/* Counts stray files in the lesson's folder. A queued or working lesson is skipped, because some of
 * its files are not in the catalog yet. */
static void count_lesson_strays(struct check *check)
{
    char folder[STORE_PATH_BYTES + 64];
    if (check->failed || check->lesson->state == CATALOG_LESSON_QUEUED ||
        check->lesson->state == CATALOG_LESSON_WORKING)
        return;
    struct known *known = &check->known;
    if (known->count > 0)
        qsort(known->names, known->count, RELATIVE_BYTES, compare_names);
    snprintf(folder, sizeof(folder), "%s/media/%" PRId64, store_path(check->doctor->store),
        check->lesson->id);
    count_strays(check, folder, known);
}

static bool has_lesson(const struct catalog_lessons *lessons, const char *name)
{
    char *end = NULL;
    long long number = strtoll(name, &end, 10);
    for (size_t i = 0; i < lessons->count && *end == '\0'; i++) {
        if (lessons->items[i].id == number)
            return true;
    }
    return false;
}

static bool has_name(char *const *names, const char *name)
{
    for (; *names != NULL; names++) {
        if (strcmp(*names, name) == 0)
            return true;
    }
    return false;
}

/* Calls look for each entry of DATA/<sub>. */
static void each_entry(struct check *check, const char *sub,
    void (*look)(struct check *check, const FTSENT *entry, const void *ctx), const void *ctx)
{
    char folder[STORE_PATH_BYTES + 64];
    char *paths[] = {folder, NULL};
    snprintf(folder, sizeof(folder), "%s/%s", store_path(check->doctor->store), sub);
    FTS *walk = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    for (FTSENT *entry; walk != NULL && (entry = fts_read(walk)) != NULL;) {
        if (entry->fts_level != 1 || entry->fts_info == FTS_DP)
            continue;
        look(check, entry, ctx);
        fts_set(walk, entry, FTS_SKIP);
    }
    if (walk)
        fts_close(walk);
}

static void look_at_media(struct check *check, const FTSENT *entry, const void *ctx)
{
    if (has_lesson(ctx, entry->fts_name))
        return;
    if (entry->fts_info == FTS_D)
        count_strays(check, entry->fts_path, NULL);
    else
        count_stray(check, entry->fts_statp->st_size);
}

static void look_at_source(struct check *check, const FTSENT *entry, const void *ctx)
{
    if (!has_name(ctx, entry->fts_name))
        count_stray(check, entry->fts_statp->st_size);
}

/* ---- all lessons ---- */

static void check_storyboard(struct check *check)
{
    int sheets = check->lesson->storyboard_sheets;
    if (sheets > 0)
        check_media_file(check, JOB_STORYBOARD_INDEX, -1, "");
    for (int i = 0; i < sheets; i++) {
        char name[JOB_PATH_BYTES];
        if (job_sheet_path(i, name, sizeof(name)) > 0)
            check_media_file(check, name, -1, "");
    }
}

static void check_lesson(struct check *check)
{
    struct catalog_renditions renditions;
    check->known.count = 0;
    check_source(check);
    if (*check->lesson->poster_file != '\0')
        check_media_file(check, check->lesson->poster_file, -1, "");
    check_storyboard(check);
    if (catalog_renditions(check->doctor->catalog, check->lesson->id, &renditions) != CATALOG_OK) {
        give_up(check, catalog_message(check->doctor->catalog));
        return;
    }
    for (size_t i = 0; i < renditions.count && !check->failed; i++)
        check_rendition(check, &renditions.items[i]);
    catalog_renditions_free(&renditions);
    count_lesson_strays(check);
}

static void check_lessons(struct check *check, const struct catalog_lessons *lessons)
{
    size_t failed = 0;
    for (size_t i = 0; i < lessons->count && !check->failed; i++) {
        check->lesson = &lessons->items[i];
        failed += check->lesson->state == CATALOG_LESSON_FAILED;
        check_lesson(check);
        if (check->doctor->progress.terminal)
            progress_update(&check->doctor->progress, "checking lessons",
                (int)((i + 1) * 1000 / lessons->count));
    }
    char size[TEXT_SHORT_BYTES];
    if (!check->failed && check->wrong == 0)
        doctor_say(check->doctor, DOCTOR_OK,
            "media: %zu lessons, %zu files, %s: all there, %s right", lessons->count, check->files,
            text_size(check->bytes, size), check->doctor->fast ? "sizes" : "SHA-256");
    if (failed > 0)
        doctor_say(
            check->doctor, DOCTOR_WARN, "lessons: %zu failed (`terrace ls` tells why)", failed);
}

static void check_strays(struct check *check, const struct catalog_lessons *lessons)
{
    char **sources = NULL;
    size_t count = 0;
    if (check->failed)
        return;
    /* Read after the list of lessons, so that sources which were added in between are included. */
    if (catalog_source_files(check->doctor->catalog, &sources, &count) != CATALOG_OK) {
        give_up(check, catalog_message(check->doctor->catalog));
        return;
    }
    each_entry(check, "sources", look_at_source, sources);
    each_entry(check, "media", look_at_media, lessons);
    catalog_names_free(sources);
    char size[TEXT_SHORT_BYTES];
    if (check->stray == 0)
        doctor_say(check->doctor, DOCTOR_OK, "stray files: none");
    else
        doctor_say(check->doctor, DOCTOR_WARN,
            "stray files: %zu, %s: being put in just now, or left behind; they go when a node "
            "starts, or with their lesson",
            check->stray, text_size(check->stray_bytes, size));
}

void doctor_check_media(struct doctor *doctor)
{
    struct catalog_lessons lessons;
    if (catalog_lessons(doctor->catalog, &(struct catalog_lesson_filter){0}, &lessons) !=
        CATALOG_OK) {
        doctor_say(doctor, DOCTOR_BAD, "catalog: %s", catalog_message(doctor->catalog));
        return;
    }
    struct check check = {.doctor = doctor};
    check_lessons(&check, &lessons);
    check_strays(&check, &lessons);
    free(check.known.names);
    catalog_lessons_free(&lessons);
}
