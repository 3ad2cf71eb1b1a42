/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/video/h264.h"

#include <libavutil/opt.h>
#include <stdio.h>

static AVCodecContext *new_encoder(const struct h264_params *params)
{
    const AVCodec *codec = avcodec_find_encoder_by_name("libx264");
    AVCodecContext *encoder = codec ? avcodec_alloc_context3(codec) : NULL;
    if (!encoder)
        return NULL;
    encoder->width = params->width;
    encoder->height = params->height;
    encoder->pix_fmt = AV_PIX_FMT_YUV420P;
    encoder->sample_aspect_ratio = (AVRational){1, 1};
    encoder->time_base = av_inv_q(params->frame_rate);
    encoder->framerate = params->frame_rate;
    encoder->gop_size = 1 << 20;
    encoder->flags |= AV_CODEC_FLAG_CLOSED_GOP | AV_CODEC_FLAG_BITEXACT;
    if (!params->legacy)
        encoder->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    /* Only the legacy rendition has a limit. Its encoder makes a whole chunk and knows nothing of
     * the chunk before. A buffer of one second that starts half full makes the limit hold across
     * the boundary. */
    encoder->rc_max_rate = params->rate_bps;
    encoder->rc_buffer_size = (int)params->rate_bps;
    encoder->rc_initial_buffer_occupancy = encoder->rc_buffer_size / 2;
    encoder->thread_count = 1;
    /* The stream states its colour matrix. Otherwise players guess it from the frame size, and
     * they would guess wrong for an HD lesson in a small rung. */
    encoder->colorspace = params->colours.matrix;
    encoder->color_primaries = params->colours.primaries;
    encoder->color_trc = params->colours.transfer;
    encoder->color_range = AVCOL_RANGE_MPEG;
    return encoder;
}

int h264_open(AVCodecContext **out, const struct h264_params *params)
{
    *out = new_encoder(params);
    if (!*out)
        return AVERROR_ENCODER_NOT_FOUND;
    char crf[16], tuning[256];
    snprintf(crf, sizeof(crf), "%d.%d", params->crf_x10 / 10, params->crf_x10 % 10);
    snprintf(tuning, sizeof(tuning),
        "psy=0:aq-mode=2:aq-strength=0.7:qcomp=0.4:ipratio=1.5:scenecut=0:open-gop=0:stitchable=1:"
        "cpu-independent=1%s%s%s",
        params->legacy ? ":aud=1" : "", params->tuning[0] ? ":" : "", params->tuning);
    AVDictionary *options = NULL;
    av_dict_set(&options, "preset", params->preset, 0);
    av_dict_set(&options, "profile", params->legacy ? "baseline" : "high", 0);
    if (params->legacy)
        av_dict_set(&options, "level", "3.0", 0);
    av_dict_set(&options, "crf", crf, 0);
    av_dict_set(&options, "forced-idr", "1", 0);
    av_dict_set(&options, "x264-params", tuning, 0);
    int error = avcodec_open2(*out, NULL, &options);
    av_dict_free(&options);
    if (error < 0)
        avcodec_free_context(out);
    return error;
}

/* libavcodec compares this option with the state of x264 for each frame. */
int h264_set_crf(AVCodecContext *encoder, int crf_x10)
{
    return av_opt_set_double(encoder->priv_data, "crf", crf_x10 / 10.0, 0);
}

/* Returns the offset of the next start code of a NAL unit (Annex B) from `at` on; size if there
 * is none. */
static int next_start_code(const uint8_t *data, int at, int size)
{
    for (; at + 3 <= size; at++)
        if (data[at] == 0 && data[at + 1] == 0 &&
            (data[at + 2] == 1 || (at + 4 <= size && data[at + 2] == 0 && data[at + 3] == 1)))
            return at;
    return size;
}

/* Returns the size of the SEI units at the start. They come before the picture (ISO/IEC
 * 14496-10, 7.4.1.2.3). */
static int leading_sei_bytes(const uint8_t *data, int size)
{
    int at = 0;
    for (;;) {
        int type_at = at + (at + 3 < size && data[at + 2] == 1 ? 3 : 4);
        if (type_at >= size || (data[type_at] & 0x1f) != 6)
            return at;
        at = next_start_code(data, type_at, size);
    }
}

int h264_receive(AVCodecContext *encoder, AVPacket *packet)
{
    int error = avcodec_receive_packet(encoder, packet);
    if (error < 0)
        return error;
    int sei_bytes = leading_sei_bytes(packet->data, packet->size);
    if (sei_bytes < packet->size) {
        packet->data += sei_bytes;
        packet->size -= sei_bytes;
    }
    return 0;
}
