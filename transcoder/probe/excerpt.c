/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/probe/excerpt.h"

#include <libavutil/mem.h>
#include <string.h>

#include "transcoder/video/scaler.h"
#include "transcoder/video/ssim.h"

#define COMPARED_FIRST 3

/* ---- reading ---- */

bool excerpt_compares(const struct excerpt *excerpt, int n)
{
    int first = excerpt->params.frame_count > COMPARED_FIRST ? COMPARED_FIRST : 0;
    return n % excerpt->params.compared_step == first;
}

static bool is_encoded(const struct excerpt *excerpt, int n)
{
    for (int i = 0; i < EXCERPT_DIVISORS; i++)
        if (excerpt->params.divisors[i] > 0 && n % excerpt->params.divisors[i] == 0)
            return true;
    return false;
}

static int keep_frame(struct excerpt *excerpt, struct scaler *scaler, const AVFrame *frame, int n)
{
    excerpt->frames[n] = av_frame_alloc();
    if (!excerpt->frames[n])
        return AVERROR(ENOMEM);
    return scaler_run(scaler, frame, excerpt->frames[n]);
}

/* Returns 1, 0 or -1 as excerpt_read() does. */
static int read_frames(struct excerpt *excerpt, struct source *source, struct scaler *scaler)
{
    struct failure ignored;
    for (int n = 0; n < excerpt->params.frame_count; n++) {
        const AVFrame *frame;
        if (!is_encoded(excerpt, n) && !excerpt_compares(excerpt, n))
            continue;
        if (source_frame(source, excerpt->params.first_frame + n, &frame, &ignored) < 0)
            return 0;
        int error = keep_frame(excerpt, scaler, frame, n);
        if (error < 0)
            return error == AVERROR(ENOMEM) ? -1 : 0;
    }
    return 1;
}

int excerpt_read(struct excerpt *out, int fd, const struct media_info *info,
    const struct excerpt_params *params, struct failure *failure)
{
    struct source *source;
    struct scaler *scaler = NULL;
    struct failure ignored;
    *out = (struct excerpt){.params = *params};
    if (source_open(&source, fd, info, params->first_frame, &ignored) < 0)
        return ignored.reason == REASON_OUT_OF_MEMORY
                   ? failure_set(failure, REASON_OUT_OF_MEMORY, "excerpt")
                   : 0;
    source_colours(source, &out->colours);
    struct scaler_params scaling = {
        .width = params->width,
        .height = params->height,
        .format = AV_PIX_FMT_YUV420P,
        .in_matrix = out->colours.matrix,
        .out_matrix = out->colours.matrix,
    };
    out->frames = av_calloc((size_t)params->frame_count, sizeof(AVFrame *));
    int result =
        out->frames && scaler_open(&scaler, &scaling) == 0 ? read_frames(out, source, scaler) : -1;
    scaler_close(&scaler);
    source_close(&source);
    return result < 0 ? failure_set(failure, REASON_OUT_OF_MEMORY, "excerpt") : result;
}

static void clear_frames(AVFrame ***frames, int count)
{
    for (int n = 0; *frames && n < count; n++)
        av_frame_free(&(*frames)[n]);
    av_freep(frames);
}

void excerpt_clear(struct excerpt *excerpt)
{
    clear_frames(&excerpt->frames, excerpt->params.frame_count);
}

/* ---- comparing ---- */

int excerpt_luma_scaler(const struct excerpt *excerpt, struct scaler **out)
{
    struct scaler_params params = {
        .width = excerpt->params.width,
        .height = excerpt->params.height,
        .format = AV_PIX_FMT_GRAY8,
        .in_matrix = excerpt->colours.matrix,
        .out_matrix = excerpt->colours.matrix,
    };
    return scaler_open(out, &params);
}

static double frame_dssim(const struct excerpt *excerpt, int n, const AVFrame *shown)
{
    const AVFrame *source = excerpt->frames[n];
    return 1 - ssim_luma((struct ssim_plane){source->data[0], source->linesize[0]},
                   (struct ssim_plane){shown->data[0], shown->linesize[0]}, excerpt->params.width,
                   excerpt->params.height);
}

double excerpt_dssim(
    const struct excerpt *excerpt, int n, const AVFrame *shown, struct scaler *luma_scaler)
{
    if (shown->width == excerpt->params.width && shown->height == excerpt->params.height)
        return frame_dssim(excerpt, n, shown);
    /* The scaler gets only the luma of the shown frame. */
    AVFrame luma = {.width = shown->width,
        .height = shown->height,
        .format = AV_PIX_FMT_GRAY8,
        .data = {shown->data[0]},
        .linesize = {shown->linesize[0]}};
    AVFrame *scaled = av_frame_alloc();
    int error = scaled ? scaler_run(luma_scaler, &luma, scaled) : AVERROR(ENOMEM);
    double result = error < 0 ? error : frame_dssim(excerpt, n, scaled);
    av_frame_free(&scaled);
    return result;
}

double excerpt_dssim_held(const struct excerpt *excerpt, int divisor)
{
    double sum = 0;
    int count = 0;
    for (int n = 0; n < excerpt->params.frame_count; n++)
        if (excerpt_compares(excerpt, n)) {
            sum += frame_dssim(excerpt, n, excerpt->frames[n - n % divisor]);
            count++;
        }
    return sum / count;
}

/* ---- copies ---- */

int excerpt_copy_open(
    struct excerpt_copy *out, const struct excerpt *excerpt, int width, int height)
{
    struct scaler_params params = {
        .width = width,
        .height = height,
        .format = AV_PIX_FMT_YUV420P,
        .in_matrix = excerpt->colours.matrix,
        .out_matrix = excerpt->colours.matrix,
    };
    *out = (struct excerpt_copy){.excerpt = excerpt, .width = width, .height = height};
    out->frames = av_calloc((size_t)excerpt->params.frame_count, sizeof(AVFrame *));
    return out->frames ? scaler_open(&out->scaler, &params) : AVERROR(ENOMEM);
}

void excerpt_copy_clear(struct excerpt_copy *copy)
{
    if (copy->excerpt)
        clear_frames(&copy->frames, copy->excerpt->params.frame_count);
    scaler_close(&copy->scaler);
}

static int scale_frame(struct excerpt_copy *copy, int n)
{
    if (copy->frames[n])
        return 0;
    copy->frames[n] = av_frame_alloc();
    return copy->frames[n] ? scaler_run(copy->scaler, copy->excerpt->frames[n], copy->frames[n])
                           : AVERROR(ENOMEM);
}

int excerpt_copy_scale(struct excerpt_copy *copy)
{
    int error = 0;
    for (int n = 0; n < copy->excerpt->params.frame_count && error >= 0; n++)
        if (is_encoded(copy->excerpt, n))
            error = scale_frame(copy, n);
    return error;
}

double excerpt_copy_dssim(struct excerpt_copy *copy)
{
    struct scaler *luma_scaler = NULL;
    double sum = 0, found = excerpt_luma_scaler(copy->excerpt, &luma_scaler);
    int count = 0;
    for (int n = 0, seen = 0; n < copy->excerpt->params.frame_count && found >= 0; n++) {
        if (!excerpt_compares(copy->excerpt, n) || seen++ % 2 != 0)
            continue;
        found = scale_frame(copy, n);
        if (found >= 0)
            found = excerpt_dssim(copy->excerpt, n, copy->frames[n], luma_scaler);
        sum += found;
        count++;
    }
    scaler_close(&luma_scaler);
    return found < 0 ? found : sum / count;
}
