/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/stills/storyboard.h"

#include <libavutil/imgutils.h>
#include <stdio.h>
#include <string.h>

#include "transcoder/demux/input.h"
#include "transcoder/stills/jpeg.h"
#include "transcoder/subtitles/webvtt.h"
#include "transcoder/video/scaler.h"
#include "transcoder/worker/output.h"

#define US 1000000LL
#define TILE_SIDE 160
#define COLUMNS 5
#define ROWS 5
#define MAX_TILES 200
#define MIN_STEP_US (5 * US)
/* A keyframe that is older than this, and older than the length of a tile, no longer shows the
 * current picture. */
#define STALE_US (12 * US)
/* Limit of the frames that are decoded for tiles with an old keyframe: a few seconds of work. */
#define MAX_FORWARD_FRAMES 2000
#define JPEG_QUALITY 8

struct board {
    const struct work *work;
    const struct media_info *info;
    struct input *input;
    AVCodecContext *decoder;
    AVPacket *packet;
    AVFrame *decoded, *scaled, *sheet;
    struct scaler *scaler;
    int tile_width, tile_height;
    int64_t step_us;
    int count;        /* number of tiles */
    int64_t key_us;   /* time of the latest keyframe; INT64_MIN: none */
    int64_t shown_us; /* time of the latest frame; INT64_MIN: none */
    bool running;     /* the decoder can continue from shown_us; false: it was flushed */
    int forward_left; /* number of frames that may still be decoded */
};

/* ---- frames ---- */

static int64_t to_us(const struct board *b, int64_t timestamp)
{
    const AVStream *stream = b->input->format->streams[b->info->video_stream];
    return av_rescale_q(timestamp, stream->time_base, AV_TIME_BASE_Q) - b->info->zero_us;
}

static bool read_packet(struct board *b, bool keyframe)
{
    while (input_read(b->input, b->packet) == 0) {
        if (b->packet->stream_index == b->info->video_stream &&
            (!keyframe || (b->packet->flags & AV_PKT_FLAG_KEY)))
            return true;
        av_packet_unref(b->packet);
    }
    return false;
}

/* Takes the next frame out of the decoder and scales it. Returns false if there is none. */
static bool receive_frame(struct board *b)
{
    if (avcodec_receive_frame(b->decoder, b->decoded) < 0)
        return false;
    if (b->decoded->best_effort_timestamp != AV_NOPTS_VALUE)
        b->shown_us = to_us(b, b->decoded->best_effort_timestamp);
    av_frame_unref(b->scaled);
    bool scaled = scaler_run(b->scaler, b->decoded, b->scaled) == 0;
    av_frame_unref(b->decoded);
    return scaled;
}

/* Seeks to the keyframe at or before the target and reads its packet into b->packet. */
static bool seek(struct board *b, int64_t target_us)
{
    const AVStream *stream = b->input->format->streams[b->info->video_stream];
    int64_t target = av_rescale_q(target_us + b->info->zero_us, AV_TIME_BASE_Q, stream->time_base);
    b->running = false;
    if (avformat_seek_file(b->input->format, b->info->video_stream, INT64_MIN, target, target, 0) <
        0)
        return false;
    return read_packet(b, true);
}

/* Decodes only the packet in b->packet. */
static bool decode_alone(struct board *b)
{
    avcodec_flush_buffers(b->decoder);
    bool got = avcodec_send_packet(b->decoder, b->packet) >= 0 &&
               avcodec_send_packet(b->decoder, NULL) >= 0 && receive_frame(b);
    avcodec_flush_buffers(b->decoder);
    return got;
}

/* Decodes from the packet in b->packet, or from the current position, until the frame at the
 * target. */
static bool decode_until(struct board *b, int64_t target_us)
{
    bool got = false;
    if (!b->running)
        avcodec_flush_buffers(b->decoder);
    b->running = true;
    while (b->forward_left > 0 && (b->packet->data || read_packet(b, false))) {
        b->forward_left--;
        if (avcodec_send_packet(b->decoder, b->packet) == AVERROR(ENOMEM))
            return false;
        av_packet_unref(b->packet);
        while (receive_frame(b))
            got = true;
        if (got && b->shown_us >= target_us)
            break;
    }
    return got;
}

/* Whether decoding on reaches the target sooner than seeking to a keyframe. */
static bool continues_to(const struct board *b, int64_t target_us)
{
    const AVStream *stream = b->input->format->streams[b->info->video_stream];
    if (!b->running || b->forward_left == 0 || b->shown_us > target_us)
        return false;
    int64_t target = av_rescale_q(target_us + b->info->zero_us, AV_TIME_BASE_Q, stream->time_base);
    int found =
        av_index_search_timestamp((AVStream *)(uintptr_t)stream, target, AVSEEK_FLAG_BACKWARD);
    const AVIndexEntry *entry =
        found >= 0 ? avformat_index_get_entry((AVStream *)(uintptr_t)stream, found) : NULL;
    return entry && to_us(b, entry->timestamp) <= b->shown_us;
}

