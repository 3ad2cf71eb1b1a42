/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Predicts the bytes of a segment at a CRF. The prediction starts from the trial encodes of the
 * probe and is corrected by the results of earlier segments. Keyframes and other frames are
 * corrected separately: slides differ in the amount of text, and lessons differ in the amount of
 * motion.
 * Pure arithmetic; one thread at a time.
 */
#ifndef TRANSCODER_LADDER_RATE_MODEL_H
#define TRANSCODER_LADDER_RATE_MODEL_H

#include "transcoder/plan/plan.h"

struct rate_model {
    /* the caller's, like the rendition; both must outlive the model */
    const struct media_info *info;
    const struct rendition *rendition;
    double keyframe_bias, rest_bias; /* log2 of actual bytes over predicted bytes */
};

/* Return the predicted bytes of a keyframe, or of `seconds` of the frames after it, without the
 * container. */
double rate_model_keyframe_bytes(const struct rate_model *model, double crf);
double rate_model_rest_bytes(const struct rate_model *model, double crf, double seconds);

/* Corrects the model by an encoded segment. crf: its mean CRF. */
void rate_model_learn(struct rate_model *model, double crf, int64_t keyframe_bytes,
    int64_t rest_bytes, double seconds);

/* A budget that must hold, in bytes without the container. It is for a whole segment, or for those
 * of its frames that are still to be encoded. */
struct rate_budget {
    double bytes;    /* bytes for the frames that are still to be encoded */
    double keyframe; /* factor for the predicted keyframe; 0: the keyframe is done already */
    double rest;     /* factor for the predicted bytes of the other frames */
    double seconds;  /* duration of the other frames */
    int finest_x10, last_x10; /* range of the CRF */
};
/* Tries CRFs in steps of 0.5. Returns the finest one, in tenths, at which the budget is predicted
 * to hold; last_x10 if there is none. */
int rate_model_crf_x10(const struct rate_model *model, const struct rate_budget *budget);

#endif
