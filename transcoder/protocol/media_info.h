/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the probe found in a source, and its text form: lines "key value", as kept in the catalog.
 */
#ifndef TRANSCODER_PROTOCOL_MEDIA_INFO_H
#define TRANSCODER_PROTOCOL_MEDIA_INFO_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MEDIA_MAX_AUDIO 8
#define MEDIA_MAX_TEXT 8
#define MEDIA_MAX_STRETCHES 256
#define MEDIA_MAX_CUTS 4096
#define MEDIA_MAX_TRIALS 40
/* Room that the text form of any media_info fits into. */
#define MEDIA_INFO_TEXT_BYTES (128 * 1024)

enum media_sound {
    MEDIA_SOUND_UNKNOWN = 0, /* not measured: it can't be decoded */
    MEDIA_SOUND_SILENCE = 1, /* nothing in it is above -70 LUFS */
    MEDIA_SOUND_SPEECH = 2,  /* at least half of what is not silent */
    MEDIA_SOUND_OTHER = 3,   /* music, noise */
};

struct media_audio {
    int stream; /* index in the container */
    char codec[32];
    char language[12]; /* BCP 47, "" unknown */
    int sample_rate, channels;
    int64_t start_us; /* after the lesson's zero */
    int64_t end_us;
    /* Measured over the whole track as it will be encoded: mono, 48 kHz. */
    int sound; /* enum media_sound */
    int speech_permille;
    int loudness_lufs_x100; /* EBU R128, integrated; -7000: nothing above the gate */
    int peak_dbtp_x100;     /* true peak; -12000 at least */
    int noise_dbfs_x100;    /* RMS over 150 Hz, in the pauses; -12000: all is silent */
    int silence_permille;   /* share of such blocks that hold none */
};

/* A track of subtitles that are text. */
struct media_text {
    int stream; /* index in the container */
    char codec[32];
    char language[12]; /* BCP 47, "" unknown */
};

/* What is to be seen: it decides about segment lengths, frame rates and rungs. */
enum media_class {
    MEDIA_SLIDES = 0, /* still for seconds, then something else: slides, screens, a blackboard */
    MEDIA_HEAD = 1,   /* a still camera on somebody who speaks or shows something */
    MEDIA_MOTION = 2, /* all of the picture moves */
};
/* "slides", "head", "motion"; NULL for anything else. Any thread. */
const char *media_class_name(int media_class);

/* A run of one class, up to the next stretch's start. */
struct media_stretch {
    int64_t start_us;
    int media_class; /* enum media_class */
};

/* What an encode of representative places came to, at one size, frame rate and CRF. */
struct media_trial {
    int height;         /* of the picture; its width follows from the source's shape */
    int divisor;        /* every which frame of the grid was encoded */
    int crf;            /* x264's */
    int keyframe_bytes; /* mean of the places' first pictures */
    int rate_bps;       /* of what follows them */
    int quality_mdb;    /* -10 log10(1 - SSIM) of the luma, scaled to the source's size, in
                           thousandths; held pictures count where there is no new one */
    int busy;           /* 1: of the lesson's busiest place alone; 0: the mean of usual ones */
};

struct media_info {
    char container[64]; /* FFmpeg's format name */
    char title[256];    /* UTF-8, from the tags, "" none */
    int64_t
        duration_us; /* the lesson's: the latest end of the used streams, measured on the packets */
    int64_t zero_us; /* the container timestamp that is the lesson's zero: the earliest start */
    bool seekable;   /* false: the probe wrote a remuxed copy, which is the source from then on */
    bool salvaged;   /* the file is cut short: what is there is used */
    int64_t stated_us; /* what the container states as its duration, 0 unknown */

    bool has_video;
    int video_stream;
    char video_codec[32];
    int coded_width, coded_height;
    int sar_num, sar_den; /* sample aspect ratio, 1:1 if unknown */
    int rotation;         /* clockwise turn for display: 0, 90, 180, 270 */
    bool interlaced;
    int fps_num, fps_den; /* of the frame grid that suits it: its mean rate, at most 30 */
    int64_t video_start_us, video_end_us;
    int width, height; /* as displayed: square pixels, turned, even */

    /* what the analysis saw; without it (no pictures could be had) there are no stretches */
    int noise_x100; /* how much still places differ from picture to picture, in luma steps */
    int bar_top, bar_bottom, bar_left, bar_right; /* black bars in the picture as displayed */
    int stretch_count;
    struct media_stretch stretches[MEDIA_MAX_STRETCHES]; /* rising; the first begins at 0 */
    int cut_count;
    int64_t cuts_us[MEDIA_MAX_CUTS]; /* rising: where another slide or scene begins */
    int64_t busy_us;                 /* where most changes from second to second, but for cuts */
    int busy_permille;               /* what the mean second has of what changes there */
    int trial_count;
    struct media_trial trials[MEDIA_MAX_TRIALS];
    int av1_saving_permille; /* of the bits that H.264 takes at equal quality; 0: it wasn't tried */

    int audio_count;
    struct media_audio audio[MEDIA_MAX_AUDIO]; /* the default track first */
    int text_count;
    struct media_text text[MEDIA_MAX_TEXT]; /* subtitles, in the container's order */
    int unused_streams; /* streams left out (data, covers, unknown codecs), for the lesson's events
                         */
    char unused_detail[128];
};

/* "speech" and so on; NULL for a number that is none. */
const char *media_sound_name(int sound);

/* Writes info as text into out (always NUL-terminated). Returns the length, or -1 if out is too
 * small. Pure. */
int media_info_format(const struct media_info *info, char *out, size_t out_bytes);
/* Reads such text. Returns 0, or -1 if it is malformed or a number is out of its range; *info is
 * then zeroed. Unknown keys are passed over (a newer worker). Pure. */
int media_info_parse(const char *text, size_t text_bytes, struct media_info *info);

#endif
