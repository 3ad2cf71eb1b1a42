/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A few seconds of a lesson's frames, kept in memory to be encoded in several ways. */
#ifndef TRANSCODER_PROBE_EXCERPT_H
#define TRANSCODER_PROBE_EXCERPT_H

#include "transcoder/video/source.h"

#define EXCERPT_DIVISORS 2

struct excerpt_params {
    int width, height;   /* size at which frames are compared */
    AVRational rate;     /* rate of the frame grid */
    int64_t first_frame; /* frame of the grid with which the excerpt starts */
    int frame_count;     /* frames of the grid from the first one on */
    /* The distance between compared frames. More than 3. Has no common factor with `divisors`,
     * so that frames are compared too that the encode leaves out. */
    int compared_step;
    /* The encodes use every n-th frame, for each of these n; 0: there is no second n. */
    int divisors[EXCERPT_DIVISORS];
};

struct excerpt {
    struct excerpt_params params;
    struct source_colours colours;
    AVFrame **frames; /* by frame of the grid; NULL if a frame is neither encoded nor compared */
};

/* Reads the frames of an excerpt from the source fd, which stays the caller's. *out is the
 * caller's in any case, for excerpt_clear(). Returns 1; 0: the frames cannot be decoded; -1 with
 * failure set: out of memory. */
int excerpt_read(struct excerpt *out, int fd, const struct media_info *info,
    const struct excerpt_params *params, struct failure *failure);
/* Frees the frames. */
void excerpt_clear(struct excerpt *excerpt);

/* Whether frame n is one of those that are compared. */
bool excerpt_compares(const struct excerpt *excerpt, int n);
/* Returns the DSSIM (1 - SSIM of the luma) between frame n of the source and the shown frame,
 * which may have any size. A negative result is an AVERROR. */
struct scaler;
double excerpt_dssim(
    const struct excerpt *excerpt, int n, const AVFrame *shown, struct scaler *luma_scaler);
/* Opens the scaler for excerpt_dssim(). Returns 0 or a negative AVERROR. */
int excerpt_luma_scaler(const struct excerpt *excerpt, struct scaler **out);
/* Returns the DSSIM that comes only from showing each frame for `divisor` frames, without
 * encoding: the mean over the compared frames. */
double excerpt_dssim_held(const struct excerpt *excerpt, int divisor);

/* The frames of an excerpt at another size, or at the same. */
struct excerpt_copy {
    const struct excerpt *excerpt;
    struct scaler *scaler;
    int width, height;
    AVFrame **frames; /* NULL: not scaled yet */
};

/* Opens a copy. *out is the caller's in any case, for excerpt_copy_clear(). Returns 0 or a
 * negative AVERROR. */
int excerpt_copy_open(
    struct excerpt_copy *out, const struct excerpt *excerpt, int width, int height);
/* Frees the copy. */
void excerpt_copy_clear(struct excerpt_copy *copy);
/* Scales the frames that will be encoded. Returns 0 or a negative AVERROR. */
int excerpt_copy_scale(struct excerpt_copy *copy);
/* Returns the DSSIM of the copy, scaled back to the size of the excerpt: the mean over half of
 * the compared frames. A negative result is an AVERROR. */
double excerpt_copy_dssim(struct excerpt_copy *copy);

#endif
