/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A rendition is one version of a lesson's video, audio or subtitles, together with the encoding
 * parameters. The planner chooses the parameters; the job text and the catalog carry them as
 * text. */
#ifndef TRANSCODER_PROTOCOL_RENDITION_H
#define TRANSCODER_PROTOCOL_RENDITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "transcoder/protocol/media_info.h"

#define PLAN_MAX_RUNGS 10
#define PLAN_MAX_AV1_RUNGS 2
/* All rungs in H.264 and AV1; two renditions of each audio track; one of each subtitle track; the
 * legacy rendition. */
#define PLAN_MAX_RENDITIONS                                                                        \
    (PLAN_MAX_RUNGS + PLAN_MAX_AV1_RUNGS + 2 * MEDIA_MAX_AUDIO + MEDIA_MAX_TEXT + 1)
#define RENDITION_NAME_BYTES 16

enum rendition_kind {
    RENDITION_VIDEO = 0,
    RENDITION_AUDIO = 1,
    RENDITION_TEXT = 2,
    /* video and audio in one MPEG transport stream, for old set-top boxes */
    RENDITION_LEGACY = 3,
};

enum video_codec_id { VIDEO_H264 = 0, VIDEO_AV1 = 1 };

enum audio_codec_id { AUDIO_AAC = 0, AUDIO_OPUS = 1 };

struct rendition {
    /* The name says the kind and the cap, or the number of the subtitle track. "v400": H.264 video
     * for a total of 400 kbit/s; "av48": AV1 video for a total of 48 kbit/s; "a24": AAC at 24
     * kbit/s; "a24-2": the second audio track in AAC; "o20": Opus at 20 kbit/s; "s1": the first
     * subtitle track; "ts220": video and audio together at 220 kbit/s. */
    char name[RENDITION_NAME_BYTES];
    enum rendition_kind kind;
    /* The cap on the bits on the wire, container included. Of a video rendition: together with the
     * audio that every player takes. Of other renditions: alone. */
    int64_t cap_bps;
    int timescale; /* ticks per second */

    /* Members of video and legacy renditions: */
    int width, height, fps_num, fps_den;
    int frame_ticks; /* duration of a frame in ticks */
    /* Video: the highest bit rate of a segment on the wire, container included. Legacy: the highest
     * bit rate of the encoded video at any time. */
    int64_t segment_cap_bps;
    enum video_codec_id video_codec; /* legacy: H.264 */
    /* The CRF of the encoder (x264 or SVT-AV1) in tenths. Video: either the quality that is good
     * enough, or the best quality that is expected to fit under the cap. */
    int crf_x10;
    char preset[16]; /* name of the encoder's preset */
    char tuning[96]; /* further parameters of the encoder: "key=value:key=value" */
    int group; /* renditions of one group are encoded together; group 0 has the lowest rungs */

    /* Members of audio renditions: */
    int source_audio; /* index into media_info.audio */
    int channels, sample_rate;
    int64_t bitrate_bps; /* the bit rate that the test encodes start from */
    char language[12];   /* BCP 47; also of text renditions */
    enum audio_codec_id audio_codec;
    bool speech;            /* the track is speech, not music */
    int target_lufs_x100;   /* loudness of the result; 0: the loudness stays as it is */
    int gain_db_x100;       /* gain that reaches the target if nothing else changes the level */
    int noise_reduction_db; /* 0: none */
    int noise_dbfs;         /* level of the noise in the source */

    /* Members of text renditions: */
    int source_text; /* index into media_info.text */
};

/* Options that the operator may set; 0 means the default. */
struct plan_options {
    /* Caps of the video rungs, in rising order (the node always sets them from its option
     * ladder). All 0: 48, 80, 130, 220, 400 and 700 kbit/s. */
    int64_t caps_bps[PLAN_MAX_RUNGS];
    /* The longest segment. 0: 4 to 20 s, depending on the content. */
    int64_t segment_us;
    /* A chunk consists of the segments that begin within this time. The first chunk is a quarter as
     * long. 0: 60 s. */
    int64_t chunk_us;
    bool no_av1; /* AV1 is neither tried nor made */
};

/* Write the parameters of one rendition as text, and read them again. The catalog stores this
 * text in catalog_rendition.plan_text. The returned values mean the same as those of
 * media_info_format() and media_info_parse(). */
int rendition_format(const struct rendition *rendition, char *out, size_t out_bytes);
int rendition_parse(const char *text, size_t text_bytes, struct rendition *out);

#endif
