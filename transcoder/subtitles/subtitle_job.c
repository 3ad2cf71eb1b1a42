/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/subtitles/subtitle_job.h"

#include <libavutil/intreadwrite.h>
#include <stdlib.h>
#include <string.h>

#include "transcoder/demux/input.h"
#include "transcoder/plan/planner.h"
#include "transcoder/subtitles/ass.h"
#include "transcoder/subtitles/mov_text.h"
#include "transcoder/text/gb18030.h"
#include "transcoder/text/utf8.h"

#define US 1000000LL
/* Limits of a track's packets in memory: three lines a second for nine hours, or whole books. */
#define MAX_PACKETS 100000
#define MAX_BYTES (16LL * 1024 * 1024)
#define MAX_PACKET_BYTES (32 * 1024)
#define MAX_CUE_BYTES (4 * 1024)
/* The duration of a line whose end the file does not state. It never lasts beyond the start of
 * the next line that begins later. */
#define DEFAULT_US (5 * US)

bool subtitle_is_usable(enum AVCodecID codec)
{
    switch (codec) {
    case AV_CODEC_ID_SUBRIP:
    case AV_CODEC_ID_ASS:
    case AV_CODEC_ID_SSA:
    case AV_CODEC_ID_MOV_TEXT:
    case AV_CODEC_ID_WEBVTT:
    case AV_CODEC_ID_TEXT:
        return true;
    default:
        return false;
    }
}

struct track {
    const struct rendition *rendition;
    int stream;
    AVCodecContext *decoder;
    AVPacket **packets;
    size_t packet_count, packet_room;
    int64_t bytes;
    bool utf8; /* all packets are UTF-8; otherwise all are read as GB18030 */
    struct webvtt_cue *cues;
    size_t cue_count, cue_room;
};

struct text {
    const struct work *work;
    struct plan plan;
    struct input *input;
    struct track tracks[MEDIA_MAX_TEXT];
    size_t track_count;
};

static int no_memory(struct failure *failure)
{
    return failure_set(failure, REASON_OUT_OF_MEMORY, "subtitles");
}

/* Makes room for one more item in an array. Returns the array, which may have moved; NULL if
 * memory runs out. */
static void *grow(void *items, size_t count, size_t *room, size_t item_bytes)
{
    if (count < *room)
        return items;
    size_t larger = *room ? *room * 2 : 256;
    void *moved = realloc(items, larger * item_bytes);
    if (moved)
        *room = larger;
    return moved;
}

/* ---- reading ---- */

static void find_text(
    const struct track *track, const AVPacket *packet, const char **text, size_t *text_bytes)
{
    *text = (const char *)packet->data;
    *text_bytes = (size_t)packet->size;
    if (track->decoder->codec_id == AV_CODEC_ID_MOV_TEXT)
        *text = mov_text_find(packet, text_bytes);
}

static int keep_packet(struct track *track, const AVPacket *packet, struct failure *failure)
{
    if (packet->pts == AV_NOPTS_VALUE || (packet->flags & AV_PKT_FLAG_DISCARD) ||
        packet->size <= 0 || packet->size > MAX_PACKET_BYTES ||
        track->packet_count >= MAX_PACKETS || track->bytes + packet->size > MAX_BYTES)
        return 0;
    AVPacket **packets =
        grow(track->packets, track->packet_count, &track->packet_room, sizeof(AVPacket *));
    if (!packets)
        return no_memory(failure);
    track->packets = packets;
    AVPacket *kept = av_packet_clone(packet);
    if (!kept)
        return no_memory(failure);
    track->packets[track->packet_count++] = kept;
    track->bytes += packet->size;
    const char *text;
    size_t text_bytes;
    find_text(track, packet, &text, &text_bytes);
    track->utf8 = track->utf8 && utf8_valid(text, text_bytes);
    return 0;
}

static int read_packets(struct text *t, struct failure *failure)
{
    AVPacket *packet = av_packet_alloc();
    if (!packet)
        return no_memory(failure);
    int result = 0, error = 0;
    while (result == 0 && (error = input_read(t->input, packet)) == 0) {
        for (size_t i = 0; i < t->track_count && result == 0; i++)
            if (t->tracks[i].stream == packet->stream_index)
                result = keep_packet(&t->tracks[i], packet, failure);
        av_packet_unref(packet);
        if (result == 0)
            result = report_progress(
                t->work->report, (int)(t->input->at_bytes * 900 / t->input->size_bytes), failure);
    }
    av_packet_free(&packet);
    return error == AVERROR(ENOMEM) ? no_memory(failure) : result;
}

/* ---- decoding ---- */

