/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/legacy.h"

#include <libavutil/mem.h>
#include <stdlib.h>

#include "transcoder/h264.h"
#include "transcoder/made_sound.h"
#include "transcoder/scaler.h"
#include "transcoder/source.h"
#include "transcoder/ts.h"

/* Sound goes into the stream so far ahead of the picture of its time: a run of frames that share a
 * header is whole before its first is due. */
#define SOUND_LEAD (TS_CLOCK / 2)

/*
 * The chunk on its way.
 *
 * Its sound is that of the lesson's AAC rendition, whose chunks have the same boundaries and lie
 * there already: this job comes after the sound's. So all renditions sound alike, frames join at
 * the chunks' edges as they do there, and no chunk has to decode an hour of sound to get at its
 * minute.
 */
struct legacy {
    const struct piece *piece;
    const struct plan *plan;
    const struct plan_rendition *rendition, *sound_rendition; /* the latter NULL: no sound */
    int divisor;                                              /* every which grid frame it takes */
    int64_t offset_ticks;                                     /* of grid frame 0 */
    int segment, end_segment; /* the one that is being filled, or comes next */
    struct source *source;
    struct scaler *scaler;
    AVFrame *scaled;
    AVCodecContext *encoder;
    AVPacket *packet;
    struct made_sound sound;
    size_t next_frame; /* of sound */
    struct ts *ts;
    struct message_segment *segments;
    size_t segment_count;
    size_t segment_start; /* in bytes */
    int segment_pictures;
};

static int no_memory(struct failure *failure)
{
    return failure_set(failure, REASON_OUT_OF_MEMORY, "transport stream");
}

/* ---- sound ---- */

static int64_t sound_time(const struct legacy *l, const struct made_frame *frame)
{
    return av_rescale(frame->start, TS_CLOCK, l->sound.sample_rate);
}

/* Whether a frame belongs to a later segment than the present one: it begins with the frame whose
 * start is nearest to its boundary, as in the AAC rendition. What the chunk has left at its end is
 * the last segment's. */
static bool belongs_later(const struct legacy *l, const struct made_frame *frame)
{
    if (l->segment + 1 >= l->end_segment)
        return false;
    int64_t boundary =
        av_rescale(plan_segment_start_us(l->plan, l->segment + 1), l->sound.sample_rate, 1000000);
    return frame->start + 512 >= boundary;
}

static int add_sound(struct legacy *l, int64_t until, struct failure *failure)
{
    for (; l->next_frame < l->sound.count; l->next_frame++) {
        const struct made_frame *frame = &l->sound.frames[l->next_frame];
        int64_t time = sound_time(l, frame);
        if (time > until || belongs_later(l, frame))
            break;
        if (ts_add_sound(l->ts, l->sound.data + frame->at, frame->bytes, time) < 0)
            return no_memory(failure);
    }
    return 0;
}

/* ---- segments ---- */

static int end_segment(struct legacy *l, struct failure *failure)
{
    size_t count;
    if (l->segment_pictures == 0)
        return 0;
    if (add_sound(l, INT64_MAX, failure) < 0)
        return -1;
    /* Only what another chunk follows has to end with its counters in place. */
    bool joins = l->segment + 1 == l->end_segment && l->end_segment < l->plan->segment_count;
    if ((joins ? ts_end_chunk(l->ts) : ts_end_segment(l->ts)) < 0)
        return no_memory(failure);
    ts_bytes(l->ts, &count);
    size_t bytes = count - l->segment_start;
    /* By the plan: the lesson's last picture may be shown for less than a frame's time. */
    int64_t ticks = (plan_segment_start_frame(l->plan, l->segment + 1) -
                        plan_segment_start_frame(l->plan, l->segment)) *
                    (l->rendition->frame_ticks / l->divisor);
    if (bytes > INT32_MAX || ticks > INT32_MAX || l->segment >= l->end_segment)
        return failure_set(failure, REASON_INTERNAL, "segment of %zu bytes", bytes);
    l->segments[l->segment_count++] = (struct message_segment){
        .offset_bytes = (int64_t)l->segment_start,
        .length_bytes = (int32_t)bytes,
        .duration_ticks = (int32_t)ticks,
    };
    l->segment_start = count;
    l->segment_pictures = 0;
    l->segment++;
    return 0;
}

static int take_packet(struct legacy *l, struct failure *failure)
{
    const struct plan_rendition *r = l->rendition;
    const AVPacket *packet = l->packet;
    bool keyframe = packet->flags & AV_PKT_FLAG_KEY;
    int64_t time =
        av_rescale(packet->pts * r->frame_ticks + l->offset_ticks, TS_CLOCK, r->timescale);
    if (keyframe && (end_segment(l, failure) < 0 || ts_begin_segment(l->ts) < 0))
        return failure->reason ? -1 : no_memory(failure);
    if (ts_add_picture(l->ts, packet->data, (size_t)packet->size, time, keyframe) < 0)
        return no_memory(failure);
    l->segment_pictures++;
    return add_sound(l, time + SOUND_LEAD, failure);
}

/* ---- pictures ---- */

/* Gives the encoder a frame, or the end (NULL), and packs what it has ready. */
static int encode(struct legacy *l, const AVFrame *frame, struct failure *failure)
{
    int error = avcodec_send_frame(l->encoder, frame);
    while (error >= 0) {
        error = h264_receive(l->encoder, l->packet);
        if (error == AVERROR(EAGAIN) || error == AVERROR_EOF)
            return 0;
        if (error >= 0) {
            int taken = take_packet(l, failure);
            av_packet_unref(l->packet);
            if (taken < 0)
                return -1;
        }
    }
    return failure_from_av(failure, error, REASON_INTERNAL, l->rendition->name);
}

