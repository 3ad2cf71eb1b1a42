/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/video.h"

#include <libavutil/opt.h>
#include <stdio.h>
#include <string.h>

#include "transcoder/frame_queue.h"
#include "transcoder/scaler.h"
#include "transcoder/source.h"

/* One rendition on its thread: frames of the grid in, a chunk out. */
struct rung {
    const struct piece *piece;
    const struct plan_rendition *rendition;
    int divisor;          /* every which grid frame it takes */
    int64_t offset_ticks; /* of grid frame 0 */
    int64_t first_segment, segment_count;
    bool hd; /* which colour matrix untagged pictures have */
    struct frame_queue queue;
    struct scaler *scaler;
    AVCodecContext *encoder;
    AVPacket *packet;
    struct packager *packager;
    int64_t segments_begun;
    struct failure failure;
    int result;
    pthread_t thread;
};

/* What a picture without colour tags most likely is: BT.709 in HD, BT.601 below. Players guess by
 * the size that they see, and would guess wrong for an HD lesson in a small rung; so the stream
 * says it. */
static void tag_colours(AVCodecContext *encoder, const AVFrame *frame, bool hd)
{
    bool tagged = frame->colorspace != AVCOL_SPC_UNSPECIFIED && frame->colorspace != AVCOL_SPC_RGB;
    encoder->colorspace = tagged ? frame->colorspace : hd ? AVCOL_SPC_BT709 : AVCOL_SPC_SMPTE170M;
    encoder->color_primaries = frame->color_primaries != AVCOL_PRI_UNSPECIFIED
                                   ? frame->color_primaries
                               : hd ? AVCOL_PRI_BT709
                                    : AVCOL_PRI_SMPTE170M;
    encoder->color_trc = frame->color_trc != AVCOL_TRC_UNSPECIFIED ? frame->color_trc
                         : hd                                      ? AVCOL_TRC_BT709
                                                                   : AVCOL_TRC_SMPTE170M;
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
    encoder->flags |= AV_CODEC_FLAG_GLOBAL_HEADER | AV_CODEC_FLAG_CLOSED_GOP;
    encoder->thread_count = 1;
    encoder->rc_max_rate = r->video_cap_bps;
    encoder->rc_buffer_size = (int)(2 * r->video_cap_bps);
    return encoder;
}

static int open_encoder(struct rung *rung, const AVFrame *frame)
{
    const struct plan_rendition *r = rung->rendition;
    rung->encoder = new_encoder(r);
    if (!rung->encoder)
        return failure_set(&rung->failure, REASON_INTERNAL, "no libx264");
    tag_colours(rung->encoder, frame, rung->hd);
    char crf[16];
    snprintf(crf, sizeof(crf), "%d.%d", r->crf_x10 / 10, r->crf_x10 % 10);
    AVDictionary *options = NULL;
    av_dict_set(&options, "preset", r->preset, 0);
    av_dict_set(&options, "profile", "high", 0);
    av_dict_set(&options, "crf", crf, 0);
    av_dict_set(&options, "forced-idr", "1", 0);
    av_dict_set(&options, "x264-params", "scenecut=0:open-gop=0", 0);
    int error = avcodec_open2(rung->encoder, NULL, &options);
    av_dict_free(&options);
    if (error < 0)
        return failure_from_av(&rung->failure, error, REASON_INTERNAL, r->name);
    struct packager_params params = {rung->rendition, rung->encoder, rung->first_segment};
    return packager_open(&rung->packager, &params, &rung->failure);
}

/* A packet's times, counted in frames by the encoder, become ticks of the lesson. */
static int take_packet(struct rung *rung)
{
    const struct plan_rendition *r = rung->rendition;
    AVPacket *packet = rung->packet;
    if (packet->flags & AV_PKT_FLAG_KEY) {
        if (packager_end_segment(rung->packager, &rung->failure) < 0)
            return -1;
        rung->segments_begun++;
    }
    packet->pts = packet->pts * r->frame_ticks + rung->offset_ticks;
    packet->dts = packet->dts * r->frame_ticks + rung->offset_ticks;
    packet->duration = r->frame_ticks;
    return packager_add(rung->packager, packet, &rung->failure);
}

/* Gives the encoder a frame, or the end (NULL), and packs what it has ready. */
static int encode(struct rung *rung, const AVFrame *frame)
{
    int error = avcodec_send_frame(rung->encoder, frame);
    while (error >= 0) {
        error = avcodec_receive_packet(rung->encoder, rung->packet);
        if (error == AVERROR(EAGAIN) || error == AVERROR_EOF)
            return 0;
        if (error >= 0) {
            int packed = take_packet(rung);
            av_packet_unref(rung->packet);
            if (packed < 0)
                return -1;
        }
    }
    return failure_from_av(&rung->failure, error, REASON_INTERNAL, rung->rendition->name);
}

static int encode_frame(struct rung *rung, const AVFrame *frame)
{
    if (!rung->encoder && open_encoder(rung, frame) < 0)
        return -1;
    AVFrame *scaled = av_frame_alloc();
    int error = scaled ? scaler_run(rung->scaler, frame, scaled) : AVERROR(ENOMEM);
    int result = 0;
    if (error < 0) {
        result = failure_from_av(&rung->failure, error, REASON_DAMAGED, "scaling");
    } else {
        scaled->pts = frame->pts;
        scaled->pict_type = frame->pict_type;
        result = encode(rung, scaled);
    }
    av_frame_free(&scaled);
    return result;
}

