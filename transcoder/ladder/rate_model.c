/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/ladder/rate_model.h"

#include <math.h>

#define STEP_X10 5

static struct plan_expectation expect(const struct rate_model *model, double crf)
{
    return plan_expect(model->info, model->rendition, crf);
}

double rate_model_keyframe_bytes(const struct rate_model *model, double crf)
{
    return expect(model, crf).keyframe_bytes * exp2(model->keyframe_bias);
}

double rate_model_rest_bytes(const struct rate_model *model, double crf, double seconds)
{
    return expect(model, crf).rest_bps * seconds / 8 * exp2(model->rest_bias);
}

/* Moves the correction only halfway to the observed value, because a single segment may be
 * unusual. */
static void adapt(double *bias, double seen_bytes, double expected_bytes)
{
    *bias += log2((seen_bytes + 1) / (expected_bytes + 1)) / 2;
}

void rate_model_learn(struct rate_model *model, double crf, int64_t keyframe_bytes,
    int64_t rest_bytes, double seconds)
{
    adapt(&model->keyframe_bias, (double)keyframe_bytes, rate_model_keyframe_bytes(model, crf));
    adapt(&model->rest_bias, (double)rest_bytes, rate_model_rest_bytes(model, crf, seconds));
}

int rate_model_crf_x10(const struct rate_model *model, const struct rate_budget *budget)
{
    int crf = budget->finest_x10;
    while (crf < budget->last_x10 &&
           budget->keyframe * rate_model_keyframe_bytes(model, crf / 10.0) +
                   budget->rest * rate_model_rest_bytes(model, crf / 10.0, budget->seconds) >
               budget->bytes)
        crf += STEP_X10;
    return crf < budget->last_x10 ? crf : budget->last_x10;
}
