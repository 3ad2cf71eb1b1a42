/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A few seconds of a lesson's pictures, kept in memory to be encoded in several ways. */
#ifndef TRANSCODER_PROBE_EXCERPT_H
#define TRANSCODER_PROBE_EXCERPT_H

#include "transcoder/video/source.h"

#define PLACE_DIVISORS 2

struct place_params {
    int width, height;            /* at which pictures are compared */
    AVRational rate;              /* of the grid */
    int64_t first_frame;          /* of the grid */
    int frame_count;              /* of the grid, from it on */
    int compared_step;            /* of so many frames one is compared; has no divisor in common
                                     with `divisors`, so that held pictures come in too; > 3 */
    int divisors[PLACE_DIVISORS]; /* every which frames may be encoded; 0: no second way */
};

struct place {
    struct place_params params;
    struct source_colours colours;
    AVFrame **frames; /* of the grid; NULL where neither encoded nor compared */
};

/* Reads a place's pictures from the source fd (the caller's). 1: they are there; 0: they can't be
 * had; -1: out of memory, failure set. Whatever it returns, *out is the caller's (place_clear). */
int place_read(struct place *out, int fd, const struct media_info *info,
    const struct place_params *params, struct failure *failure);
void place_clear(struct place *place);

/* Whether frame n is compared. */
bool place_compares(const struct place *place, int n);
/* How unlike the source (1 - SSIM of the luma) a picture is at frame n; it may have any size.
 * Negative: an AVERROR. */
struct scaler;
double place_unlike(
    const struct place *place, int n, const AVFrame *shown, struct scaler *luma_scaler);
/* The scaler for it. 0 or a negative AVERROR. */
int place_luma_scaler(const struct place *place, struct scaler **out);
/* How unlike the pictures are that are held for `divisor` frames, unencoded: the mean over what is
 * compared. Negative: an AVERROR. */
double place_unlike_held(const struct place *place, int divisor);

/* A place's pictures at another size, or at its own. */
struct place_copy {
    const struct place *place;
    struct scaler *scaler;
    int width, height;
    AVFrame **frames; /* NULL where not scaled yet */
};

/* 0 or a negative AVERROR. Whatever it returns, *out is the caller's (place_copy_clear). */
int place_copy_open(struct place_copy *out, const struct place *place, int width, int height);
void place_copy_clear(struct place_copy *copy);
/* Fills in what will be encoded. 0 or a negative AVERROR. */
int place_copy_scale(struct place_copy *copy);
/* How unlike they are, scaled back: the mean over half of what is compared. Negative: an AVERROR.
 */
double place_copy_unlike(struct place_copy *copy);

#endif