/* Converts the text of a packet from GB18030 to UTF-8. Returns 1; 0: the text is not GB18030,
 * leave the packet out; or AVERROR(ENOMEM). */
static int recode(const struct text *t, const struct track *track, AVPacket *packet)
{
    const char *text;
    size_t text_bytes, head = track->decoder->codec_id == AV_CODEC_ID_MOV_TEXT ? 2 : 0;
    char converted[2 * MAX_PACKET_BYTES];
    find_text(track, packet, &text, &text_bytes);
    long length = gb18030_to_utf8(t->work->gb18030, text, text_bytes, converted, sizeof(converted));
    if (length < 0)
        return 0;
    if (head && length > UINT16_MAX)
        length = UINT16_MAX;
    AVPacket *fresh = av_packet_alloc();
    if (!fresh || av_new_packet(fresh, (int)length + (int)head) < 0) {
        av_packet_free(&fresh);
        return AVERROR(ENOMEM);
    }
    if (head)
        AV_WB16(fresh->data, length);
    memcpy(fresh->data + head, converted, (size_t)length);
    fresh->pts = packet->pts;
    fresh->dts = packet->dts;
    fresh->duration = packet->duration;
    av_packet_unref(packet);
    av_packet_move_ref(packet, fresh);
    av_packet_free(&fresh);
    return 1;
}

/* Adds a cue. Takes ownership of the text, also on failure. */
static int add_cue(struct track *track, int64_t start_us, int64_t end_us, char *text)
{
    struct webvtt_cue *cues =
        grow(track->cues, track->cue_count, &track->cue_room, sizeof(struct webvtt_cue));
    if (!cues) {
        free(text);
        return AVERROR(ENOMEM);
    }
    track->cues = cues;
    track->cues[track->cue_count++] = (struct webvtt_cue){start_us, end_us, text};
    return 0;
}

static int take_event(struct text *t, struct track *track, const AVPacket *packet, int64_t delay_us,
    const char *event)
{
    AVRational time_base = t->input->format->streams[track->stream]->time_base;
    int64_t start_us = av_rescale_q(packet->pts, time_base, AV_TIME_BASE_Q) + delay_us -
                       t->work->job->info.zero_us;
    int64_t length_us =
        packet->duration > 0 ? av_rescale_q(packet->duration, time_base, AV_TIME_BASE_Q) : 0;
    /* 0: the end is not known yet. */
    int64_t end_us = length_us > 0 && length_us < INPUT_MAX_US ? start_us + length_us : 0;
    if (start_us >= t->plan.duration_us || (end_us != 0 && end_us <= 0))
        return 0;
    struct webvtt_text text = {0};
    bool readable = ass_to_cue(event, &text);
    int error = 0;
    if (readable && !text.failed && text.used_bytes <= MAX_CUE_BYTES) {
        char *copy = malloc(text.used_bytes + 1);
        if (copy) {
            memcpy(copy, text.bytes, text.used_bytes);
            copy[text.used_bytes] = '\0';
        }
        error = copy ? add_cue(track, start_us > 0 ? start_us : 0, end_us, copy) : AVERROR(ENOMEM);
    }
    webvtt_clear(&text);
    return error;
}

static int decode_packet(struct text *t, struct track *track, AVPacket *packet)
{
    AVSubtitle subtitle;
    int got = 0, error = 0;
    if (!track->utf8) {
        error = recode(t, track, packet);
        if (error <= 0)
            return error;
    }
    if (avcodec_decode_subtitle2(track->decoder, &subtitle, &got, packet) < 0 || !got)
        return 0;
    for (unsigned i = 0; i < subtitle.num_rects && error >= 0; i++)
        if (subtitle.rects[i]->ass)
            error = take_event(
                t, track, packet, subtitle.start_display_time * 1000LL, subtitle.rects[i]->ass);
    avsubtitle_free(&subtitle);
    return error;
}

/* Orders cues by start, then by end and text, so that the bytes are the same every time. */
static int compare_cues(const void *a, const void *b)
{
    const struct webvtt_cue *x = a, *y = b;
    if (x->start_us != y->start_us)
        return x->start_us < y->start_us ? -1 : 1;
    return x->end_us != y->end_us ? (x->end_us < y->end_us ? -1 : 1) : strcmp(x->text, y->text);
}

/* Gives an end to the cues that have none. */
static void end_cues(struct track *track)
{
    for (size_t i = 0; i < track->cue_count; i++) {
        struct webvtt_cue *cue = &track->cues[i];
        if (cue->end_us > cue->start_us)
            continue;
        cue->end_us = cue->start_us + DEFAULT_US;
        for (size_t next = i + 1; next < track->cue_count; next++)
            if (track->cues[next].start_us > cue->start_us) {
                if (track->cues[next].start_us < cue->end_us)
                    cue->end_us = track->cues[next].start_us;
                break;
            }
    }
}

