/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A few seconds of a lesson's pictures, kept in memory to be encoded in several ways. */
#ifndef TRANSCODER_PROBE_EXCERPT_H
#define TRANSCODER_PROBE_EXCERPT_H
#include "transcoder/video/source.h"

#define EXCERPT_DIVISORS 2

struct excerpt_params {
    int width, height;              /* at which pictures are compared */
    AVRational rate;                /* of the grid */
    int64_t first_frame;            /* of the grid */
    int frame_count;                /* of the grid, from it on */
    int compared_step;              /* of so many frames one is compared; has no divisor in common
                                     with `divisors`, so that held pictures come in too; > 3 */
    int divisors[EXCERPT_DIVISORS]; /* every which frames may be encoded; 0: no second way */
};

struct excerpt {
    struct excerpt_params params;
    struct source_colours colours;
    AVFrame **frames; /* of the grid; NULL where neither encoded nor compared */
};

/* Reads a excerpt's pictures from the source fd (the caller's). 1: they are there; 0: they can't be
 * had; -1: out of memory, failure set. Whatever it returns, *out is the caller's (excerpt_clear). */
int excerpt_read(struct excerpt *out, int fd, const struct media_info *info,
    const struct excerpt_params *params, struct failure *failure);
void excerpt_clear(struct excerpt *excerpt);

/* Whether frame n is compared. */
bool excerpt_compares(const struct excerpt *excerpt, int n);
/* How dssim the source (1 - SSIM of the luma) a picture is at frame n; it may have any size.
 * Negative: an AVERROR. */
struct scaler;
double excerpt_dssim(
    const struct excerpt *excerpt, int n, const AVFrame *shown, struct scaler *luma_scaler);
/* The scaler for it. 0 or a negative AVERROR. */
int excerpt_luma_scaler(const struct excerpt *excerpt, struct scaler **out);
/* How dssim the pictures are that are held for `divisor` frames, unencoded: the mean over what is
 * compared. Negative: an AVERROR. */
double excerpt_dssim_held(const struct excerpt *excerpt, int divisor);

/* A excerpt's pictures at another size, or at its own. */
struct excerpt_copy {
    const struct excerpt *excerpt;
    struct scaler *scaler;
    int width, height;
    AVFrame **frames; /* NULL where not scaled yet */
};

/* 0 or a negative AVERROR. Whatever it returns, *out is the caller's (excerpt_copy_clear). */
int excerpt_copy_open(
    struct excerpt_copy *out, const struct excerpt *excerpt, int width, int height);
void excerpt_copy_clear(struct excerpt_copy *copy);
/* Fills in what will be encoded. 0 or a negative AVERROR. */
int excerpt_copy_scale(struct excerpt_copy *copy);
/* How dssim they are, scaled back: the mean over half of what is compared. Negative: an AVERROR.
 */
double excerpt_copy_dssim(struct excerpt_copy *copy);

#endif
