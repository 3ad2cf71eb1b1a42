/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/hls/merged_init.h"

#include <string.h>

enum {
    HEADER_BYTES = 8, /* size of a box header */
    FULL_BYTES = 4,   /* size of version and flags in a full box */
    MAX_REFERENCES = 65535,
    REFERENCE_BYTES = 12,
    SIDX_BYTES = 40, /* size of the sidx box without its references */
    MEHD_BYTES = 20,
};
#define BEGINS_WITH_IDR                                                                            \
    0x90000000U /* starts_with_SAP is set, and the type is 1: the segment begins
                                     * with an IDR */

/* A range of bytes in memory. */
struct span {
    const uint8_t *at, *end;
};

/* The boxes that are taken from one init segment, with their headers. */
struct parts {
    struct span ftyp, mvhd, trak, trex;
    uint32_t track;
};

/* ---- reading ---- */

static size_t length(struct span s)
{
    return (size_t)(s.end - s.at);
}

static uint32_t get32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* Reads a big-endian number of `bytes` bytes at offset. Returns false if it lies beyond the end. */
static bool number(struct span s, size_t offset, size_t bytes, uint64_t *out)
{
    if (length(s) < offset || length(s) - offset < bytes)
        return false;
    *out = 0;
    for (size_t i = 0; i < bytes; i++)
        *out = *out << 8 | s.at[offset + i];
    return true;
}

static struct span body(struct span box)
{
    return (struct span){box.at + HEADER_BYTES, box.end};
}

/* Takes the first box of *in, including its header. cut: data may be missing at the end of *in.
 * Returns 1; 0 at the end; -1 if the box is malformed. Box sizes of 64 bits and "to the end" are
 * refused, since our init segments have none. */
static int next_box(struct span *in, bool cut, struct span *box)
{
    if (length(*in) == 0)
        return 0;
    if (length(*in) < HEADER_BYTES)
        return -1;
    size_t bytes = get32(in->at);
    if (bytes > length(*in) && cut)
        bytes = length(*in);
    if (bytes < HEADER_BYTES || bytes > length(*in))
        return -1;
    *box = (struct span){in->at, in->at + bytes};
    in->at += bytes;
    return 1;
}

static bool is_type(struct span box, const char *type)
{
    return memcmp(box.at + 4, type, 4) == 0;
}

/* Finds the only box of a type in `in`. Returns false if there is none or more than one, or if
 * another box is malformed. */
static bool find_box(struct span in, const char *type, struct span *found)
{
    struct span box;
    int more, count = 0;
    while ((more = next_box(&in, false, &box)) > 0)
        if (is_type(box, type)) {
            *found = box;
            count++;
        }
    return more == 0 && count == 1;
}

/* Reads the track number from tkhd and trex, and checks that they agree. In tkhd it stands behind
 * two times whose size depends on the version. */
static bool same_track(struct span trak, struct span trex, uint32_t *track)
{
    struct span tkhd;
    uint64_t version, in_trak, in_trex;
    if (!find_box(body(trak), "tkhd", &tkhd) || !number(body(tkhd), 0, 1, &version) ||
        !number(body(tkhd), FULL_BYTES + (version == 1 ? 16 : 8), 4, &in_trak) ||
        !number(body(trex), FULL_BYTES, 4, &in_trex))
        return false;
    *track = (uint32_t)in_trak;
    return in_trak == in_trex && in_trak > 0;
}

static bool read_parts(const struct merged_input *input, struct parts *parts)
{
    const struct span whole = {input->data, input->data + input->bytes};
    struct span moov, mvex;
    return find_box(whole, "ftyp", &parts->ftyp) && find_box(whole, "moov", &moov) &&
           find_box(body(moov), "mvhd", &parts->mvhd) &&
           find_box(body(moov), "trak", &parts->trak) && find_box(body(moov), "mvex", &mvex) &&
           find_box(body(mvex), "trex", &parts->trex) &&
           same_track(parts->trak, parts->trex, &parts->track);
}

/* ---- writing ---- */

static void put(struct buf *out, uint64_t value, int bytes)
{
    uint8_t text[8];
    for (int i = 0; i < bytes; i++)
        text[i] = (uint8_t)(value >> (8 * (bytes - 1 - i)));
    buf_add(out, text, (size_t)bytes);
}

static void put_span(struct buf *out, struct span s)
{
    buf_add(out, s.at, length(s));
}

static void put_header(struct buf *out, size_t bytes, const char *type)
{
    put(out, bytes, 4);
    buf_add(out, type, 4);
}

/* Copies the mvhd of the first input. Only its last field, the next free track number, is
 * replaced. */
static void put_mvhd(struct buf *out, struct span mvhd, uint32_t next_track)
{
    buf_add(out, mvhd.at, length(mvhd) - 4);
    put(out, next_track, 4);
}

static bool mvhd_timescale(struct span mvhd, uint64_t *timescale)
{
    uint64_t version;
    return length(mvhd) >= HEADER_BYTES + 100 && number(body(mvhd), 0, 1, &version) &&
           number(body(mvhd), FULL_BYTES + (version == 1 ? 16 : 8), 4, timescale) && *timescale > 0;
}

/* Writes the duration of all fragments together. Players show it before they have read the
 * fragments. */
