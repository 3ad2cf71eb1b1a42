/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/package/cmaf.h"

#include <libavformat/avformat.h>
#include <libavutil/intreadwrite.h>
#include <libavutil/opt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "transcoder/video/svtav1.h"

#define IO_BUFFER_BYTES (64 * 1024)
/* Limit of a chunk. A minute at 700 kbit/s takes 5 MB; far more than that is a mistake. */
#define MAX_CHUNK_BYTES (512 * 1024 * 1024)

/* The length of a fragment. Players may show the start of a segment before the whole has
 * arrived. */
#define FRAGMENT_S 2

struct cmaf {
    AVFormatContext *format;
    AVIOContext *io;
    AVPacket *packet;
    bool video;
    uint8_t *bytes; /* the init segment, then the chunk */
    size_t count, room, init_bytes;
    struct message_segment *segments;
    size_t segment_count, segment_room;
    size_t segment_start;  /* offset in bytes */
    int64_t segment_ticks; /* length of the current segment */
    int64_t fragment_ticks, longest_fragment_ticks;
};

static int on_write(void *opaque, uint8_t *buffer, int buffer_bytes)
{
    struct cmaf *p = opaque;
    size_t needed = p->count + (size_t)buffer_bytes;
    if (needed > MAX_CHUNK_BYTES)
        return AVERROR(ENOMEM);
    if (needed > p->room) {
        size_t room = needed * 2;
        uint8_t *bytes = realloc(p->bytes, room);
        if (!bytes)
            return AVERROR(ENOMEM);
        p->bytes = bytes;
        p->room = room;
    }
    memcpy(p->bytes + p->count, buffer, (size_t)buffer_bytes);
    p->count += (size_t)buffer_bytes;
    return buffer_bytes;
}

/* cmaf: no edit lists. frag_discont: times are absolute, not relative to the start of the chunk. */
static const char mov_flags[] =
    "+frag_custom+empty_moov+default_base_moof+cmaf+frag_discont+skip_trailer";

static int write_header(struct cmaf *p, const struct cmaf_params *params)
{
    AVDictionary *options = NULL;
    av_dict_set(&options, "movflags", mov_flags, 0);
    av_dict_set_int(&options, "video_track_timescale", params->rendition->timescale, 0);
    av_dict_set_int(&options, "fragment_index", params->first_segment + 1, 0);
    /* The node merges video and audio into one file (node/hls/progressive.c), so the two tracks
     * have different numbers from the start. */
    av_dict_set_int(&options, "use_stream_ids_as_track_ids", 1, 0);
    av_dict_set(&options, "avoid_negative_ts", "disabled", 0);
    int error = avformat_write_header(p->format, &options);
    av_dict_free(&options);
    if (error < 0)
        return error;
    avio_flush(p->io);
    p->init_bytes = p->segment_start = p->count;
    return p->count > 0 ? 0 : AVERROR_BUG;
}

static int open_muxer(struct cmaf *p, const struct cmaf_params *params)
{
    int error = avformat_alloc_output_context2(&p->format, NULL, "mp4", NULL);
    if (error < 0)
        return error;
    uint8_t *buffer = av_malloc(IO_BUFFER_BYTES);
    if (buffer)
        p->io = avio_alloc_context(buffer, IO_BUFFER_BYTES, 1, p, NULL, on_write, NULL);
    if (!p->io) {
        av_free(buffer);
        return AVERROR(ENOMEM);
    }
    p->io->seekable = 0;
    p->format->pb = p->io;
    p->format->flags |= AVFMT_FLAG_BITEXACT | AVFMT_FLAG_CUSTOM_IO;
    AVStream *stream = avformat_new_stream(p->format, NULL);
    if (!stream)
        return AVERROR(ENOMEM);
    error = avcodec_parameters_from_context(stream->codecpar, params->encoder);
    if (error < 0)
        return error;
    stream->id = p->video ? 1 : 2;
    stream->time_base = (AVRational){1, params->rendition->timescale};
    if (p->video)
        stream->avg_frame_rate =
            (AVRational){params->rendition->fps_num, params->rendition->fps_den};
    return write_header(p, params);
}

