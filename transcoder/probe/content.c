/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/probe/content.h"

#include <stdlib.h>
#include <string.h>

#include "transcoder/demux/input.h"
#include "transcoder/video/thumbnail.h"

#define US 1000000LL
/* Frames are examined in this size, divided into square blocks. */
#define WIDTH THUMBNAIL_WIDTH
#define HEIGHT THUMBNAIL_HEIGHT
#define BLOCK 10
#define BLOCKS ((WIDTH / BLOCK) * (HEIGHT / BLOCK))
/* A block has changed if its luma differs by more than this on average. Coding noise is smaller. */
#define CHANGED 5
/* Frames within STEP_US of the last examined frame are not examined. The first MAX_SKIPPED of
 * them are kept until the next examined frame, because a cut may be in one of them. The others
 * are dropped. */
#define STEP_US 75000
#define MAX_SKIPPED 4
/* Frames are compared over ACTIVITY_US to measure activity. A class is decided for each window
 * of WINDOW_US. */
#define ACTIVITY_US US
#define WINDOW_US (10 * US)
/* The least distance of two cuts. An animation counts as one cut. */
#define CUT_GAP_US (3 * US / 2)
/* The number of examined frames before cuts are detected, because the usual change is unknown at
 * first. */
#define LEARNING_LOOKS 8
/* Luma up to this counts as black, because black bars have some noise. In thumbnails plain black is
 * 0. */
#define BLACK 26

/* The least length of a part, and its least length in multiples of the longest time without a
 * keyframe. Decoding up to the start of a part is then cheap in comparison. */
#define PART_US (100 * US)
#define PART_KEYFRAME_GAPS 8
/* The time before a part that is examined too, to learn the usual change. */
#define WARM_UP_US (2 * US)

/* The activity in one window, from frames that are ACTIVITY_US apart. The histogram counts these
 * comparisons by the share of changed blocks. The sum and the maximum leave out comparisons across
 * a cut. */
#define LEVELS 20
struct window {
    int looks[LEVELS + 1];
    int count;
    int changed, max_changed; /* sum and maximum of changed blocks */
    int64_t max_us;
};

/* A part of the lesson that consists of whole windows and is analysed on its own. */
struct part {
    const struct analysis *analysis;
    int64_t from_us, to_us;
    struct thumbnailer thumbnailer;
    uint8_t now[THUMBNAIL_PIXELS], before[THUMBNAIL_PIXELS], second_ago[THUMBNAIL_PIXELS];
    uint8_t brightest_row[HEIGHT], brightest_column[WIDTH];
    bool has_before, has_bars;
    int64_t before_us, second_ago_us;
    /* frames skipped since `before`; they show where exactly a cut is */
    AVFrame *skipped[MAX_SKIPPED];
    int64_t skipped_us[MAX_SKIPPED];
    int skipped_count;
    double quiet; /* recent mean change of the luma; a cut counts only in part */
    int64_t looks;
    double still_sum;
    int64_t still_count;
    int cut_count;
    int64_t *cuts_us;
};

struct analysis {
    int fd;
    const struct media_info *info;
    /* all windows of the lesson; each belongs to one part, which alone writes to it */
    struct window *windows;
    int window_count;
    struct part *parts;
    int part_count;
};

/* Computes the mean difference of each block. Returns the mean over all blocks. */
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
    const int count = BLOCKS;
    return all / count;
}

static int changed_blocks(const double blocks[BLOCKS])
{
    int count = 0;
    for (int i = 0; i < BLOCKS; i++)
        count += blocks[i] > CHANGED;
    return count;
}

static void note_bars(struct part *p)
{
    p->has_bars = true;
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++) {
            uint8_t luma = p->now[y * WIDTH + x];
            if (luma > p->brightest_row[y])
                p->brightest_row[y] = luma;
            if (luma > p->brightest_column[x])
                p->brightest_column[x] = luma;
        }
}

