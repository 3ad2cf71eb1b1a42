/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The attempts at a rendition of sound, until what players hear is as loud as all lessons are, has
 * no peak over -1 dBTP and fits under its cap. First at excerpts, so that the first attempt at the
 * whole is nearly always the last. Where none of them fits, the one that comes nearest is taken:
 * that may be quieter, or have a peak over the bound. The same source and plan give the same bytes.
 */
#ifndef TRANSCODER_AUDIO_FIT_H
#define TRANSCODER_AUDIO_FIT_H
#include "transcoder/audio/pcm_cache.h"
#include "transcoder/audio/test_encode.h"
#include "transcoder/plan/plan.h"

struct fitted_audio {
    struct audio_packets packets;
    AVCodecContext *encoder; /* for its parameters */
};
void fitted_audio_clear(struct fitted_audio *made);

/* What renditions are made of. All the caller's. */
struct fit_params {
    const struct media_info *info;
    const struct plan *plan;
    const struct pcm_cache *pcm;
    /* How much of an attempt at the whole is done. -1: failure set, and it is broken off. */
    int (*on_progress)(void *context, int permille, struct failure *failure);
    void *context;
};

/* Makes a rendition. *made (zeroed before) is the caller's in any case: fitted_audio_clear(). 0, or
 * -1: failure set. */
int fit_rendition(const struct fit_params *job, const struct rendition *rendition,
    struct fitted_audio *made, struct failure *failure);

/* The lesson time of the rendition's first sample, in samples of its own rate. */
int64_t audio_first_sample(const struct media_info *info, const struct rendition *rendition);
/* The packet that a segment begins with: the one whose start is nearest to its boundary. Past the
 * last segment: one past the last packet. */
int64_t audio_segment_packet(const struct plan *plan, const struct rendition *rendition,
    int frame_samples, int64_t first_sample, int64_t segment);

#endif
