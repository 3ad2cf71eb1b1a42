/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/demux/scan.h"

#include <libavutil/intreadwrite.h>

#include "transcoder/demux/timestamps.h"

/* Twelve hours of video at 120 frames a second, and as many audio packets. */
#define MAX_PACKETS (2LL * 12 * 3600 * 120)

/* The time at the start and at the end of a packet that the container excludes from playback
 * (AV_PKT_DATA_SKIP_SAMPLES). */
static void skipped_us(const AVPacket *packet, int sample_rate, int64_t *head_us, int64_t *tail_us)
{
    size_t bytes;
    const uint8_t *skip = av_packet_get_side_data(packet, AV_PKT_DATA_SKIP_SAMPLES, &bytes);
    *head_us = *tail_us = 0;
    if (!skip || bytes < 8 || sample_rate <= 0)
        return;
    *head_us = av_rescale(AV_RL32(skip), 1000000, sample_rate);
    *tail_us = av_rescale(AV_RL32(skip + 4), 1000000, sample_rate);
}

static void note_keyframe(struct scan_stream *seen, int64_t time_us)
{
    if (seen->keyframe_us != INT64_MIN && time_us - seen->keyframe_us > seen->keyframe_gap_us)
        seen->keyframe_gap_us = time_us - seen->keyframe_us;
    seen->keyframe_us = time_us;
}

static void note_packet(
    struct scan_stream *seen, const AVStream *stream, const AVPacket *packet, int64_t shift_us)
{
    int64_t time = packet->pts != AV_NOPTS_VALUE ? packet->pts : packet->dts;
    int64_t time_us = time != AV_NOPTS_VALUE
                          ? av_rescale_q(time, stream->time_base, AV_TIME_BASE_Q) + shift_us
                          : 0;
    int64_t head_us, tail_us;
    skipped_us(packet, stream->codecpar->sample_rate, &head_us, &tail_us);
    /* The excluded time at the start of a stream may be longer than a packet. */
    if (head_us > 0 && seen->packets == 0)
        seen->skip_until_us = time_us + head_us;
    /* An edit list cuts this packet away: it is decoded, but not shown. */
    if (packet->flags & AV_PKT_FLAG_DISCARD)
        return;
    seen->packets++;
    seen->bytes += packet->size;
    if (time == AV_NOPTS_VALUE) {
        seen->untimed_packets++;
        return;
    }
    if (packet->flags & AV_PKT_FLAG_KEY)
        note_keyframe(seen, time_us);
    int64_t length_us = av_rescale_q(
        packet->duration > 0 ? packet->duration : 0, stream->time_base, AV_TIME_BASE_Q);
    int64_t start_us = time_us > seen->skip_until_us ? time_us : seen->skip_until_us;
    int64_t end_us = time_us + length_us - (tail_us < length_us ? tail_us : length_us);
    if (start_us < seen->start_us)
        seen->start_us = start_us;
    if (end_us > seen->end_us)
        seen->end_us = end_us;
}

static void begin(struct scan *out)
{
    *out = (struct scan){.stream_count = 0};
    for (int i = 0; i < INPUT_MAX_STREAMS; i++)
        out->streams[i] = (struct scan_stream){.start_us = INT64_MAX,
            .end_us = INT64_MIN,
            .skip_until_us = INT64_MIN,
            .keyframe_us = INT64_MIN};
}

static void finish(struct scan *out, const AVFormatContext *format)
{
    int count = (int)format->nb_streams;
    out->stream_count = count < INPUT_MAX_STREAMS ? count : INPUT_MAX_STREAMS;
    for (int i = 0; i < out->stream_count; i++) {
        struct scan_stream *seen = &out->streams[i];
        seen->timed = seen->untimed_packets * 10 <= seen->packets;
        if (seen->keyframe_us != INT64_MIN)
            note_keyframe(seen, seen->end_us);
    }
}

int scan_packets(
    struct input *input, struct report *report, struct scan *out, struct failure *failure)
{
    struct timestamps clock;
    begin(out);
    timestamps_init(&clock);
    AVPacket *packet = av_packet_alloc();
    if (!packet)
        return failure_set(failure, REASON_OUT_OF_MEMORY, "scan");
    int result = 0, error = 0;
    for (int64_t count = 0; result == 0 && (error = input_read(input, packet)) == 0; count++) {
        /* In some containers (MPEG-PS) streams appear while packets are read. */
        int i = packet->stream_index;
        if (i < INPUT_MAX_STREAMS)
            note_packet(&out->streams[i], input->format->streams[i], packet,
                timestamps_shift_us(&clock, input->format, packet));
        av_packet_unref(packet);
        if (count > MAX_PACKETS)
            result = failure_set(failure, REASON_TOO_LONG, "%lld packets", (long long)count);
        else
            result =
                report_progress(report, (int)(input->at_bytes * 100 / input->size_bytes), failure);
    }
    av_packet_free(&packet);
    if (error == AVERROR(ENOMEM))
        result = failure_from_av(failure, error, REASON_INTERNAL, "scan");
    out->leaps = clock.leaps;
    finish(out, input->format);
    return result;
}
