/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/package/mpegts.h"

#include <stdlib.h>
#include <string.h>

enum {
    PAYLOAD_BYTES = MPEGTS_PACKET_BYTES - 4,
    PES_HEADER_BYTES = 14, /* with a presentation time stamp */
    PCR_FIELD_BYTES = 8,   /* an adaptation field with a clock reference */
    COUNTERS = 16,
    PID_PAT = 0,
    PID_PMT = 0x1000,
    PID_VIDEO = 0x100,
    PID_AUDIO = 0x101,
    STREAM_VIDEO = 0xE0, /* stream ids of PES headers */
    STREAM_AUDIO = 0xC0,
    /* Limits of the audio frames that share a PES header. 2.8 kB are within the 3584 bytes of a
     * decoder's buffer. 24 frames last 0.77 s at 32 kHz. At least half of the waiting frames are
     * sent at a time. */
    AUDIO_MAX_BYTES = 2800,
    AUDIO_MAX_FRAMES = 24,
    BEGINNING_BYTES = 16, /* start of a video frame: the delimiter and a few bytes more */
};

/* All times are shifted by this, so that the clock may run ahead of the first frame. */
#define SHIFT (1 * MPEGTS_CLOCK_HZ)
/* The time by which bytes arrive before they are due; other muxers use 0.7 s too. */
#define LEAD (7 * MPEGTS_CLOCK_HZ / 10)
#define TIME_MASK ((INT64_C(1) << 33) - 1)
#define MAX_CHUNK_BYTES ((size_t)512 * 1024 * 1024)

struct bytes {
    uint8_t *data;
    size_t count, room;
};

struct mpegts {
    struct bytes out;
    struct bytes work;  /* the payload that is cut into packets */
    struct bytes audio; /* audio frames that wait for more */
    struct {
        int64_t time;
        size_t bytes;
    } frames[AUDIO_MAX_FRAMES]; /* the waiting audio frames */
    int frame_count;
    bool has_audio;
    int64_t segment;
    uint8_t tail[PAYLOAD_BYTES]; /* end of the last video frame, less than a payload */
    size_t tail_bytes;
    unsigned video_packets, audio_packets; /* packets with payload in this chunk */
};

static int add(struct bytes *to, const void *data, size_t count)
{
    if (count > MAX_CHUNK_BYTES - to->count)
        return -1;
    if (to->count + count > to->room) {
        size_t room = (to->count + count) * 2;
        uint8_t *grown = realloc(to->data, room);
        if (!grown)
            return -1;
        to->data = grown;
        to->room = room;
    }
    if (count > 0)
        memcpy(to->data + to->count, data, count);
    to->count += count;
    return 0;
}

int mpegts_open(struct mpegts **out, int64_t first_segment, bool audio)
{
    *out = calloc(1, sizeof(**out));
    if (!*out)
        return -1;
    (*out)->segment = first_segment;
    (*out)->has_audio = audio;
    return 0;
}

void mpegts_close(struct mpegts **ts)
{
    if (!*ts)
        return;
    free((*ts)->out.data);
    free((*ts)->work.data);
    free((*ts)->audio.data);
    free(*ts);
    *ts = NULL;
}

const uint8_t *mpegts_bytes(const struct mpegts *ts, size_t *count)
{
    *count = ts->out.count;
    return ts->out.data;
}

/* ---- packets ---- */

struct packet {
    int pid;
    unsigned counter;
    bool begins; /* a PES packet or a section starts in this packet */
    bool keyframe, has_clock;
    int64_t clock; /* 90 kHz */
};

static void put_clock(uint8_t *at, int64_t clock)
{
    clock &= TIME_MASK;
    at[0] = (uint8_t)(clock >> 25);
    at[1] = (uint8_t)(clock >> 17);
    at[2] = (uint8_t)(clock >> 9);
    at[3] = (uint8_t)(clock >> 1);
    at[4] = (uint8_t)((clock & 1) << 7 | 0x7E);
    at[5] = 0;
}

