/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/encoder.h"

#include <libavutil/opt.h>
#include <stdio.h>

/* What level 3.0's decoders hold at 720x576 is five pictures; the oldest boxes do best with few. */
#define LEGACY_REFERENCES 2

/* Players guess the matrix by the size that they see, and would guess wrong for an HD lesson in a
 * small rung; so the stream says it. */
static void tag_colours(AVCodecContext *encoder, const struct source_colours *colours)
{
    encoder->colorspace = colours->matrix;
    encoder->color_primaries = colours->primaries;
    encoder->color_trc = colours->transfer;
    encoder->color_range = AVCOL_RANGE_MPEG;
}

static AVCodecContext *new_encoder(const struct plan_rendition *r)
{
    const AVCodec *codec = avcodec_find_encoder_by_name("libx264");
    AVCodecContext *encoder = codec ? avcodec_alloc_context3(codec) : NULL;
    if (!encoder)
        return NULL;
    encoder->width = r->width;
    encoder->height = r->height;
    encoder->pix_fmt = AV_PIX_FMT_YUV420P;
    encoder->sample_aspect_ratio = (AVRational){1, 1};
    encoder->time_base = (AVRational){r->fps_den, r->fps_num};
    encoder->framerate = (AVRational){r->fps_num, r->fps_den};
    /* Keyframes stand at segment starts and nowhere else. */
    encoder->gop_size = 1 << 20;
    /*
     * No reordering: decoding time is presentation time, so that tfdt is alike in all renditions
     * whatever their frame rates, and players that shift by the first composition offset (FFmpeg's
     * among them) keep sound and picture together. It costs next to nothing on slides, some 15 % on
     * motion.
     */
    encoder->max_b_frames = 0;
    encoder->flags |= AV_CODEC_FLAG_CLOSED_GOP | AV_CODEC_FLAG_BITEXACT;
    encoder->thread_count = 1;
    encoder->rc_max_rate = r->video_cap_bps;
    encoder->rc_buffer_size = (int)(2 * r->video_cap_bps);
    return encoder;
}

static void set_legacy(AVCodecContext *encoder, AVDictionary **options)
{
    encoder->refs = LEGACY_REFERENCES;
    /* A chunk's encoder knows nothing of the one before it: a small buffer, begun half full, so
     * that the cap holds across their joint. */
    encoder->rc_buffer_size = (int)encoder->rc_max_rate;
    encoder->rc_initial_buffer_occupancy = encoder->rc_buffer_size / 2;
    av_dict_set(options, "profile", "baseline", 0);
    av_dict_set(options, "level", "3.0", 0);
    av_dict_set(options, "x264-params", "scenecut=0:open-gop=0:cpu-independent=1:aud=1", 0);
}

static void set_fragmented(AVCodecContext *encoder, AVDictionary **options)
{
    encoder->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    av_dict_set(options, "profile", "high", 0);
    av_dict_set(options, "x264-params", "scenecut=0:open-gop=0:cpu-independent=1", 0);
}

int encoder_open(AVCodecContext **out, const struct plan_rendition *r,
    const struct source_colours *colours, struct failure *failure)
{
    *out = NULL;
    AVCodecContext *encoder = new_encoder(r);
    if (!encoder)
        return failure_set(failure, REASON_INTERNAL, "no libx264");
    tag_colours(encoder, colours);
    char crf[16];
    snprintf(crf, sizeof(crf), "%d.%d", r->crf_x10 / 10, r->crf_x10 % 10);
    AVDictionary *options = NULL;
    av_dict_set(&options, "preset", r->preset, 0);
    av_dict_set(&options, "crf", crf, 0);
    av_dict_set(&options, "forced-idr", "1", 0);
    if (r->kind == PLAN_LEGACY)
        set_legacy(encoder, &options);
    else
        set_fragmented(encoder, &options);
    int error = avcodec_open2(encoder, NULL, &options);
    av_dict_free(&options);
    if (error < 0) {
        avcodec_free_context(&encoder);
        return failure_from_av(failure, error, REASON_INTERNAL, r->name);
    }
    *out = encoder;
    return 0;
}
