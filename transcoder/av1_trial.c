/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/av1_trial.h"

#include <libavutil/avstring.h>
#include <math.h>

#include "transcoder/encoder.h"
#include "transcoder/scaler.h"
#include "transcoder/source.h"
#include "transcoder/ssim.h"

#define US 1000000LL
#define PLACES 2
#define PLACE_US (8 * US)
#define MOST_FRAMES 64
/* A keyframe's share is that of a segment of slides. */
#define SEGMENT_S 16.0
/* Between what x264 takes at these the bytes at AV1's quality are read off, or a little beyond. */
#define FINE_CRF 30
#define COARSE_CRF 40
#define AV1_CRF 56
/* As rungs of few pictures a second are made. */
#define X264_PRESET "medium"
#define X264_TUNING "bframes=0:rc-lookahead=20"

/* Pictures of a place, at the size of the renditions. */
struct place {
    struct plan_rendition rendition; /* what encoders want to know of one */
    struct source_colours colours;
    int divisor;
    AVFrame *frames[MOST_FRAMES];
    int count;
};

/* What encodes at one CRF came to. */
struct result {
    double rate_bps, similarity; /* sums over places and over pictures (SSIM) */
    int compared;
    int64_t first_bytes, other_bytes;
};

/* ---- an encode, decoded again and compared ---- */

struct attempt {
    const struct place *place;
    AVCodecContext *encoder, *decoder;
    AVPacket *packet;
    AVFrame *decoded;
    struct result *result;
};

static int open_decoder(struct attempt *t)
{
    /* dav1d: FFmpeg's own decoder of AV1 needs hardware. */
    const AVCodec *codec = t->encoder->codec_id == AV_CODEC_ID_AV1
                               ? avcodec_find_decoder_by_name("libdav1d")
                               : avcodec_find_decoder(t->encoder->codec_id);
    t->decoder = codec ? avcodec_alloc_context3(codec) : NULL;
    if (!t->decoder)
        return codec ? AVERROR(ENOMEM) : AVERROR_DECODER_NOT_FOUND;
    AVCodecParameters *parameters = avcodec_parameters_alloc();
    int error =
        parameters ? avcodec_parameters_from_context(parameters, t->encoder) : AVERROR(ENOMEM);
    if (error >= 0)
        error = avcodec_parameters_to_context(t->decoder, parameters);
    avcodec_parameters_free(&parameters);
    t->decoder->thread_count = 1;
    return error < 0 ? error : avcodec_open2(t->decoder, NULL, NULL);
}

static int decode(struct attempt *t, const AVPacket *packet)
{
    const struct plan_rendition *r = &t->place->rendition;
    int error = avcodec_send_packet(t->decoder, packet);
    while (error >= 0) {
        error = avcodec_receive_frame(t->decoder, t->decoded);
        if (error == AVERROR(EAGAIN) || error == AVERROR_EOF)
            return 0;
        if (error >= 0 && t->result->compared < t->place->count) {
            const AVFrame *source = t->place->frames[t->result->compared++];
            t->result->similarity +=
                ssim_luma((struct ssim_plane){source->data[0], source->linesize[0]},
                    (struct ssim_plane){t->decoded->data[0], t->decoded->linesize[0]}, r->width,
                    r->height);
        }
        av_frame_unref(t->decoded);
    }
    return error;
}

static int encode(struct attempt *t, const AVFrame *frame)
{
    int error = avcodec_send_frame(t->encoder, frame);
    while (error >= 0) {
        error = encoder_receive(t->encoder, t->packet);
        if (error == AVERROR(EAGAIN) || error == AVERROR_EOF)
            return error == AVERROR_EOF ? decode(t, NULL) : 0;
        if (error >= 0) {
            *(t->packet->flags & AV_PKT_FLAG_KEY ? &t->result->first_bytes
                                                 : &t->result->other_bytes) += t->packet->size;
            error = decode(t, t->packet);
            av_packet_unref(t->packet);
        }
    }
    return error;
}

