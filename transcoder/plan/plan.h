/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A plan: the renditions of a lesson, its segment boundaries and its units of work. Pure. */
#ifndef TRANSCODER_PLAN_PLAN_H
#define TRANSCODER_PLAN_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "transcoder/plan/facts.h"
#include "transcoder/protocol/media_info.h"
#include "transcoder/protocol/rendition.h"

#define PLAN_MAX_SEGMENTS 12000

/* The least share of H.264's bits that AV1 must save. Below it a lesson gets no AV1 renditions,
 * because SVT-AV1 takes eight times as long as x264. */
#define PLAN_AV1_MIN_SAVING_PERMILLE 150

/* Parameters of SVT-AV1, also for the trial encodes. Measured: with preset 10 AV1 saves few
 * bits. Without screen content tools (scm) it saves far fewer bits on screen recordings. Pyramids
 * of 8 pictures (hierarchical-levels=3) are as good as pyramids of 16 and take less memory. */
#define PLAN_AV1_PRESET "8"
#define PLAN_AV1_TUNING "scm=1:hierarchical-levels=3"

/* The last part of x264's tuning text. It sets how many frames the rate control looks ahead. */
#define PLAN_H264_LOOKAHEAD ":rc-lookahead=%d"

struct plan {
    /* In this order: H.264 from the lowest rung, AV1 from the lowest rung, audio, text, legacy. */
    struct rendition renditions[PLAN_MAX_RENDITIONS];
    size_t rendition_count;
    int64_t duration_us;
    int64_t video_start_us; /* lesson time of frame 0 of the grid */
    /* The rate of the frame grid. Segments begin on frames of this grid. A video rendition uses
     * every frame of it, or every second frame, and so on. A lesson without video has a grid of
     * its own. */
    int grid_fps_num, grid_fps_den;
    int64_t frame_count; /* frames on the video grid; 0: the lesson has no video */
    /* The frame of the grid on which each segment starts. The last entry is the lesson's end. */
    int32_t segment_starts[PLAN_MAX_SEGMENTS + 1];
    int segment_count;
    int chunk_count;
    int group_count; /* groups of video renditions */
};

/* Returns the bit rate that the container adds to an audio track whose packets have
 * frame_samples samples each. */
int64_t plan_audio_overhead_bps(int sample_rate, int frame_samples);

/* Return the start of a segment, as lesson time or as a frame of the grid. All renditions
 * have the same boundaries; audio is cut at the nearest boundary between audio frames. The
 * segment may be one past the last: its start is the end of the lesson. */
int64_t plan_segment_start_us(const struct plan *plan, int64_t segment);
int64_t plan_segment_start_frame(const struct plan *plan, int64_t segment);

/* Returns the number of chunks of a plan. The segments must be known already. */
int plan_count_chunks(const struct plan *plan, const struct plan_options *options);

/* Sets *first to the first segment of a chunk, and *end to one past its last segment. */
void plan_chunk_segments(
    const struct plan *plan, const struct plan_options *options, int chunk, int *first, int *end);

/* One unit of work on the video: one chunk of the renditions of one group. A plan has
 * chunk_count * group_count units. All chunks of the lowest group come first, so that the lesson
 * can be watched early. */
struct plan_work {
    int chunk, group;
};
struct plan_work plan_work(const struct plan *plan, int work);

/* The bytes that a video rendition is expected to need at a CRF of its encoder, without the
 * container. They follow from the trial encodes of the same size and frame rate. Without such trial
 * encodes a rule of thumb replaces them. Pure. */
struct plan_expectation {
    double keyframe_bytes; /* size of a segment's first frame */
    double rest_bps;       /* bit rate of the other frames */
};
struct plan_expectation plan_expect(
    const struct media_info *info, const struct rendition *rendition, double crf);

/* Returns n if the rendition uses every n-th frame of the grid. */
int plan_divisor(const struct plan *plan, const struct rendition *rendition);

#endif
