/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/stills/stills.h"

#include "transcoder/stills/jpeg.h"
#include "transcoder/stills/storyboard.h"
#include "transcoder/video/scaler.h"
#include "transcoder/video/source.h"

#define POSTER_WIDTH 640
#define POSTER_HEIGHT 360
/* The quantiser of MJPEG. 4 is about quality 80 of libjpeg. */
#define POSTER_QUALITY 4

/* The positions of candidates, in thousandths of the lesson, in the order in which they are
 * tried. Titles fade in, so the very start comes last. Credits end a lesson, so nothing late is
 * tried. */
static const int candidates[] = {50, 120, 250, 400, 10, 0};

static void fit_poster_size(const struct media_info *info, int *width, int *height)
{
    *width = info->width;
    *height = info->height;
    if (*width > POSTER_WIDTH) {
        *height = (int)av_rescale(*height, POSTER_WIDTH, *width) & ~1;
        *width = POSTER_WIDTH;
    }
    if (*height > POSTER_HEIGHT) {
        *width = (int)av_rescale(*width, POSTER_HEIGHT, *height) & ~1;
        *height = POSTER_HEIGHT;
    }
    *width = *width < 2 ? 2 : *width;
    *height = *height < 2 ? 2 : *height;
}

/* Returns the variance of the luma as a measure of content. It is nearly 0 for black, white and
 * faded pictures. */
static double variance(const AVFrame *frame)
{
    double sum = 0, squares = 0;
    for (int y = 0; y < frame->height; y++)
        for (int x = 0; x < frame->width; x++) {
            double luma = frame->data[0][(ptrdiff_t)y * frame->linesize[0] + x];
            sum += luma;
            squares += luma * luma;
        }
    double count = (double)frame->width * frame->height;
    return squares / count - (sum / count) * (sum / count);
}

/* Returns the scaled frame at grid frame n; NULL if it cannot be decoded. The caller frees it. */
static AVFrame *read_candidate(
    const struct work *work, struct scaler *scaler, int64_t n, struct failure *failure)
{
    struct source *source;
    const AVFrame *shown;
    AVFrame *scaled = NULL;
    if (source_open(&source, work->source_fd, &work->job->info, n, failure) < 0)
        return NULL;
    if (source_frame(source, n, &shown, failure) == 0 && (scaled = av_frame_alloc())) {
        int error = scaler_run(scaler, shown, scaled);
        if (error < 0) {
            failure_from_av(failure, error, REASON_DAMAGED, "poster");
            av_frame_free(&scaled);
        }
    }
    source_close(&source);
    return scaled;
}

static AVFrame *choose_poster(
    const struct work *work, struct scaler *scaler, struct failure *failure)
{
    const struct media_info *info = &work->job->info;
    int64_t frames = av_rescale(info->duration_us, info->fps_num, 1000000LL * info->fps_den);
    AVFrame *best = NULL;
    double best_variance = -1;
    for (size_t i = 0; i < sizeof(candidates) / sizeof(candidates[0]); i++) {
        AVFrame *frame = read_candidate(work, scaler, frames * candidates[i] / 1000, failure);
        double found = frame ? variance(frame) : -1;
        if (found > best_variance) {
            best_variance = found;
            AVFrame *worse = best;
            best = frame;
            frame = worse;
        }
        av_frame_free(&frame);
        /* Text on a slide has a variance of several hundred, so this is good enough. */
        if (best_variance > 400)
            break;
    }
    return best;
}

static int write_poster(const struct work *work, AVFrame *frame, struct failure *failure)
{
    const struct job_file file = {.kind = JOB_FILE_POSTER};
    if (jpeg_write(work, &file, frame, POSTER_QUALITY, failure) < 0)
        return -1;
    struct message message = {.type = MESSAGE_POSTER};
    return report_send(work->report, &message, failure);
}

int stills_run(const struct work *work, struct failure *failure)
{
    if (!work->job->info.has_video)
        return failure_set(failure, REASON_INTERNAL, "no pictures");
    int width, height;
    fit_poster_size(&work->job->info, &width, &height);
    /* JFIF uses BT.601 in full range. */
    struct scaler_params params = {
        .width = width,
        .height = height,
        .format = AV_PIX_FMT_YUVJ420P,
        .in_matrix = work->job->info.coded_height >= 720 ? AVCOL_SPC_BT709 : AVCOL_SPC_SMPTE170M,
        .out_matrix = AVCOL_SPC_SMPTE170M,
    };
    struct scaler *scaler = NULL;
    if (scaler_open(&scaler, &params) < 0)
        return failure_set(failure, REASON_OUT_OF_MEMORY, "poster");
    AVFrame *frame = choose_poster(work, scaler, failure);
    int result = frame ? write_poster(work, frame, failure) : -1;
    av_frame_free(&frame);
    scaler_close(&scaler);
    return result == 0 ? storyboard_run(work, failure) : result;
}