static void put_mehd(struct buf *out, int64_t duration_us, uint64_t timescale)
{
    uint64_t us = duration_us > 0 ? (uint64_t)duration_us : 0;
    put_header(out, MEHD_BYTES, "mehd");
    put(out, 1U << 24, 4);
    put(out, us / 1000000 * timescale + us % 1000000 * timescale / 1000000, 8);
}

static int put_moov(struct buf *out, const struct parts *parts, size_t count, int64_t duration_us)
{
    size_t mvex_bytes = HEADER_BYTES + MEHD_BYTES;
    size_t moov_bytes = HEADER_BYTES + length(parts[0].mvhd);
    uint32_t next_track = 1;
    uint64_t timescale;
    if (!mvhd_timescale(parts[0].mvhd, &timescale))
        return -1;
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < i; k++)
            if (parts[k].track == parts[i].track)
                return -1;
        if (parts[i].track >= next_track)
            next_track = parts[i].track + 1;
        mvex_bytes += length(parts[i].trex);
        moov_bytes += length(parts[i].trak);
    }
    put_header(out, moov_bytes + mvex_bytes, "moov");
    put_mvhd(out, parts[0].mvhd, next_track);
    for (size_t i = 0; i < count; i++)
        put_span(out, parts[i].trak);
    put_header(out, mvex_bytes, "mvex");
    put_mehd(out, duration_us, timescale);
    for (size_t i = 0; i < count; i++)
        put_span(out, parts[i].trex);
    return 0;
}

static bool index_fits(const struct merged_params *params)
{
    if (params->segment_count == 0 || params->segment_count > MAX_REFERENCES ||
        params->timescale <= 0 || params->start_ticks < 0)
        return false;
    for (size_t i = 0; i < params->segment_count; i++)
        if (params->segments[i].bytes <= 0 || params->segments[i].bytes > INT32_MAX ||
            params->segments[i].duration_ticks <= 0 ||
            params->segments[i].duration_ticks > UINT32_MAX)
            return false;
    return true;
}

/* Writes the index of segments. Without it, a player would have to read everything before the
 * position it seeks to. */
static void put_sidx(struct buf *out, const struct merged_params *params, uint32_t track)
{
    put_header(out, SIDX_BYTES + params->segment_count * REFERENCE_BYTES, "sidx");
    put(out, 1U << 24, 4);
    put(out, track, 4);
    put(out, (uint64_t)params->timescale, 4);
    put(out, (uint64_t)params->start_ticks, 8);
    put(out, 0, 8); /* the segments follow directly */
    put(out, params->segment_count, 4);
    for (size_t i = 0; i < params->segment_count; i++) {
        put(out, (uint64_t)params->segments[i].bytes, 4);
        put(out, (uint64_t)params->segments[i].duration_ticks, 4);
        put(out, BEGINS_WITH_IDR, 4);
    }
}

int merged_init_write(const struct merged_params *params, struct buf *out)
{
    struct parts parts[MERGED_MAX_INPUTS];
    if (params->input_count < 1 || params->input_count > MERGED_MAX_INPUTS)
        return -1;
    for (size_t i = 0; i < params->input_count; i++)
        if (!read_parts(&params->inputs[i], &parts[i]))
            return -1;
    put_span(out, parts[0].ftyp);
    if (put_moov(out, parts, params->input_count, params->duration_us) < 0)
        return -1;
    if (index_fits(params))
        put_sidx(out, params, parts[0].track);
    return 0;
}

/* ---- a segment's time ---- */

/* Finds the first box of a type. The data may be cut off in that box or behind it. */
static bool find_first(struct span in, const char *type, struct span *found)
{
    while (next_box(&in, true, found) > 0)
        if (is_type(*found, type))
            return true;
    return false;
}

/* Reads the composition offset of the first sample from trun (ISO/IEC 14496-12, 8.8.8). */
static bool first_offset(struct span trun, int64_t *offset)
{
    uint64_t flags, value;
    size_t at = 8;
    *offset = 0;
    if (!number(trun, 0, 4, &flags))
        return false;
    if (!(flags & 0x800))
        return true;
    for (uint64_t bit = 1; bit <= 0x400; bit <<= 1)
        if (flags & bit & 0x705)
            at += 4;
    if (!number(trun, at, 4, &value))
        return false;
    *offset = flags >> 24 ? (int64_t)(int32_t)(uint32_t)value : (int64_t)value;
    return true;
}

int merged_segment_start(const uint8_t *data, size_t bytes, int64_t *start_ticks)
{
    const struct span whole = {data, data + bytes};
    struct span moof, traf, tfdt, trun;
    uint64_t version, time;
    int64_t offset;
    if (!find_first(whole, "moof", &moof) || !find_first(body(moof), "traf", &traf) ||
        !find_first(body(traf), "tfdt", &tfdt) || !find_first(body(traf), "trun", &trun) ||
        !number(body(tfdt), 0, 1, &version) ||
        !number(body(tfdt), FULL_BYTES, version == 1 ? 8 : 4, &time) ||
        !first_offset(body(trun), &offset) || time > INT64_MAX / 2)
        return -1;
    *start_ticks = (int64_t)time + offset;
    return 0;
}
