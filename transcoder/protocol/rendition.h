/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A rendition: one version of a lesson's pictures, sound or subtitles, and the parameters that
 * make it. The planner chooses them; the job text and the catalog carry them as text.
 */
#ifndef TRANSCODER_PROTOCOL_RENDITION_H
#define TRANSCODER_PROTOCOL_RENDITION_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "transcoder/protocol/media_info.h"

#define PLAN_MAX_RUNGS 10
#define PLAN_MAX_AV1_RUNGS 2
/* All rungs, two of each track of sound, one of each of subtitles, the legacy one. */
#define PLAN_MAX_RENDITIONS                                                                        \
    (PLAN_MAX_RUNGS + PLAN_MAX_AV1_RUNGS + 2 * MEDIA_MAX_AUDIO + MEDIA_MAX_TEXT + 1)
#define RENDITION_NAME_BYTES 16

enum rendition_kind {
    RENDITION_VIDEO = 0,
    RENDITION_AUDIO = 1,
    RENDITION_TEXT = 2,
    RENDITION_LEGACY = 3, /* picture and sound in one MPEG transport stream, for old boxes */
};

enum video_codec_id { VIDEO_H264 = 0, VIDEO_AV1 = 1 };

enum audio_codec_id { AUDIO_AAC = 0, AUDIO_OPUS = 1 };

struct rendition {
    char name[RENDITION_NAME_BYTES]; /* "v400": video for a total of 400 kbit/s; "av48": AV1 for 48;
                                   "a24": AAC at 24, "o20": Opus at 20 kbit/s; "s1": the first track
                                   of subtitles; "ts220": picture and sound, at 220 kbit/s in all */
    enum rendition_kind kind;
    int64_t
        cap_bps; /* of the total on the wire: video with the lowest audio; audio alone; legacy */
    int timescale;
    /* video, legacy */
    int width, height, fps_num, fps_den;
    int frame_ticks;         /* duration of a frame in timescale */
    int64_t segment_cap_bps; /* video: what a segment may take on the wire, its container
                                included; legacy: what its pictures may take at any time */
    int video_codec;         /* enum video_codec_id; legacy: H.264 */
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
    int audio_codec;                    /* enum audio_codec_id */
    bool speech;                        /* not music */
    int target_lufs_x100;               /* of the outcome; 0: it is left as loud as it is */
    int gain_db_x100;                   /* that makes it so, if nothing else changes the level */
    int noise_reduction_db, noise_dbfs; /* 0: none; the noise's level in the source */
    /* text */
    int source_text; /* index into media_info.text */
};

struct plan_options {
    int64_t caps_bps[PLAN_MAX_RUNGS]; /* of video rungs, rising; all 0: 48, 80, 130, 220, 400 and
                                         700 kbit/s */
    int64_t segment_us;               /* 0: 4 to 20 s by what is to be seen; else the longest */
    int64_t chunk_us; /* 0: 60 s; the segments that begin within it make a chunk; the
                         first is a quarter as long */
    bool no_av1;      /* it is neither tried nor made */
};

/* One rendition's parameters as text (kept in catalog_rendition.plan_text) and back. Return as in
 * media_info.h. */
int rendition_format(const struct rendition *rendition, char *out, size_t out_bytes);
int rendition_parse(const char *text, size_t text_bytes, struct rendition *out);

#endif