static int decode_track(struct text *t, struct track *track, struct failure *failure)
{
    for (size_t i = 0; i < track->packet_count; i++)
        if (decode_packet(t, track, track->packets[i]) < 0)
            return no_memory(failure);
    if (track->cue_count > 0)
        qsort(track->cues, track->cue_count, sizeof(struct webvtt_cue), compare_cues);
    end_cues(track);
    return 0;
}

/* ---- writing ---- */

static int write_chunk(
    const struct text *t, const struct track *track, int chunk, struct failure *failure)
{
    int first, end;
    plan_chunk_segments(&t->plan, &t->work->job->options, chunk, &first, &end);
    size_t count = (size_t)(end - first);
    struct message_segment *segments = calloc(count ? count : 1, sizeof(segments[0]));
    if (!segments)
        return no_memory(failure);
    struct webvtt_text text = {0};
    for (size_t i = 0; i < count; i++) {
        int64_t from_us = plan_segment_start_us(&t->plan, first + (int64_t)i),
                until_us = plan_segment_start_us(&t->plan, first + (int64_t)i + 1);
        segments[i].offset_bytes = (int64_t)text.used_bytes;
        segments[i].duration_ticks =
            (int32_t)av_rescale(until_us - from_us, track->rendition->timescale, US);
        /* The first segment also covers the time before the first picture. */
        webvtt_add_segment(
            &text, track->cues, track->cue_count, first == 0 && i == 0 ? 0 : from_us, until_us);
        segments[i].length_bytes = (int32_t)((int64_t)text.used_bytes - segments[i].offset_bytes);
    }
    struct cmaf_chunk made = {.data = (const uint8_t *)text.bytes,
        .data_bytes = text.used_bytes,
        .segments = segments,
        .segment_count = count};
    int result = text.failed ? no_memory(failure)
                             : deliver_chunk(t->work, track->rendition, chunk, &made, failure);
    free(segments);
    webvtt_clear(&text);
    return result;
}

static int write_track(const struct text *t, const struct track *track, struct failure *failure)
{
    for (int chunk = 0; chunk < t->plan.chunk_count; chunk++)
        if (write_chunk(t, track, chunk, failure) < 0)
            return -1;
    return 0;
}

/* ---- the job ---- */

static int open_tracks(struct text *t, struct failure *failure)
{
    const struct job *job = t->work->job;
    AVFormatContext *format = t->input->format;
    for (unsigned i = 0; i < format->nb_streams; i++)
        format->streams[i]->discard = AVDISCARD_ALL;
    for (size_t i = 0; i < job->rendition_count && i < MEDIA_MAX_TEXT; i++) {
        struct track *track = &t->tracks[t->track_count++];
        *track = (struct track){.rendition = &job->renditions[i],
            .stream = job->info.text[job->renditions[i].source_text].stream,
            .utf8 = true};
        if (track->stream >= (int)format->nb_streams ||
            !subtitle_is_usable(format->streams[track->stream]->codecpar->codec_id))
            return failure_set(failure, REASON_DAMAGED, "stream %d", track->stream);
        if (input_open_decoder(t->input, track->stream, &track->decoder, failure) < 0)
            return -1;
        format->streams[track->stream]->discard = AVDISCARD_DEFAULT;
    }
    return 0;
}

static void close_track(struct track *track)
{
    for (size_t i = 0; i < track->packet_count; i++)
        av_packet_free(&track->packets[i]);
    for (size_t i = 0; i < track->cue_count; i++)
        free((char *)(uintptr_t)track->cues[i].text);
    free(track->packets);
    free(track->cues);
    avcodec_free_context(&track->decoder);
}

int subtitle_job_run(const struct work *work, struct failure *failure)
{
    struct text *t = calloc(1, sizeof(*t));
    if (!t)
        return no_memory(failure);
    t->work = work;
    int result = -1;
    if (plan_make(&work->job->info, &work->job->options, &t->plan) < 0)
        failure_set(failure, REASON_INTERNAL, "no plan");
    else if (input_open(&t->input, work->source_fd, failure) == 0 && open_tracks(t, failure) == 0)
        result = read_packets(t, failure);
    for (size_t i = 0; i < t->track_count && result == 0; i++) {
        result = decode_track(t, &t->tracks[i], failure);
        if (result == 0)
            result = write_track(t, &t->tracks[i], failure);
    }
    for (size_t i = 0; i < t->track_count; i++)
        close_track(&t->tracks[i]);
    input_close(&t->input);
    free(t);
    return result;
}