static int run_attempt(struct attempt *t, const struct plan_rendition *rendition)
{
    int error = encoder_open(&t->encoder, rendition, &t->place->colours, rendition->crf_x10);
    if (error >= 0)
        error = open_decoder(t);
    t->packet = av_packet_alloc();
    t->decoded = av_frame_alloc();
    if (!t->packet || !t->decoded)
        return AVERROR(ENOMEM);
    for (int n = 0; n < t->place->count && error >= 0; n++) {
        AVFrame *frame = av_frame_clone(t->place->frames[n]);
        if (!frame)
            return AVERROR(ENOMEM);
        frame->pts = n;
        frame->pict_type = n == 0 ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;
        error = encode(t, frame);
        av_frame_free(&frame);
    }
    return error < 0 ? error : encode(t, NULL);
}

/* Adds a place to a codec's result at a CRF. */
static int try_place(const struct place *place, int video_codec, int crf, struct result *sum,
    struct failure *failure)
{
    struct plan_rendition rendition = place->rendition;
    struct result result = {0};
    struct attempt t = {.place = place, .result = &result};
    bool av1 = video_codec == PLAN_AV1;
    rendition.video_codec = video_codec;
    rendition.crf_x10 = crf * 10;
    av_strlcpy(rendition.preset, av1 ? PLAN_AV1_PRESET : X264_PRESET, sizeof(rendition.preset));
    av_strlcpy(rendition.tuning, av1 ? PLAN_AV1_TUNING : X264_TUNING, sizeof(rendition.tuning));
    int error = run_attempt(&t, &rendition);
    encoder_close(&t.encoder);
    avcodec_free_context(&t.decoder);
    av_packet_free(&t.packet);
    av_frame_free(&t.decoded);
    if (error < 0)
        return failure_from_av(failure, error, REASON_INTERNAL, "trial of AV1");
    double length_s = (double)place->count * rendition.fps_den / rendition.fps_num;
    sum->rate_bps +=
        (double)result.first_bytes * 8 / SEGMENT_S + (double)result.other_bytes * 8 / length_s;
    sum->similarity += result.similarity;
    sum->compared += result.compared;
    return 0;
}

/* ---- places ---- */

static int even(double value)
{
    int rounded = (int)(value / 2 + 0.5) * 2;
    return rounded < 2 ? 2 : rounded;
}

/* As large as AV1 is made. */
static void choose_size(const struct media_info *info, struct place *place)
{
    static const int sides[] = {720, 540, 360, 240};
    double shorter = info->width < info->height ? info->width : info->height, scale = 1;
    for (size_t i = 0; i < sizeof(sides) / sizeof(sides[0]) &&
                       info->width * scale * info->height * scale > PLAN_AV1_PIXELS;
         i++)
        scale = sides[i] / shorter;
    place->divisor = plan_few_frames(info);
    place->rendition = (struct plan_rendition){
        .name = "trial",
        .kind = PLAN_VIDEO,
        .width = even(info->width * scale),
        .height = even(info->height * scale),
        .fps_num = info->fps_num,
        .fps_den = info->fps_den * place->divisor,
    };
}

static void clear_place(struct place *place)
{
    while (place->count > 0)
        av_frame_free(&place->frames[--place->count]);
}