int cmaf_open(struct cmaf **out, const struct cmaf_params *params, struct failure *failure)
{
    *out = NULL;
    struct cmaf *p = calloc(1, sizeof(*p));
    if (!p)
        return failure_set(failure, REASON_OUT_OF_MEMORY, "cmaf");
    p->video = params->rendition->kind == RENDITION_VIDEO;
    p->longest_fragment_ticks = FRAGMENT_S * (int64_t)params->rendition->timescale;
    p->packet = av_packet_alloc();
    int error = p->packet ? open_muxer(p, params) : AVERROR(ENOMEM);
    if (error < 0) {
        failure_from_av(failure, error, REASON_INTERNAL, "cmaf");
        cmaf_close(&p);
        return -1;
    }
    *out = p;
    return 0;
}

void cmaf_close(struct cmaf **cmaf)
{
    if (!*cmaf)
        return;
    struct cmaf *p = *cmaf;
    avformat_free_context(p->format);
    if (p->io) {
        av_freep(&p->io->buffer);
        avio_context_free(&p->io);
    }
    av_packet_free(&p->packet);
    free(p->bytes);
    free(p->segments);
    free(p);
    *cmaf = NULL;
}

/* Writes the packets added since the last call as one fragment: moof and mdat. */
static int end_fragment(struct cmaf *p)
{
    p->fragment_ticks = 0;
    return av_write_frame(p->format, NULL);
}

int cmaf_add(struct cmaf *p, const AVPacket *packet, struct failure *failure)
{
    int error = 0;
    if (p->fragment_ticks > 0 && p->fragment_ticks + packet->duration > p->longest_fragment_ticks)
        error = end_fragment(p);
    if (error >= 0)
        error = av_packet_ref(p->packet, packet);
    if (error >= 0) {
        p->packet->stream_index = 0;
        p->segment_ticks += packet->duration;
        p->fragment_ticks += packet->duration;
        error = av_write_frame(p->format, p->packet);
        av_packet_unref(p->packet);
    }
    return error < 0 ? failure_from_av(failure, error, REASON_INTERNAL, "packaging") : 0;
}

/* A range of bytes in memory; empty if something was not found. */
struct span {
    const uint8_t *at, *end;
};

/* Returns the body of the first box of a type among the boxes in `within`. */
static struct span find_box(struct span within, const char *type)
{
    while (within.end - within.at >= 8) {
        uint32_t size = AV_RB32(within.at);
        if (size < 8 || size > within.end - within.at)
            break;
        if (memcmp(within.at + 4, type, 4) == 0)
            return (struct span){within.at + 8, within.at + size};
        within.at += size;
    }
    return (struct span){within.end, within.end};
}

/* Returns a field of 32 bits; 0 beyond the end. */
static uint32_t field(struct span box, size_t offset)
{
    return box.end - box.at >= (ptrdiff_t)offset + 4 ? AV_RB32(box.at + offset) : 0;
}

/* Returns the size of the first sample of a segment; 0 if it is not stated. It is in the trun box
 * or is the default of the tfhd box (ISO/IEC 14496-12, 8.8). */
static uint32_t first_sample_bytes(struct span segment)
{
    struct span traf = find_box(find_box(segment, "moof"), "traf");
    struct span tfhd = find_box(traf, "tfhd"), trun = find_box(traf, "trun");
    uint32_t flags = field(trun, 0) & 0xffffff;
    if (flags & 0x200)
        return field(trun, 8 + (flags & 1 ? 4 : 0) + (flags & 4 ? 4 : 0) + (flags & 0x100 ? 4 : 0));
    flags = field(tfhd, 0) & 0xffffff;
    return flags & 0x10
               ? field(tfhd, 8 + (flags & 1 ? 8 : 0) + (flags & 2 ? 4 : 0) + (flags & 8 ? 4 : 0))
               : 0;
}

