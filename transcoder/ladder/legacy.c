/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/ladder/legacy.h"

#include <libavutil/mem.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "transcoder/package/aac_chunk.h"
#include "transcoder/package/mpegts.h"
#include "transcoder/video/frame_feed.h"
#include "transcoder/video/h264.h"
#include "transcoder/worker/output.h"

/* Audio goes into the stream this much before the video of the same time. A group of audio
 * frames that share a header is then complete before its first frame is due. */
#define AUDIO_LEAD (MPEGTS_CLOCK_HZ / 2)

struct legacy {
    struct legacy_params params;
    int divisor;              /* the rendition uses every n-th frame of the grid */
    int64_t offset_ticks;     /* time of frame 0 of the grid */
    int segment, end_segment; /* the current segment, and one past the last of the chunk */
    bool pass_ended;          /* the only pass has ended */
    int next_segment;         /* the next segment whose first frame has not come yet */
    struct frame_feed *feed;
    AVCodecContext *encoder;
    AVPacket *packet;
    struct aac_chunk audio;
    size_t next_audio_frame; /* number of the next audio frame */
    struct mpegts *ts;
    struct message_segment *segments;
    size_t segment_count;
    size_t segment_start; /* offset in bytes */
    int segment_frames;
};

static int no_memory(struct failure *failure)
{
    return failure_set(failure, REASON_OUT_OF_MEMORY, "transport stream");
}

/* ---- audio ---- */

static int64_t audio_time(const struct legacy *l, const struct aac_frame *frame)
{
    return av_rescale(frame->start, MPEGTS_CLOCK_HZ, l->audio.sample_rate);
}

/* Whether an audio frame belongs to a later segment than the current one. As in the AAC
 * rendition, a segment begins with the audio frame whose start is nearest to the boundary. All
 * remaining frames of the chunk belong to the last segment. */
static bool belongs_later(const struct legacy *l, const struct aac_frame *frame)
{
    if (l->segment + 1 >= l->end_segment)
        return false;
    int64_t boundary = av_rescale(
        plan_segment_start_us(l->params.plan, l->segment + 1), l->audio.sample_rate, 1000000);
    return frame->start + 512 >= boundary;
}

static int add_audio(struct legacy *l, int64_t until, struct failure *failure)
{
    for (; l->next_audio_frame < l->audio.count; l->next_audio_frame++) {
        const struct aac_frame *frame = &l->audio.frames[l->next_audio_frame];
        int64_t time = audio_time(l, frame);
        if (time > until || belongs_later(l, frame))
            break;
        if (mpegts_add_audio(l->ts, l->audio.data + frame->at, frame->bytes, time) < 0)
            return no_memory(failure);
    }
    return 0;
}

/* ---- segments ---- */

static int end_segment(struct legacy *l, struct failure *failure)
{
    if (l->segment_frames == 0)
        return 0;
    if (add_audio(l, INT64_MAX, failure) < 0)
        return -1;
    /* If another chunk follows, this one must end with its continuity counters at zero, because the
     * next chunk begins with zero. */
    bool joins = l->segment + 1 == l->end_segment && l->end_segment < l->params.plan->segment_count;
    if ((joins ? mpegts_end_chunk(l->ts) : mpegts_end_segment(l->ts)) < 0)
        return no_memory(failure);
    size_t count;
    mpegts_bytes(l->ts, &count);
    size_t bytes = count - l->segment_start;
    /* The duration follows from the plan, because the last frame of the lesson may be shown for
     * less than a frame's time. */
    int64_t ticks = (plan_segment_start_frame(l->params.plan, l->segment + 1) -
                        plan_segment_start_frame(l->params.plan, l->segment)) *
                    (l->params.rendition->frame_ticks / l->divisor);
    if (bytes > INT32_MAX || ticks > INT32_MAX || l->segment >= l->end_segment)
        return failure_set(failure, REASON_INTERNAL, "segment of %zu bytes", bytes);
    l->segments[l->segment_count++] = (struct message_segment){
        .offset_bytes = (int64_t)l->segment_start,
        .length_bytes = (int32_t)bytes,
        .duration_ticks = (int32_t)ticks,
    };
    l->segment_start = count;
    l->segment_frames = 0;
    l->segment++;
    return 0;
}

static int take_packet(struct legacy *l, struct failure *failure)
{
    const struct rendition *r = l->params.rendition;
    const AVPacket *packet = l->packet;
    bool keyframe = packet->flags & AV_PKT_FLAG_KEY;
    int64_t time =
        av_rescale(packet->pts * r->frame_ticks + l->offset_ticks, MPEGTS_CLOCK_HZ, r->timescale);
    if (keyframe && (end_segment(l, failure) < 0 || mpegts_begin_segment(l->ts) < 0))
        return failure->reason ? -1 : no_memory(failure);
    if (mpegts_add_picture(l->ts, packet->data, (size_t)packet->size, time, keyframe) < 0)
        return no_memory(failure);
    l->segment_frames++;
    return add_audio(l, time + AUDIO_LEAD, failure);
}

/* ---- video ---- */

/* Gives the encoder a frame, or the end (NULL), and packs the packets that are ready. */
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
    return failure_from_av(failure, error, REASON_INTERNAL, l->params.rendition->name);
}

/* The pts of a frame is its number in the rendition. */
static int take_picture(void *context, AVFrame *picture, struct failure *failure)
{
    struct legacy *l = context;
    bool keyframe =
        picture->pts * l->divisor == plan_segment_start_frame(l->params.plan, l->next_segment);
    l->next_segment += keyframe;
    picture->pict_type = keyframe ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;
    return encode(l, picture, failure);
}

