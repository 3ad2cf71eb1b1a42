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

#define PLAN_MAX_SEGMENTS 12000
#define PLAN_MAX_RUNGS 10
#define PLAN_MAX_AV1_RUNGS 2
/* All rungs, two of each track of sound, one of each of subtitles, the legacy one. */
#define PLAN_MAX_RENDITIONS                                                                        \
    (PLAN_MAX_RUNGS + PLAN_MAX_AV1_RUNGS + 2 * MEDIA_MAX_AUDIO + MEDIA_MAX_TEXT + 1)
#define PLAN_NAME_BYTES 16

enum plan_kind {
    PLAN_VIDEO = 0,
    PLAN_AUDIO = 1,
    PLAN_TEXT = 2,
    PLAN_LEGACY = 3, /* picture and sound in one MPEG transport stream, for old boxes */
};

enum plan_video_codec { PLAN_H264 = 0, PLAN_AV1 = 1 };

enum plan_audio_codec { PLAN_AAC = 0, PLAN_OPUS = 1 };

/* Lessons where it saves less of H.264's bits get no renditions in AV1: it takes eight times x264's
 * time. */
#define PLAN_AV1_LEAST_SAVING_PERMILLE 150

/* What AV1 is encoded with, in trials too. Measured: with preset 10 it saves little; without screen
 * content tools far less on screens; pyramids of eight pictures do as well as those of sixteen, in
 * less memory. */
#define PLAN_AV1_PRESET "8"
#define PLAN_AV1_TUNING "scm=1:hierarchical-levels=3"

/* On the wire, of the audio group that every player takes. */
#define PLAN_AUDIO_CAP_BPS 24000

struct plan_rendition {
    char name[PLAN_NAME_BYTES]; /* "v400": video for a total of 400 kbit/s; "av48": AV1 for 48;
                                   "a24": AAC at 24, "o20": Opus at 20 kbit/s; "s1": the first track
                                   of subtitles; "ts220": picture and sound, at 220 kbit/s in all */
    enum plan_kind kind;
    int64_t
        cap_bps; /* of the total on the wire: video with the lowest audio; audio alone; legacy */
    int timescale;
    /* video, legacy */
    int width, height, fps_num, fps_den;
    int frame_ticks;         /* duration of a frame in timescale */
    int64_t segment_cap_bps; /* video: what a segment may take on the wire, its container
                                included; legacy: what its pictures may take at any time */
    int video_codec;         /* enum plan_video_codec; legacy: H.264 */
    int crf_x10;             /* the encoder's CRF in tenths (x264's, SVT-AV1's): the quality that is
                                enough, or the best that is expected to fit */
    char preset[16];
    char tuning[96]; /* the encoder's parameters beyond the preset, "key=value:..." */
    int group;       /* video renditions of one group are encoded together, from the lowest on */
    /* audio */
    int source_audio; /* index into media_info.audio */
    int channels, sample_rate;
    int64_t bitrate_bps;                /* the encoder's, to begin with */
    char language[12];                  /* text too */
    int audio_codec;                    /* enum plan_audio_codec */
    bool speech;                        /* not music */
    int target_lufs_x100;               /* of the outcome; 0: it is left as loud as it is */
    int gain_db_x100;                   /* that makes it so, if nothing else changes the level */
    int noise_reduction_db, noise_dbfs; /* 0: none; the noise's level in the source */
    /* text */
    int source_text; /* index into media_info.text */
};

struct plan {
    struct plan_rendition
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

struct plan_options {
    int64_t caps_bps[PLAN_MAX_RUNGS]; /* of video rungs, rising; all 0: 48, 80, 130, 220, 400 and
                                         700 kbit/s */
    int64_t segment_us;               /* 0: 4 to 20 s by what is to be seen; else the longest */
    int64_t chunk_us; /* 0: 60 s; the segments that begin within it make a chunk; the
                         first is a quarter as long */
    bool no_av1;      /* it is neither tried nor made */
};

/* Returns 0, or -1 if info has neither video nor audio, or is longer than PLAN_MAX_SEGMENTS. Pure.
 */
int plan_make(const struct media_info *info, const struct plan_options *options, struct plan *out);

/* What the container adds to packets of that many samples. */
int64_t plan_audio_overhead_bps(int sample_rate, int frame_samples);

/*
 * Where segment n begins: a frame of the video grid, or for audio-only lessons of a grid of its
 * own. Alike in all renditions; audio is cut at the frame boundary nearest to it. n may be one past
 * the last: the end.
 */
int64_t plan_segment_start_us(const struct plan *plan, int64_t segment);
int64_t plan_segment_start_frame(const struct plan *plan, int64_t segment); /* video lessons only */

/* The segments of a chunk: the first, and the one past its last. */
void plan_chunk_segments(
    const struct plan *plan, const struct plan_options *options, int chunk, int *first, int *end);

/*
 * Video is made in pieces, a chunk of the renditions of a group each: all chunks of the lowest
 * group come first, so that the lesson can be watched early. A plan has chunk_count * group_count.
 */
struct plan_piece {
    int chunk, group;
};
struct plan_piece plan_piece(const struct plan *plan, int piece);

/* What a video rendition is likely to take at a CRF of its encoder's, container left out: by the
 * probe's trials of its size and frame rate; if there were none, by rule of thumb. Pure. */
struct plan_expectation {
    double keyframe_bytes; /* of a segment's first picture */
    double rest_bps;       /* of those that follow */
};
struct plan_expectation plan_expect(
    const struct media_info *info, const struct plan_rendition *rendition, double crf);

/* Every which grid frame a rendition has. */
int plan_divisor(const struct plan *plan, const struct plan_rendition *rendition);

/* The share of the lesson that is of a class, in thousandths; without an analysis all is "head".
 * Pure. */
int plan_class_share(const struct media_info *info, int media_class);

/* The divisor of the frame rate that leaves as few frames as still life needs, 5 a second or a
 * little more. */
int plan_few_frames(const struct media_info *info);

/* One rendition's parameters as text (kept in catalog_rendition.plan_text) and back. Return as in
 * media_info.h. */
int plan_rendition_format(const struct plan_rendition *rendition, char *out, size_t out_bytes);
int plan_rendition_parse(const char *text, size_t text_bytes, struct plan_rendition *out);

#endif
