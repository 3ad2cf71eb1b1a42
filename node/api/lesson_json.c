/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/api/lesson_json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/api/event_text.h"
#include "transcoder/plan/plan.h"

/* Returns the name of a catalog_media_kind. */
static const char *kind_name(int kind)
{
    static const char *const names[] = {[CATALOG_VIDEO] = "video",
        [CATALOG_AUDIO] = "audio",
        [CATALOG_TEXT] = "text",
        [CATALOG_LEGACY] = "legacy"};
    return kind >= 0 && kind < (int)(sizeof(names) / sizeof(names[0])) ? names[kind] : "";
}

/* Returns the path of a file below /v/, or JSON null. there: whether the file exists. */
static json_t *media_path(const struct catalog_lesson *lesson, bool there, const char *file)
{
    return there ? json_sprintf("/v/%" PRId64 "/%d/%s", lesson->id, lesson->revision, file)
                 : json_null();
}

static json_t *legacy_path(const struct catalog_lesson *lesson)
{
    char file[64];
    int length = snprintf(file, sizeof(file), "%s/index.m3u8", lesson->legacy_name);
    return media_path(lesson, lesson->legacy_name[0] && length < (int)sizeof(file), file);
}

json_t *lesson_json(const struct catalog_lesson *l)
{
    const char *state = catalog_lesson_state_name(l->state);
    return json_pack("{s:I, s:i, s:s, s:s, s:s, s:s, s:s, s:b, s:f, s:o, s:o, s:o, s:o, s:I}", "id",
        (json_int_t)l->id, "revision", l->revision, "title", l->title, "topic", l->topic,
        "description", l->description, "language", l->language, "state", state ? state : "",
        "published", (int)l->published, "duration_s", (double)l->duration_us / 1e6, "hls",
        media_path(l, l->playable, "master.m3u8"), "hls_legacy", legacy_path(l), "poster",
        media_path(l, l->poster_file[0] != '\0', "poster.jpg"), "storyboard",
        media_path(l, l->storyboard_sheets > 0, "storyboard.vtt"), "created_ms",
        (json_int_t)l->created_ms);
}

json_t *lesson_json_operator(const struct catalog_lesson *l)
{
    json_t *json = lesson_json(l);
    const char *priority = catalog_priority_name(l->priority);
    json_t *more =
        json_pack("{s:{s:s, s:I, s:s}, s:I, s:s, s:I, s:f, s:b, s:o, s:s, s:b, s:i, s:i, "
                  "s:o, s:o, s:{s:i, s:f, s:b}}",
            "source", "name", l->source_name, "bytes", (json_int_t)l->source_bytes, "sha256",
            l->source_sha256, "media_bytes", (json_int_t)l->media_bytes, "submitter", l->submitter,
            "updated_ms", (json_int_t)l->updated_ms, "progress", l->progress_permille / 1000.0,
            "playable", (int)l->playable, "reason",
            l->reason[0] ? sentences_reason(l->reason, l->reason_detail) : json_null(), "priority",
            priority ? priority : "", "paused", (int)l->paused, "queued_jobs", l->queued_jobs,
            "running_jobs", l->running_jobs, "position",
            l->position > 0 ? json_integer(l->position) : json_null(), "salvaged",
            l->salvaged[0] ? sentences_of("salvaged", l->salvaged) : json_null(), "extras", "jobs",
            l->optional_jobs, "progress", l->optional_permille / 1000.0, "failed",
            (int)l->optional_failed);
    if (json && (!more || json_object_update(json, more) < 0)) {
        json_decref(json);
        json = NULL;
    }
    json_decref(more);
    return json;
}

/* Appends item, which is taken over, to list. Drops the list if either is missing. */
static json_t *append(json_t *list, json_t *item)
{
    if (list && json_array_append_new(list, item) == 0)
        return list;
    json_decref(list);
    return NULL;
}

json_t *lesson_json_list(const struct catalog_lesson *lessons, size_t count, bool for_operators)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < count; i++)
        list = append(
            list, for_operators ? lesson_json_operator(&lessons[i]) : lesson_json(&lessons[i]));
    return list;
}

