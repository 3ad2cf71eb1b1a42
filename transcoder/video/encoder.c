/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/video/encoder.h"

#include "transcoder/video/h264.h"
#include "transcoder/video/svtav1.h"

struct encoder_range encoder_range(enum video_codec_id video_codec)
{
    if (video_codec == VIDEO_AV1)
        return (struct encoder_range){.coarsest_x10 = 630, .step_x10 = 10};
    return (struct encoder_range){.coarsest_x10 = 510, .step_x10 = 5, .steerable = true};
}

static int open_av1(AVCodecContext **out, const struct encoder_params *params)
{
    struct av1_params av1 = {
        .width = params->width,
        .height = params->height,
        .frame_rate = params->frame_rate,
        .crf = params->crf_x10 / 10,
        .preset = params->preset,
        .tuning = params->tuning,
        .colours = params->colours,
    };
    return av1_open(out, &av1);
}

int encoder_open(AVCodecContext **out, const struct encoder_params *params)
{
    if (params->video_codec == VIDEO_AV1)
        return open_av1(out, params);
    struct h264_params h264 = {
        .width = params->width,
        .height = params->height,
        .frame_rate = params->frame_rate,
        .crf_x10 = params->crf_x10,
        .preset = params->preset,
        .tuning = params->tuning,
        .colours = params->colours,
    };
    return h264_open(out, &h264);
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
