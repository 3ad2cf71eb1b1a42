/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/encoder.h"

#include "transcoder/av1.h"
#include "transcoder/h264.h"

struct encoder_range encoder_range(const struct plan_rendition *rendition)
{
    if (rendition->video_codec == PLAN_AV1)
        return (struct encoder_range){.coarsest_x10 = 630, .step_x10 = 10};
    return (struct encoder_range){.coarsest_x10 = 510, .step_x10 = 5, .steerable = true};
}

static int open_av1(AVCodecContext **out, const struct plan_rendition *r,
    const struct source_colours *colours, int crf_x10)
{
    struct av1_params params = {
        .width = r->width,
        .height = r->height,
        .frame_rate = {r->fps_num, r->fps_den},
        .crf = crf_x10 / 10,
        .preset = r->preset,
        .tuning = r->tuning,
        .colours = *colours,
    };
    return av1_open(out, &params);
}

int encoder_open(AVCodecContext **out, const struct plan_rendition *rendition,
    const struct source_colours *colours, int crf_x10)
{
    if (rendition->video_codec == PLAN_AV1)
        return open_av1(out, rendition, colours, crf_x10);
    struct h264_params params = {
        .width = rendition->width,
        .height = rendition->height,
        .frame_rate = {rendition->fps_num, rendition->fps_den},
        .crf_x10 = crf_x10,
        .preset = rendition->preset,
        .tuning = rendition->tuning,
        .colours = *colours,
    };
    return h264_open(out, &params);
}

void encoder_close(AVCodecContext **encoder)
{
    if (*encoder && (*encoder)->codec_id == AV_CODEC_ID_AV1)
        av1_close(encoder);
    avcodec_free_context(encoder);
}

int encoder_receive(AVCodecContext *encoder, AVPacket *packet)
{
    return encoder->codec_id == AV_CODEC_ID_H264 ? h264_receive(encoder, packet)
                                                 : avcodec_receive_packet(encoder, packet);
}

int encoder_set_crf(AVCodecContext *encoder, int crf_x10)
{
    return encoder->codec_id == AV_CODEC_ID_H264 ? h264_set_crf(encoder, crf_x10) : AVERROR(ENOSYS);
}
