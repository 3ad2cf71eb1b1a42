/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/analyse.h"

#include <libswscale/swscale.h>
#include <stdlib.h>
#include <string.h>

#include "transcoder/input.h"

#define US 1000000LL
/* All pictures are looked at in this size, of square blocks. */
#define WIDTH 160
#define HEIGHT 90
#define BLOCK 10
#define BLOCKS ((WIDTH / BLOCK) * (HEIGHT / BLOCK))
/* A block has changed if its luma differs by this on the average: more than coding does. */
#define CHANGED 5
/* Closer to one another than this, pictures are not looked at. */
#define STEP_US 75000
/* Activity is judged over this long, classes over that. */
#define ACTIVITY_US US
#define WINDOW_US (10 * US)
/* Two cuts are at least so far apart: animations are one. */
#define CUT_GAP_US (3 * US / 2)
/* Before so many looks nothing is known of what is usual. */
#define LEARNING_LOOKS 8
/* Luma up to this is black, in limited range with some noise. */
#define BLACK 26

/* What happened in one window: how many of its looks found how much of the picture changed. */
#define LEVELS 20
struct window {
    int looks[LEVELS + 1];
    int count;
};

struct analysis {
    const struct media_info *info;
    struct SwsContext *sws;
    int in_width, in_height, in_format;
    uint8_t now[WIDTH * HEIGHT], before[WIDTH * HEIGHT], second_ago[WIDTH * HEIGHT];
    uint8_t brightest_row[HEIGHT], brightest_column[WIDTH];
    bool has_before;
    int64_t before_us, second_ago_us;
    double quiet; /* mean change of late, in luma; of a cut a part counts */
    int64_t looks;
    double still_sum;
    int64_t still_count;
    struct window *windows;
    int window_count, window_room;
    struct media_info *out;
};

static int scale(struct analysis *a, const AVFrame *frame)
{
    if (!a->sws || a->in_width != frame->width || a->in_height != frame->height ||
        a->in_format != frame->format) {
        sws_freeContext(a->sws);
        a->sws = sws_getContext(frame->width, frame->height, frame->format, WIDTH, HEIGHT,
            AV_PIX_FMT_GRAY8, SWS_AREA | SWS_BITEXACT, NULL, NULL, NULL);
        a->in_width = frame->width;
        a->in_height = frame->height;
        a->in_format = frame->format;
    }
    uint8_t *planes[4] = {a->now};
    int strides[4] = {WIDTH};
    if (!a->sws)
        return -1;
    return sws_scale(a->sws, (const uint8_t *const *)frame->data, frame->linesize, 0, frame->height,
               planes, strides) == HEIGHT
               ? 0
               : -1;
}

/* The mean difference of each block; returns the mean of all. */
static double compare(const uint8_t *a, const uint8_t *b, double blocks[BLOCKS])
{
    double all = 0;
    for (int i = 0; i < BLOCKS; i++) {
        int x0 = i % (WIDTH / BLOCK) * BLOCK, y0 = i / (WIDTH / BLOCK) * BLOCK, sum = 0;
        for (int y = y0; y < y0 + BLOCK; y++)
            for (int x = x0; x < x0 + BLOCK; x++)
                sum += abs(a[y * WIDTH + x] - b[y * WIDTH + x]);
        blocks[i] = (double)sum / (BLOCK * BLOCK);
        all += blocks[i];
    }
    return all / BLOCKS;
}

static int changed_blocks(const double blocks[BLOCKS])
{
    int count = 0;
    for (int i = 0; i < BLOCKS; i++)
        count += blocks[i] > CHANGED;
    return count;
}

static void note_bars(struct analysis *a)
{
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++) {
            uint8_t luma = a->now[y * WIDTH + x];
            if (luma > a->brightest_row[y])
                a->brightest_row[y] = luma;
            if (luma > a->brightest_column[x])
                a->brightest_column[x] = luma;
        }
}

static void note_cut(struct analysis *a, int64_t at_us)
{
    struct media_info *out = a->out;
    if (out->cut_count == MEDIA_MAX_CUTS || at_us <= 0 ||
        (out->cut_count > 0 && at_us - out->cuts_us[out->cut_count - 1] < CUT_GAP_US))
        return;
    out->cuts_us[out->cut_count++] = at_us;
}

