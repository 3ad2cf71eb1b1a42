/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Makes test encodes of an audio rendition until one fits: the decoded audio has the planned
 * loudness, no peak above -1 dBTP, and a bit rate below the cap. The first test encodes use
 * excerpts, so that the first one of the whole track nearly always fits. If none fits, the nearest
 * one is taken. It may have another loudness, a higher peak or a higher bit rate. The same source
 * and plan give the same bytes. */
#ifndef TRANSCODER_AUDIO_FIT_H
#define TRANSCODER_AUDIO_FIT_H

#include "transcoder/audio/pcm_cache.h"
#include "transcoder/audio/test_encode.h"
#include "transcoder/plan/plan.h"

struct fitted_audio {
    struct audio_packets packets;
    AVCodecContext *encoder; /* gives the parameters of the stream */
};
/* Frees the packets and the encoder. */
void fitted_audio_clear(struct fitted_audio *made);

/* The source of the renditions. All members are the caller's. */
struct fit_params {
    const struct media_info *info;
    const struct plan *plan;
    const struct pcm_cache *pcm;
    /* Called with the progress of a test encode of the whole track. Returns 0; or -1 with
     * failure set, which ends the test encode. */
    int (*on_progress)(void *context, int permille, struct failure *failure);
    void *context;
};

/* Makes a rendition. *made must be zeroed before, and is the caller's in any case, for
 * fitted_audio_clear(). Returns 0, or -1 with failure set. */
int fit_rendition(const struct fit_params *job, const struct rendition *rendition,
    struct fitted_audio *made, struct failure *failure);

/* Returns the lesson time of the rendition's first sample, in samples of its own rate. */
int64_t audio_first_sample(const struct media_info *info, const struct rendition *rendition);
/* Returns the index of the packet with which a segment begins: its start is nearest to the
 * boundary. For a segment past the last, the result is larger than any index. */
int64_t audio_segment_packet(const struct plan *plan, const struct rendition *rendition,
    int frame_samples, int64_t first_sample, int64_t segment);

#endif
