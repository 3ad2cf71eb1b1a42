/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/plan/legacy.h"

/*
 * The legacy rendition: for boxes that take only a transport stream of H.264 Constrained Baseline,
 * level 3.0. Its limits are the level's: at most 720x576, whose macroblocks at the 30 frames that a
 * grid has at the most would be too many; and 220 kbit/s are few for them, so that a sharp picture
 * at half the rate teaches more.
 */
#include <stdbool.h>
#include <stdio.h>

#define LEGACY_BPS 220000
#define LEGACY_WIDTH 720
#define LEGACY_HEIGHT 576
/* Level 3.0's decoders hold five pictures of this size; the oldest boxes do best with few. */
#define LEGACY_TUNING "ref=2:bframes=0"
/* Near the cap wherever there is something to spend it on: what the packets of small pictures cost
 * is then little beside it. */
#define LEGACY_CRF_X10 180

/* What packets cost beside their headers: tables, a PES header with its time and clock for each
 * picture, ADTS headers and their share of others. */
#define TS_BPS 1500
#define TS_BITS_PER_PICTURE (24 * 8)
#define TS_BITS_PER_SOUND_FRAME (9 * 8)

/* A side of at most `most`, even. */
static int at_most(double value, int most)
{
    int side = (int)(value / 2 + 0.5) * 2;
    return side > most ? most : side < 2 ? 2 : side;
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

/* Every which frame of the grid: segments begin on multiples of plan_few_frames(), which this has
 * to divide. Half the rate only where what is left still moves. */
static int divisor_of(const struct media_info *info)
{
    bool may_halve = (int64_t)info->fps_num > 15LL * info->fps_den;
    return may_halve && plan_few_frames(info) % 2 == 0 ? 2 : 1;
}

/* What the AAC rendition whose sound it takes comes to; 0 without sound. */
static int64_t sound_bps(const struct plan *plan)
{
    for (size_t i = 0; i < plan->rendition_count; i++) {
        const struct rendition *r = &plan->renditions[i];
        if (r->kind == RENDITION_AUDIO)
            return r->bitrate_bps + (r->sample_rate + 1023) / 1024 * TS_BITS_PER_SOUND_FRAME;
    }
    return 0;
}

void plan_legacy(struct plan *plan, const struct media_info *info)
{
    if (plan->rendition_count == PLAN_MAX_RENDITIONS)
        return;
    int divisor = divisor_of(info), fine = plan_ticks_per_unit(info);
    double scale = scale_of(info);
    int64_t payload_bps = LEGACY_BPS * 184 / 188 - TS_BPS - sound_bps(plan);
    struct rendition *r = &plan->renditions[plan->rendition_count++];
    *r = (struct rendition){
        .kind = RENDITION_LEGACY,
        .cap_bps = LEGACY_BPS,
        .timescale = info->fps_num * fine,
        .width = at_most(info->width * scale, LEGACY_WIDTH),
        .height = at_most(info->height * scale, LEGACY_HEIGHT),
        .fps_num = info->fps_num,
        .fps_den = info->fps_den * divisor,
        .frame_ticks = info->fps_den * fine * divisor,
        .crf_x10 = LEGACY_CRF_X10,
        /* There are bits enough. */
        .preset = "veryfast",
        .tuning = LEGACY_TUNING,
    };
    r->segment_cap_bps = payload_bps - TS_BITS_PER_PICTURE * (int64_t)r->fps_num / r->fps_den;
    snprintf(r->name, sizeof(r->name), "ts%d", LEGACY_BPS / 1000);
}
