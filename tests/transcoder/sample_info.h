/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Findings of the probe that several tests use as input. */
#ifndef TESTS_TRANSCODER_SAMPLE_INFO_H
#define TESTS_TRANSCODER_SAMPLE_INFO_H

#include <string.h>

#include "transcoder/protocol/media_info.h"

#define US 1000000LL

/* A lesson with video and `audio` audio tracks. */
static inline struct media_info video_info(
    int width, int height, int fps_num, int fps_den, int64_t duration_us, int audio)
{
    struct media_info info = {
        .container = "mov,mp4",
        .title = "水稻 100% “好”\n",
        .duration_us = duration_us,
        .zero_us = -1234567,
        .seekable = true,
        .has_video = true,
        .video_codec = "h264",
        .coded_width = width,
        .coded_height = height,
        .sar_num = 1,
        .sar_den = 1,
        .fps_num = fps_num,
        .fps_den = fps_den,
        .video_start_us = 21000,
        .video_end_us = duration_us,
        .width = width,
        .height = height,
        .audio_count = audio,
    };
    for (int i = 0; i < audio; i++)
        info.audio[i] = (struct media_audio){.stream = i + 1,
            .codec = "aac",
            .language = "zh",
            .sample_rate = 44100,
            .channels = 2,
            .end_us = duration_us,
            .sound = MEDIA_SOUND_SPEECH,
            .speech_permille = 912,
            .loudness_lufs_x100 = -2345,
            .peak_dbtp_x100 = -67,
            .noise_dbfs_x100 = -5050,
            .silence_permille = 31};
    return info;
}

/* Adds two subtitle tracks. */
static inline void add_text(struct media_info *info)
{
    info->text_count = 2;
    info->text[0] = (struct media_text){.stream = 5, .codec = "ass", .language = "zh"};
    info->text[1] = (struct media_text){.stream = 7, .codec = "mov_text"};
}

static inline void add_trials(
    struct media_info *info, const struct media_trial *trials, size_t count)
{
    memcpy(info->trials, trials, count * sizeof(trials[0]));
    info->trial_count = (int)count;
}

/* The results of trial encodes of a lecture with slides: measured and rounded. */
static const struct media_trial slides_trials[] = {
    {720, 1, 26, 47800, 76000, 24700, 0},
    {720, 1, 38, 20000, 22300, 16500, 0},
    {720, 4, 26, 62000, 57400, 23900, 0},
    {720, 4, 38, 27800, 15100, 18500, 0},
    {360, 1, 26, 21200, 29000, 12100, 0},
    {360, 1, 38, 8600, 8700, 10400, 0},
    {360, 4, 26, 27100, 20500, 12200, 0},
    {360, 4, 38, 12400, 5300, 11100, 0},
};

#endif