json_t *lesson_json_events(const struct catalog_events *events)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < events->count; i++)
        list = append(list, sentences_event(&events->items[i]));
    return list;
}

static json_t *track_json(const struct media_audio *a)
{
    return json_pack("{s:s, s:s, s:i, s:i, s:s, s:f, s:f, s:f, s:f, s:f}", "codec", a->codec,
        "language", a->language, "sample_rate", a->sample_rate, "channels", a->channels, "sound",
        media_sound_name(a->sound), "speech", a->speech_permille / 1000.0, "loudness_lufs",
        a->loudness_lufs_x100 / 100.0, "peak_dbtp", a->peak_dbtp_x100 / 100.0, "noise_dbfs",
        a->noise_dbfs_x100 / 100.0, "silence", a->silence_permille / 1000.0);
}

static json_t *tracks_json(const struct media_info *info)
{
    json_t *list = json_array();
    for (int i = 0; list && i < info->audio_count; i++)
        list = append(list, track_json(&info->audio[i]));
    return list;
}

static json_t *pictures_json(const struct media_info *info)
{
    if (info->stretch_count == 0)
        return json_null();
    json_t *stretches = json_array();
    for (int i = 0; stretches && i < info->stretch_count; i++)
        stretches = append(
            stretches, json_pack("{s:f, s:s}", "start_s", (double)info->stretches[i].start_us / 1e6,
                           "class", media_class_name(info->stretches[i].media_class)));
    return json_pack("{s:f, s:f, s:f, s:i, s:f, s:b, s:[i, i, i, i], s:o}", "slides",
        plan_class_share(info, MEDIA_SLIDES) / 1000.0, "head",
        plan_class_share(info, MEDIA_HEAD) / 1000.0, "motion",
        plan_class_share(info, MEDIA_MOTION) / 1000.0, "cuts", info->cut_count, "noise",
        info->noise_x100 / 100.0, "interlaced", info->interlaced, "bars", info->bar_top,
        info->bar_right, info->bar_bottom, info->bar_left, "stretches", stretches);
}

int lesson_json_add_findings(json_t *json, const struct catalog_lesson *lesson)
{
    struct media_info *info = calloc(1, sizeof(*info));
    /* Before the probe there are no findings. */
    if (info && lesson->info_text[0])
        media_info_parse(lesson->info_text, strlen(lesson->info_text), info);
    int error = !info || json_object_set_new(json, "audio", tracks_json(info)) < 0 ||
                json_object_set_new(json, "pictures", pictures_json(info)) < 0;
    free(info);
    return error ? -1 : 0;
}

json_t *lesson_json_renditions(const struct catalog_renditions *renditions)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < renditions->count; i++) {
        const struct catalog_rendition *r = &renditions->items[i];
        double fps = r->fps_den > 0 ? (double)r->fps_num / r->fps_den : 0;
        list = append(list,
            json_pack("{s:s, s:s, s:i, s:i, s:f, s:I, s:s, s:s}", "name", r->name, "kind",
                kind_name(r->kind), "width", r->width, "height", r->height, "fps", fps, "cap_bps",
                (json_int_t)r->cap_bps, "codecs", r->codecs, "language", r->language));
    }
    return list;
}

json_t *lesson_json_job(const struct catalog_job *j)
{
    return json_pack("{s:I, s:s, s:i, s:s, s:f, s:i, s:i, s:o}", "id", (json_int_t)j->id, "kind",
        catalog_job_kind_name(j->kind), "chunk", j->chunk, "state",
        catalog_job_state_name(j->state), "progress", j->progress_permille / 1000.0, "attempt",
        j->attempt, "max_attempts", j->max_attempts, "reason",
        j->reason[0] ? sentences_reason(j->reason, j->reason_detail) : json_null());
}

json_t *lesson_json_jobs(const struct catalog_jobs *jobs)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < jobs->count; i++)
        list = append(list, lesson_json_job(&jobs->items[i]));
    return list;
}