/* Writes the adaptation field of `length` bytes (0: none). Bytes that it does not need are
 * stuffing. */
static void put_adaptation(uint8_t *at, const struct packet *p, size_t length)
{
    if (length == 0)
        return;
    at[0] = (uint8_t)(length - 1);
    if (length == 1)
        return;
    memset(at + 1, 0xFF, length - 1);
    at[1] = (uint8_t)((p->keyframe ? 0x40 : 0) | (p->has_clock ? 0x10 : 0));
    if (p->has_clock)
        put_clock(at + 2, p->clock);
}

/* Returns the largest payload of a packet. */
static size_t payload_room(const struct packet *p)
{
    return p->has_clock  ? PAYLOAD_BYTES - PCR_FIELD_BYTES
           : p->keyframe ? PAYLOAD_BYTES - 2
                         : PAYLOAD_BYTES;
}

/* Writes one packet with a payload of count bytes, from 1 to payload_room(). */
static int put_packet(struct mpegts *ts, const struct packet *p, const uint8_t *data, size_t count)
{
    uint8_t packet[MPEGTS_PACKET_BYTES];
    size_t field = PAYLOAD_BYTES - count;
    packet[0] = 0x47;
    packet[1] = (uint8_t)((p->begins ? 0x40 : 0) | p->pid >> 8);
    packet[2] = (uint8_t)p->pid;
    packet[3] = (uint8_t)((field ? 0x30 : 0x10) | p->counter % COUNTERS);
    put_adaptation(packet + 4, p, field);
    memcpy(packet + 4 + field, data, count);
    return add(&ts->out, packet, sizeof(packet));
}

/* ---- tables ---- */

/* Returns the CRC of a section (ISO/IEC 13818-1, annex A). */
static uint32_t section_crc(const uint8_t *data, size_t count)
{
    uint32_t crc = 0xFFFFFFFF;
    for (size_t i = 0; i < count; i++) {
        crc ^= (uint32_t)data[i] << 24;
        for (int bit = 0; bit < 8; bit++)
            crc = crc << 1 ^ (crc & 0x80000000 ? 0x04C11DB7 : 0);
    }
    return crc;
}

/* Writes a section. body: the bytes after the section's length. The rest of the packet is
 * stuffing. */
static int put_section(struct mpegts *ts, int pid, uint8_t table, const uint8_t *body, size_t count)
{
    struct packet p = {.pid = pid, .counter = (unsigned)(ts->segment % COUNTERS), .begins = true};
    uint8_t payload[PAYLOAD_BYTES];
    memset(payload, 0xFF, sizeof(payload));
    payload[0] = 0; /* pointer field: the section starts right here */
    payload[1] = table;
    payload[2] = 0xB0;
    payload[3] = (uint8_t)(count + 4);
    memcpy(payload + 4, body, count);
    uint32_t crc = section_crc(payload + 1, count + 3);
    for (int i = 0; i < 4; i++)
        payload[4 + count + (size_t)i] = (uint8_t)(crc >> (24 - 8 * i));
    return put_packet(ts, &p, payload, sizeof(payload));
}

static int put_tables(struct mpegts *ts)
{
    static const uint8_t pat[] = {0, 1, 0xC1, 0, 0, 0, 1, 0xE0 | PID_PMT >> 8, PID_PMT & 0xFF};
    static const uint8_t pmt[] = {0, 1, 0xC1, 0, 0,       /* program 1, version 0, in force */
        0xE0 | PID_VIDEO >> 8, PID_VIDEO & 0xFF, 0xF0, 0, /* the video packets carry the clock */
        0x1B, 0xE0 | PID_VIDEO >> 8, PID_VIDEO & 0xFF, 0xF0, 0,  /* H.264 */
        0x0F, 0xE0 | PID_AUDIO >> 8, PID_AUDIO & 0xFF, 0xF0, 0}; /* AAC with ADTS */
    if (put_section(ts, PID_PAT, 0, pat, sizeof(pat)) < 0)
        return -1;
    return put_section(ts, PID_PMT, 2, pmt, sizeof(pmt) - (ts->has_audio ? 0 : 5));
}

