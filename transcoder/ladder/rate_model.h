/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a segment will take at a CRF: what the probe's trials make expect, corrected by how the
 * segments before it turned out. Keyframe and the pictures after it are corrected each for itself:
 * slides differ in how much text is on them, lessons in how much moves. Pure arithmetic; one thread
 * at a time.
 */
#ifndef TRANSCODER_LADDER_RATE_MODEL_H
#define TRANSCODER_LADDER_RATE_MODEL_H
#include "transcoder/plan/plan.h"

struct rate_model {
    const struct media_info *info; /* the caller's, as is the rendition; both outlive the model */
    const struct rendition *rendition;
    double keyframe_bias, rest_bias; /* log2 of what was taken over what was expected */
};

/* Expected bytes, without the container's. */
double rate_model_keyframe_bytes(const struct rate_model *model, double crf);
double rate_model_rest_bytes(const struct rate_model *model, double crf, double seconds);

/* Takes in what a segment took, encoded at that CRF in the mean. */
void rate_model_learn(struct rate_model *model, double crf, int64_t keyframe_bytes,
    int64_t rest_bytes, double seconds);

/* What is to fit, in bytes without the container's. */
struct rate_budget {
    double bytes;    /* for all of it */
    double keyframe; /* times what the model expects of a keyframe; 0: none is left to do */
    double rest;     /* times what it expects of the rest */
    double seconds;  /* of the rest */
    int finest_x10, last_x10; /* CRFs to choose from */
};
/* The finest CRF, in tenths, at which the budget is expected to hold; last_x10 if none is. */
int rate_model_crf_x10(const struct rate_model *model, const struct rate_budget *budget);

#endif
