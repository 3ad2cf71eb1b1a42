/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/demux/timestamps.h"

#include <libavutil/avstring.h>
#include <stdbool.h>

/* A packet whose time differs by more than this from the time at which it is due counts as a leap.
 * Forwards the limit is larger, because a recording may pause. Backwards it only makes room for
 * inexact durations, because decoding times never go back. */
#define LEAP_ON_US 10000000LL
#define LEAP_BACK_US 1000000LL

static bool may_leap(const AVInputFormat *format)
{
    /* Some tools join FLV files without correcting the times. */
    return (format->flags & AVFMT_TS_DISCONT) || av_match_name("flv", format->name);
}

void timestamps_init(struct timestamps *clock)
{
    *clock = (struct timestamps){.shift_us = 0};
    for (int i = 0; i < INPUT_MAX_STREAMS; i++)
        clock->streams[i].next_us = INT64_MIN;
}

int64_t timestamps_shift_us(
    struct timestamps *clock, const AVFormatContext *format, const AVPacket *packet)
{
    const AVStream *stream = format->streams[packet->stream_index];
    enum AVMediaType type = stream->codecpar->codec_type;
    int64_t time = packet->dts != AV_NOPTS_VALUE ? packet->dts : packet->pts;
    if (!may_leap(format->iformat) || time == AV_NOPTS_VALUE ||
        (type != AVMEDIA_TYPE_VIDEO && type != AVMEDIA_TYPE_AUDIO))
        return clock->shift_us;
    struct timestamp_stream *seen = &clock->streams[packet->stream_index];
    int64_t time_us = av_rescale_q(time, stream->time_base, AV_TIME_BASE_Q);
    if (seen->next_us != INT64_MIN) {
        int64_t leap_us = time_us + clock->shift_us - seen->next_us;
        if (leap_us > LEAP_ON_US || leap_us < -LEAP_BACK_US) {
            clock->shift_us -= leap_us;
            clock->leaps++;
        }
    }
    seen->next_us =
        time_us + clock->shift_us +
        (packet->duration > 0 ? av_rescale_q(packet->duration, stream->time_base, AV_TIME_BASE_Q)
                              : 0);
    return clock->shift_us;
}
