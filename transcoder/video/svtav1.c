/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/video/svtav1.h"

#include <stdio.h>
#include <string.h>

static AVCodecContext *new_encoder(const struct av1_params *params)
{
    const AVCodec *codec = avcodec_find_encoder_by_name("libsvtav1");
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
    encoder->flags |=
        AV_CODEC_FLAG_CLOSED_GOP | AV_CODEC_FLAG_BITEXACT | AV_CODEC_FLAG_GLOBAL_HEADER;
    encoder->colorspace = params->colours.matrix;
    encoder->color_primaries = params->colours.primaries;
    encoder->color_trc = params->colours.transfer;
    encoder->color_range = AVCOL_RANGE_MPEG;
    return encoder;
}

int av1_open(AVCodecContext **out, const struct av1_params *params)
{
    *out = new_encoder(params);
    if (!*out)
        return AVERROR_ENCODER_NOT_FOUND;
    char tuning[256];
    /* lp=1: the number of frames in memory is that for one processor, whatever the machine has. */
    snprintf(tuning, sizeof(tuning), "lp=1%s%s", params->tuning[0] ? ":" : "", params->tuning);
    AVDictionary *options = NULL;
    av_dict_set(&options, "preset", params->preset, 0);
    av_dict_set_int(&options, "crf", params->crf, 0);
    av_dict_set(&options, "svtav1-params", tuning, 0);
    int error = avcodec_open2(*out, NULL, &options);
    av_dict_free(&options);
    if (error < 0)
        avcodec_free_context(out);
    return error;
}

static AVFrame *blank_frame(const AVCodecContext *encoder)
{
    AVFrame *frame = av_frame_alloc();
    if (!frame)
        return NULL;
    frame->width = encoder->width;
    frame->height = encoder->height;
    frame->format = encoder->pix_fmt;
    frame->pts = INT32_MAX;
    if (av_frame_get_buffer(frame, 0) < 0)
        av_frame_free(&frame);
    for (int plane = 0; frame && plane < 3; plane++) {
        int lines = plane > 0 ? (frame->height + 1) / 2 : frame->height;
        memset(frame->data[plane], 128, (size_t)frame->linesize[plane] * (size_t)lines);
    }
    return frame;
}

static void receive_all(AVCodecContext *encoder, AVPacket *packet)
{
    while (avcodec_receive_packet(encoder, packet) >= 0)
        av_packet_unref(packet);
}

void av1_close(AVCodecContext **encoder)
{
    AVPacket *packet = *encoder ? av_packet_alloc() : NULL;
    AVFrame *blank = *encoder ? blank_frame(*encoder) : NULL;
    if (packet && blank) {
        /* If the encoder is at its end already, it refuses the blank frame and the second end. */
        receive_all(*encoder, packet);
        avcodec_send_frame(*encoder, blank);
        receive_all(*encoder, packet);
        avcodec_send_frame(*encoder, NULL);
        receive_all(*encoder, packet);
    }
    av_frame_free(&blank);
    av_packet_free(&packet);
    avcodec_free_context(encoder);
}

/* ---- the sequence header ---- */

struct bits {
    const uint8_t *data;
    size_t count, at; /* in bits; at > count: reading went beyond the end */
};

static unsigned get(struct bits *bits, int count)
{
    unsigned value = 0;
    for (; count > 0; count--, bits->at++) {
        unsigned bit =
            bits->at < bits->count ? bits->data[bits->at / 8] >> (7 - bits->at % 8) & 1 : 0;
        value = value << 1 | bit;
    }
    return value;
}

/* Reads the header of the OBU (AV1 specification, 5.3). The payload remains to be read. */
static bool begin_sequence_header(struct bits *bits)
{
    bool forbidden = get(bits, 1);
    unsigned type = get(bits, 4);
    bool extended = get(bits, 1), sized = get(bits, 1);
    get(bits, 1);
    if (forbidden || type != 1)
        return false;
    if (extended)
        get(bits, 8);
    for (int i = 0; sized && i < 8 && get(bits, 1); i++)
        get(bits, 7);
    if (sized)
        get(bits, 7);
    return true;
}

int av1_codecs(const uint8_t *data, size_t bytes, char *out, size_t out_bytes)
{
    struct bits bits = {.data = data, .count = bytes * 8};
    if (!begin_sequence_header(&bits))
        return -1;
    unsigned profile = get(&bits, 3), still = get(&bits, 1), reduced = get(&bits, 1);
    /* Our encoder writes neither timing nor display delays, and only one operating point. So the
     * parsing of anything else is left out. */
    if (profile != 0 || still || reduced || get(&bits, 1) || get(&bits, 1) || get(&bits, 5) != 0)
        return -1;
    get(&bits, 12); /* the layers of the only operating point */
    unsigned level = get(&bits, 5), tier = level > 7 ? get(&bits, 1) : 0;
    if (bits.at > bits.count)
        return -1;
    /* Profile 0 may have 8 or 10 bits; our encoder gets 8. */
    int length = snprintf(out, out_bytes, "av01.0.%02u%c.08", level, tier ? 'H' : 'M');
    return length >= 0 && (size_t)length < out_bytes ? 0 : -1;
}