int mpegts_begin_segment(struct mpegts *ts)
{
    return put_tables(ts);
}

/* ---- PES packets ---- */

/*
 * Adds a PES header. length: number of bytes after its length field; 0: unbounded, as allowed for
 * video.
 * aligned: the payload starts with an access unit.
 */
static int add_pes_header(
    struct bytes *to, uint8_t stream, size_t length, int64_t time, bool aligned)
{
    int64_t pts = (time + SHIFT) & TIME_MASK;
    const uint8_t header[PES_HEADER_BYTES] = {
        0,
        0,
        1,
        stream,
        (uint8_t)(length >> 8),
        (uint8_t)length,
        (uint8_t)(aligned ? 0x84 : 0x80),
        0x80,
        5,
        (uint8_t)(0x21 | (pts >> 29 & 0x0E)),
        (uint8_t)(pts >> 22),
        (uint8_t)(pts >> 14 | 1),
        (uint8_t)(pts >> 7),
        (uint8_t)(pts << 1 | 1),
    };
    return add(to, header, sizeof(header));
}

/* Writes the work payload as full packets, from *p on. Bytes that do not fill a packet stay, and
 * move to the front. */
static int put_full_packets(struct mpegts *ts, struct packet *p, unsigned *packets)
{
    size_t at = 0;
    while (ts->work.count - at >= payload_room(p)) {
        size_t count = payload_room(p);
        p->counter = (*packets)++;
        if (put_packet(ts, p, ts->work.data + at, count) < 0)
            return -1;
        at += count;
        *p = (struct packet){.pid = p->pid};
    }
    memmove(ts->work.data, ts->work.data + at, ts->work.count - at);
    ts->work.count -= at;
    return 0;
}

/* Returns the number of packets to add to the `planned` ones, so that the total is a multiple of
 * sixteen. */
static unsigned missing_packets(unsigned packets, unsigned planned)
{
    return (COUNTERS - (packets + planned) % COUNTERS) % COUNTERS;
}

/* Spreads the rest of the work payload over `count` packets. It has at least one byte for each. */
static int spread(struct mpegts *ts, struct packet *p, unsigned *packets, unsigned count)
{
    size_t at = 0;
    for (unsigned i = 0; i < count; i++) {
        size_t left = ts->work.count - at, rest = count - i;
        size_t share = (left + rest - 1) / rest;
        if (share > payload_room(p))
            share = payload_room(p);
        p->counter = (*packets)++;
        if (put_packet(ts, p, ts->work.data + at, share) < 0)
            return -1;
        at += share;
        *p = (struct packet){.pid = p->pid};
    }
    ts->work.count = 0;
    return 0;
}

/* A PES packet starts with the end of the previous frame. Its time is that of the frame that
 * begins in it (ISO/IEC 13818-1, 2.4.3.7). A packet is padded only if the frame is so small that
 * even its start would not be in its own PES packet. */
int mpegts_add_picture(
    struct mpegts *ts, const uint8_t *data, size_t bytes, int64_t time, bool keyframe)
{
    struct packet p = {.pid = PID_VIDEO,
        .begins = true,
        .keyframe = keyframe,
        .has_clock = true,
        .clock = time + SHIFT - LEAD};
    ts->work.count = 0;
    if (add_pes_header(&ts->work, STREAM_VIDEO, 0, time, ts->tail_bytes == 0) < 0 ||
        add(&ts->work, ts->tail, ts->tail_bytes) < 0 || add(&ts->work, data, bytes) < 0 ||
        put_full_packets(ts, &p, &ts->video_packets) < 0)
        return -1;
    ts->tail_bytes = 0;
    if (p.begins || ts->work.count + BEGINNING_BYTES > bytes)
        return spread(ts, &p, &ts->video_packets, 1);
    ts->tail_bytes = ts->work.count;
    memcpy(ts->tail, ts->work.data, ts->tail_bytes);
    return 0;
}

