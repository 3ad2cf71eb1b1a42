/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/audio.h"

#include <libavutil/channel_layout.h>
#include <string.h>

#include "transcoder/sound.h"

/* One rendition on its way from the first sample to the last. */
struct track {
    const struct piece *piece;
    const struct plan *plan;
    const struct plan_rendition *rendition;
    struct sound *sound;
    AVCodecContext *encoder;
    AVPacket *packet;
    struct packager *packager;
    int chunk;
    int segment, chunk_end_segment;
    int64_t end_sample;
};

static int open_encoder(struct track *t, struct failure *failure)
{
    const AVCodec *codec = avcodec_find_encoder(AV_CODEC_ID_AAC);
    t->encoder = codec ? avcodec_alloc_context3(codec) : NULL;
    t->packet = av_packet_alloc();
    if (!t->encoder || !t->packet)
        return failure_set(failure, REASON_OUT_OF_MEMORY, "AAC encoder");
    t->encoder->sample_fmt = AV_SAMPLE_FMT_FLTP;
    t->encoder->sample_rate = SOUND_RATE;
    t->encoder->bit_rate = t->rendition->bitrate_bps;
    t->encoder->time_base = (AVRational){1, SOUND_RATE};
    t->encoder->flags |= AV_CODEC_FLAG_GLOBAL_HEADER | AV_CODEC_FLAG_BITEXACT;
    t->encoder->thread_count = 1;
    av_channel_layout_default(&t->encoder->ch_layout, t->rendition->channels);
    int error = avcodec_open2(t->encoder, codec, NULL);
    return error < 0 ? failure_from_av(failure, error, REASON_INTERNAL, "AAC encoder") : 0;
}

static int begin_chunk(struct track *t, struct failure *failure)
{
    struct packager_params params = {t->rendition, t->encoder, t->segment};
    int first;
    plan_chunk_segments(t->plan, &t->piece->job->options, t->chunk, &first, &t->chunk_end_segment);
    return packager_open(&t->packager, &params, failure);
}

static int end_chunk(struct track *t, struct failure *failure)
{
    if (packager_end_segment(t->packager, failure) < 0 ||
        piece_deliver(t->piece, t->rendition, t->chunk, t->packager, t->encoder, failure) < 0)
        return -1;
    packager_close(&t->packager);
    t->chunk++;
    return 0;
}

/* The sample at which a segment begins, before rounding to a frame of the codec. */
static int64_t boundary(const struct track *t, int64_t segment)
{
    return av_rescale(plan_segment_start_us(t->plan, segment), SOUND_RATE, 1000000);
}

/* A segment begins with the frame whose start is nearest to its boundary. */
static bool begins_next_segment(const struct track *t, int64_t pts)
{
    return t->segment + 1 < t->plan->segment_count &&
           pts + t->encoder->frame_size / 2 >= boundary(t, t->segment + 1);
}

static int take_packet(struct track *t, struct failure *failure)
{
    AVPacket *packet = t->packet;
    /* Before the first sample there is only the encoder's priming, after the last its padding.
     * Without the former no edit list is needed to line sound and picture up. */
    if (packet->pts < sound_first_sample(t->sound) || packet->pts >= t->end_sample)
        return 0;
    while (begins_next_segment(t, packet->pts)) {
        if (packager_end_segment(t->packager, failure) < 0)
            return -1;
        if (++t->segment == t->chunk_end_segment &&
            (end_chunk(t, failure) < 0 || begin_chunk(t, failure) < 0))
            return -1;
    }
    packet->dts = packet->pts;
    packet->duration = t->encoder->frame_size;
    return packager_add(t->packager, packet, failure);
}

static int encode(struct track *t, const AVFrame *frame, struct failure *failure)
{
    int error = avcodec_send_frame(t->encoder, frame);
    while (error >= 0) {
        error = avcodec_receive_packet(t->encoder, t->packet);
        if (error == AVERROR(EAGAIN) || error == AVERROR_EOF)
            return 0;
        if (error >= 0) {
            int taken = take_packet(t, failure);
            av_packet_unref(t->packet);
            if (taken < 0)
                return -1;
        }
    }
    return failure_from_av(failure, error, REASON_INTERNAL, "AAC encoder");
}

/* Encodes to the end; tracks done before count into the progress. */
static int run_track(struct track *t, size_t index, size_t count, struct failure *failure)
{
    AVFrame *frame = av_frame_alloc();
    int more = 1;
    if (!frame)
        return failure_set(failure, REASON_OUT_OF_MEMORY, "sound");
    while (more > 0) {
        more = sound_read(t->sound, t->encoder->frame_size, frame, failure);
        if (more > 0 && encode(t, frame, failure) < 0)
            more = -1;
        int64_t done = more > 0 && t->end_sample > 0 ? frame->pts * 1000 / t->end_sample : 1000;
        av_frame_unref(frame);
        if (more > 0 && report_progress(t->piece->report,
                            (int)(((int64_t)index * 1000 + done) / (int64_t)count), failure) < 0)
            more = -1;
    }
    av_frame_free(&frame);
    if (more < 0 || encode(t, NULL, failure) < 0)
        return -1;
    return end_chunk(t, failure);
}

static int make_rendition(
    const struct piece *piece, const struct plan *plan, size_t index, struct failure *failure)
{
    const struct job *job = piece->job;
    struct track t = {.piece = piece, .plan = plan, .rendition = &job->renditions[index]};
    t.end_sample = av_rescale(job->info.duration_us, SOUND_RATE, 1000000);
    int result = -1;
    if (sound_open(&t.sound, piece->source_fd, &job->info, t.rendition->source_audio,
            t.rendition->channels, failure) == 0 &&
        open_encoder(&t, failure) == 0 && begin_chunk(&t, failure) == 0)
        result = run_track(&t, index, job->rendition_count, failure);
    if (result == 0 && t.chunk != plan->chunk_count)
        result = failure_set(failure, REASON_INTERNAL, "%s: %d chunks instead of %d",
            t.rendition->name, t.chunk, plan->chunk_count);
    packager_close(&t.packager);
    avcodec_free_context(&t.encoder);
    av_packet_free(&t.packet);
    sound_close(&t.sound);
    return result;
}

int audio_run(const struct piece *piece, struct failure *failure)
{
    struct plan *plan = av_malloc(sizeof(*plan));
    int result = plan && plan_make(&piece->job->info, &piece->job->options, plan) == 0
                     ? 0
                     : failure_set(failure, REASON_INTERNAL, "no plan");
    for (size_t i = 0; i < piece->job->rendition_count && result == 0; i++)
        result = make_rendition(piece, plan, i, failure);
    av_free(plan);
    return result;
}
