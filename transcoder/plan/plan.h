/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A plan: the renditions of a lesson, its segment boundaries and its pieces of work. Pure. */
#ifndef TRANSCODER_PLAN_PLAN_H
#define TRANSCODER_PLAN_PLAN_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "transcoder/plan/facts.h"
#include "transcoder/protocol/media_info.h"
#include "transcoder/protocol/rendition.h"

#define PLAN_MAX_SEGMENTS 12000

/* Lessons where it saves less of H.264's bits get no renditions in AV1: it takes eight times x264's
 * time. */
#define PLAN_AV1_MIN_SAVING_PERMILLE 150

/* What AV1 is encoded with, in trials too. Measured: with preset 10 it saves little; without screen
 * content tools far less on screens; pyramids of eight pictures do as well as those of sixteen, in
 * less memory. */
#define PLAN_AV1_PRESET "8"
#define PLAN_AV1_TUNING "scm=1:hierarchical-levels=3"

struct plan {
    struct rendition
        renditions[PLAN_MAX_RENDITIONS]; /* video, audio, text, legacy; from the lowest rung */
    size_t rendition_count;
    int64_t duration_us;
    int64_t video_start_us; /* the lesson time of grid frame 0 */
    int grid_fps_num,       /* of the grid that segments begin on: that of the pictures, whose */
        grid_fps_den;       /* renditions take each, every second... frame; or of sound alone */
    int64_t frame_count;    /* on the video grid; 0 without video */
    int32_t segment_starts[PLAN_MAX_SEGMENTS + 1]; /* in frames of the grid; the last is the end */
    int segment_count;
    int chunk_count;
    int group_count; /* of video renditions */
};

/* What the container adds to packets of that many samples. */
int64_t plan_audio_overhead_bps(int sample_rate, int frame_samples);

/*
 * Where segment n begins: a frame of the video grid, or for audio-only lessons of a grid of its
 * own. Alike in all renditions; audio is cut at the frame boundary nearest to it. n may be one past
 * the last: the end.
 */
int64_t plan_segment_start_us(const struct plan *plan, int64_t segment);
int64_t plan_segment_start_frame(const struct plan *plan, int64_t segment); /* video lessons only */

/* How many chunks a plan has whose segments are known. */
int plan_count_chunks(const struct plan *plan, const struct plan_options *options);

/* The segments of a chunk: the first, and the one past its last. */
void plan_chunk_segments(
    const struct plan *plan, const struct plan_options *options, int chunk, int *first, int *end);

/*
 * Video is made in pieces, a chunk of the renditions of a group each: all chunks of the lowest
 * group come first, so that the lesson can be watched early. A plan has chunk_count * group_count.
 */
struct plan_work {
    int chunk, group;
};
struct plan_work plan_work(const struct plan *plan, int work);

/* What a video rendition is likely to take at a CRF of its encoder's, container left out: by the
 * probe's trials of its size and frame rate; if there were none, by rule of thumb. Pure. */
struct plan_expectation {
    double keyframe_bytes; /* of a segment's first picture */
    double rest_bps;       /* of those that follow */
};
struct plan_expectation plan_expect(
    const struct media_info *info, const struct rendition *rendition, double crf);

/* Every which grid frame a rendition has. */
int plan_divisor(const struct plan *plan, const struct rendition *rendition);

#endif
