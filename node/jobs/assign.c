/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/jobs/assign.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/jobs/job_files.h"
#include "transcoder/plan/planner.h"

static int unable(struct worker *worker, enum reason reason, const char *what, int error)
{
    if (spawn_error_is_temporary(error))
        worker->fate = FATE_SHORT;
    worker->reason = reason;
    snprintf(worker->detail, sizeof(worker->detail), "%s: %s", what, strerror(error));
    return -1;
}

static bool has_chunk(struct catalog *catalog, int64_t rendition_id, int number)
{
    struct catalog_chunks chunks;
    bool found = false;
    if (catalog_chunks(catalog, rendition_id, &chunks) == CATALOG_OK)
        for (size_t i = 0; i < chunks.count && !found; i++)
            found = chunks.items[i].number == number;
    catalog_chunks_free(&chunks);
    return found;
}

static bool has_all_chunks(struct catalog *catalog, const struct catalog_rendition *rendition)
{
    struct catalog_chunks chunks;
    bool all = false;
    if (catalog_chunks(catalog, rendition->id, &chunks) == CATALOG_OK)
        all = rendition->chunk_count > 0 && chunks.count == (size_t)rendition->chunk_count;
    catalog_chunks_free(&chunks);
    return all;
}

/* Whether the audio for the legacy rendition is complete. It is complete too if the lesson has no
 * audio. */
static bool sound_is_made(const struct worker *worker)
{
    const struct catalog_rendition *sound = job_files_audio(worker);
    if (sound)
        return has_all_chunks(worker->params->catalog, sound);
    for (size_t i = 0; i < worker->renditions.count; i++)
        if (worker->renditions.items[i].kind == CATALOG_AUDIO)
            return false;
    return true;
}

static int add_rendition(
    struct worker *worker, struct job *job, const struct catalog_rendition *rendition)
{
    if (job->rendition_count == PLAN_MAX_RENDITIONS ||
        rendition_parse(rendition->plan_text, strlen(rendition->plan_text),
            &job->renditions[job->rendition_count]) < 0)
        return unable(worker, REASON_INTERNAL, rendition->name, EINVAL);
    job->rendition_count++;
    return 0;
}

/* Whether a rendition must be made by this job. A video job makes only renditions of its group. A
 * rendition is left out if the catalog has the job's chunk of it already. A job that makes all
 * chunks at once leaves it out only if the catalog has all of them. */
static bool is_due(struct worker *worker, const struct catalog_rendition *rendition,
    const struct rendition *planned)
{
    const struct catalog_job *leased = worker_job(worker);
    int chunk = worker_chunk(worker, rendition);
    if (leased->kind == CATALOG_JOB_VIDEO &&
        planned->group != leased->chunk / rendition->chunk_count)
        return false;
    return chunk < 0 ? !has_all_chunks(worker->params->catalog, rendition)
                     : !has_chunk(worker->params->catalog, rendition->id, chunk);
}

/* Adds the renditions that the job must make. *last_group: whether the lesson's last H.264
 * rendition is among them. */
static int choose_renditions(struct worker *worker, struct job *job, bool *last_group)
{
    enum catalog_media_kind kind = worker_media_kind(worker);
    *last_group = false;
    for (size_t i = 0; i < worker->renditions.count; i++) {
        const struct catalog_rendition *r = &worker->renditions.items[i];
        if (r->kind != kind)
            continue;
        if (worker_chunk(worker, r) >= 0)
            job->chunk = worker_chunk(worker, r);
        if (add_rendition(worker, job, r) < 0)
            return -1;
        const struct rendition *planned = &job->renditions[job->rendition_count - 1];
        bool due = is_due(worker, r, planned);
        if (planned->video_codec == VIDEO_H264)
            *last_group = due;
        if (!due)
            job->rendition_count--;
    }
    return 0;
}

/* Adds the legacy rendition and the audio that it copies, unless its chunk exists already. A lesson
 * without audio has none to copy. */