/* Adds a cut to the *count cuts in cuts_us, unless it is too near to the last one. */
static void note_cut(int64_t *cuts_us, int *count, int64_t at_us)
{
    if (*count < MEDIA_MAX_CUTS && at_us > 0 &&
        (*count == 0 || at_us - cuts_us[*count - 1] >= CUT_GAP_US))
        cuts_us[(*count)++] = at_us;
}

/* Whether the frame shows another slide: much of the picture changes at once, and little changed
 * recently. */
static bool is_cut(const struct part *p, const double blocks[BLOCKS], double change)
{
    return changed_blocks(blocks) * 8 > BLOCKS && change > 2 && change > 4 * p->quiet;
}

/* Returns the exact time of a cut that was detected at at_us, because a skipped frame may
 * already show the new slide. */
static int64_t locate_cut(struct part *p, int64_t at_us)
{
    uint8_t thumbnail[THUMBNAIL_PIXELS];
    double blocks[BLOCKS];
    for (int i = 0; i < p->skipped_count; i++) {
        if (thumbnail_make(&p->thumbnailer, p->skipped[i], thumbnail) < 0)
            continue;
        double change = compare(thumbnail, p->before, blocks);
        if (is_cut(p, blocks, change))
            return p->skipped_us[i];
    }
    return at_us;
}

static void detect_cut(struct part *p, int64_t at_us)
{
    double blocks[BLOCKS];
    double change = compare(p->now, p->before, blocks);
    bool cut = is_cut(p, blocks, change);
    if (cut && p->looks > LEARNING_LOOKS && at_us >= p->from_us)
        note_cut(p->cuts_us, &p->cut_count, locate_cut(p, at_us));
    /* The change at a cut is bounded, so that it does not hide the next cut. Lasting motion
     * is still learnt. */
    double bounded = cut ? 2 * p->quiet + 1 : change;
    p->quiet += (bounded - p->quiet) / 8;
    p->looks++;
    for (int i = 0; i < BLOCKS && !cut && at_us >= p->from_us; i++)
        if (blocks[i] <= CHANGED) {
            p->still_sum += blocks[i];
            p->still_count++;
        }
}

static void note_activity(struct part *p, int64_t at_us)
{
    double blocks[BLOCKS];
    compare(p->now, p->second_ago, blocks);
    struct window *window = &p->analysis->windows[at_us / WINDOW_US];
    int changed = changed_blocks(blocks);
    window->looks[changed * LEVELS / BLOCKS]++;
    window->count++;
    if (p->cut_count > 0 && p->cuts_us[p->cut_count - 1] >= p->second_ago_us)
        return;
    window->changed += changed;
    if (changed > window->max_changed) {
        window->max_changed = changed;
        window->max_us = p->second_ago_us;
    }
}

/* Keeps a skipped frame until the next examined frame. If memory runs out, the time of a cut is
 * less exact. */
static void keep_skipped(struct part *p, const AVFrame *frame, int64_t at_us)
{
    AVFrame *kept = p->skipped_count < MAX_SKIPPED ? av_frame_clone(frame) : NULL;
    if (!kept)
        return;
    p->skipped[p->skipped_count] = kept;
    p->skipped_us[p->skipped_count++] = at_us;
}

static void free_skipped(struct part *p)
{
    while (p->skipped_count > 0)
        av_frame_free(&p->skipped[--p->skipped_count]);
}

static void examine(struct part *p, const AVFrame *frame, int64_t at_us)
{
    if (p->has_before && at_us - p->before_us < STEP_US) {
        keep_skipped(p, frame, at_us);
        return;
    }
    if (thumbnail_make(&p->thumbnailer, frame, p->now) < 0)
        return;
    if (at_us >= p->from_us)
        note_bars(p);
    if (!p->has_before) {
        memcpy(p->second_ago, p->now, sizeof(p->now));
        p->second_ago_us = at_us;
        p->has_before = true;
    } else {
        detect_cut(p, at_us);
    }
    free_skipped(p);
    if (at_us - p->second_ago_us >= ACTIVITY_US) {
        if (at_us >= p->from_us)
            note_activity(p, at_us);
        memcpy(p->second_ago, p->now, sizeof(p->now));
        p->second_ago_us = at_us;
    }
    memcpy(p->before, p->now, sizeof(p->now));
    p->before_us = at_us;
}