/* Gets the frame for a tile into b->scaled. If it cannot be decoded, the previous frame stays. */
static void find_picture(struct board *b, int tile)
{
    int64_t target_us = tile * b->step_us + b->step_us / 2;
    int64_t stale_us = b->step_us > STALE_US ? b->step_us : STALE_US;
    if (target_us > b->info->video_end_us)
        target_us = b->info->video_end_us;
    if (continues_to(b, target_us)) {
        decode_until(b, target_us);
        return;
    }
    if (!seek(b, target_us))
        return;
    int64_t time = b->packet->pts != AV_NOPTS_VALUE ? b->packet->pts : b->packet->dts;
    int64_t key_us = time != AV_NOPTS_VALUE ? to_us(b, time) : INT64_MIN;
    if (key_us == INT64_MIN || key_us >= target_us - stale_us || b->forward_left == 0) {
        if (key_us == INT64_MIN || key_us != b->key_us)
            decode_alone(b);
    } else {
        decode_until(b, target_us);
    }
    b->key_us = key_us;
    av_packet_unref(b->packet);
}

/* ---- sheets ---- */

/* Copies one plane of the frame, turned upright, to its position on the sheet. */
static void copy_plane(const struct board *b, int plane, int left, int top)
{
    int shift = plane > 0 ? 1 : 0;
    int width = b->tile_width >> shift, height = b->tile_height >> shift;
    int last_x = (b->scaled->width >> shift) - 1, last_y = (b->scaled->height >> shift) - 1;
    ptrdiff_t from_line = b->scaled->linesize[plane], to_line = b->sheet->linesize[plane];
    const uint8_t *from = b->scaled->data[plane];
    uint8_t *to = b->sheet->data[plane] + (top >> shift) * to_line + (left >> shift);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            int from_x = x, from_y = y;
            if (b->info->rotation == 90) {
                from_x = y;
                from_y = last_y - x;
            } else if (b->info->rotation == 180) {
                from_x = last_x - x;
                from_y = last_y - y;
            } else if (b->info->rotation == 270) {
                from_x = last_x - y;
                from_y = x;
            }
            to[y * to_line + x] = from[from_y * from_line + from_x];
        }
}

static int begin_sheet(struct board *b, int first_tile)
{
    int tiles = b->count - first_tile < COLUMNS * ROWS ? b->count - first_tile : COLUMNS * ROWS;
    int columns = b->count < COLUMNS ? b->count : COLUMNS;
    av_frame_unref(b->sheet);
    b->sheet->width = columns * b->tile_width;
    b->sheet->height = (tiles + COLUMNS - 1) / COLUMNS * b->tile_height;
    b->sheet->format = AV_PIX_FMT_YUVJ420P;
    int error = av_frame_get_buffer(b->sheet, 0);
    if (error < 0)
        return error;
    ptrdiff_t lines[4] = {b->sheet->linesize[0], b->sheet->linesize[1], b->sheet->linesize[2], 0};
    return av_image_fill_black(b->sheet->data, lines, AV_PIX_FMT_YUVJ420P, AVCOL_RANGE_JPEG,
        b->sheet->width, b->sheet->height);
}

static int write_sheet(struct board *b, int sheet, struct failure *failure)
{
    const struct job_file file = {.kind = JOB_FILE_SHEET, .number = sheet};
    return jpeg_write(b->work, &file, b->sheet, JPEG_QUALITY, failure);
}

static void add_tile(const struct board *b, int tile, struct webvtt_text *index)
{
    char text[96];
    int position = tile % (COLUMNS * ROWS);
    int64_t end_us = (tile + 1) * b->step_us;
    snprintf(text, sizeof(text), "storyboard-%d.jpg#xywh=%d,%d,%d,%d", tile / (COLUMNS * ROWS),
        position % COLUMNS * b->tile_width, position / COLUMNS * b->tile_height, b->tile_width,
        b->tile_height);
    webvtt_add_cue(
        index, &(struct webvtt_cue){.start_us = tile * b->step_us,
                   .end_us = end_us < b->info->duration_us ? end_us : b->info->duration_us,
                   .text = text});
}

/* Makes all sheets. Returns their number; 0 if there is no frame for the first tile; -1 with
 * failure set. */