static int add_legacy(struct worker *worker, struct job *job)
{
    struct catalog *catalog = worker->params->catalog;
    const struct catalog_rendition *sound = job_files_audio(worker);
    for (size_t i = 0; i < worker->renditions.count; i++) {
        const struct catalog_rendition *r = &worker->renditions.items[i];
        if (r->kind != CATALOG_LEGACY || has_chunk(catalog, r->id, worker_chunk(worker, r)))
            continue;
        job->chunk = worker_chunk(worker, r);
        if (add_rendition(worker, job, r) < 0)
            return -1;
        return sound ? add_rendition(worker, job, sound) : 0;
    }
    return 0;
}

/* Chooses the renditions of a job. The job of the last H.264 group also makes the legacy chunk,
 * because it decodes the chunk anyway, but only if the audio is complete by then. Later jobs of
 * their own make the legacy chunks that are still missing. */
static int choose_work(struct worker *worker, struct job *job)
{
    bool last_group, audio_made = sound_is_made(worker);
    if (worker_job(worker)->kind == CATALOG_JOB_LEGACY)
        return audio_made ? add_legacy(worker, job)
                          : unable(worker, REASON_INTERNAL, "the lesson's sound", ENOENT);
    int result = choose_renditions(worker, job, &last_group);
    bool rides = worker_job(worker)->kind == CATALOG_JOB_VIDEO && last_group && audio_made;
    return result == 0 && rides ? add_legacy(worker, job) : result;
}

static int describe(struct worker *worker, const struct catalog_lesson *lesson, struct job *job)
{
    static const enum job_kind kinds[] = {
        [CATALOG_JOB_PROBE] = JOB_PROBE,
        [CATALOG_JOB_AUDIO] = JOB_AUDIO,
        [CATALOG_JOB_VIDEO] = JOB_VIDEO,
        [CATALOG_JOB_POSTER] = JOB_POSTER,
        [CATALOG_JOB_TEXT] = JOB_TEXT,
        [CATALOG_JOB_LEGACY] = JOB_VIDEO,
    };
    const struct catalog_job *leased = worker_job(worker);
    *job = (struct job){.kind = kinds[leased->kind],
        .threads = 1,
        .chunk = leased->chunk,
        .options.no_av1 = worker->params->plan.no_av1};
    if (leased->kind == CATALOG_JOB_PROBE) {
        store_new_name(worker->remux_name);
        job->threads = worker->params->threads;
        return 0;
    }
    if (leased->kind == CATALOG_JOB_AUDIO)
        job->threads = worker->params->threads;
    if (media_info_parse(lesson->info_text, strlen(lesson->info_text), &job->info) < 0)
        return unable(worker, REASON_INTERNAL, "the probe's findings", EINVAL);
    if (leased->kind == CATALOG_JOB_POSTER)
        return 0;
    worker->plan = malloc(sizeof(*worker->plan));
    if (!worker->plan)
        return unable(worker, REASON_INTERNAL, "plan", ENOMEM);
    if (plan_make(&job->info, &job->options, worker->plan) < 0)
        return unable(worker, REASON_INTERNAL, "plan", EINVAL);
    return choose_work(worker, job);
}

static int write_text(struct worker *worker, const struct job *job)
{
    char *text = malloc(JOB_TEXT_MAX_BYTES);
    int length = text ? job_format(job, text, JOB_TEXT_MAX_BYTES) : -1;
    int fd = length >= 0 ? memfd_create("job", MFD_CLOEXEC) : -1;
    bool written =
        fd >= 0 && write(fd, text, (size_t)length) == length && lseek(fd, 0, SEEK_SET) == 0;
    free(text);
    if (written)
        return fd;
    if (fd >= 0)
        close(fd);
    return unable(worker, REASON_INTERNAL, "job text", errno);
}

/* Makes a folder, unless it is there, and syncs the folder above it: otherwise a power cut could
 * take away a folder whose files the catalog names. */
