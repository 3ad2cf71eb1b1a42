/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/audio/level.h"

#include <libavutil/audio_fifo.h>
#include <libavutil/channel_layout.h>
#include <libavutil/mem.h>
#include <libswresample/swresample.h>

#include "transcoder/audio/source_pcm.h"

#define BLOCK_SAMPLES 4800

struct loudness {
    struct limiter *limiter;
    SwrContext *swr; /* NULL: the rate stays the same */
    AVAudioFifo *fifo;
    int rate_hz, frame_samples;
    bool ended;
    float limited[BLOCK_SAMPLES], resampled[2 * BLOCK_SAMPLES];
};

static int put(struct loudness *l, float *samples, int count)
{
    return av_audio_fifo_write(l->fifo, (void *[]){samples}, count) < count ? AVERROR(ENOMEM) : 0;
}

static int open_resampler(struct loudness *l)
{
    AVChannelLayout mono = AV_CHANNEL_LAYOUT_MONO;
    int error = swr_alloc_set_opts2(&l->swr, &mono, AV_SAMPLE_FMT_FLTP, l->rate_hz, &mono,
        AV_SAMPLE_FMT_FLTP, AUDIO_RATE_HZ, 0, NULL);
    return error < 0 ? error : swr_init(l->swr);
}

static int put_lead(struct loudness *l, int samples)
{
    int error = 0;
    for (int block; error >= 0 && samples > 0; samples -= block) {
        block = samples < BLOCK_SAMPLES ? samples : BLOCK_SAMPLES;
        error = put(l, l->limited, block);
    }
    return error;
}

int loudness_open(
    struct loudness **out, const struct loudness_params *params, struct failure *failure)
{
    struct loudness *l = *out = av_mallocz(sizeof(*l));
    int error = l && limiter_open(&l->limiter, &params->level) == 0 ? 0 : AVERROR(ENOMEM);
    if (error >= 0) {
        l->rate_hz = params->rate_hz;
        l->frame_samples = params->frame_samples;
        l->fifo = av_audio_fifo_alloc(AV_SAMPLE_FMT_FLTP, 1, 2 * BLOCK_SAMPLES);
        error = !l->fifo                           ? AVERROR(ENOMEM)
                : params->rate_hz != AUDIO_RATE_HZ ? open_resampler(l)
                                                   : 0;
    }
    if (error >= 0)
        error = put_lead(l, params->lead_samples);
    if (error >= 0)
        return 0;
    loudness_close(out);
    return failure_from_av(failure, error, REASON_INTERNAL, "levelling");
}

void loudness_close(struct loudness **loudness)
{
    if (!*loudness)
        return;
    limiter_close(&(*loudness)->limiter);
    swr_free(&(*loudness)->swr);
    av_audio_fifo_free((*loudness)->fifo);
    av_freep(loudness);
}

/* Resamples the samples into the fifo. samples NULL: takes the samples that the resampler still
 * holds. */
static int put_resampled(struct loudness *l, const float *samples, int count)
{
    if (!l->swr)
        return samples ? put(l, l->limited, count) : 0;
    const uint8_t *in = (const uint8_t *)samples;
    uint8_t *out = (uint8_t *)l->resampled;
    int got = swr_convert(l->swr, &out, 2 * BLOCK_SAMPLES, samples ? &in : NULL, count);
    return got < 0 ? got : put(l, l->resampled, got);
}

int loudness_push(struct loudness *l, const float *samples, int count, struct failure *failure)
{
    int error = 0;
    for (int used = 0; samples && error >= 0 && used < count;) {
        int block = count - used < BLOCK_SAMPLES ? count - used : BLOCK_SAMPLES;
        int got = limiter_run(l->limiter, samples + used, block, l->limited);
        error = put_resampled(l, l->limited, got);
        used += block;
    }
    if (!samples) {
        error = put_resampled(l, l->limited, limiter_run(l->limiter, NULL, 0, l->limited));
        if (error >= 0)
            error = put_resampled(l, NULL, 0);
        l->ended = true;
    }
    return error < 0 ? failure_from_av(failure, error, REASON_INTERNAL, "levelling") : 0;
}

int loudness_pull(struct loudness *l, AVFrame *frame, struct failure *failure)
{
    int ready = av_audio_fifo_size(l->fifo);
    if (ready == 0 || (ready < l->frame_samples && !l->ended))
        return 0;
    frame->format = AV_SAMPLE_FMT_FLTP;
    frame->sample_rate = l->rate_hz;
    frame->nb_samples = ready < l->frame_samples ? ready : l->frame_samples;
    av_channel_layout_default(&frame->ch_layout, 1);
    int error = av_frame_get_buffer(frame, 0);
    if (error >= 0)
        error = av_audio_fifo_read(l->fifo, (void **)frame->extended_data, frame->nb_samples);
    return error < 0 ? failure_from_av(failure, error, REASON_INTERNAL, "levelling") : 1;
}
