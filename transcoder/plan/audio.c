/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/plan/audio.h"

#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The loudness to which lessons are brought. The gain is at most 20 dB, so very quiet audio stays
 * below. Such audio was not meant to be heard, and more gain would make its noise audible. */
#define TARGET_LUFS_X100 (-1600)
#define MAX_GAIN_DB_X100 2000
/* Below this loudness a track contains only noise, and its level stays as it is. */
#define NEAR_SILENCE_LUFS_X100 (-5000)

/*
 * Noise reduction applies if the noise is less than 27 dB below the speech. With speech at about 65
 * dB in a classroom such noise is louder than the 35 to 40 dB of the room itself (ANSI S12.60), and
 * it costs bits that the words need. The reduction aims at 30 dB below the speech. It is at most 12
 * dB, which leaves voices unchanged. If the pauses are hardly quieter than the words, they contain
 * music rather than noise, and nothing is reduced.
 */
#define NOISY_DB 27
#define CLEAN_DB 30
#define NO_PAUSES_DB 8
#define MAX_REDUCTION_DB 12

/* The cost of the container: a moof and an mdat box every two seconds, and a trun entry for each
 * packet, as libavformat writes them (measured). FRAGMENT_BPS has a fifth more than measured,
 * because short segments end with short fragments. */
#define FRAGMENT_BPS 540
#define PACKET_BITS 32

/* AAC comes first, because a player that supports only AAC takes the first group. */
static const struct {
    char letter;
    enum audio_codec_id codec;
    int64_t cap_bps;
    int sample_rate, frame_samples;
} groups[] = {
    {'a', AUDIO_AAC, PLAN_AUDIO_CAP_BPS, 32000, 1024},
    {'o', AUDIO_OPUS, 20000, 48000, 2880},
};

int64_t plan_audio_overhead_bps(int sample_rate, int frame_samples)
{
    return FRAGMENT_BPS + (int64_t)PACKET_BITS * sample_rate / frame_samples;
}

static void set_level(struct rendition *r, const struct media_audio *audio)
{
    r->speech = audio->sound == MEDIA_SOUND_SPEECH;
    if (audio->sound == MEDIA_SOUND_UNKNOWN || audio->sound == MEDIA_SOUND_SILENCE ||
        audio->loudness_lufs_x100 < NEAR_SILENCE_LUFS_X100)
        return;
    int gain = TARGET_LUFS_X100 - audio->loudness_lufs_x100;
    r->gain_db_x100 = gain < MAX_GAIN_DB_X100 ? gain : MAX_GAIN_DB_X100;
    r->target_lufs_x100 = audio->loudness_lufs_x100 + r->gain_db_x100;
    int distance_db = (audio->loudness_lufs_x100 - audio->noise_dbfs_x100) / 100;
    if (!r->speech || distance_db >= NOISY_DB || distance_db < NO_PAUSES_DB)
        return;
    int reduction_db = CLEAN_DB - distance_db;
    r->noise_reduction_db = reduction_db < MAX_REDUCTION_DB ? reduction_db : MAX_REDUCTION_DB;
    r->noise_dbfs = audio->noise_dbfs_x100 / 100;
}

static void add(struct plan *plan, const struct media_info *info, size_t group, int track)
{
    struct rendition *r = &plan->renditions[plan->rendition_count++];
    *r = (struct rendition){
        .kind = RENDITION_AUDIO,
        .cap_bps = groups[group].cap_bps,
        .timescale = groups[group].sample_rate,
        .audio_codec = groups[group].codec,
        .source_audio = track,
        .channels = 1,
        .sample_rate = groups[group].sample_rate,
    };
    r->bitrate_bps =
        (r->cap_bps - plan_audio_overhead_bps(r->sample_rate, groups[group].frame_samples)) * 98 /
        100;
    memcpy(r->language, info->audio[track].language, sizeof(r->language));
    set_level(r, &info->audio[track]);
    int used =
        snprintf(r->name, sizeof(r->name), "%c%d", groups[group].letter, (int)(r->cap_bps / 1000));
    if (track > 0)
        snprintf(r->name + used, sizeof(r->name) - (size_t)used, "-%d", track + 1);
}

void plan_audio(struct plan *plan, const struct media_info *info)
{
    for (size_t group = 0; group < COUNT(groups); group++)
        for (int i = 0; i < info->audio_count && plan->rendition_count < PLAN_MAX_RENDITIONS; i++)
            add(plan, info, group, i);
}
