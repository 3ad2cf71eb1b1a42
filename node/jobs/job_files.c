/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/jobs/job_files.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "node/jobs/spawn.h"
#include "transcoder/protocol/reply.h"

const struct catalog_rendition *job_files_rendition(const struct worker *worker, const char *name)
{
    enum catalog_media_kind kind = worker_media_kind(worker);
    for (size_t i = 0; i < worker->renditions.count; i++) {
        const struct catalog_rendition *r = &worker->renditions.items[i];
        bool fits = r->kind == kind || (kind == CATALOG_VIDEO && r->kind == CATALOG_LEGACY);
        if (fits && strcmp(r->name, name) == 0)
            return r;
    }
    return NULL;
}

bool job_files_chunk(
    const struct worker *worker, const struct catalog_rendition *rendition, int chunk)
{
    int only = worker_chunk(worker, rendition);
    return chunk < rendition->chunk_count && (only < 0 || chunk == only);
}

const struct catalog_rendition *job_files_audio(const struct worker *worker)
{
    for (size_t i = 0; i < worker->renditions.count; i++) {
        const struct catalog_rendition *r = &worker->renditions.items[i];
        if (r->kind == CATALOG_AUDIO && strcmp(r->codecs, "mp4a.40.2") == 0)
            return r;
    }
    return NULL;
}

static bool may_write(const struct worker *worker, const struct job_file *file)
{
    enum catalog_job_kind kind = worker_job(worker)->kind;
    const struct catalog_rendition *rendition;
    switch (file->kind) {
    case JOB_FILE_INIT:
        rendition = job_files_rendition(worker, file->rendition);
        return rendition && catalog_has_init(rendition->kind);
    case JOB_FILE_CHUNK:
        rendition = job_files_rendition(worker, file->rendition);
        return rendition && job_files_chunk(worker, rendition, file->number);
    case JOB_FILE_POSTER:
    case JOB_FILE_STORYBOARD:
        return kind == CATALOG_JOB_POSTER;
    case JOB_FILE_SHEET:
        return kind == CATALOG_JOB_POSTER && file->number < MESSAGE_MAX_SHEETS;
    case JOB_FILE_REMUXED:
        return kind == CATALOG_JOB_PROBE;
    }
    return false;
}

/* Whether a file is part of the audio that the legacy rendition copies. */
static bool may_read(const struct worker *worker, const struct job_file *file)
{
    const struct catalog_job *job = worker_job(worker);
    const struct catalog_rendition *audio = job_files_audio(worker);
    if ((job->kind != CATALOG_JOB_VIDEO && job->kind != CATALOG_JOB_LEGACY) || !audio ||
        strcmp(audio->name, file->rendition) != 0)
        return false;
    return file->kind == JOB_FILE_INIT ||
           (file->kind == JOB_FILE_CHUNK && file->number < audio->chunk_count);
}

/* Does what is asked. Returns a descriptor, 0, or a negative errno. */
static int serve(struct worker *worker, enum message_request request, const char *path)
{
    switch (request) {
    case MESSAGE_REQUEST_CREATE:
        return output_folder_create(&worker->output, path);
    case MESSAGE_REQUEST_KEEP:
        return output_folder_keep(&worker->output, path);
    case MESSAGE_REQUEST_READ:
        return output_folder_read(&worker->output, path);
    }
    return -EINVAL;
}

/* Whether an error says that the node is short of something, which is not the job's fault. */
static bool is_short(int error)
{
    return error < 0 && (spawn_error_is_temporary(-error) || error == -ETOOMANYREFS);
}

int job_files_answer(struct worker *worker, const struct message *message)
{
    const struct job_file *file = &message->file;
    bool reads = message->request == MESSAGE_REQUEST_READ;
    char path[JOB_PATH_BYTES];
    if (!(reads ? may_read(worker, file) : may_write(worker, file)))
        return -1;
    if (file->kind == JOB_FILE_REMUXED)
        snprintf(path, sizeof(path), "%s", worker->remux_name);
    else if (job_file_path(file, path, sizeof(path)) < 0)
        return -1;
    int result = serve(worker, message->request, path);
    int fd = message->request == MESSAGE_REQUEST_KEEP ? -1 : result;
    int error =
        is_short(result) ? result : reply_send(worker->message_fd, result < 0 ? -result : 0, fd);
    if (fd >= 0)
        close(fd);
    if (is_short(error)) {
        worker->fate = FATE_SHORT;
        snprintf(worker->detail, sizeof(worker->detail), "%s: %s", path, strerror(-error));
    }
    /* A worker that has just ended gets no reply, and is settled when its end is noticed. */
    return error == 0 || error == -EPIPE || error == -ECONNRESET ? 0 : -1;
}
