/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/probe/av1_trial.h"

#include <math.h>
#include <stdlib.h>

#include "transcoder/plan/planner.h"
#include "transcoder/probe/trial_encode.h"
#include "transcoder/worker/parallel.h"

/* The bytes of the keyframe are spread over a segment of this length. Segments of slides last up to
 * 20 s. */
#define SEGMENT_S 16.0
/* The CRFs of the two x264 encodes. Interpolation between them gives the bytes of x264 at the
 * quality of AV1. */
#define FINE_CRF 30
#define COARSE_CRF 40

/* The three encodes, with the slowest first. */
enum way { WAY_AV1, WAY_FINE, WAY_COARSE, WAYS };

struct av1_trial {
    struct excerpt_copy copy;
    struct trial_encode_params ways[WAYS];
    struct trial_encode encodes[WAYS];
    int errors[WAYS];
};

/* Finds the lowest AV1 rendition, as planned for a saving that is just enough. Returns false if
 * there is none. */
static bool find_rendition(const struct media_info *info, int *divisor, struct rendition *out)
{
    static const struct plan_options options;
    struct media_info *supposed = malloc(sizeof(*supposed));
    struct plan *plan = malloc(sizeof(*plan));
    bool found = false;
    if (supposed && plan) {
        *supposed = *info;
        supposed->av1_saving_permille = PLAN_AV1_MIN_SAVING_PERMILLE;
        size_t count = plan_make(supposed, &options, plan) < 0 ? 0 : plan->rendition_count;
        for (size_t i = 0; i < count && !found; i++)
            if (plan->renditions[i].video_codec == VIDEO_AV1) {
                *out = plan->renditions[i];
                *divisor = plan_divisor(plan, out);
                found = true;
            }
    }
    free(plan);
    free(supposed);
    return found;
}

static void run_way(void *context, int way)
{
    struct av1_trial *t = context;
    t->errors[way] = trial_encode_run(&t->encodes[way], &t->copy, &t->ways[way]);
}

static int run_encodes(struct av1_trial *t, const struct excerpt *excerpt, int threads,
    const struct rendition *rendition)
{
    int error = excerpt_copy_open(&t->copy, excerpt, rendition->width, rendition->height);
    if (error >= 0)
        error = excerpt_copy_scale(&t->copy);
    if (error >= 0)
        parallel_run(threads, WAYS, run_way, t);
    for (int way = 0; way < WAYS && error >= 0; way++)
        error = t->errors[way];
    return error;
}

/* ---- the result ---- */

struct outcome {
    double rate_bps, quality_db;
};

static struct outcome outcome(const struct trial_encode *encode)
{
    double dssim = encode->dssim < 1e-6 ? 1e-6 : encode->dssim;
    return (struct outcome){
        encode->keyframe_bytes * 8 / SEGMENT_S + encode->rest_bps, -10 * log10(dssim)};
}

/* Returns the saving of AV1. The bit rate of H.264 at AV1's quality is interpolated from the two
 * x264 encodes, because the logarithm of the bit rate is nearly linear in the quality. */
static int saving_permille(const struct trial_encode encodes[WAYS])
{
    struct outcome fine = outcome(&encodes[WAY_FINE]), coarse = outcome(&encodes[WAY_COARSE]);
    struct outcome av1 = outcome(&encodes[WAY_AV1]);
    double step_db = fine.quality_db - coarse.quality_db;
    if (step_db < 0.1 || coarse.rate_bps <= 0 || fine.rate_bps <= 0)
        return 0;
    double share = (av1.quality_db - coarse.quality_db) / step_db;
    share = share < -0.5 ? -0.5 : share > 1.5 ? 1.5 : share;
    double equal_bps = coarse.rate_bps * pow(fine.rate_bps / coarse.rate_bps, share);
    double saving = 1000 * (1 - av1.rate_bps / equal_bps);
    return (int)(saving < -1000 ? -1000 : saving > 900 ? 900 : saving);
}

int av1_trial_run(
    const struct excerpt *excerpt, int threads, struct media_info *info, struct failure *failure)
{
    struct rendition rendition;
    int divisor;
    if (!find_rendition(info, &divisor, &rendition))
        return 0;
    struct av1_trial t = {
        .ways = {[WAY_AV1] = {divisor, rendition.crf_x10 / 10, VIDEO_AV1, PLAN_AV1_PRESET},
            [WAY_FINE] = {divisor, FINE_CRF, VIDEO_H264, "medium"},
            [WAY_COARSE] = {divisor, COARSE_CRF, VIDEO_H264, "medium"}},
    };
    int error = run_encodes(&t, excerpt, threads, &rendition);
    if (error >= 0)
        info->av1_saving_permille = saving_permille(t.encodes);
    excerpt_copy_clear(&t.copy);
    return error < 0 ? failure_from_av(failure, error, REASON_INTERNAL, "trial of AV1") : 0;
}
