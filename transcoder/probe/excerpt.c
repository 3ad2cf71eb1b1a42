/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/probe/excerpt.h"

#include <libavutil/mem.h>
#include <string.h>

#include "transcoder/video/scaler.h"
#include "transcoder/video/ssim.h"

#define COMPARED_FIRST 3

/* ---- reading ---- */

bool place_compares(const struct place *place, int n)
{
    int first = place->params.frame_count > COMPARED_FIRST ? COMPARED_FIRST : 0;
    return n % place->params.compared_step == first;
}

static bool encodes(const struct place *place, int n)
{
    for (int i = 0; i < PLACE_DIVISORS; i++)
        if (place->params.divisors[i] > 0 && n % place->params.divisors[i] == 0)
            return true;
    return false;
}

static int keep(struct place *place, struct scaler *scaler, const AVFrame *frame, int n)
{
    place->frames[n] = av_frame_alloc();
    if (!place->frames[n])
        return AVERROR(ENOMEM);
    return scaler_run(scaler, frame, place->frames[n]);
}

/* 1, 0 or -1 as place_read. */
static int read_frames(struct place *place, struct source *source, struct scaler *scaler)
{
    struct failure ignored;
    for (int n = 0; n < place->params.frame_count; n++) {
        const AVFrame *frame;
        if (!encodes(place, n) && !place_compares(place, n))
            continue;
        if (source_frame(source, place->params.first_frame + n, &frame, &ignored) < 0)
            return 0;
        int error = keep(place, scaler, frame, n);
        if (error < 0)
            return error == AVERROR(ENOMEM) ? -1 : 0;
    }
    return 1;
}

int place_read(struct place *out, int fd, const struct media_info *info,
    const struct place_params *params, struct failure *failure)
{
    struct source *source;
    struct scaler *scaler = NULL;
    struct failure ignored;
    *out = (struct place){.params = *params};
    if (source_open(&source, fd, info, params->first_frame, &ignored) < 0)
        return ignored.reason == REASON_OUT_OF_MEMORY
                   ? failure_set(failure, REASON_OUT_OF_MEMORY, "place")
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
    return result < 0 ? failure_set(failure, REASON_OUT_OF_MEMORY, "place") : result;
}

static void clear_frames(AVFrame ***frames, int count)
{
    for (int n = 0; *frames && n < count; n++)
        av_frame_free(&(*frames)[n]);
    av_freep(frames);
}

void place_clear(struct place *place)
{
    clear_frames(&place->frames, place->params.frame_count);
}

/* ---- comparing ---- */

int place_luma_scaler(const struct place *place, struct scaler **out)
{
    struct scaler_params params = {
        .width = place->params.width,
        .height = place->params.height,
        .format = AV_PIX_FMT_GRAY8,
        .in_matrix = place->colours.matrix,
        .out_matrix = place->colours.matrix,
    };
    return scaler_open(out, &params);
}

static double unlike(const struct place *place, int n, const AVFrame *shown)
{
    const AVFrame *source = place->frames[n];
    return 1 - ssim_luma((struct ssim_plane){source->data[0], source->linesize[0]},
                   (struct ssim_plane){shown->data[0], shown->linesize[0]}, place->params.width,
                   place->params.height);
}

double place_unlike(
    const struct place *place, int n, const AVFrame *shown, struct scaler *luma_scaler)
{
    if (shown->width == place->params.width && shown->height == place->params.height)
        return unlike(place, n, shown);
    /* Its luma alone. */
    AVFrame luma = {.width = shown->width,
        .height = shown->height,
        .format = AV_PIX_FMT_GRAY8,
        .data = {shown->data[0]},
        .linesize = {shown->linesize[0]}};
    AVFrame *scaled = av_frame_alloc();
    int error = scaled ? scaler_run(luma_scaler, &luma, scaled) : AVERROR(ENOMEM);
    double result = error < 0 ? error : unlike(place, n, scaled);
    av_frame_free(&scaled);
    return result;
}

double place_unlike_held(const struct place *place, int divisor)
{
    double sum = 0;
    int count = 0;
    for (int n = 0; n < place->params.frame_count; n++)
        if (place_compares(place, n)) {
            sum += unlike(place, n, place->frames[n - n % divisor]);
            count++;
        }
    return sum / count;
}

/* ---- copies ---- */

int place_copy_open(struct place_copy *out, const struct place *place, int width, int height)
{
    struct scaler_params params = {
        .width = width,
        .height = height,
        .format = AV_PIX_FMT_YUV420P,
        .in_matrix = place->colours.matrix,
        .out_matrix = place->colours.matrix,
    };
    *out = (struct place_copy){.place = place, .width = width, .height = height};
    out->frames = av_calloc((size_t)place->params.frame_count, sizeof(AVFrame *));
    return out->frames ? scaler_open(&out->scaler, &params) : AVERROR(ENOMEM);
}

void place_copy_clear(struct place_copy *copy)
{
    if (copy->place)
        clear_frames(&copy->frames, copy->place->params.frame_count);
    scaler_close(&copy->scaler);
}

static int scale(struct place_copy *copy, int n)
{
    if (copy->frames[n])
        return 0;
    copy->frames[n] = av_frame_alloc();
    return copy->frames[n] ? scaler_run(copy->scaler, copy->place->frames[n], copy->frames[n])
                           : AVERROR(ENOMEM);
}

int place_copy_scale(struct place_copy *copy)
{
    int error = 0;
    for (int n = 0; n < copy->place->params.frame_count && error >= 0; n++)
        if (encodes(copy->place, n))
            error = scale(copy, n);
    return error;
}

double place_copy_unlike(struct place_copy *copy)
{
    struct scaler *luma_scaler = NULL;
    double sum = 0, found = place_luma_scaler(copy->place, &luma_scaler);
    int count = 0;
    for (int n = 0, seen = 0; n < copy->place->params.frame_count && found >= 0; n++) {
        if (!place_compares(copy->place, n) || seen++ % 2 != 0)
            continue;
        found = scale(copy, n);
        if (found >= 0)
            found = place_unlike(copy->place, n, copy->frames[n], luma_scaler);
        sum += found;
        count++;
    }
    scaler_close(&luma_scaler);
    return found < 0 ? found : sum / count;
}