static int end_video(struct mpegts *ts, bool align)
{
    struct packet p = {.pid = PID_VIDEO};
    unsigned count = ts->tail_bytes > 0;
    if (align)
        count += missing_packets(ts->video_packets, count);
    ts->work.count = 0;
    if (add(&ts->work, ts->tail, ts->tail_bytes) < 0)
        return -1;
    /* Zero bytes may follow a NAL unit (ISO/IEC 14496-10, annex B). */
    while (ts->work.count < count)
        if (add(&ts->work, "", 1) < 0)
            return -1;
    ts->tail_bytes = 0;
    return spread(ts, &p, &ts->video_packets, count);
}

/* Writes the first `frames` waiting audio frames, `bytes` long, as one PES packet. */
static int put_audio(struct mpegts *ts, int frames, size_t bytes, bool align)
{
    struct packet p = {.pid = PID_AUDIO, .begins = true};
    if (frames == 0)
        return 0;
    ts->work.count = 0;
    /* The length field counts the bytes from the flags on. */
    if (add_pes_header(
            &ts->work, STREAM_AUDIO, bytes + PES_HEADER_BYTES - 6, ts->frames[0].time, true) < 0 ||
        add(&ts->work, ts->audio.data, bytes) < 0)
        return -1;
    ts->audio.count -= bytes;
    memmove(ts->audio.data, ts->audio.data + bytes, ts->audio.count);
    ts->frame_count -= frames;
    memmove(ts->frames, ts->frames + frames, (size_t)ts->frame_count * sizeof(ts->frames[0]));
    unsigned count = (unsigned)((ts->work.count + PAYLOAD_BYTES - 1) / PAYLOAD_BYTES);
    if (align)
        count += missing_packets(ts->audio_packets, count);
    return spread(ts, &p, &ts->audio_packets, count);
}

static int end_audio(struct mpegts *ts, bool align)
{
    return put_audio(ts, ts->frame_count, ts->audio.count, align);
}

/* Writes as many waiting audio frames as fill their last packet best. */
static int put_some_audio(struct mpegts *ts)
{
    size_t bytes = 0, best_bytes = 0, least_wasted = PAYLOAD_BYTES;
    int best = 0;
    for (int i = 0; i < ts->frame_count; i++) {
        bytes += ts->frames[i].bytes;
        size_t wasted = PAYLOAD_BYTES - 1 - (PES_HEADER_BYTES + bytes - 1) % PAYLOAD_BYTES;
        if (i + 1 >= (ts->frame_count + 1) / 2 && wasted < least_wasted) {
            least_wasted = wasted;
            best = i + 1;
            best_bytes = bytes;
        }
    }
    return put_audio(ts, best, best_bytes, false);
}

int mpegts_add_audio(struct mpegts *ts, const uint8_t *data, size_t bytes, int64_t time)
{
    while (ts->frame_count == AUDIO_MAX_FRAMES ||
           (ts->frame_count > 0 && ts->audio.count + bytes > AUDIO_MAX_BYTES))
        if (put_some_audio(ts) < 0)
            return -1;
    ts->frames[ts->frame_count].time = time;
    ts->frames[ts->frame_count++].bytes = bytes;
    return add(&ts->audio, data, bytes);
}

int mpegts_end_segment(struct mpegts *ts)
{
    ts->segment++;
    return end_audio(ts, false) < 0 ? -1 : end_video(ts, false);
}

int mpegts_end_chunk(struct mpegts *ts)
{
    ts->segment++;
    return end_audio(ts, true) < 0 ? -1 : end_video(ts, true);
}