static int encode_picture(
    struct legacy *l, const AVFrame *picture, int64_t n, bool keyframe, struct failure *failure)
{
    AVFrame *scaled = av_frame_alloc();
    int error = scaled ? scaler_run(l->scaler, picture, scaled) : AVERROR(ENOMEM);
    if (error >= 0) {
        av_frame_free(&l->scaled);
        l->scaled = scaled;
    } else {
        av_frame_free(&scaled);
        /* A picture that can't be shown in the middle: the last one is held. */
        if (!l->scaled || error == AVERROR(ENOMEM))
            return failure_from_av(failure, error, REASON_DAMAGED, "scaling");
    }
    l->scaled->pts = n;
    l->scaled->pict_type = keyframe ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;
    return encode(l, l->scaled, failure);
}

static int run_pictures(struct legacy *l, struct failure *failure)
{
    int segment = l->segment;
    int64_t first = plan_segment_start_frame(l->plan, segment),
            end = plan_segment_start_frame(l->plan, l->end_segment);
    for (int64_t n = first; n < end; n++) {
        const AVFrame *picture;
        bool keyframe = n == plan_segment_start_frame(l->plan, segment);
        segment += keyframe;
        if (source_frame(l->source, n, &picture, failure) < 0)
            return -1;
        if (n % l->divisor == 0 &&
            encode_picture(l, picture, n / l->divisor, keyframe, failure) < 0)
            return -1;
        if (report_progress(l->piece->report, (int)((n - first) * 1000 / (end - first)), failure) <
            0)
            return -1;
    }
    return encode(l, NULL, failure) < 0 ? -1 : end_segment(l, failure);
}

/* ---- the chunk ---- */

static int deliver(const struct legacy *l, struct failure *failure)
{
    struct packager_chunk made = {.segments = l->segments, .segment_count = l->segment_count};
    made.data = ts_bytes(l->ts, &made.data_bytes);
    if (l->segment != l->end_segment)
        return failure_set(failure, REASON_INTERNAL, "%s: %d segments missing", l->rendition->name,
            l->end_segment - l->segment);
    return piece_deliver_chunk(l->piece, l->rendition, l->piece->job->chunk, &made, failure);
}

static int open_all(struct legacy *l, struct failure *failure)
{
    const struct plan_rendition *r = l->rendition;
    const struct media_info *info = &l->piece->job->info;
    struct source_colours colours;
    l->divisor = plan_divisor(l->plan, r);
    if (l->divisor < 1)
        return failure_set(failure, REASON_INTERNAL, "%s: frame rate", r->name);
    l->offset_ticks = av_rescale(info->video_start_us, r->timescale, 1000000);
    if (l->sound_rendition && made_sound_read(&l->sound, l->piece->output_fd,
                                  l->sound_rendition->name, l->piece->job->chunk, failure) < 0)
        return -1;
    if (source_open(&l->source, l->piece->source_fd, info,
            plan_segment_start_frame(l->plan, l->segment), failure) < 0)
        return -1;
    source_colours(l->source, &colours);
    struct scaler_params params = {
        .width = r->width,
        .height = r->height,
        .format = AV_PIX_FMT_YUV420P,
        .in_matrix = colours.matrix,
        .out_matrix = colours.matrix,
    };
    l->segments = calloc((size_t)(l->end_segment - l->segment), sizeof(*l->segments));
    l->packet = av_packet_alloc();
    if (!l->segments || !l->packet || scaler_open(&l->scaler, &params) < 0 ||
        ts_open(&l->ts, l->segment, l->sound_rendition != NULL) < 0)
        return no_memory(failure);
    struct h264_params encoding = {
        .width = r->width,
        .height = r->height,
        .frame_rate = {r->fps_num, r->fps_den},
        .crf_x10 = r->crf_x10,
        .preset = r->preset,
        .tuning = r->tuning,
        .legacy = true,
        .rate_bps = r->segment_cap_bps,
        .colours = colours,
    };
    int error = h264_open(&l->encoder, &encoding);
    return error < 0 ? failure_from_av(failure, error, REASON_INTERNAL, r->name) : 0;
}

static void close_all(struct legacy *l)
{
    avcodec_free_context(&l->encoder);
    av_packet_free(&l->packet);
    av_frame_free(&l->scaled);
    scaler_close(&l->scaler);
    source_close(&l->source);
    made_sound_free(&l->sound);
    ts_close(&l->ts);
    free(l->segments);
}

static int run_chunk(struct legacy *l, struct failure *failure)
{
    int result = open_all(l, failure);
    if (result == 0)
        result = run_pictures(l, failure);
    if (result == 0)
        result = deliver(l, failure);
    close_all(l);
    return result;
}

int legacy_run(const struct piece *piece, struct failure *failure)
{
    const struct job *job = piece->job;
    struct plan *plan = av_malloc(sizeof(*plan));
    int result = -1;
    if (!plan || plan_make(&job->info, &job->options, plan) < 0 || !job->info.has_video ||
        job->chunk >= plan->chunk_count) {
        failure_set(failure, REASON_INTERNAL, "no chunk %d", job->chunk);
    } else {
        struct legacy l = {.piece = piece,
            .plan = plan,
            .rendition = &job->renditions[0],
            .sound_rendition = job->rendition_count > 1 ? &job->renditions[1] : NULL};
        plan_chunk_segments(plan, &job->options, job->chunk, &l.segment, &l.end_segment);
        result = run_chunk(&l, failure);
    }
    av_free(plan);
    return result;
}