/* ---- reading ---- */

struct reading {
    struct input *input;
    AVCodecContext *decoder;
    AVPacket *packet;
    AVFrame *frame;
    bool sought;    /* reading began after a seek */
    bool has_frame; /* a frame was decoded */
};

static void close_reading(struct reading *r)
{
    avcodec_free_context(&r->decoder);
    input_close(&r->input);
    av_packet_free(&r->packet);
    av_frame_free(&r->frame);
}

static int open_reading(struct reading *r, const struct analysis *a, struct failure *failure)
{
    *r = (struct reading){.packet = av_packet_alloc(), .frame = av_frame_alloc()};
    if (!r->packet || !r->frame) {
        failure_set(failure, REASON_OUT_OF_MEMORY, "analysis");
        return -1;
    }
    int stream = a->info->video_stream;
    if (input_open(&r->input, a->fd, failure) < 0)
        return -1;
    if (stream >= (int)r->input->format->nb_streams)
        return failure_set(failure, REASON_DAMAGED, "stream %d", stream);
    if (input_open_decoder(r->input, stream, &r->decoder, failure) < 0)
        return -1;
    for (int i = 0; i < (int)r->input->format->nb_streams; i++)
        if (i != stream)
            r->input->format->streams[i]->discard = AVDISCARD_ALL;
    r->decoder->skip_frame = AVDISCARD_NONREF;
    r->decoder->skip_loop_filter = AVDISCARD_NONREF;
    return 0;
}

static bool seek(struct reading *r, const struct part *p)
{
    const struct media_info *info = p->analysis->info;
    AVRational time_base = r->input->format->streams[info->video_stream]->time_base;
    int64_t target =
        av_rescale_q(p->from_us - WARM_UP_US + info->zero_us, AV_TIME_BASE_Q, time_base);
    r->sought =
        avformat_seek_file(r->input->format, info->video_stream, INT64_MIN, target, target, 0) >= 0;
    return r->sought;
}

/* Examines the frames that are ready. Returns 0; 1 at the end of the part; -1 if the seek went
 * beyond the start of the part. */
static int take_frames(struct reading *r, struct part *p)
{
    const struct media_info *info = p->analysis->info;
    AVRational time_base = r->input->format->streams[info->video_stream]->time_base;
    int result = 0;
    while (result == 0 && avcodec_receive_frame(r->decoder, r->frame) >= 0) {
        int64_t at_us =
            r->frame->best_effort_timestamp == AV_NOPTS_VALUE
                ? -1
                : av_rescale_q(r->frame->best_effort_timestamp, time_base, AV_TIME_BASE_Q) -
                      info->zero_us;
        if (r->sought && !r->has_frame && (at_us < 0 || at_us > p->from_us))
            result = -1;
        else if (at_us >= p->to_us && at_us <= info->duration_us)
            result = 1;
        else if (at_us >= p->from_us - WARM_UP_US && at_us >= 0 && at_us <= info->duration_us)
            examine(p, r->frame, at_us);
        r->has_frame = true;
        av_frame_unref(r->frame);
    }
    return result;
}

/* Reads and examines a part. Returns 0; 1 if the seek went wrong; -1 with failure set: the node
 * is gone. */
static int read_part(
    struct reading *r, struct part *p, int permille, struct report *report, struct failure *failure)
{
    int stream = p->analysis->info->video_stream, more = 0, taken = 0;
    bool wants_keyframe = r->sought;
    while (taken == 0 && more == 0) {
        more = input_read(r->input, r->packet);
        if (more == 0 && r->packet->stream_index == stream) {
            wants_keyframe &= !(r->packet->flags & AV_PKT_FLAG_KEY);
            if (!wants_keyframe)
                avcodec_send_packet(r->decoder, r->packet);
        } else if (more < 0) {
            avcodec_send_packet(r->decoder, NULL);
        }
        av_packet_unref(r->packet);
        taken = take_frames(r, p);
        if (report_progress(report, permille, failure) < 0)
            return -1;
    }
    return taken < 0 ? 1 : 0;
}

