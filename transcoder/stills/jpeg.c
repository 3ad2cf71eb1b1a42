/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/stills/jpeg.h"

#include "transcoder/worker/output.h"

static int encode(const AVFrame *frame, int quality, AVPacket *packet)
{
    const AVCodec *codec = avcodec_find_encoder(AV_CODEC_ID_MJPEG);
    AVCodecContext *encoder = codec ? avcodec_alloc_context3(codec) : NULL;
    if (!encoder)
        return AVERROR(ENOMEM);
    encoder->width = frame->width;
    encoder->height = frame->height;
    encoder->pix_fmt = AV_PIX_FMT_YUVJ420P;
    encoder->time_base = (AVRational){1, 25};
    encoder->thread_count = 1;
    encoder->flags |= AV_CODEC_FLAG_QSCALE | AV_CODEC_FLAG_BITEXACT;
    encoder->global_quality = FF_QP2LAMBDA * quality;
    int error = avcodec_open2(encoder, codec, NULL);
    if (error >= 0)
        error = avcodec_send_frame(encoder, frame);
    if (error >= 0)
        error = avcodec_receive_packet(encoder, packet);
    avcodec_free_context(&encoder);
    return error;
}

int jpeg_write(const struct work *work, const struct job_file *file, AVFrame *frame, int quality,
    struct failure *failure)
{
    AVPacket *packet = av_packet_alloc();
    if (!packet)
        return failure_set(failure, REASON_OUT_OF_MEMORY, "JPEG");
    frame->pts = 0;
    frame->quality = FF_QP2LAMBDA * quality;
    int error = encode(frame, quality, packet), result = -1;
    if (error < 0)
        failure_from_av(failure, error, REASON_INTERNAL, "JPEG");
    else
        result =
            output_write(work->report, file, packet->data, (size_t)packet->size, NULL, failure);
    av_packet_free(&packet);
    return result;
}
