/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The planner: from what the probe found to the renditions that will be made, the segment
 * boundaries and the pieces of work. A pure function: the same findings and options give the same
 * plan.
 */
#ifndef TRANSCODER_PLAN_PLAN_H
#define TRANSCODER_PLAN_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "transcoder/plan/media_info.h"

#define PLAN_MAX_RENDITIONS 16
#define PLAN_NAME_BYTES 16

enum plan_kind {
    PLAN_VIDEO = 0,
    PLAN_AUDIO = 1,
    PLAN_LEGACY = 3, /* picture and sound in one MPEG transport stream, for old boxes */
};

struct plan_rendition {
    char name[PLAN_NAME_BYTES]; /* "v400": video for a total of 400 kbit/s; "a32": audio at 32
                                   kbit/s; "ts220": both, at 220 kbit/s in all */
    enum plan_kind kind;
    int64_t
        cap_bps; /* of the total on the wire: video with the lowest audio; audio alone; legacy */
    int timescale;
    /* video, legacy */
    int width, height, fps_num, fps_den;
    int frame_ticks;       /* duration of a frame in timescale */
    int64_t video_cap_bps; /* what is left for the encoder: VBV rate */
    int crf_x10;           /* x264 CRF in tenths */
    char preset[16];
    /* audio */
    int source_audio; /* index into media_info.audio */
    int channels, sample_rate;
    int64_t bitrate_bps;
    char language[12];
};

struct plan {
    struct plan_rendition renditions[PLAN_MAX_RENDITIONS]; /* video first, each kind from the lowest
                                                              rung; legacy last */
    size_t rendition_count;
    int64_t duration_us;
    int64_t video_start_us; /* the lesson time of grid frame 0 */
    int grid_fps_num,
        grid_fps_den;    /* of the video grid; renditions take each or every second frame */
    int64_t frame_count; /* on the video grid; 0 without video */
    int64_t segment_us;  /* nominal length of a segment */
    int segments_per_chunk;
    int chunk_count;
};

struct plan_options {
    int64_t segment_us; /* 0: 6 s */
    int64_t chunk_us;   /* 0: 60 s; a whole number of segments is made of it */
};

/* Returns 0, or -1 if info has neither video nor audio. Pure. */
int plan_make(const struct media_info *info, const struct plan_options *options, struct plan *out);

/*
 * Where segment n begins: a frame of the video grid, or for audio-only lessons a sample of the 48
 * kHz clock. Alike in all renditions; audio is cut at the frame boundary nearest to it. n may be
 * one past the last: the end.
 */
int64_t plan_segment_count(const struct plan *plan);
int64_t plan_segment_start_us(const struct plan *plan, int64_t segment);
int64_t plan_segment_start_frame(const struct plan *plan, int64_t segment); /* video lessons only */

/* One rendition's parameters as text (kept in catalog_rendition.plan_text) and back. Return as in
 * media_info.h. */
int plan_rendition_format(const struct plan_rendition *rendition, char *out, size_t out_bytes);
int plan_rendition_parse(const char *text, size_t text_bytes, struct plan_rendition *out);

#endif