static int finish(struct rung *rung)
{
    if (!rung->encoder)
        return failure_set(&rung->failure, REASON_INTERNAL, "%s: no frames", rung->rendition->name);
    if (encode(rung, NULL) < 0 || packager_end_segment(rung->packager, &rung->failure) < 0)
        return -1;
    if (rung->segments_begun != rung->segment_count)
        return failure_set(&rung->failure, REASON_INTERNAL, "%s: %lld segments instead of %lld",
            rung->rendition->name, (long long)rung->segments_begun, (long long)rung->segment_count);
    return piece_deliver(rung->piece, rung->rendition, rung->piece->job->chunk, rung->packager,
        rung->encoder, &rung->failure);
}

static void *run_rung(void *argument)
{
    struct rung *rung = argument;
    AVFrame *frame;
    while (rung->result == 0 && (frame = frame_queue_take(&rung->queue))) {
        rung->result = encode_frame(rung, frame);
        av_frame_free(&frame);
    }
    if (rung->result == 0 && frame_queue_complete(&rung->queue))
        rung->result = finish(rung);
    frame_queue_refuse(&rung->queue);
    return NULL;
}

static int start_rung(
    struct rung *rung, const struct piece *piece, size_t index, const struct plan *plan)
{
    const struct media_info *info = &piece->job->info;
    const struct plan_rendition *r = &piece->job->renditions[index];
    int64_t end;
    *rung = (struct rung){.piece = piece, .rendition = r, .hd = info->coded_height >= 720};
    frame_queue_init(&rung->queue);
    rung->divisor = (int)av_rescale(info->fps_num, r->fps_den, (int64_t)info->fps_den * r->fps_num);
    rung->offset_ticks = av_rescale(info->video_start_us, r->timescale, 1000000);
    piece_segments(plan, piece->job->chunk, &rung->first_segment, &end);
    rung->segment_count = end - rung->first_segment;
    rung->packet = av_packet_alloc();
    bool ready = rung->packet && rung->divisor >= 1 &&
                 scaler_open(&rung->scaler, r->width, r->height, AV_PIX_FMT_YUV420P) == 0 &&
                 pthread_create(&rung->thread, NULL, run_rung, rung) == 0;
    if (!ready)
        return failure_set(&rung->failure, REASON_OUT_OF_MEMORY, "%s", r->name);
    return 0;
}

static void release_rung(struct rung *rung)
{
    packager_close(&rung->packager);
    avcodec_free_context(&rung->encoder);
    av_packet_free(&rung->packet);
    scaler_close(&rung->scaler);
    frame_queue_destroy(&rung->queue);
}

/* Hands every frame of the chunk to all rungs that take it. */
static int feed(const struct piece *piece, const struct plan *plan, struct rung *rungs,
    size_t count, struct failure *failure)
{
    int64_t segment, last;
    piece_segments(plan, piece->job->chunk, &segment, &last);
    int64_t first_frame = plan_segment_start_frame(plan, segment),
            end = plan_segment_start_frame(plan, last);
    struct source *source;
    if (source_open(&source, piece->source_fd, &piece->job->info, first_frame, failure) < 0)
        return -1;
    int result = 0;
    for (int64_t n = first_frame; n < end && result == 0; n++) {
        const AVFrame *frame;
        bool keyframe = n == plan_segment_start_frame(plan, segment);
        if (keyframe)
            segment++;
        result = source_frame(source, n, &frame, failure);
        for (size_t i = 0; i < count && result == 0; i++)
            if (n % rungs[i].divisor == 0 &&
                frame_queue_put(&rungs[i].queue, frame, n / rungs[i].divisor, keyframe) < 0)
                result = -1; /* the rung has its own failure */
        if (result == 0)
            result = report_progress(
                piece->report, (int)((n - first_frame) * 1000 / (end - first_frame)), failure);
    }
    source_close(&source);
    return result;
}

int video_run(const struct piece *piece, struct failure *failure)
{
    const struct job *job = piece->job;
    struct plan plan;
    if (plan_make(&job->info, &job->options, &plan) < 0 || job->chunk >= plan.chunk_count)
        return failure_set(failure, REASON_INTERNAL, "no chunk %d", job->chunk);
    struct rung *rungs = av_calloc(job->rendition_count, sizeof(*rungs));
    if (!rungs)
        return failure_set(failure, REASON_OUT_OF_MEMORY, "rungs");
    size_t started = 0;
    int result = 0;
    for (size_t i = 0; i < job->rendition_count && result == 0; i++) {
        result = start_rung(&rungs[i], piece, i, &plan);
        if (result == 0)
            started++;
        else
            *failure = rungs[i].failure, release_rung(&rungs[i]);
    }
    if (result == 0)
        result = feed(piece, &plan, rungs, started, failure);
    for (size_t i = 0; i < started; i++) {
        if (result < 0)
            frame_queue_refuse(&rungs[i].queue);
        frame_queue_end(&rungs[i].queue);
    }
    for (size_t i = 0; i < started; i++) {
        pthread_join(rungs[i].thread, NULL);
        if (rungs[i].result < 0) {
            result = -1;
            *failure = rungs[i].failure;
        }
        release_rung(&rungs[i]);
    }
    av_free(rungs);
    return result;
}
