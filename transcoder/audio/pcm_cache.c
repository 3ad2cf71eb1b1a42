/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/audio/pcm_cache.h"

#include <libavutil/mem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "transcoder/audio/filter_graph.h"
#include "transcoder/audio/source_pcm.h"

#define READ_SAMPLES 4800
/* The delay of the filter afftdn at 48 kHz. It does not return the last samples at the end. */
#define DENOISE_DELAY_SAMPLES 1200

struct pcm_cache {
    struct pcm_cache_params params;
    int64_t max_samples;
    float *samples; /* NULL: the track is decoded each time */
    int64_t count;
};

struct pcm_reader {
    const struct pcm_cache *pcm;
    int64_t at; /* position in memory */
    struct source_pcm *source;
    struct filter_graph *denoise; /* NULL: no noise reduction */
    AVFrame *read, *ready;        /* ready holds samples from `used` on */
    int used;
    bool ended;
};

static int clamp(int value, int min, int max)
{
    return value < min ? min : value > max ? max : value;
}

static int open_denoise(struct pcm_reader *r, struct failure *failure)
{
    const struct rendition *rendition = r->pcm->params.rendition;
    if (rendition->noise_reduction_db <= 0)
        return 0;
    char chain[160];
    /* The noise floor is measured as RMS, but the filter expects a value 3 dB higher. Measured:
     * 3 dB lower removes half as much noise; a higher value removes no more. */
    snprintf(chain, sizeof(chain),
        "apad=pad_len=%d,afftdn=nr=%d:nf=%d,atrim=start_sample=%d,asetpts=N/SR/TB",
        DENOISE_DELAY_SAMPLES, clamp(rendition->noise_reduction_db, 1, 24),
        clamp(rendition->noise_dbfs + 3, -80, -20), DENOISE_DELAY_SAMPLES);
    return filter_graph_open(&r->denoise, AUDIO_RATE_HZ, chain, failure);
}

static int open_source(struct pcm_reader *r, struct failure *failure)
{
    const struct pcm_cache_params *p = &r->pcm->params;
    r->read = av_frame_alloc();
    r->ready = av_frame_alloc();
    if (!r->read || !r->ready)
        return failure_set(failure, REASON_OUT_OF_MEMORY, "sound");
    if (source_pcm_open(&r->source, p->source_fd, p->info, p->rendition->source_audio, 1, failure) <
        0)
        return -1;
    return open_denoise(r, failure);
}

int pcm_reader_open(struct pcm_reader **out, const struct pcm_cache *pcm, struct failure *failure)
{
    struct pcm_reader *r = *out = calloc(1, sizeof(*r));
    if (!r)
        return failure_set(failure, REASON_OUT_OF_MEMORY, "sound");
    r->pcm = pcm;
    if (pcm->samples || open_source(r, failure) == 0)
        return 0;
    pcm_reader_close(out);
    return -1;
}

void pcm_reader_close(struct pcm_reader **reader)
{
    if (!*reader)
        return;
    filter_graph_close(&(*reader)->denoise);
    source_pcm_close(&(*reader)->source);
    av_frame_free(&(*reader)->read);
    av_frame_free(&(*reader)->ready);
    free(*reader);
    *reader = NULL;
}

/* Takes the samples that are ready. Returns as filter_graph_pull() does. */
static int take_ready(struct pcm_reader *r, struct failure *failure)
{
    if (r->denoise)
        return filter_graph_pull(r->denoise, r->ready, failure);
    if (r->read->nb_samples == 0)
        return 0;
    av_frame_move_ref(r->ready, r->read);
    return 1;
}

/* Decodes more samples, and pushes them through the noise reduction if there is one. */
static int decode_more(struct pcm_reader *r, struct failure *failure)
{
    int more = source_pcm_read(r->source, READ_SAMPLES, r->read, failure);
    r->ended = more == 0;
    if (more < 0 || !r->denoise)
        return more;
    int result = filter_graph_push(r->denoise, more > 0 ? r->read : NULL, failure);
    av_frame_unref(r->read);
    return result;
}

/* Fills r->ready. Returns 1; 0 at the end; -1 with failure set. */
static int refill(struct pcm_reader *r, struct failure *failure)
{
    av_frame_unref(r->ready);
    r->used = 0;
    int got;
    while ((got = take_ready(r, failure)) == 0 && !r->ended)
        if (decode_more(r, failure) < 0)
            return -1;
    return got;
}

static int read_decoded(struct pcm_reader *r, float *out, int room, struct failure *failure)
{
    if (r->used == r->ready->nb_samples) {
        int got = refill(r, failure);
        if (got <= 0)
            return got;
    }
    int left = r->ready->nb_samples - r->used, count = left < room ? left : room;
    memcpy(out, (const float *)r->ready->extended_data[0] + r->used, (size_t)count * sizeof(float));
    r->used += count;
    return count;
}

int pcm_reader_read(struct pcm_reader *r, float *out, int room, struct failure *failure)
{
    if (!r->pcm->samples)
        return read_decoded(r, out, room, failure);
    int64_t left = r->pcm->count - r->at;
    int count = left < room ? (int)left : room;
    memcpy(out, r->pcm->samples + r->at, (size_t)count * sizeof(float));
    r->at += count;
    return count;
}

/* Decodes the whole track into memory. */
static int fill(struct pcm_cache *pcm, struct failure *failure)
{
    struct pcm_reader *reader;
    if (pcm_reader_open(&reader, pcm, failure) < 0)
        return -1;
    float *samples = malloc((size_t)(pcm->max_samples + 1) * sizeof(float));
    int got = samples ? 1 : failure_set(failure, REASON_OUT_OF_MEMORY, "sound");
    while (samples && got > 0 && pcm->count < pcm->max_samples) {
        int64_t left = pcm->max_samples - pcm->count;
        got = pcm_reader_read(
            reader, samples + pcm->count, left < READ_SAMPLES ? (int)left : READ_SAMPLES, failure);
        pcm->count += got > 0 ? got : 0;
    }
    pcm_reader_close(&reader);
    if (got < 0)
        free(samples);
    else
        pcm->samples = samples;
    return got < 0 ? -1 : 0;
}

int pcm_cache_open(
    struct pcm_cache **out, const struct pcm_cache_params *params, struct failure *failure)
{
    struct pcm_cache *pcm = *out = calloc(1, sizeof(*pcm));
    if (!pcm)
        return failure_set(failure, REASON_OUT_OF_MEMORY, "sound");
    pcm->params = *params;
    int64_t first = source_pcm_start_sample(params->info, params->rendition->source_audio);
    int64_t end = av_rescale(params->info->duration_us, AUDIO_RATE_HZ, 1000000);
    pcm->max_samples = end > first ? end - first : 0;
    int64_t max_bytes = params->max_bytes ? params->max_bytes : PCM_CACHE_MAX_BYTES;
    if (pcm->max_samples * (int64_t)sizeof(float) > max_bytes || fill(pcm, failure) == 0)
        return 0;
    pcm_cache_close(out);
    return -1;
}

void pcm_cache_close(struct pcm_cache **pcm)
{
    if (!*pcm)
        return;
    free((*pcm)->samples);
    free(*pcm);
    *pcm = NULL;
}

int64_t pcm_cache_samples(const struct pcm_cache *pcm)
{
    return pcm->samples ? pcm->count : pcm->max_samples;
}
