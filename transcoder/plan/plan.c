/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>

#include "transcoder/plan/plan_internal.h"

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

/* Frames from the first picture to the lesson's end. */
static int64_t count_frames(const struct media_info *info)
{
    int64_t length_us = info->duration_us - info->video_start_us;
    int64_t scale = US * info->fps_den;
    int64_t frames = (length_us * info->fps_num + scale / 2) / scale;
    return frames < 1 ? 1 : frames;
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