int content_analyse_part(
    struct analysis *a, int number, int permille, struct report *report, struct failure *failure)
{
    struct part *p = &a->parts[number];
    struct reading reading;
    int result = open_reading(&reading, a, failure);
    bool seeks = number > 0;
    if (result == 0 && (!seeks || seek(&reading, p)))
        result = read_part(&reading, p, permille, report, failure);
    else if (result == 0)
        result = 1;
    close_reading(&reading);
    if (result <= 0)
        return result;
    /* If the seek failed or went too far, the part is read from the start of the file. */
    result = open_reading(&reading, a, failure);
    if (result == 0)
        result = read_part(&reading, p, permille, report, failure);
    close_reading(&reading);
    return result;
}

/* ---- results ---- */

/* Returns the median share of the picture that changes within a second, as a level from 0 to
 * LEVELS. */
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

static enum media_class classify(const struct window *window)
{
    int level = median_level(window);
    return level < LEVELS / 5 ? MEDIA_SLIDES : level < LEVELS * 13 / 20 ? MEDIA_HEAD : MEDIA_MOTION;
}

/* Returns the most frequent class of a window and its neighbours. */
static enum media_class smoothed_class(const struct analysis *a, int number)
{
    int votes[MEDIA_MOTION + 1] = {0};
    enum media_class best = classify(&a->windows[number]);
    for (int i = number - 1; i <= number + 1; i++)
        if (i >= 0 && i < a->window_count && a->windows[i].count > 0)
            votes[classify(&a->windows[i])]++;
    for (enum media_class class = MEDIA_SLIDES; class <= MEDIA_MOTION; class ++)
        if (votes[class] > votes[best])
            best = class;
    return best;
}

static void find_stretches(const struct analysis *a, struct media_info *out)
{
    for (int i = 0; i < a->window_count; i++) {
        if (a->windows[i].count == 0 && out->stretch_count > 0)
            continue;
        enum media_class found = smoothed_class(a, i);
        bool same =
            out->stretch_count > 0 && out->stretches[out->stretch_count - 1].media_class == found;
        if (!same && out->stretch_count < MEDIA_MAX_STRETCHES)
            out->stretches[out->stretch_count++] = (struct media_stretch){
                .start_us = out->stretch_count > 0 ? i * WINDOW_US : 0, .media_class = found};
    }
}

/* Finds the busiest window, and compares the change in the mean second with that in its busiest
 * second. */
static void find_busiest(const struct analysis *a, struct media_info *out)
{
    const struct window *busiest = NULL;
    int64_t changed = 0, looks = 0;
    for (int i = 0; i < a->window_count; i++) {
        changed += a->windows[i].changed;
        looks += a->windows[i].count;
        if (a->windows[i].changed > (busiest ? busiest->changed : 0))
            busiest = &a->windows[i];
    }
    if (!busiest)
        return;
    out->busy_us = busiest->max_us;
    int64_t share_permille = changed * 1000 / (looks * busiest->max_changed);
    out->busy_permille = share_permille > 1000 ? 1000 : (int)share_permille;
}

/* Returns the number of rows or columns at one end that were never bright; 0 if all were dark. */
static int dark_run(const uint8_t *brightest, int count, bool from_end)
{
    int run = 0;
    while (run < count && brightest[from_end ? count - 1 - run : run] <= BLACK)
        run++;
    return run == count ? 0 : run;
}

/* Sets the black bars. They are measured on the coded frame and stored for the displayed frame. */
static void find_bars(const struct part *all, struct media_info *out)
{
    int rows = out->coded_height, columns = out->coded_width;
    int coded[4] = {
        dark_run(all->brightest_row, HEIGHT, false) * rows / HEIGHT,
        dark_run(all->brightest_column, WIDTH, true) * columns / WIDTH,
        dark_run(all->brightest_row, HEIGHT, true) * rows / HEIGHT,
        dark_run(all->brightest_column, WIDTH, false) * columns / WIDTH,
    };
    int quarters = out->rotation / 90;
    out->bar_top = coded[(4 - quarters) % 4];
    out->bar_right = coded[(5 - quarters) % 4];
    out->bar_bottom = coded[(6 - quarters) % 4];
    out->bar_left = coded[(7 - quarters) % 4];
}

