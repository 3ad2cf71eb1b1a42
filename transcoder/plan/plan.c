/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>

#include "transcoder/plan/plan_internal.h"
#include "transcoder/plan/text_internal.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define US 1000000LL
/* Segments of lessons without pictures begin on this grid. */
#define SOUND_GRID_FPS 25
/* Subtitles in a script of three bytes a character, read at speaking speed, with their times. */
#define TEXT_BPS 2000
#define TEXT_TIMESCALE 1000000

static void plan_text(struct plan *plan, const struct media_info *info)
{
    for (int i = 0; i < info->text_count && plan->rendition_count < PLAN_MAX_RENDITIONS; i++) {
        struct plan_rendition *r = &plan->renditions[plan->rendition_count++];
        *r = (struct plan_rendition){
            .kind = PLAN_TEXT,
            .cap_bps = TEXT_BPS,
            .timescale = TEXT_TIMESCALE,
            .source_text = i,
        };
        memcpy(r->language, info->text[i].language, sizeof(r->language));
        snprintf(r->name, sizeof(r->name), "s%d", i + 1);
    }
}

int64_t plan_audio_wire_bps(const struct media_info *info)
{
    return info->audio_count > 0 ? PLAN_AUDIO_CAP_BPS : 0;
}

/* Frames from the first picture to the lesson's end. */
static int64_t count_frames(const struct media_info *info)
{
    int64_t length_us = info->duration_us - info->video_start_us;
    int64_t scale = US * info->fps_den;
    int64_t frames = (length_us * info->fps_num + scale / 2) / scale;
    return frames < 1 ? 1 : frames;
}

int plan_class_share(const struct media_info *info, int media_class)
{
    int64_t length_us = 0;
    if (info->stretch_count == 0 || info->duration_us <= 0)
        return media_class == MEDIA_HEAD ? 1000 : 0;
    for (int i = 0; i < info->stretch_count; i++) {
        const struct media_stretch *s = &info->stretches[i];
        int64_t end_us =
            i + 1 < info->stretch_count ? info->stretches[i + 1].start_us : info->duration_us;
        if (s->media_class == media_class && end_us > s->start_us)
            length_us += end_us - s->start_us;
    }
    return (int)(length_us * 1000 / info->duration_us);
}

int plan_few_frames(const struct media_info *info)
{
    static const int divisors[] = {6, 4, 3, 2};
    for (size_t i = 0; i < COUNT(divisors); i++)
        /* 29.97 / 6 will do for 5 */
        if (info->fps_num * 100LL >= 499LL * info->fps_den * divisors[i])
            return divisors[i];
    return 1;
}

int plan_ticks_per_unit(const struct media_info *info)
{
    int fine = 1;
    while ((int64_t)info->fps_num * fine < 10000)
        fine *= 2;
    return fine;
}

static int64_t chunk_length_us(const struct plan_options *options)
{
    return options->chunk_us > 0 ? options->chunk_us : 60 * US;
}

/* The first chunk is a quarter as long, so that the lesson can soon be watched. */
static int chunk_of(const struct plan *plan, const struct plan_options *options, int segment)
{
    int64_t start_us = plan_segment_start_us(plan, segment) - plan_segment_start_us(plan, 0);
    int64_t length_us = chunk_length_us(options);
    return (int)((start_us + length_us - length_us / 4) / length_us);
}

