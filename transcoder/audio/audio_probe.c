/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/audio/audio_probe.h"

#include "transcoder/audio/meter.h"
#include "transcoder/audio/source_pcm.h"
#include "transcoder/audio/speech.h"

#define READ_SAMPLES 4800

struct measurement {
    struct source_pcm *source;
    struct meter *meter;
    struct speech speech;
    AVFrame *frame;
};

/* Measures some samples. Returns 1; 0: the track ends here, perhaps because of damage; -1: the
 * node is gone. */
static int measure_some(
    struct measurement *m, int permille, struct report *report, struct failure *failure)
{
    struct failure ignored;
    if (source_pcm_read(m->source, READ_SAMPLES, m->frame, &ignored) <= 0)
        return 0;
    const float *samples = (const float *)m->frame->extended_data[0];
    meter_add(m->meter, samples, m->frame->nb_samples);
    speech_add(&m->speech, samples, (size_t)m->frame->nb_samples);
    int result = report_progress(report, permille, failure);
    av_frame_unref(m->frame);
    return result < 0 ? -1 : 1;
}

static void set_results(struct measurement *m, struct media_audio *audio)
{
    struct meter_reading reading = meter_read(m->meter);
    int permille = speech_permille(&m->speech);
    audio->loudness_lufs_x100 = reading.loudness_lufs_x100;
    audio->peak_dbtp_x100 = reading.peak_dbtp_x100;
    audio->noise_dbfs_x100 = speech_noise_dbfs_x100(&m->speech);
    audio->silence_permille = reading.silence_permille;
    audio->speech_permille = permille > 0 ? permille : 0;
    if (reading.loudness_lufs_x100 <= METER_NOTHING_LUFS_X100)
        audio->sound = MEDIA_SOUND_SILENCE;
    else
        audio->sound = permille >= 500 ? MEDIA_SOUND_SPEECH : MEDIA_SOUND_OTHER;
}

int audio_probe_run(int fd, struct media_info *info, int track, int permille, struct report *report,
    struct failure *failure)
{
    struct measurement m = {.frame = av_frame_alloc()};
    struct failure ignored;
    int more = m.frame && source_pcm_open(&m.source, fd, info, track, 1, &ignored) == 0 &&
               meter_open(&m.meter, AUDIO_RATE_HZ, &ignored) == 0;
    bool opened = more > 0;
    while (more > 0)
        more = measure_some(&m, permille, report, failure);
    if (opened && more == 0)
        set_results(&m, &info->audio[track]);
    av_frame_free(&m.frame);
    meter_close(&m.meter);
    source_pcm_close(&m.source);
    return more;
}
