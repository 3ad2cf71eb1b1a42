/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/plan/legacy.h"

/*
 * The legacy rendition is for boxes that accept only an MPEG transport stream with H.264
 * Constrained Baseline, level 3.0. Level 3.0 allows at most 720x576, and not at the full 30 frames
 * a second that a grid may have. 220 kbit/s are few bits for such pictures, so half the frame rate
 * with sharper pictures is better for teaching.
 */
#include <stdbool.h>
#include <stdio.h>

#define LEGACY_BPS 220000
#define LEGACY_WIDTH 720
#define LEGACY_HEIGHT 576
/* A decoder of level 3.0 holds five pictures of this size. The oldest boxes work best with
 * fewer. */
#define LEGACY_TUNING "ref=2:bframes=0"
/* A low CRF, so that the bit rate is near the cap wherever the content needs bits. The overhead
 * of the transport packets is then small in proportion. */
#define LEGACY_CRF_X10 180

/* The cost of the transport stream besides the packet headers: the tables; for each picture a
 * PES header with its timestamp and clock reference; for each AAC frame an ADTS header and a
 * share of a PES header. */
#define TS_BPS 1500
#define TS_BITS_PER_PICTURE (24 * 8)
#define TS_BITS_PER_AUDIO_FRAME (9 * 8)

/* Returns value rounded to an even number, at least 2 and at most `max`. */
static int even_at_most(double value, int max)
{
    int side = (int)(value / 2 + 0.5) * 2;
    return side > max ? max : side < 2 ? 2 : side;
}

static double scale_of(const struct media_info *info)
{
    double scale = 1.0;
    if (info->width * scale > LEGACY_WIDTH)
        scale = (double)LEGACY_WIDTH / info->width;
    if (info->height * scale > LEGACY_HEIGHT)
        scale = (double)LEGACY_HEIGHT / info->height;
    return scale;
}

/* Returns 2 if the rendition uses every second frame of the grid, else 1. Segments begin on
 * multiples of plan_few_frames(), so the divisor must divide that number. The rate is halved
 * only if more than 7.5 frames a second remain. */
static int divisor_of(const struct media_info *info)
{
    bool may_halve = (int64_t)info->fps_num > 15LL * info->fps_den;
    return may_halve && plan_few_frames(info) % 2 == 0 ? 2 : 1;
}

/* Returns the bit rate of the audio, which comes from the first AAC rendition, with its headers in
 * the transport stream. Returns 0 if the lesson has no audio. */
static int64_t audio_bps(const struct plan *plan)
{
    for (size_t i = 0; i < plan->rendition_count; i++) {
        const struct rendition *r = &plan->renditions[i];
        if (r->kind == RENDITION_AUDIO)
            return r->bitrate_bps + (r->sample_rate + 1023) / 1024 * TS_BITS_PER_AUDIO_FRAME;
    }
    return 0;
}

void plan_legacy(struct plan *plan, const struct media_info *info)
{
    if (plan->rendition_count == PLAN_MAX_RENDITIONS)
        return;
    int divisor = divisor_of(info), fine = plan_ticks_per_unit(info);
    double scale = scale_of(info);
    int64_t payload_bps = LEGACY_BPS * 184 / 188 - TS_BPS - audio_bps(plan);
    struct rendition *r = &plan->renditions[plan->rendition_count++];
    *r = (struct rendition){
        .kind = RENDITION_LEGACY,
        .cap_bps = LEGACY_BPS,
        .timescale = info->fps_num * fine,
        .width = even_at_most(info->width * scale, LEGACY_WIDTH),
        .height = even_at_most(info->height * scale, LEGACY_HEIGHT),
        .fps_num = info->fps_num,
        .fps_den = info->fps_den * divisor,
        .frame_ticks = info->fps_den * fine * divisor,
        .crf_x10 = LEGACY_CRF_X10,
        /* A fast preset is enough at this bit rate. */
        .preset = "veryfast",
        .tuning = LEGACY_TUNING,
    };
    r->segment_cap_bps = payload_bps - TS_BITS_PER_PICTURE * (int64_t)r->fps_num / r->fps_den;
    snprintf(r->name, sizeof(r->name), "ts%d", LEGACY_BPS / 1000);
}
