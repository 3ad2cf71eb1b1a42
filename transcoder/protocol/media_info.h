/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The findings of the probe about a source, and their text form: lines of "key value". The
 * catalog stores this text. */
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
/* Enough bytes for the text form of any media_info. */
#define MEDIA_INFO_TEXT_BYTES (128 * 1024)

/* The main content of an audio track. */
enum media_sound {
    MEDIA_SOUND_UNKNOWN = 0, /* the track could not be measured */
    MEDIA_SOUND_SILENCE = 1, /* all of it is below -70 LUFS */
    MEDIA_SOUND_SPEECH = 2,  /* at least half of the part that is not silent is speech */
    MEDIA_SOUND_OTHER = 3,   /* music or noise */
};

/* An audio track of the source. */
struct media_audio {
    int stream; /* index of the stream in the container */
    char codec[32];
    char language[12]; /* BCP 47; "": unknown */
    int sample_rate, channels;
    int64_t start_us; /* lesson time */
    int64_t end_us;   /* lesson time */
    /* The members below are measured over the whole track, converted to mono at 48 kHz. */
    enum media_sound sound;
    int speech_permille;
    int loudness_lufs_x100; /* integrated loudness (EBU R128); -7000: nothing is above the gate */
    int peak_dbtp_x100;     /* true peak, at least -12000 */
    int noise_dbfs_x100;    /* RMS above 150 Hz in the pauses; -12000: all of it is silent */
    int silence_permille;   /* share of the silent blocks, see transcoder/audio/meter.h */
};

/* A track of text subtitles in the source. */
struct media_text {
    int stream; /* index of the stream in the container */
    char codec[32];
    char language[12]; /* BCP 47; "": unknown */
};

/* The visible content. Segment lengths, frame rates and rungs depend on it. */
enum media_class {
    /* slides, screens, a blackboard: the picture stays the same for seconds and then changes */
    MEDIA_SLIDES = 0,
    MEDIA_HEAD = 1,   /* a still camera shows a person who speaks or demonstrates something */
    MEDIA_MOTION = 2, /* most of the picture moves */
};
/* Returns "slides", "head" or "motion", or NULL for any other number. Any thread. */
const char *media_class_name(int media_class);

/* A part of the lesson that is of one class. It lasts until the next stretch starts. */
struct media_stretch {
    int64_t start_us; /* lesson time */
    enum media_class media_class;
};

/* The result of trial encodes of representative excerpts, at one size, frame rate and CRF. */
struct media_trial {
    /* shorter side of the encoded picture; the longer one follows from the aspect ratio of the
     * source */
    int height;
    int divisor; /* 1: every frame of the grid was encoded; 2: every second frame; and so on */
    int crf;     /* CRF of x264 */
    int keyframe_bytes; /* mean size of the excerpts' first frames */
    int rate_bps;       /* bit rate of the other frames */
    /* -10 log10(1 - SSIM) of the luma, in thousandths of a decibel. It is measured at the size of
     * the source, or at a shorter side of 1080 if the source is larger. A frame that the lower
     * frame rate leaves out is compared with the frame that is shown instead. */
    int quality_mdb;
    int busy; /* 1: only the busiest excerpt of the lesson; 0: the mean of the other excerpts */
};

struct media_info {
    char container[64]; /* name of the format in FFmpeg */
    char title[256];    /* UTF-8, from the tags; "": none */
    /* Duration of the lesson: the latest end of the used streams, measured on the packets. */
    int64_t duration_us;
    /* The container's timestamp of lesson time 0: the earliest start of the used streams. */
    int64_t zero_us;
    /* false: the probe wrote a remuxed copy, which replaces the source from then on */
    bool seekable;
    bool salvaged;     /* the file is cut short; the lesson is made from the part that exists */
    int64_t stated_us; /* the duration that the container states; 0: unknown */

    bool has_video;
    int video_stream;
    char video_codec[32];
    int coded_width, coded_height;
    int sar_num, sar_den; /* sample aspect ratio; 1:1 if unknown */
    int rotation;         /* clockwise turn for display, in degrees: 0, 90, 180 or 270 */
    bool interlaced;
    int fps_num, fps_den; /* rate of the frame grid, 5 to 30.5 a second; usually the source's own */
    int64_t video_start_us, video_end_us; /* lesson time */
    int width, height; /* size as displayed: square pixels, turned upright, even numbers */

    /* The results of the content analysis. If no frame could be decoded, there are no stretches. */
    /* mean difference between successive frames in areas that stand still; 100: one luma step */
    int noise_x100;
    /* black bars at the edges of the displayed picture, in pixels of the coded frame */
    int bar_top, bar_bottom, bar_left, bar_right;
    int stretch_count;
    /* in rising order; the first starts at 0 */
    struct media_stretch stretches[MEDIA_MAX_STRETCHES];
    int cut_count;
    /* in rising order: the times at which another slide or scene begins */
    int64_t cuts_us[MEDIA_MAX_CUTS];
    /* start of the busiest part: most changes from second to second, cuts excluded */
    int64_t busy_us;
    /* change in the mean second, in thousandths of the change in the busiest second */
    int busy_permille;
    int trial_count;
    struct media_trial trials[MEDIA_MAX_TRIALS];
    /* share of H.264's bits that AV1 saves at equal quality; 0: AV1 was not tried */
    int av1_saving_permille;

    int audio_count;
    struct media_audio audio[MEDIA_MAX_AUDIO]; /* a default track comes before the others */
    int text_count;
    struct media_text text[MEDIA_MAX_TEXT]; /* in the order of the container */
    /* Number of video, audio and subtitle streams that the lesson does not use, such as further
     * video, tracks beyond the limits, subtitles that are pictures, and what cannot be decoded.
     * Data and cover images do not count. unused_detail lists the codecs of the unused streams. */
    int unused_streams;
    char unused_detail[128];
};

/* Returns the name of an enum media_sound, such as "speech"; NULL for any other number. */
const char *media_sound_name(int sound);

/*
 * Writes info as text to out, which then ends with NUL.
 * Returns the length in bytes, or -1 if out is too small. Pure.
 */
int media_info_format(const struct media_info *info, char *out, size_t out_bytes);
/*
 * Reads the text form. Ignores unknown keys, because a newer worker may have written them.
 * Returns 0; or -1 if the text is malformed or inconsistent, or if a number is out of its range,
 * and then *info is zeroed. Pure.
 */
int media_info_parse(const char *text, size_t text_bytes, struct media_info *info);

#endif
