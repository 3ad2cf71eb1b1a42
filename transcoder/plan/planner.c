/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/plan/planner.h"

#include <stdio.h>
#include <string.h>

#include "transcoder/plan/audio.h"
#include "transcoder/plan/legacy.h"
#include "transcoder/plan/segments.h"
#include "transcoder/plan/video.h"

#define US 1000000LL
/* Segments of lessons without video begin on this grid. */
#define AUDIO_GRID_FPS 25
/* Bit rate of subtitles: a script with three bytes a character, read at speaking speed, and the
 * cue times. */
#define TEXT_BPS 2000
#define TEXT_TIMESCALE 1000000

static void plan_text(struct plan *plan, const struct media_info *info)
{
    for (int i = 0; i < info->text_count && plan->rendition_count < PLAN_MAX_RENDITIONS; i++) {
        struct rendition *r = &plan->renditions[plan->rendition_count++];
        *r = (struct rendition){
            .kind = RENDITION_TEXT,
            .cap_bps = TEXT_BPS,
            .timescale = TEXT_TIMESCALE,
            .source_text = i,
        };
        memcpy(r->language, info->text[i].language, sizeof(r->language));
        snprintf(r->name, sizeof(r->name), "s%d", i + 1);
    }
}

/* Returns the number of grid frames from the start of the video to the end of the lesson. */
static int64_t count_frames(const struct media_info *info)
{
    int64_t length_us = info->duration_us - info->video_start_us;
    int64_t scale = US * info->fps_den;
    int64_t frames = (length_us * info->fps_num + scale / 2) / scale;
    return frames < 1 ? 1 : frames;
}

/* Whether each chunk has at least one segment. By default segments are shorter than chunks, so each
 * chunk has some. But options may ask for chunks that are shorter than segments. */
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

int plan_make(const struct media_info *info, const struct plan_options *options, struct plan *out)
{
    *out = (struct plan){
        .duration_us = info->duration_us,
        .video_start_us = info->video_start_us,
        .grid_fps_num = AUDIO_GRID_FPS,
        .grid_fps_den = 1,
    };
    if (!info->has_video && info->audio_count == 0)
        return -1;
    int unit = 1;
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
    /* A lesson without video and without length has no segments. The probe refuses such a lesson,
     * but a worker may be compromised. */
    if (plan_segments(out, info, options->segment_us, unit) < 0 || out->segment_count < 1)
        return -1;
    if (info->has_video)
        plan_video(out, info, options);
    plan_audio(out, info);
    plan_text(out, info);
    if (info->has_video)
        plan_legacy(out, info);
    out->chunk_count = plan_count_chunks(out, options);
    return each_chunk_has_segments(out, options) ? 0 : -1;
}