/* Another slide changes much of the picture at once, where little changed of late. */
static void look_for_cut(struct analysis *a, int64_t at_us)
{
    double blocks[BLOCKS];
    double change = compare(a->now, a->before, blocks);
    int changed = changed_blocks(blocks);
    bool cut = changed * 8 > BLOCKS && change > 2 && change > 4 * a->quiet;
    if (cut && a->looks > LEARNING_LOOKS)
        note_cut(a, at_us);
    /* One cut must not hide the next; lasting motion must be learnt. */
    double bounded = cut ? 2 * a->quiet + 1 : change;
    a->quiet += (bounded - a->quiet) / 8;
    a->looks++;
    for (int i = 0; i < BLOCKS && !cut; i++)
        if (blocks[i] <= CHANGED) {
            a->still_sum += blocks[i];
            a->still_count++;
        }
}

static int note_activity(struct analysis *a, int64_t at_us)
{
    double blocks[BLOCKS];
    compare(a->now, a->second_ago, blocks);
    int level = changed_blocks(blocks) * LEVELS / BLOCKS;
    int64_t number = at_us / WINDOW_US;
    while (a->window_count <= number) {
        if (a->window_count == a->window_room) {
            int room = a->window_room ? a->window_room * 2 : 64;
            struct window *windows = realloc(a->windows, (size_t)room * sizeof(*windows));
            if (!windows)
                return -1;
            a->windows = windows;
            a->window_room = room;
        }
        a->windows[a->window_count++] = (struct window){.count = 0};
    }
    a->windows[number].looks[level]++;
    a->windows[number].count++;
    return 0;
}

static int look(struct analysis *a, const AVFrame *frame, int64_t at_us)
{
    if (a->has_before && at_us - a->before_us < STEP_US)
        return 0;
    if (scale(a, frame) < 0)
        return 0;
    note_bars(a);
    int result = 0;
    if (!a->has_before) {
        memcpy(a->second_ago, a->now, sizeof(a->now));
        a->second_ago_us = at_us;
        a->has_before = true;
    } else {
        look_for_cut(a, at_us);
    }
    if (at_us - a->second_ago_us >= ACTIVITY_US) {
        result = note_activity(a, at_us);
        memcpy(a->second_ago, a->now, sizeof(a->now));
        a->second_ago_us = at_us;
    }
    memcpy(a->before, a->now, sizeof(a->now));
    a->before_us = at_us;
    return result;
}

/* ---- reading ---- */

static int take_frames(struct analysis *a, AVCodecContext *decoder, AVRational time_base,
    AVFrame *frame, struct failure *failure)
{
    while (avcodec_receive_frame(decoder, frame) >= 0) {
        int64_t at_us =
            frame->best_effort_timestamp == AV_NOPTS_VALUE
                ? -1
                : av_rescale_q(frame->best_effort_timestamp, time_base, AV_TIME_BASE_Q) -
                      a->info->zero_us;
        int result = at_us >= 0 && at_us <= a->info->duration_us ? look(a, frame, at_us) : 0;
        av_frame_unref(frame);
        if (result < 0)
            return failure_set(failure, REASON_OUT_OF_MEMORY, "analysis");
    }
    return 0;
}

static int read_all(struct analysis *a, struct input *input, AVCodecContext *decoder,
    struct report *report, struct failure *failure)
{
    AVPacket *packet = av_packet_alloc();
    AVFrame *frame = av_frame_alloc();
    int stream = a->info->video_stream, result = 0, more = 0;
    AVRational time_base = input->format->streams[stream]->time_base;
    if (!packet || !frame)
        result = failure_set(failure, REASON_OUT_OF_MEMORY, "analysis");
    while (result == 0 && more == 0) {
        more = input_read(input, packet);
        if (more == 0 && packet->stream_index == stream)
            avcodec_send_packet(decoder, packet);
        else if (more < 0)
            avcodec_send_packet(decoder, NULL);
        av_packet_unref(packet);
        result = take_frames(a, decoder, time_base, frame, failure);
        if (result == 0)
            result = report_progress(report, 200, failure);
    }
    av_packet_free(&packet);
    av_frame_free(&frame);
    return result;
}