static int make_folder(const char *path)
{
    if (mkdir(path, 0750) < 0)
        return errno == EEXIST ? 0 : -errno;
    return store_sync_folder_of(path);
}

static int make_path(char *path)
{
    /* DATA/media exists, but the folders of the lesson and of the revision may not. */
    char *slash = strrchr(path, '/');
    *slash = '\0';
    int error = make_folder(path);
    *slash = '/';
    return error < 0 ? error : make_folder(path);
}

static int open_output(struct worker *worker)
{
    const struct catalog_job *leased = worker_job(worker);
    char path[STORE_PATH_BYTES];
    int error = 0;
    if (leased->kind == CATALOG_JOB_PROBE) {
        if (snprintf(path, sizeof(path), "%s/sources", store_path(worker->params->store)) >=
            (int)sizeof(path))
            error = -ENAMETOOLONG;
    } else {
        error =
            store_media_path(worker->params->store, leased->lesson_id, leased->revision, "", path);
        if (error == 0)
            error = make_path(path);
    }
    int fd = error == 0 ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (fd >= 0)
        return fd;
    error = error < 0 ? -error : errno;
    return unable(worker, error == ENOSPC || error == EDQUOT ? REASON_DISK_FULL : REASON_INTERNAL,
        "media folder", error);
}

/* Returns fd if the file has the size that the catalog says; else -1, and fd is closed. */
static int check_size(struct worker *worker, int fd, int64_t bytes)
{
    struct stat status;
    if (fstat(fd, &status) == 0 && status.st_size == bytes)
        return fd;
    close(fd);
    worker->reason = REASON_SOURCE_UNREADABLE;
    snprintf(
        worker->detail, sizeof(worker->detail), "the source file has not %" PRId64 " bytes", bytes);
    return -1;
}

static int open_source(struct worker *worker, const struct catalog_lesson *lesson)
{
    char path[STORE_PATH_BYTES];
    bool is_copy = lesson->remuxed_file[0] != '\0';
    const char *file = is_copy ? lesson->remuxed_file : lesson->source_file;
    int error = store_source_path(worker->params->store, file, path);
    int fd = error == 0 ? open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC) : -1;
    if (fd < 0)
        return unable(worker, REASON_SOURCE_UNREADABLE, "the source file is missing",
            error < 0 ? -error : errno);
    return check_size(worker, fd, is_copy ? lesson->remuxed_bytes : lesson->source_bytes);
}

/* Far more than any job needs, and still a bound. */
static int64_t allowed_bytes(int source)
{
    struct stat status;
    return store_estimate_bytes(fstat(source, &status) == 0 ? status.st_size : 0) +
           STORE_WORK_ROOM_BYTES;
}

int assign_work(struct worker *worker, struct heritage *heritage)
{
    struct catalog *catalog = worker->params->catalog;
    struct catalog_lessons lessons = {0};
    struct job *job = calloc(1, sizeof(*job));
    int64_t lesson_id = worker_job(worker)->lesson_id;
    int result = -1;
    if (!job || catalog_lesson_get(catalog, lesson_id, &lessons) != CATALOG_OK ||
        catalog_renditions(catalog, lesson_id, &worker->renditions) != CATALOG_OK)
        unable(worker, REASON_INTERNAL, "lesson", ENOENT);
    else if (describe(worker, &lessons.items[0], job) == 0 &&
             (heritage->text = write_text(worker, job)) >= 0 &&
             (heritage->source = open_source(worker, &lessons.items[0])) >= 0 &&
             (worker->output.fd = open_output(worker)) >= 0) {
        worker->allowed_bytes = allowed_bytes(heritage->source);
        result = 0;
    }
    /* If all that the job should make exists already, no worker is needed. */
    if (result == 0 && job->rendition_count == 0 &&
        (job->kind == JOB_VIDEO || job->kind == JOB_AUDIO || job->kind == JOB_TEXT))
        worker->done = true;
    catalog_lessons_free(&lessons);
    free(job);
    return result;
}
