/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/protocol/job.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "transcoder/protocol/fields.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define RENDITION_TEXT_BYTES (4 * 1024)

/*
 * A job text consists of sections. Each begins with a line of its own:
 *   job KIND     the members of the job itself
 *   info BYTES   a media_info text of this length
 *   plan BYTES   the text of one rendition, of this length; one section for each rendition
 *   end 0        marks the end, so that a text that was cut short is not taken for a whole one
 */
static const struct field job_fields[] = {
    FIELD_OF_INT(struct job, threads, 1, 1024),
    FIELD_OF_INT(struct job, chunk, 0, 1000000),
};
static const struct field option_fields[] = {
    FIELD_OF_INT64(struct plan_options, segment_us, 0, 60LL * 1000000),
    FIELD_OF_INT64(struct plan_options, chunk_us, 0, 3600LL * 1000000),
    FIELD_OF_BOOL(struct plan_options, no_av1),
};

static void put_section(struct field_writer *out, const char *key, const char *text, int length)
{
    if (length < 0) {
        out->full = true;
        return;
    }
    fields_add_int(out, key, length);
    fields_add_line(out, text);
}

int job_format(const struct job *job, char *out, size_t out_bytes)
{
    struct field_writer text;
    fields_begin(&text, out, out_bytes);
    fields_add_int(&text, "job", job->kind);
    fields_write(&text, job, job_fields, COUNT(job_fields));
    fields_write(&text, &job->options, option_fields, COUNT(option_fields));
    if (job->kind != JOB_PROBE) {
        char *info = malloc(MEDIA_INFO_TEXT_BYTES);
        put_section(&text, "info", info,
            info ? media_info_format(&job->info, info, MEDIA_INFO_TEXT_BYTES) : -1);
        free(info);
    }
    for (size_t i = 0; i < job->rendition_count && i < PLAN_MAX_RENDITIONS; i++) {
        char plan[RENDITION_TEXT_BYTES];
        put_section(&text, "plan", plan, rendition_format(&job->renditions[i], plan, sizeof(plan)));
    }
    fields_add_int(&text, "end", 0);
    return fields_end(&text);
}

/* Returns the next `value` bytes of the text and steps over them. NULL: the text has fewer
 * bytes. */
static const char *take_section(struct field_reader *in, const char *value, size_t *length)
{
    int64_t bytes;
    if (fields_parse_int(value, 0, in->end - in->at, &bytes) < 0)
        return NULL;
    const char *section = in->at;
    in->at += bytes;
    *length = (size_t)bytes;
    return section;
}

static int take_pair(struct job *job, int64_t *kind, bool *has_info, struct field_reader *in,
    const struct field_pair *pair)
{
    size_t length;
    if (strcmp(pair->key, "job") == 0) {
        if (*kind >= 0 || fields_parse_int(pair->value, JOB_PROBE, JOB_TEXT, kind) < 0)
            return -1;
        job->kind = (enum job_kind) * kind;
        return 0;
    }
    if (strcmp(pair->key, "info") == 0) {
        const char *section = take_section(in, pair->value, &length);
        *has_info = true;
        return section ? media_info_parse(section, length, &job->info) : -1;
    }
    if (strcmp(pair->key, "plan") == 0) {
        const char *section = take_section(in, pair->value, &length);
        if (!section || job->rendition_count >= PLAN_MAX_RENDITIONS)
            return -1;
        return rendition_parse(section, length, &job->renditions[job->rendition_count++]);
    }
    int found = fields_read(job, job_fields, COUNT(job_fields), pair);
    if (found == 0)
        found = fields_read(&job->options, option_fields, COUNT(option_fields), pair);
    /* Node and worker come from one build, so an unknown key is a mistake, not a newer version. */
    return found > 0 ? 0 : -1;
}

/* Whether the kind of a rendition is allowed at its position. In a VIDEO job the order is:
 * rungs, the legacy rendition, the audio of the legacy rendition. */
static bool kind_fits(const struct job *job, size_t position)
{
    enum rendition_kind kind = job->renditions[position].kind;
    enum rendition_kind before =
        position > 0 ? job->renditions[position - 1].kind : RENDITION_VIDEO;
    if (job->kind != JOB_VIDEO)
        return kind == (job->kind == JOB_TEXT ? RENDITION_TEXT : RENDITION_AUDIO);
    return before == RENDITION_VIDEO ? kind == RENDITION_VIDEO || kind == RENDITION_LEGACY
                                     : before == RENDITION_LEGACY && kind == RENDITION_AUDIO;
}

/* Whether the job has everything that its kind needs. */
static bool complete(const struct job *job, bool has_info)
{
    if (job->threads < 1)
        return false;
    if (job->kind == JOB_PROBE)
        return true;
    bool needs_video = job->kind == JOB_VIDEO || job->kind == JOB_POSTER;
    if (!has_info || (needs_video && !job->info.has_video))
        return false;
    if (job->kind == JOB_POSTER)
        return job->rendition_count == 0;
    for (size_t i = 0; i < job->rendition_count; i++) {
        const struct rendition *r = &job->renditions[i];
        if (!kind_fits(job, i) ||
            (r->kind == RENDITION_AUDIO && r->source_audio >= job->info.audio_count) ||
            (r->kind == RENDITION_TEXT && r->source_text >= job->info.text_count))
            return false;
    }
    return job->rendition_count > 0;
}

int job_parse(const char *text, size_t text_bytes, struct job *out)
{
    *out = (struct job){0};
    if (text_bytes > JOB_TEXT_MAX_BYTES)
        return -1;
    struct field_reader in = {text, text + text_bytes};
    struct field_pair pair;
    int64_t kind = -1;
    bool has_info = false, ended = false;
    int more;
    while ((more = fields_next(&in, &pair)) > 0 && !ended)
        if (strcmp(pair.key, "end") == 0)
            ended = true;
        else if (take_pair(out, &kind, &has_info, &in, &pair) < 0)
            break;
    if (more == 0 && ended && kind >= 0 && complete(out, has_info))
        return 0;
    *out = (struct job){0};
    return -1;
}

static int fits(int length, size_t out_bytes)
{
    return length >= 0 && (size_t)length < out_bytes ? length : -1;
}

int job_chunk_path(const char *rendition, int chunk, char *out, size_t out_bytes)
{
    return fits(snprintf(out, out_bytes, "%s/%05d.chunk", rendition, chunk), out_bytes);
}

int job_init_path(const char *rendition, char *out, size_t out_bytes)
{
    return fits(snprintf(out, out_bytes, "%s/init.mp4", rendition), out_bytes);
}

int job_sheet_path(int sheet, char *out, size_t out_bytes)
{
    return fits(snprintf(out, out_bytes, "storyboard-%d.jpg", sheet), out_bytes);
}

int job_file_path(const struct job_file *file, char *out, size_t out_bytes)
{
    switch (file->kind) {
    case JOB_FILE_INIT:
        return job_init_path(file->rendition, out, out_bytes);
    case JOB_FILE_CHUNK:
        return job_chunk_path(file->rendition, file->number, out, out_bytes);
    case JOB_FILE_POSTER:
        return fits(snprintf(out, out_bytes, JOB_POSTER_NAME), out_bytes);
    case JOB_FILE_SHEET:
        return job_sheet_path(file->number, out, out_bytes);
    case JOB_FILE_STORYBOARD:
        return fits(snprintf(out, out_bytes, JOB_STORYBOARD_INDEX), out_bytes);
    case JOB_FILE_REMUXED:
        return fits(snprintf(out, out_bytes, "remuxed"), out_bytes);
    }
    return -1;
}
