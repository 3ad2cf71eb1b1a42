/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/video/scaler.h"

#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>
#include <stdbool.h>
#include <string.h>

struct scaler {
    struct scaler_params params;
    struct SwsContext *sws;
    /* the input for which sws was made */
    int in_width, in_height, in_format, in_range, in_matrix;
};

int scaler_open(struct scaler **out, const struct scaler_params *params)
{
    *out = av_mallocz(sizeof(**out));
    if (!*out)
        return AVERROR(ENOMEM);
    (*out)->params = *params;
    return 0;
}

void scaler_close(struct scaler **scaler)
{
    if (!*scaler)
        return;
    sws_freeContext((*scaler)->sws);
    av_freep(scaler);
}

/* Replaces the old names of full-range formats by the plain ones. Sets *full_range for these. */
static int plain_format(int format, bool *full_range)
{
    static const int pairs[][2] = {
        {AV_PIX_FMT_YUVJ420P, AV_PIX_FMT_YUV420P},
        {AV_PIX_FMT_YUVJ422P, AV_PIX_FMT_YUV422P},
        {AV_PIX_FMT_YUVJ444P, AV_PIX_FMT_YUV444P},
        {AV_PIX_FMT_YUVJ440P, AV_PIX_FMT_YUV440P},
    };
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
        if (format == pairs[i][0]) {
            *full_range = true;
            return pairs[i][1];
        }
    return format;
}

static int matrix_of(const struct scaler *s, const AVFrame *in)
{
    switch (in->colorspace) {
    case AVCOL_SPC_BT709:
    case AVCOL_SPC_BT470BG:
    case AVCOL_SPC_SMPTE170M:
    case AVCOL_SPC_BT2020_NCL:
        return in->colorspace;
    default:
        return s->params.in_matrix;
    }
}

static int build_context(struct scaler *s, const AVFrame *in, int format, bool full)
{
    const struct scaler_params *p = &s->params;
    sws_freeContext(s->sws);
    s->sws = sws_getContext(in->width, in->height, format, p->width, p->height, p->format,
        SWS_LANCZOS | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT | SWS_BITEXACT, NULL, NULL, NULL);
    if (!s->sws)
        return AVERROR(EINVAL);
    bool full_out = p->format == AV_PIX_FMT_YUVJ420P;
    /* sws_getCoefficients() takes the numbers of enum AVColorSpace. */
    int error = sws_setColorspaceDetails(s->sws, sws_getCoefficients(matrix_of(s, in)), full,
        sws_getCoefficients(p->out_matrix), full_out, 0, 1 << 16, 1 << 16);
    if (error < 0 && full != full_out)
        return AVERROR(EINVAL);
    s->in_width = in->width;
    s->in_height = in->height;
    s->in_format = format;
    s->in_range = full;
    s->in_matrix = matrix_of(s, in);
    return 0;
}

static int prepare_context(struct scaler *s, const AVFrame *in)
{
    bool full = in->color_range == AVCOL_RANGE_JPEG;
    int format = plain_format(in->format, &full);
    const AVPixFmtDescriptor *descriptor = av_pix_fmt_desc_get(format);
    if (!descriptor)
        return AVERROR(EINVAL);
    full = full || (descriptor->flags & AV_PIX_FMT_FLAG_RGB);
    if (s->sws && s->in_width == in->width && s->in_height == in->height &&
        s->in_format == format && s->in_range == full && s->in_matrix == matrix_of(s, in))
        return 0;
    return build_context(s, in, format, full);
}

/* Whether the frame needs no scaling: its size, format, range and matrix are already those
 * wanted. */
static bool is_scaled_already(const struct scaler *s, const AVFrame *in)
{
    const struct scaler_params *p = &s->params;
    return in->width == p->width && in->height == p->height && in->format == p->format &&
           in->format == AV_PIX_FMT_YUV420P && in->color_range != AVCOL_RANGE_JPEG &&
           matrix_of(s, in) == (int)p->out_matrix;
}

/* Makes out a reference to the same planes, without the other properties of the frame. */
static int share_planes(const AVFrame *in, AVFrame *out)
{
    for (size_t i = 0; i < AV_NUM_DATA_POINTERS && in->buf[i]; i++) {
        out->buf[i] = av_buffer_ref(in->buf[i]);
        if (!out->buf[i]) {
            av_frame_unref(out);
            return AVERROR(ENOMEM);
        }
    }
    out->width = in->width;
    out->height = in->height;
    out->format = in->format;
    memcpy(out->data, in->data, sizeof(out->data));
    memcpy(out->linesize, in->linesize, sizeof(out->linesize));
    return 0;
}

int scaler_run(struct scaler *s, const AVFrame *in, AVFrame *out)
{
    if (is_scaled_already(s, in))
        return share_planes(in, out);
    int error = prepare_context(s, in);
    if (error < 0)
        return error;
    out->width = s->params.width;
    out->height = s->params.height;
    out->format = s->params.format;
    error = av_frame_get_buffer(out, 0);
    if (error < 0)
        return error;
    int rows = sws_scale(s->sws, (const uint8_t *const *)in->data, in->linesize, 0, in->height,
        out->data, out->linesize);
    return rows == s->params.height ? 0 : AVERROR_EXTERNAL;
}