/* ---- judging ---- */

/* How much of the picture changes within a second, in half of the window's looks. */
static int median_level(const struct window *window)
{
    int seen = 0;
    for (int level = 0; level <= LEVELS; level++) {
        seen += window->looks[level];
        if (seen * 2 >= window->count)
            return level;
    }
    return 0;
}

static int classify(const struct window *window)
{
    int level = median_level(window);
    return level < LEVELS / 5 ? MEDIA_SLIDES : level < LEVELS * 13 / 20 ? MEDIA_HEAD : MEDIA_MOTION;
}

/* What most of a window and its neighbours are. */
static int smoothed(const struct analysis *a, int number)
{
    int votes[MEDIA_MOTION + 1] = {0}, best = classify(&a->windows[number]);
    for (int i = number - 1; i <= number + 1; i++)
        if (i >= 0 && i < a->window_count && a->windows[i].count > 0)
            votes[classify(&a->windows[i])]++;
    for (int class = 0; class <= MEDIA_MOTION; class ++)
        if (votes[class] > votes[best])
            best = class;
    return best;
}

static void find_stretches(const struct analysis *a, struct media_info *out)
{
    for (int i = 0; i < a->window_count; i++) {
        if (a->windows[i].count == 0 && out->stretch_count > 0)
            continue;
        int found = smoothed(a, i);
        bool same =
            out->stretch_count > 0 && out->stretches[out->stretch_count - 1].media_class == found;
        if (!same && out->stretch_count < MEDIA_MAX_STRETCHES)
            out->stretches[out->stretch_count++] = (struct media_stretch){
                .start_us = out->stretch_count > 0 ? i * WINDOW_US : 0, .media_class = found};
    }
}

/* How many in a row, from one end, were never bright. */
static int dark_run(const uint8_t *brightest, int count, bool from_end)
{
    int run = 0;
    while (run < count && brightest[from_end ? count - 1 - run : run] <= BLACK)
        run++;
    return run == count ? 0 : run;
}

/* Bars are measured on the picture as coded, and told as displayed. */
static void find_bars(const struct analysis *a, struct media_info *out)
{
    int rows = out->coded_height, columns = out->coded_width;
    int coded[4] = {
        dark_run(a->brightest_row, HEIGHT, false) * rows / HEIGHT,
        dark_run(a->brightest_column, WIDTH, true) * columns / WIDTH,
        dark_run(a->brightest_row, HEIGHT, true) * rows / HEIGHT,
        dark_run(a->brightest_column, WIDTH, false) * columns / WIDTH,
    };
    int quarters = out->rotation / 90;
    out->bar_top = coded[(4 - quarters) % 4];
    out->bar_right = coded[(5 - quarters) % 4];
    out->bar_bottom = coded[(6 - quarters) % 4];
    out->bar_left = coded[(7 - quarters) % 4];
}

int analyse_run(int fd, struct media_info *info, struct report *report, struct failure *failure)
{
    struct input *input = NULL;
    AVCodecContext *decoder = NULL;
    struct analysis *a = calloc(1, sizeof(*a));
    int result = -1;
    if (!a) {
        failure_set(failure, REASON_OUT_OF_MEMORY, "analysis");
    } else if (input_open(&input, fd, failure) == 0 &&
               input_open_decoder(input, info->video_stream, &decoder, failure) == 0) {
        a->info = a->out = info;
        for (int i = 0; i < (int)input->format->nb_streams; i++)
            if (i != info->video_stream)
                input->format->streams[i]->discard = AVDISCARD_ALL;
        decoder->skip_frame = AVDISCARD_NONREF;
        decoder->skip_loop_filter = AVDISCARD_NONREF;
        result = read_all(a, input, decoder, report, failure);
    }
    if (result == 0) {
        find_stretches(a, info);
        if (a->has_before)
            find_bars(a, info);
        if (a->still_count > 0)
            info->noise_x100 = (int)(a->still_sum * 100 / (double)a->still_count);
    }
    if (a) {
        sws_freeContext(a->sws);
        free(a->windows);
    }
    free(a);
    avcodec_free_context(&decoder);
    input_close(&input);
    return result;
}