/* 1: the pictures are there; 0: they can't be had; -1: failure set. */
static int read_place(struct place *place, int fd, const struct media_info *info, int64_t first,
    struct failure *failure)
{
    struct source *source;
    struct scaler *scaler = NULL;
    struct failure ignored;
    int64_t wanted = av_rescale(PLACE_US, place->rendition.fps_num, US * place->rendition.fps_den);
    if (source_open(&source, fd, info, first, &ignored) < 0)
        return 0;
    source_colours(source, &place->colours);
    struct scaler_params params = {
        .width = place->rendition.width,
        .height = place->rendition.height,
        .format = AV_PIX_FMT_YUV420P,
        .in_matrix = place->colours.matrix,
        .out_matrix = place->colours.matrix,
    };
    int result = scaler_open(&scaler, &params) < 0 ? -1 : 1;
    for (int64_t n = 0; n < wanted && place->count < MOST_FRAMES && result == 1; n++) {
        const AVFrame *frame;
        if (source_frame(source, first + n * place->divisor, &frame, &ignored) < 0)
            result = 0;
        else if (!(place->frames[place->count++] = av_frame_alloc()))
            result = -1;
        else if (scaler_run(scaler, frame, place->frames[place->count - 1]) < 0)
            result = 0;
    }
    scaler_close(&scaler);
    source_close(&source);
    return result < 0 ? failure_set(failure, REASON_OUT_OF_MEMORY, "trial of AV1") : result;
}

/* The grid frame that a place begins with: at a third and at two thirds, where a slide begins if
 * one does shortly before. */
static int64_t place_start(const struct media_info *info, int number)
{
    int64_t length_us = info->duration_us - info->video_start_us;
    int64_t at_us = length_us * (number + 1) / (PLACES + 1), start_us = at_us;
    for (int i = 0; i < info->cut_count; i++) {
        int64_t cut_us = info->cuts_us[i] - info->video_start_us;
        if (cut_us <= at_us && cut_us > at_us - 20 * US)
            start_us = cut_us;
    }
    if (start_us > length_us - PLACE_US)
        start_us = length_us > PLACE_US ? length_us - PLACE_US : 0;
    return start_us > 0 ? av_rescale_rnd(start_us, info->fps_num, US * info->fps_den, AV_ROUND_UP)
                        : 0;
}

/* ---- the whole ---- */

static double quality_db(const struct result *result)
{
    double unlike = 1 - (result->compared > 0 ? result->similarity / result->compared : 1);
    return -10 * log10(unlike < 1e-6 ? 1e-6 : unlike);
}

/* H.264's rate at AV1's quality, by its two; its logarithm grows with the quality about evenly. */
static int saving_permille(
    const struct result *fine, const struct result *coarse, const struct result *av1)
{
    double step_db = quality_db(fine) - quality_db(coarse);
    if (step_db < 0.1 || coarse->rate_bps <= 0 || fine->rate_bps <= 0)
        return 0;
    double share = (quality_db(av1) - quality_db(coarse)) / step_db;
    share = share < -0.5 ? -0.5 : share > 1.5 ? 1.5 : share;
    double equal_bps = coarse->rate_bps * pow(fine->rate_bps / coarse->rate_bps, share);
    double saving = 1000 * (1 - av1->rate_bps / equal_bps);
    return (int)(saving < -1000 ? -1000 : saving > 900 ? 900 : saving);
}

int av1_trial_run(int fd, struct media_info *info, struct failure *failure)
{
    if (info->trial_count == 0 || info->stretch_count == 0 ||
        plan_class_share(info, MEDIA_SLIDES) < PLAN_AV1_SLIDES_PERMILLE)
        return 0;
    struct result fine = {0}, coarse = {0}, av1 = {0};
    int result = 0;
    struct place place = {0};
    choose_size(info, &place);
    for (int i = 0; i < PLACES && result >= 0; i++) {
        result = read_place(&place, fd, info, place_start(info, i), failure);
        if (result == 1 && (try_place(&place, PLAN_H264, FINE_CRF, &fine, failure) < 0 ||
                               try_place(&place, PLAN_H264, COARSE_CRF, &coarse, failure) < 0 ||
                               try_place(&place, PLAN_AV1, AV1_CRF, &av1, failure) < 0))
            result = -1;
        clear_place(&place);
    }
    if (result >= 0)
        info->av1_saving_permille = saving_permille(&fine, &coarse, &av1);
    return result < 0 ? -1 : 0;
}