/* Adds the results of a part to those of the first part. */
static void add_part(struct part *all, const struct part *p)
{
    for (int y = 0; y < HEIGHT; y++)
        if (p->brightest_row[y] > all->brightest_row[y])
            all->brightest_row[y] = p->brightest_row[y];
    for (int x = 0; x < WIDTH; x++)
        if (p->brightest_column[x] > all->brightest_column[x])
            all->brightest_column[x] = p->brightest_column[x];
    all->has_bars |= p->has_bars;
    all->still_sum += p->still_sum;
    all->still_count += p->still_count;
    for (int i = 0; i < p->cut_count; i++)
        note_cut(all->cuts_us, &all->cut_count, p->cuts_us[i]);
}

void content_conclude(struct analysis *a, struct media_info *out)
{
    struct part *all = &a->parts[0];
    for (int i = 1; i < a->part_count; i++)
        add_part(all, &a->parts[i]);
    while (a->window_count > 0 && a->windows[a->window_count - 1].count == 0)
        a->window_count--;
    find_stretches(a, out);
    find_busiest(a, out);
    if (all->has_bars)
        find_bars(all, out);
    if (all->still_count > 0)
        out->noise_x100 = (int)(all->still_sum * 100 / (double)all->still_count);
    out->cut_count = all->cut_count;
    memcpy(out->cuts_us, all->cuts_us, (size_t)all->cut_count * sizeof(out->cuts_us[0]));
}

/* ---- opening, closing ---- */

static int count_parts(const struct media_info *info, int64_t keyframe_gap_us)
{
    int64_t min_us = keyframe_gap_us * PART_KEYFRAME_GAPS;
    int64_t count = info->duration_us / (min_us > PART_US ? min_us : PART_US);
    return (int)(count < 1 ? 1 : count > CONTENT_MAX_PARTS ? CONTENT_MAX_PARTS : count);
}

static int open_parts(struct analysis *a)
{
    for (int i = 0; i < a->part_count; i++) {
        struct part *p = &a->parts[i];
        p->analysis = a;
        p->from_us = (int64_t)a->window_count * i / a->part_count * WINDOW_US;
        p->to_us = (int64_t)a->window_count * (i + 1) / a->part_count * WINDOW_US;
        p->cuts_us = calloc(MEDIA_MAX_CUTS, sizeof(*p->cuts_us));
        if (!p->cuts_us)
            return -1;
    }
    return 0;
}

int content_open(struct analysis **out, int fd, const struct media_info *info,
    int64_t keyframe_gap_us, struct failure *failure)
{
    struct analysis *a = *out = calloc(1, sizeof(*a));
    if (a) {
        a->fd = fd;
        a->info = info;
        a->window_count = (int)(info->duration_us / WINDOW_US) + 1;
        a->part_count = count_parts(info, keyframe_gap_us);
        a->windows = calloc((size_t)a->window_count, sizeof(*a->windows));
        a->parts = calloc((size_t)a->part_count, sizeof(*a->parts));
    }
    if (a && a->windows && a->parts && open_parts(a) == 0)
        return a->part_count;
    content_close(out);
    return failure_set(failure, REASON_OUT_OF_MEMORY, "analysis");
}

void content_close(struct analysis **analysis)
{
    struct analysis *a = *analysis;
    if (!a)
        return;
    for (int i = 0; a->parts && i < a->part_count; i++) {
        free_skipped(&a->parts[i]);
        thumbnail_close(&a->parts[i].thumbnailer);
        free(a->parts[i].cuts_us);
    }
    free(a->parts);
    free(a->windows);
    free(a);
    *analysis = NULL;
}
