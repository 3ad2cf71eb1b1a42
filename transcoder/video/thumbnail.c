/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/video/thumbnail.h"

#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>
#include <stdbool.h>
#include <string.h>

/* swscale handles frames that are wider than this, and those with more rows per pixel than a
 * 16-bit sum holds. */
#define MAX_WIDTH 4096
#define MAX_ROWS 256

void thumbnail_close(struct thumbnailer *t)
{
    sws_freeContext(t->sws);
    *t = (struct thumbnailer){.sws = NULL};
}

static int make_by_swscale(
    struct thumbnailer *t, const AVFrame *frame, uint8_t out[THUMBNAIL_PIXELS])
{
    if (!t->sws || t->in_width != frame->width || t->in_height != frame->height ||
        t->in_format != frame->format) {
        sws_freeContext(t->sws);
        t->sws = sws_getContext(frame->width, frame->height, frame->format, THUMBNAIL_WIDTH,
            THUMBNAIL_HEIGHT, AV_PIX_FMT_GRAY8, SWS_AREA | SWS_BITEXACT, NULL, NULL, NULL);
        t->in_width = frame->width;
        t->in_height = frame->height;
        t->in_format = frame->format;
    }
    uint8_t *planes[4] = {out};
    int strides[4] = {THUMBNAIL_WIDTH};
    if (!t->sws)
        return -1;
    return sws_scale(t->sws, (const uint8_t *const *)frame->data, frame->linesize, 0, frame->height,
               planes, strides) == THUMBNAIL_HEIGHT
               ? 0
               : -1;
}

/* Whether the first plane is the luma, with one byte per pixel. */
static bool has_plain_luma(const AVFrame *frame)
{
    const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(frame->format);
    const uint64_t others = AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL | AV_PIX_FMT_FLAG_BITSTREAM |
                            AV_PIX_FMT_FLAG_HWACCEL | AV_PIX_FMT_FLAG_BAYER;
    return d && !(d->flags & others) && d->comp[0].plane == 0 && d->comp[0].step == 1 &&
           d->comp[0].offset == 0 && d->comp[0].shift == 0 && d->comp[0].depth == 8;
}

static bool is_full_range(const AVFrame *frame)
{
    return frame->color_range == AVCOL_RANGE_JPEG || frame->format == AV_PIX_FMT_YUVJ420P ||
           frame->format == AV_PIX_FMT_YUVJ422P || frame->format == AV_PIX_FMT_YUVJ444P ||
           frame->format == AV_PIX_FMT_YUVJ440P || frame->format == AV_PIX_FMT_GRAY8;
}

static void add_row(uint16_t *restrict sums, const uint8_t *restrict row, int width)
{
    for (int x = 0; x < width; x++)
        sums[x] = (uint16_t)(sums[x] + row[x]);
}

static uint8_t mean_of(const uint16_t *sums, int count, int rows, bool full)
{
    int sum = 0, area = count * rows;
    for (int i = 0; i < count; i++)
        sum += sums[i];
    if (full)
        return (uint8_t)((sum + area / 2) / area);
    int value = ((sum - 16 * area) * 255 + 219 * area / 2) / (219 * area);
    return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

int thumbnail_make(struct thumbnailer *t, const AVFrame *frame, uint8_t out[THUMBNAIL_PIXELS])
{
    int width = frame->width, height = frame->height;
    if (!has_plain_luma(frame) || width < THUMBNAIL_WIDTH || width > MAX_WIDTH ||
        height < THUMBNAIL_HEIGHT || height > MAX_ROWS * THUMBNAIL_HEIGHT)
        return make_by_swscale(t, frame, out);
    bool full = is_full_range(frame);
    for (int y = 0; y < THUMBNAIL_HEIGHT; y++) {
        uint16_t sums[MAX_WIDTH];
        int top = y * height / THUMBNAIL_HEIGHT, bottom = (y + 1) * height / THUMBNAIL_HEIGHT;
        memset(sums, 0, (size_t)width * sizeof(sums[0]));
        for (int row = top; row < bottom; row++)
            add_row(sums, frame->data[0] + (ptrdiff_t)row * frame->linesize[0], width);
        for (int x = 0; x < THUMBNAIL_WIDTH; x++) {
            int left = x * width / THUMBNAIL_WIDTH, right = (x + 1) * width / THUMBNAIL_WIDTH;
            out[y * THUMBNAIL_WIDTH + x] = mean_of(sums + left, right - left, bottom - top, full);
        }
    }
    return 0;
}