static int make_sheets(struct board *b, struct webvtt_text *index, struct failure *failure)
{
    int sheets = 0;
    for (int tile = 0; tile < b->count; tile++) {
        int position = tile % (COLUMNS * ROWS);
        if (position == 0 && begin_sheet(b, tile) < 0)
            return failure_set(failure, REASON_OUT_OF_MEMORY, "storyboard");
        find_picture(b, tile);
        if (b->scaled->data[0])
            for (int plane = 0; plane < 3; plane++)
                copy_plane(b, plane, position % COLUMNS * b->tile_width,
                    position / COLUMNS * b->tile_height);
        else if (tile == 0)
            return 0;
        add_tile(b, tile, index);
        if ((position == COLUMNS * ROWS - 1 || tile == b->count - 1) &&
            write_sheet(b, sheets++, failure) < 0)
            return -1;
        if (report_progress(b->work->report, 200 + tile * 800 / b->count, failure) < 0)
            return -1;
    }
    return sheets;
}

/* ---- the storyboard ---- */

static int round_down_to_even(int64_t value)
{
    return value < 2 ? 2 : (int)(value & ~1);
}

static void set_tiles(struct board *b)
{
    int width = b->info->width, height = b->info->height;
    int longer = width > height ? width : height;
    b->tile_width = round_down_to_even(av_rescale(width, TILE_SIDE, longer));
    b->tile_height = round_down_to_even(av_rescale(height, TILE_SIDE, longer));
    b->step_us = b->info->duration_us / MAX_TILES;
    if (b->step_us < MIN_STEP_US)
        b->step_us = MIN_STEP_US;
    int64_t count = (b->info->duration_us + b->step_us - 1) / b->step_us;
    b->count = (int)(count < 1 ? 1 : count > MAX_TILES ? MAX_TILES : count);
}

static int open_board(struct board *b, struct failure *failure)
{
    bool turned = b->info->rotation % 180 != 0;
    /* JFIF uses BT.601 in full range. */
    struct scaler_params params = {
        .width = turned ? b->tile_height : b->tile_width,
        .height = turned ? b->tile_width : b->tile_height,
        .format = AV_PIX_FMT_YUVJ420P,
        .in_matrix = b->info->coded_height >= 720 ? AVCOL_SPC_BT709 : AVCOL_SPC_SMPTE170M,
        .out_matrix = AVCOL_SPC_SMPTE170M,
    };
    b->packet = av_packet_alloc();
    b->decoded = av_frame_alloc();
    b->scaled = av_frame_alloc();
    b->sheet = av_frame_alloc();
    if (!b->packet || !b->decoded || !b->scaled || !b->sheet ||
        scaler_open(&b->scaler, &params) < 0) {
        failure_set(failure, REASON_OUT_OF_MEMORY, "storyboard");
        return -1;
    }
    if (input_open(&b->input, b->work->source_fd, failure) < 0)
        return -1;
    AVFormatContext *format = b->input->format;
    if (b->info->video_stream >= (int)format->nb_streams) {
        failure_set(failure, REASON_DAMAGED, "stream %d", b->info->video_stream);
        return -1;
    }
    for (int i = 0; i < (int)format->nb_streams; i++)
        if (i != b->info->video_stream)
            format->streams[i]->discard = AVDISCARD_ALL;
    return input_open_decoder(b->input, b->info->video_stream, &b->decoder, failure);
}

static void close_board(struct board *b)
{
    avcodec_free_context(&b->decoder);
    input_close(&b->input);
    scaler_close(&b->scaler);
    av_packet_free(&b->packet);
    av_frame_free(&b->decoded);
    av_frame_free(&b->scaled);
    av_frame_free(&b->sheet);
}

int storyboard_run(const struct work *work, struct failure *failure)
{
    struct board board = {.work = work,
        .info = &work->job->info,
        .key_us = INT64_MIN,
        .shown_us = INT64_MIN,
        .forward_left = MAX_FORWARD_FRAMES};
    struct webvtt_text index = {0};
    set_tiles(&board);
    webvtt_add_raw(&index, "WEBVTT\n\n");
    int sheets = open_board(&board, failure) < 0 ? -1 : make_sheets(&board, &index, failure);
    if (sheets > 0 && index.failed)
        sheets = failure_set(failure, REASON_OUT_OF_MEMORY, "storyboard");
    const struct job_file file = {.kind = JOB_FILE_STORYBOARD};
    if (sheets > 0 && output_write(work->report, &file, (const uint8_t *)index.bytes,
                          index.used_bytes, NULL, failure) < 0)
        sheets = -1;
    close_board(&board);
    webvtt_clear(&index);
    if (sheets <= 0)
        return sheets;
    struct message message = {.type = MESSAGE_STORYBOARD, .sheets = sheets};
    return report_send(work->report, &message, failure);
}