/* The first segment that begins in the chunk or later. */
static int first_of_chunk(const struct plan *plan, const struct plan_options *options, int chunk)
{
    int low = 0, high = plan->segment_count;
    while (low < high) {
        int middle = low + (high - low) / 2;
        if (chunk_of(plan, options, middle) < chunk)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void plan_chunk_segments(
    const struct plan *plan, const struct plan_options *options, int chunk, int *first, int *end)
{
    *first = first_of_chunk(plan, options, chunk);
    *end = chunk + 1 < plan->chunk_count ? first_of_chunk(plan, options, chunk + 1)
                                         : plan->segment_count;
}

/* Chunks are a minute, segments a third of it at most: each chunk has some; unless options make
 * segments longer than chunks. */
static bool each_chunk_has_segments(const struct plan *plan, const struct plan_options *options)
{
    for (int chunk = 0; chunk < plan->chunk_count; chunk++) {
        int first, end;
        plan_chunk_segments(plan, options, chunk, &first, &end);
        if (first >= end)
            return false;
    }
    return true;
}

struct plan_piece plan_piece(const struct plan *plan, int piece)
{
    return (struct plan_piece){
        .chunk = piece % plan->chunk_count, .group = piece / plan->chunk_count};
}

int plan_divisor(const struct plan *plan, const struct plan_rendition *rendition)
{
    return (int)((int64_t)plan->grid_fps_num * rendition->fps_den /
                 ((int64_t)plan->grid_fps_den * rendition->fps_num));
}

int plan_make(const struct media_info *info, const struct plan_options *options, struct plan *out)
{
    *out = (struct plan){
        .duration_us = info->duration_us,
        .video_start_us = info->video_start_us,
        .grid_fps_num = SOUND_GRID_FPS,
        .grid_fps_den = 1,
    };
    int unit = 1;
    if (!info->has_video && info->audio_count == 0)
        return -1;
    if (info->has_video) {
        if (info->fps_num <= 0 || info->fps_den <= 0 || info->width <= 0 || info->height <= 0)
            return -1;
        unit = plan_few_frames(info);
        out->grid_fps_num = info->fps_num;
        out->grid_fps_den = info->fps_den;
        out->frame_count = count_frames(info);
    } else {
        out->video_start_us = 0;
    }
    /* Of nothing there are no segments: a probe says so, but not every worker may be believed. */
    if (plan_segments(out, info, options->segment_us, unit) < 0 || out->segment_count < 1)
        return -1;
    if (info->has_video)
        plan_video(out, info, options);
    plan_audio(out, info);
    plan_text(out, info);
    if (info->has_video)
        plan_legacy(out, info);
    out->chunk_count = chunk_of(out, options, out->segment_count - 1) + 1;
    return each_chunk_has_segments(out, options) ? 0 : -1;
}

int64_t plan_segment_start_frame(const struct plan *plan, int64_t segment)
{
    return plan->segment_starts[segment < plan->segment_count ? segment : plan->segment_count];
}

int64_t plan_segment_start_us(const struct plan *plan, int64_t segment)
{
    if (plan->frame_count == 0 && segment >= plan->segment_count)
        return plan->duration_us;
    int64_t frame = plan_segment_start_frame(plan, segment);
    return plan->video_start_us +
           (frame * US * plan->grid_fps_den + plan->grid_fps_num / 2) / plan->grid_fps_num;
}

static const struct text_field rendition_fields[] = {
    TEXT_FIELD_STRING(struct plan_rendition, name),
    TEXT_FIELD_INT64(struct plan_rendition, cap_bps, 1, 1000000000),
    TEXT_FIELD_INT(struct plan_rendition, timescale, 1, 10000000),
    TEXT_FIELD_INT(struct plan_rendition, width, 0, 16384),
    TEXT_FIELD_INT(struct plan_rendition, height, 0, 16384),
    TEXT_FIELD_INT(struct plan_rendition, fps_num, 0, 1000000),
    TEXT_FIELD_INT(struct plan_rendition, fps_den, 0, 1000000),
    TEXT_FIELD_INT(struct plan_rendition, frame_ticks, 0, 100000000),
    TEXT_FIELD_INT64(struct plan_rendition, segment_cap_bps, 0, 1000000000),
    TEXT_FIELD_INT(struct plan_rendition, video_codec, PLAN_H264, PLAN_AV1),
    TEXT_FIELD_INT(struct plan_rendition, crf_x10, 0, 630),
    TEXT_FIELD_STRING(struct plan_rendition, preset),
    TEXT_FIELD_STRING(struct plan_rendition, tuning),
    TEXT_FIELD_INT(struct plan_rendition, group, 0, PLAN_MAX_RENDITIONS),
    TEXT_FIELD_INT(struct plan_rendition, source_audio, 0, MEDIA_MAX_AUDIO - 1),
    TEXT_FIELD_INT(struct plan_rendition, channels, 0, 2),
    TEXT_FIELD_INT(struct plan_rendition, sample_rate, 0, 48000),
    TEXT_FIELD_INT64(struct plan_rendition, bitrate_bps, 0, 1000000),
    TEXT_FIELD_STRING(struct plan_rendition, language),
    TEXT_FIELD_INT(struct plan_rendition, source_text, 0, MEDIA_MAX_TEXT - 1),
    TEXT_FIELD_INT(struct plan_rendition, audio_codec, PLAN_AAC, PLAN_OPUS),
    TEXT_FIELD_BOOL(struct plan_rendition, speech),
    TEXT_FIELD_INT(struct plan_rendition, target_lufs_x100, -7000, 0),
    TEXT_FIELD_INT(struct plan_rendition, gain_db_x100, -20000, 6000),
    TEXT_FIELD_INT(struct plan_rendition, noise_reduction_db, 0, 24),
    TEXT_FIELD_INT(struct plan_rendition, noise_dbfs, -120, 0),
};

/* A name is a folder and a URL part. */
static bool name_fits(const char *name)
{
    size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");
    return length > 0 && name[length] == '\0' && name[0] != '-';
}

static bool rendition_fits(const struct plan_rendition *r)
{
    if (!name_fits(r->name) || r->cap_bps <= 0 || r->timescale <= 0)
        return false;
    if (r->kind == PLAN_TEXT)
        return true;
    if (r->kind == PLAN_AUDIO)
        return r->channels >= 1 && r->sample_rate >= 8000 && r->bitrate_bps > 0;
    return r->width >= 2 && r->height >= 2 && r->width % 2 == 0 && r->height % 2 == 0 &&
           r->fps_num > 0 && r->fps_den > 0 && r->frame_ticks > 0 && r->segment_cap_bps > 0 &&
           r->preset[0] != '\0' && (r->video_codec == PLAN_H264 || r->kind == PLAN_VIDEO) &&
           (r->video_codec == PLAN_AV1 || r->crf_x10 <= 510);
}

int plan_rendition_format(const struct plan_rendition *rendition, char *out, size_t out_bytes)
{
    struct text_out text;
    text_begin(&text, out, out_bytes);
    text_int(&text, "rendition", rendition->kind);
    text_write_fields(&text, rendition, rendition_fields, COUNT(rendition_fields));
    return text_end(&text);
}

int plan_rendition_parse(const char *text, size_t text_bytes, struct plan_rendition *out)
{
    struct text_in in = {text, text + text_bytes};
    struct text_pair pair;
    int64_t kind = -1;
    *out = (struct plan_rendition){0};
    int more;
    while ((more = text_next(&in, &pair)) > 0) {
        if (strcmp(pair.key, "rendition") == 0) {
            if (text_parse_int(pair.value, PLAN_VIDEO, PLAN_LEGACY, &kind) < 0)
                break;
            out->kind = (enum plan_kind)kind;
        } else if (text_read_field(out, rendition_fields, COUNT(rendition_fields), &pair) < 0) {
            break;
        }
    }
    if (more == 0 && kind >= 0 && rendition_fits(out))
        return 0;
    *out = (struct plan_rendition){0};
    return -1;
}