static int end_pass(void *context, struct failure *failure)
{
    return encode(context, NULL, failure) < 0 ? -1 : end_segment(context, failure);
}

static const struct frame_consumer consumer = {take_picture, end_pass};

static bool legacy_wants(const void *sink, int segment)
{
    const struct legacy *l = sink;
    (void)segment;
    return !l->pass_ended;
}

static int legacy_begin_pass(void *sink, struct failure *failure)
{
    struct legacy *l = sink;
    return frame_feed_begin(l->feed, failure);
}

static int legacy_put(void *sink, const AVFrame *frame, int64_t n, int segment)
{
    struct legacy *l = sink;
    (void)segment;
    return n % l->divisor == 0 ? frame_feed_put(l->feed, frame, n / l->divisor) : 0;
}

static int legacy_end_pass(void *sink, bool aborted, struct failure *failure)
{
    struct legacy *l = sink;
    l->pass_ended = true;
    return frame_feed_end(l->feed, aborted, failure);
}

/* ---- the chunk ---- */

static int legacy_deliver(void *sink, struct failure *failure)
{
    struct legacy *l = sink;
    struct cmaf_chunk made = {.segments = l->segments, .segment_count = l->segment_count};
    const struct work *work = l->params.work;
    made.data = mpegts_bytes(l->ts, &made.data_bytes);
    if (l->segment != l->end_segment)
        return failure_set(failure, REASON_INTERNAL, "%s: %d segments missing",
            l->params.rendition->name, l->end_segment - l->segment);
    return deliver_chunk(work, l->params.rendition, work->job->chunk, &made, failure);
}

static int open_encoder(struct legacy *l, struct failure *failure)
{
    const struct rendition *r = l->params.rendition;
    struct h264_params encoding = {
        .width = r->width,
        .height = r->height,
        .frame_rate = {r->fps_num, r->fps_den},
        .crf_x10 = r->crf_x10,
        .preset = r->preset,
        .tuning = r->tuning,
        .legacy = true,
        .rate_bps = r->segment_cap_bps,
        .colours = l->params.colours,
    };
    int error = h264_open(&l->encoder, &encoding);
    return error < 0 ? failure_from_av(failure, error, REASON_INTERNAL, r->name) : 0;
}

/* Reads the audio that is copied. It must be made already. */
static int read_audio(struct legacy *l, const char *rendition, struct failure *failure)
{
    const struct work *work = l->params.work;
    struct job_file file = {.kind = JOB_FILE_INIT};
    snprintf(file.rendition, sizeof(file.rendition), "%s", rendition);
    int init = output_read(work->report, &file, failure);
    file.kind = JOB_FILE_CHUNK;
    file.number = work->job->chunk;
    int chunk = init < 0 ? -1 : output_read(work->report, &file, failure);
    int result = chunk < 0 ? -1 : aac_chunk_read(&l->audio, init, chunk, failure);
    if (init >= 0)
        close(init);
    if (chunk >= 0)
        close(chunk);
    return result;
}

static int open_all(struct legacy *l, struct failure *failure)
{
    const struct rendition *r = l->params.rendition, *audio = l->params.audio_rendition;
    struct scaler_params scaling = {
        .width = r->width,
        .height = r->height,
        .format = AV_PIX_FMT_YUV420P,
        .in_matrix = l->params.colours.matrix,
        .out_matrix = l->params.colours.matrix,
    };
    if (l->divisor < 1)
        return failure_set(failure, REASON_INTERNAL, "%s: frame rate", r->name);
    if (audio && read_audio(l, audio->name, failure) < 0)
        return -1;
    l->segments = calloc((size_t)(l->end_segment - l->segment), sizeof(*l->segments));
    l->packet = av_packet_alloc();
    if (!l->segments || !l->packet || frame_feed_open(&l->feed, &scaling, &consumer, l) < 0 ||
        mpegts_open(&l->ts, l->segment, audio != NULL) < 0)
        return no_memory(failure);
    return open_encoder(l, failure);
}

static void legacy_close(void *sink)
{
    struct legacy *l = sink;
    frame_feed_close(&l->feed);
    avcodec_free_context(&l->encoder);
    av_packet_free(&l->packet);
    aac_chunk_free(&l->audio);
    mpegts_close(&l->ts);
    free(l->segments);
    av_free(l);
}

static const struct frame_sink_ops legacy_ops = {
    .wants = legacy_wants,
    .begin_pass = legacy_begin_pass,
    .put = legacy_put,
    .end_pass = legacy_end_pass,
    .deliver = legacy_deliver,
    .close = legacy_close,
};

int legacy_open(struct frame_sink *out, const struct legacy_params *params, struct failure *failure)
{
    const struct job *job = params->work->job;
    struct legacy *l = av_mallocz(sizeof(*l));
    *out = (struct frame_sink){0};
    if (!l)
        return no_memory(failure);
    l->params = *params;
    l->divisor = plan_divisor(params->plan, params->rendition);
    l->offset_ticks = av_rescale(job->info.video_start_us, params->rendition->timescale, 1000000);
    plan_chunk_segments(params->plan, &job->options, job->chunk, &l->segment, &l->end_segment);
    l->next_segment = l->segment;
    if (open_all(l, failure) < 0) {
        legacy_close(l);
        return -1;
    }
    *out = (struct frame_sink){&legacy_ops, l};
    return 0;
}
