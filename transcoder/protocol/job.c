/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/protocol/job.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "transcoder/protocol/fields_internal.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define RENDITION_TEXT_BYTES (4 * 1024)

/*
 * A job text is three kinds of sections, each begun by a line of its own:
 *   job          the job's own members
 *   info BYTES   a media_info text of that length
 *   plan BYTES   a rendition's text of that length, one section for each
 *   end 0        so that a text that was cut short is not taken for a whole one
 */
static const struct text_field job_fields[] = {
    TEXT_FIELD_INT(struct job, threads, 1, 1024),
    TEXT_FIELD_STRING(struct job, remux_name),
    TEXT_FIELD_STRING(struct job, poster_name),
    TEXT_FIELD_INT(struct job, chunk, 0, 1000000),
};
static const struct text_field option_fields[] = {
    TEXT_FIELD_INT64(struct plan_options, segment_us, 0, 60LL * 1000000),
    TEXT_FIELD_INT64(struct plan_options, chunk_us, 0, 3600LL * 1000000),
    TEXT_FIELD_BOOL(struct plan_options, no_av1),
};

static void put_section(struct text_out *out, const char *key, const char *text, int length)
{
    if (length < 0) {
        out->full = true;
        return;
    }
    text_int(out, key, length);
    text_line(out, text);
}

int job_format(const struct job *job, char *out, size_t out_bytes)
{
    struct text_out text;
    text_begin(&text, out, out_bytes);
    text_int(&text, "job", job->kind);
    text_write_fields(&text, job, job_fields, COUNT(job_fields));
    text_write_fields(&text, &job->options, option_fields, COUNT(option_fields));
    if (job->kind != JOB_PROBE) {
        char *info = malloc(MEDIA_INFO_TEXT_BYTES);
        put_section(&text, "info", info,
            info ? media_info_format(&job->info, info, MEDIA_INFO_TEXT_BYTES) : -1);
        free(info);
    }
    for (size_t i = 0; i < job->rendition_count && i < PLAN_MAX_RENDITIONS; i++) {
        char plan[RENDITION_TEXT_BYTES];
        put_section(
            &text, "plan", plan, plan_rendition_format(&job->renditions[i], plan, sizeof(plan)));
    }
    text_int(&text, "end", 0);
    return text_end(&text);
}

/* The next `value` bytes of the text as a section; NULL if there are fewer. */
static const char *take_section(struct text_in *in, const char *value, size_t *length)
{
    int64_t bytes;
    if (text_parse_int(value, 0, in->end - in->at, &bytes) < 0)
        return NULL;
    const char *section = in->at;
    in->at += bytes;
    *length = (size_t)bytes;
    return section;
}

/* A name of a file right inside the output folder. */
static bool file_name_fits(const char *name)
{
    return name[0] != '.' && !strchr(name, '/');
}

static int take_pair(struct job *job, int64_t *kind, bool *has_info, struct text_in *in,
    const struct text_pair *pair)
{
    size_t length;
    if (strcmp(pair->key, "job") == 0) {
        if (*kind >= 0 || text_parse_int(pair->value, JOB_PROBE, JOB_TEXT, kind) < 0)
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
        return plan_rendition_parse(section, length, &job->renditions[job->rendition_count++]);
    }
    int found = text_read_field(job, job_fields, COUNT(job_fields), pair);
    if (found == 0)
        found = text_read_field(&job->options, option_fields, COUNT(option_fields), pair);
    /* Node and worker are of one build: an unknown key is a mistake, not a newer version. */
    return found > 0 ? 0 : -1;
}

/* Whether a rendition may stand there. Video: rungs, then the legacy one, then its sound. */
static bool kind_fits(const struct job *job, size_t position)
{
    enum plan_kind kind = job->renditions[position].kind;
    enum plan_kind before = position > 0 ? job->renditions[position - 1].kind : PLAN_VIDEO;
    if (job->kind != JOB_VIDEO)
        return kind == (job->kind == JOB_TEXT ? PLAN_TEXT : PLAN_AUDIO);
    return before == PLAN_VIDEO ? kind == PLAN_VIDEO || kind == PLAN_LEGACY
                                : before == PLAN_LEGACY && kind == PLAN_AUDIO;
}

/* What each kind of job can't do without. */
static bool complete(const struct job *job, bool has_info)
{
    if (job->threads < 1 || !file_name_fits(job->remux_name) || !file_name_fits(job->poster_name))
        return false;
    if (job->kind == JOB_PROBE)
        return job->remux_name[0] != '\0';
    bool needs_video = job->kind == JOB_VIDEO || job->kind == JOB_POSTER;
    if (!has_info || (needs_video && !job->info.has_video))
        return false;
    if (job->kind == JOB_POSTER)
        return job->poster_name[0] != '\0';
    for (size_t i = 0; i < job->rendition_count; i++) {
        const struct plan_rendition *r = &job->renditions[i];
        if (!kind_fits(job, i) ||
            (r->kind == PLAN_AUDIO && r->source_audio >= job->info.audio_count) ||
            (r->kind == PLAN_TEXT && r->source_text >= job->info.text_count))
            return false;
    }
    return job->rendition_count > 0;
}

int job_parse(const char *text, size_t text_bytes, struct job *out)
{
    *out = (struct job){0};
    if (text_bytes > JOB_TEXT_MAX_BYTES)
        return -1;
    struct text_in in = {text, text + text_bytes};
    struct text_pair pair;
    int64_t kind = -1;
    bool has_info = false, ended = false;
    int more;
    while ((more = text_next(&in, &pair)) > 0 && !ended)
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