/* Returns the number of bytes from the start of the segment to the end of its first frame: the
 * moof box, the header of mdat, and the sample. */
static int64_t iframe_bytes(const uint8_t *segment, size_t bytes)
{
    return (int64_t)AV_RB32(segment) + 8 +
           first_sample_bytes((struct span){segment, segment + bytes});
}

static int add_segment(struct cmaf *p, size_t bytes, struct failure *failure)
{
    if (p->segment_count == p->segment_room) {
        size_t room = p->segment_room ? p->segment_room * 2 : 16;
        struct message_segment *segments = realloc(p->segments, room * sizeof(*segments));
        if (!segments)
            return failure_set(failure, REASON_OUT_OF_MEMORY, "segment table");
        p->segments = segments;
        p->segment_room = room;
    }
    int64_t iframe = p->video ? iframe_bytes(p->bytes + p->segment_start, bytes) : 0;
    if (iframe > (int64_t)bytes || bytes > INT32_MAX || p->segment_ticks > INT32_MAX)
        return failure_set(failure, REASON_INTERNAL, "segment of %zu bytes", bytes);
    p->segments[p->segment_count++] = (struct message_segment){
        .offset_bytes = (int64_t)(p->segment_start - p->init_bytes),
        .length_bytes = (int32_t)bytes,
        .duration_ticks = (int32_t)p->segment_ticks,
        .iframe_bytes = (int32_t)iframe,
    };
    return 0;
}

int cmaf_end_segment(struct cmaf *p, struct failure *failure)
{
    if (p->segment_ticks == 0)
        return 0;
    int error = end_fragment(p);
    if (error < 0)
        return failure_from_av(failure, error, REASON_INTERNAL, "packaging");
    avio_flush(p->io);
    size_t bytes = p->count - p->segment_start;
    if (bytes < 16)
        return failure_set(failure, REASON_INTERNAL, "segment of %zu bytes", bytes);
    if (add_segment(p, bytes, failure) < 0)
        return -1;
    p->segment_start = p->count;
    p->segment_ticks = 0;
    return 0;
}

void cmaf_result(const struct cmaf *p, struct cmaf_chunk *out)
{
    *out = (struct cmaf_chunk){
        .init = p->bytes,
        .init_bytes = p->init_bytes,
        .data = p->bytes + p->init_bytes,
        .data_bytes = p->count - p->init_bytes,
        .segments = p->segments,
        .segment_count = p->segment_count,
    };
}

/* Returns the bytes for profile, constraints and level. They follow the NAL header of the SPS
 * (ISO/IEC 14496-10, 7.3.2.1.1). */
static const uint8_t *find_sps(const uint8_t *data, int bytes)
{
    for (int i = 0; i + 7 <= bytes; i++)
        if (data[i] == 0 && data[i + 1] == 0 && data[i + 2] == 1 && (data[i + 3] & 0x1f) == 7)
            return data + i + 4;
    return NULL;
}

int cmaf_codecs(const AVCodecContext *encoder, char *out, size_t out_bytes)
{
    if (encoder->codec_id == AV_CODEC_ID_AAC)
        return snprintf(out, out_bytes, "mp4a.40.2") < (int)out_bytes ? 0 : -1;
    if (encoder->codec_id == AV_CODEC_ID_OPUS)
        return snprintf(out, out_bytes, "opus") < (int)out_bytes ? 0 : -1;
    if (!encoder->extradata)
        return -1;
    if (encoder->codec_id == AV_CODEC_ID_AV1)
        return av1_codecs(encoder->extradata, (size_t)encoder->extradata_size, out, out_bytes);
    if (encoder->codec_id != AV_CODEC_ID_H264)
        return -1;
    const uint8_t *sps = find_sps(encoder->extradata, encoder->extradata_size);
    if (!sps)
        return -1;
    return snprintf(out, out_bytes, "avc1.%02X%02X%02X", sps[0], sps[1], sps[2]) < (int)out_bytes
               ? 0
               : -1;
}
