/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/probe/trial_encode.h"

#include <libavutil/mem.h>
#include <stdio.h>
#include <string.h>

#include "transcoder/video/encoder.h"
#include "transcoder/video/scaler.h"

/* As in the plan (transcoder/plan/video.c): below this frame rate there are no B-frames. */
#define FEW_FPS 11
/* The lookahead takes memory, so it is shorter for large frames. */
#define LARGE_PIXELS 1000000
#define LOOKAHEAD 10
#define LARGE_LOOKAHEAD 5

struct run {
    const struct excerpt_copy *copy;
    const struct trial_encode_params *params;
    int divisor;
    AVCodecContext *encoder, *decoder;
    struct scaler *luma_scaler;
    AVPacket *packet;
    AVFrame *decoded;
    int64_t first_bytes, other_bytes;
    int sent, received;
    int compared_end; /* no frame of the grid is compared from this one on */
    double dssim;
    int compared;
};

/* Compares a decoded frame with the frames of the grid during which it is shown. */
static int compare(struct run *r)
{
    const struct excerpt *excerpt = r->copy->excerpt;
    int first = r->received++ * r->divisor;
    for (int n = first; n < first + r->divisor && n < excerpt->params.frame_count; n++) {
        if (!excerpt_compares(excerpt, n))
            continue;
        double dssim = excerpt_dssim(excerpt, n, r->decoded, r->luma_scaler);
        if (dssim < 0)
            return (int)dssim;
        r->dssim += dssim;
        r->compared++;
    }
    return 0;
}

static int decode(struct run *r, const AVPacket *packet)
{
    if (r->received * r->divisor >= r->compared_end)
        return 0;
    int error = avcodec_send_packet(r->decoder, packet);
    while (error >= 0) {
        error = avcodec_receive_frame(r->decoder, r->decoded);
        if (error == AVERROR(EAGAIN) || error == AVERROR_EOF)
            return 0;
        if (error >= 0)
            error = compare(r);
        av_frame_unref(r->decoded);
    }
    return error;
}

static int encode(struct run *r, const AVFrame *frame)
{
    int error = avcodec_send_frame(r->encoder, frame);
    while (error >= 0) {
        error = encoder_receive(r->encoder, r->packet);
        if (error == AVERROR(EAGAIN) || error == AVERROR_EOF)
            return error == AVERROR_EOF ? decode(r, NULL) : 0;
        if (error >= 0) {
            *(r->packet->flags & AV_PKT_FLAG_KEY ? &r->first_bytes : &r->other_bytes) +=
                r->packet->size;
            error = decode(r, r->packet);
            av_packet_unref(r->packet);
        }
    }
    return error;
}

static int open_decoder(struct run *r)
{
    /* dav1d is needed, because the AV1 decoder of FFmpeg needs hardware. */
    const AVCodec *codec = r->encoder->codec_id == AV_CODEC_ID_AV1
                               ? avcodec_find_decoder_by_name("libdav1d")
                               : avcodec_find_decoder(r->encoder->codec_id);
    r->decoder = codec ? avcodec_alloc_context3(codec) : NULL;
    if (!r->decoder)
        return codec ? AVERROR(ENOMEM) : AVERROR_DECODER_NOT_FOUND;
    r->decoder->thread_count = 1;
    r->decoder->extradata =
        av_mallocz((size_t)r->encoder->extradata_size + AV_INPUT_BUFFER_PADDING_SIZE);
    if (!r->decoder->extradata)
        return AVERROR(ENOMEM);
    memcpy(r->decoder->extradata, r->encoder->extradata, (size_t)r->encoder->extradata_size);
    r->decoder->extradata_size = r->encoder->extradata_size;
    return avcodec_open2(r->decoder, NULL, NULL);
}

static int open_encoder(struct run *r, AVRational rate)
{
    char x264_tuning[64];
    snprintf(x264_tuning, sizeof(x264_tuning), "%s" PLAN_H264_LOOKAHEAD,
        av_q2d(rate) < FEW_FPS ? "bframes=0" : "bframes=3:b-adapt=1",
        r->copy->width * r->copy->height > LARGE_PIXELS ? LARGE_LOOKAHEAD : LOOKAHEAD);
    struct encoder_params encoding = {
        .video_codec = r->params->video_codec,
        .width = r->copy->width,
        .height = r->copy->height,
        .frame_rate = rate,
        .crf_x10 = r->params->crf * 10,
        .preset = r->params->preset ? r->params->preset : "veryfast",
        .tuning = r->params->video_codec == VIDEO_AV1 ? PLAN_AV1_TUNING : x264_tuning,
        .colours = r->copy->excerpt->colours,
    };
    return encoder_open(&r->encoder, &encoding);
}

static int open_run(struct run *r, AVRational rate)
{
    const struct excerpt *excerpt = r->copy->excerpt;
    for (int n = 0; n < excerpt->params.frame_count; n++)
        if (excerpt_compares(excerpt, n))
            r->compared_end = n + 1;
    r->packet = av_packet_alloc();
    r->decoded = av_frame_alloc();
    if (!r->packet || !r->decoded)
        return AVERROR(ENOMEM);
    int error = excerpt_luma_scaler(excerpt, &r->luma_scaler);
    if (error >= 0)
        error = open_encoder(r, rate);
    return error < 0 ? error : open_decoder(r);
}

static int run_all(struct run *r)
{
    int error = 0;
    AVFrame *frame = av_frame_alloc();
    if (!frame)
        return AVERROR(ENOMEM);
    for (int n = 0; n < r->copy->excerpt->params.frame_count && error >= 0; n += r->divisor) {
        error = av_frame_ref(frame, r->copy->frames[n]);
        if (error >= 0) {
            frame->pts = r->sent++;
            frame->pict_type = n == 0 ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;
            error = encode(r, frame);
        }
        av_frame_unref(frame);
    }
    av_frame_free(&frame);
    return error < 0 ? error : encode(r, NULL);
}

static void close_run(struct run *r)
{
    scaler_close(&r->luma_scaler);
    encoder_close(&r->encoder);
    avcodec_free_context(&r->decoder);
    av_packet_free(&r->packet);
    av_frame_free(&r->decoded);
}

int trial_encode_run(struct trial_encode *out, const struct excerpt_copy *copy,
    const struct trial_encode_params *params)
{
    struct run r = {.copy = copy, .params = params, .divisor = params->divisor};
    AVRational rate = {
        copy->excerpt->params.rate.num, copy->excerpt->params.rate.den * params->divisor};
    int error = open_run(&r, rate);
    if (error >= 0)
        error = run_all(&r);
    close_run(&r);
    if (error < 0)
        return error;
    *out = (struct trial_encode){
        .keyframe_bytes = (double)r.first_bytes,
        .rest_bps = (double)r.other_bytes * 8 * av_q2d(rate) / r.sent,
        .dssim = r.compared > 0 ? r.dssim / r.compared : 0,
    };
    return 0;
}
