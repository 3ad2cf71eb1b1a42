/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/trials.h"

#include <libavutil/mem.h>
#include <math.h>
#include <pthread.h>
#include <string.h>

#include "transcoder/h264.h"
#include "transcoder/plan/plan.h"
#include "transcoder/scaler.h"
#include "transcoder/source.h"
#include "transcoder/ssim.h"

#define US 1000000LL
#define PLACES 3
#define PLACE_US (3 * US)
/* Shorter lessons are tried at one place. */
#define SHORT_LESSON_US (60 * US)
/* A place's pictures are kept in memory. */
#define PLACE_BYTES (100 * 1000 * 1000LL)
/* Pictures are tried and compared at most this high (their shorter side). */
#define LARGEST_SIDE 1080
#define SIZES 4
#define FINE_CRF 26
#define COARSE_CRF 38
/* Every which picture is compared: no multiple of any divisor, so that held ones come in too. */
#define COMPARED_STEP 7

static const char tuning[] = "rc-lookahead=20:bframes=4";

/* One encode to be done at each place. */
struct candidate {
    int width, height, side, divisor, crf;
    double keyframe_bytes, rate_bps, similarity; /* sums over the places */
    struct failure failure;
    int result;
};

/* Shared by the threads at one place; `next` under the mutex, the rest read only. */
struct place {
    struct candidate *candidates;
    int candidate_count;
    AVFrame **frames; /* the grid's, at the size that is compared */
    int frame_count, width, height;
    AVRational rate;
    struct source_colours colours;
    pthread_mutex_t mutex;
    int next;
};

/* ---- one candidate at one place ---- */

struct attempt {
    const struct place *place;
    struct candidate *candidate;
    struct scaler *down, *up;
    AVCodecContext *encoder, *decoder;
    AVPacket *packet;
    AVFrame *decoded, *shown; /* shown: scaled up */
    int64_t first_bytes, other_bytes;
    int sent, received;
    double similarity;
    int compared;
};

/* A decoded picture is shown for `divisor` frames of the grid: compared with those that it stands
 * for. */
static int compare(struct attempt *t)
{
    const struct place *place = t->place;
    int first = t->received++ * t->candidate->divisor, error = 0;
    bool scaled = false;
    for (int n = first; n < first + t->candidate->divisor && n < place->frame_count; n++) {
        if (n % COMPARED_STEP != 0)
            continue;
        if (!scaled) {
            av_frame_unref(t->shown);
            error = scaler_run(t->up, t->decoded, t->shown);
            scaled = true;
        }
        if (error < 0)
            return error;
        const AVFrame *source = place->frames[n];
        t->similarity += ssim_luma((struct ssim_plane){source->data[0], source->linesize[0]},
            (struct ssim_plane){t->shown->data[0], t->shown->linesize[0]}, place->width,
            place->height);
        t->compared++;
    }
    return 0;
}

static int decode(struct attempt *t, const AVPacket *packet)
{
    int error = avcodec_send_packet(t->decoder, packet);
    while (error >= 0) {
        error = avcodec_receive_frame(t->decoder, t->decoded);
        if (error == AVERROR(EAGAIN) || error == AVERROR_EOF)
            return 0;
        if (error >= 0)
            error = compare(t);
        av_frame_unref(t->decoded);
    }
    return error;
}

static int encode(struct attempt *t, const AVFrame *frame)
{
    int error = avcodec_send_frame(t->encoder, frame);
    while (error >= 0) {
        error = h264_receive(t->encoder, t->packet);
        if (error == AVERROR(EAGAIN) || error == AVERROR_EOF)
            return error == AVERROR_EOF ? decode(t, NULL) : 0;
        if (error >= 0) {
            *(t->packet->flags & AV_PKT_FLAG_KEY ? &t->first_bytes : &t->other_bytes) +=
                t->packet->size;
            error = decode(t, t->packet);
            av_packet_unref(t->packet);
        }
    }
    return error;
}

static int open_decoder(struct attempt *t)
{
    t->decoder = avcodec_alloc_context3(avcodec_find_decoder(AV_CODEC_ID_H264));
    if (!t->decoder)
        return AVERROR(ENOMEM);
    t->decoder->thread_count = 1;
    t->decoder->extradata =
        av_mallocz((size_t)t->encoder->extradata_size + AV_INPUT_BUFFER_PADDING_SIZE);
    if (!t->decoder->extradata)
        return AVERROR(ENOMEM);
    memcpy(t->decoder->extradata, t->encoder->extradata, (size_t)t->encoder->extradata_size);
    t->decoder->extradata_size = t->encoder->extradata_size;
    return avcodec_open2(t->decoder, NULL, NULL);
}

static int open_attempt(struct attempt *t)
{
    const struct candidate *c = t->candidate;
    const struct place *place = t->place;
    struct h264_params encoding = {
        .width = c->width,
        .height = c->height,
        .frame_rate = {place->rate.num, place->rate.den * c->divisor},
        .crf_x10 = c->crf * 10,
        .preset = "veryfast",
        .tuning = tuning,
        .colours = place->colours,
    };
    struct scaler_params scaling = {
        .width = c->width,
        .height = c->height,
        .format = AV_PIX_FMT_YUV420P,
        .in_matrix = place->colours.matrix,
        .out_matrix = place->colours.matrix,
    };
    int error = scaler_open(&t->down, &scaling);
    scaling.width = place->width;
    scaling.height = place->height;
    if (error >= 0)
        error = scaler_open(&t->up, &scaling);
    if (error >= 0)
        error = h264_open(&t->encoder, &encoding);
    if (error >= 0)
        error = open_decoder(t);
    t->packet = av_packet_alloc();
    t->decoded = av_frame_alloc();
    t->shown = av_frame_alloc();
    return t->packet && t->decoded && t->shown ? error : AVERROR(ENOMEM);
}

static int run_attempt(struct attempt *t)
{
    const struct place *place = t->place;
    int error = open_attempt(t);
    for (int n = 0; n < place->frame_count && error >= 0; n += t->candidate->divisor) {
        AVFrame *scaled = av_frame_alloc();
        error = scaled ? scaler_run(t->down, place->frames[n], scaled) : AVERROR(ENOMEM);
        if (error >= 0) {
            scaled->pts = t->sent++;
            scaled->pict_type = n == 0 ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;
            error = encode(t, scaled);
        }
        av_frame_free(&scaled);
    }
    return error < 0 ? error : encode(t, NULL);
}

static void close_attempt(struct attempt *t)
{
    scaler_close(&t->down);
    scaler_close(&t->up);
    avcodec_free_context(&t->encoder);
    avcodec_free_context(&t->decoder);
    av_packet_free(&t->packet);
    av_frame_free(&t->decoded);
    av_frame_free(&t->shown);
}

static void try_candidate(struct place *place, struct candidate *c)
{
    struct attempt t = {.place = place, .candidate = c};
    int error = run_attempt(&t);
    close_attempt(&t);
    if (error < 0) {
        c->result = failure_from_av(&c->failure, error, REASON_INTERNAL, "trial");
        return;
    }
    double length_s = (double)t.sent * c->divisor * place->rate.den / place->rate.num;
    c->keyframe_bytes += (double)t.first_bytes;
    c->rate_bps += (double)t.other_bytes * 8 / length_s;
    c->similarity += t.compared > 0 ? t.similarity / t.compared : 1;
}

static void *run_thread(void *argument)
{
    struct place *place = argument;
    for (;;) {
        pthread_mutex_lock(&place->mutex);
        int mine = place->next++;
        pthread_mutex_unlock(&place->mutex);
        if (mine >= place->candidate_count)
            return NULL;
        try_candidate(place, &place->candidates[mine]);
    }
}

/* ---- places ---- */

static void clear_place(struct place *place)
{
    for (int i = 0; place->frames && i < place->frame_count; i++)
        av_frame_free(&place->frames[i]);
    av_freep(&place->frames);
    place->frame_count = 0;
}

/* Reads a place's pictures. 1: they are there; 0: they can't be had. */
static int read_place(struct place *place, int fd, const struct media_info *info, int64_t first,
    int most, struct failure *failure)
{
    struct source *source;
    struct scaler *scaler = NULL;
    struct failure ignored;
    if (source_open(&source, fd, info, first, &ignored) < 0)
        return 0;
    source_colours(source, &place->colours);
    struct scaler_params params = {
        .width = place->width,
        .height = place->height,
        .format = AV_PIX_FMT_YUV420P,
        .in_matrix = place->colours.matrix,
        .out_matrix = place->colours.matrix,
    };
    int result = scaler_open(&scaler, &params) < 0 ? -1 : 1;
    place->frames = av_calloc((size_t)most, sizeof(AVFrame *));
    while (result == 1 && place->frames && place->frame_count < most) {
        const AVFrame *frame;
        if (source_frame(source, first + place->frame_count, &frame, &ignored) < 0)
            result = 0;
        else if (!(place->frames[place->frame_count] = av_frame_alloc()))
            result = -1;
        else if (scaler_run(scaler, frame, place->frames[place->frame_count++]) < 0)
            result = 0;
    }
    scaler_close(&scaler);
    source_close(&source);
    if (result < 0 || !place->frames)
        return failure_set(failure, REASON_OUT_OF_MEMORY, "trials");
    return result;
}

/* Where a segment would begin: at the last cut before, if it isn't far. */
static int64_t place_start_us(const struct media_info *info, int number, int places)
{
    int64_t length_us = info->duration_us - info->video_start_us;
    int64_t at_us = info->video_start_us + length_us * (2 * number + 1) / (2 * places);
    int64_t cut_us = at_us;
    for (int i = 0; i < info->cut_count && info->cuts_us[i] <= at_us; i++)
        cut_us = info->cuts_us[i];
    return at_us - cut_us < 20 * US ? cut_us : at_us;
}

static int run_place(struct place *place, int threads, struct failure *failure)
{
    pthread_t ids[64];
    int started = 0;
    place->next = 0;
    while (started < threads - 1 && started < 64 &&
           pthread_create(&ids[started], NULL, run_thread, place) == 0)
        started++;
    run_thread(place);
    for (int i = 0; i < started; i++)
        pthread_join(ids[i], NULL);
    for (int i = 0; i < place->candidate_count; i++)
        if (place->candidates[i].result < 0) {
            *failure = place->candidates[i].failure;
            return -1;
        }
    return 0;
}

/* ---- the whole ---- */

static int even(double value)
{
    int rounded = (int)(value / 2 + 0.5) * 2;
    return rounded < 2 ? 2 : rounded;
}

/* The source's own size and what is clearly smaller, downwards. Returns how many. */
static int choose_sides(int source_side, int sides[SIZES])
{
    static const int usual[] = {1080, 720, 540, 360, 240, 180, 120};
    int count = 0;
    sides[count++] = source_side < LARGEST_SIDE ? source_side : LARGEST_SIDE;
    for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]) && count < SIZES; i++)
        if (usual[i] * 10 <= sides[count - 1] * 8)
            sides[count++] = usual[i];
    return count;
}

/* Slides need few pictures a second, faces more. */
static int choose_divisors(const struct media_info *info, int divisors[2])
{
    int few = plan_few_frames(info);
    divisors[0] = 1;
    if (few % 2 == 0 && few > 2 && plan_class_share(info, MEDIA_SLIDES) < 300)
        few = 2;
    divisors[1] = few;
    return few > 1 ? 2 : 1;
}

static int list_candidates(const struct media_info *info, struct candidate *out)
{
    int sides[SIZES], divisors[2], count = 0;
    int source_side = info->width < info->height ? info->width : info->height;
    int side_count = choose_sides(source_side, sides),
        divisor_count = choose_divisors(info, divisors);
    for (int i = 0; i < side_count; i++)
        for (int j = 0; j < divisor_count; j++)
            for (int crf = FINE_CRF; crf <= COARSE_CRF; crf += COARSE_CRF - FINE_CRF)
                out[count++] = (struct candidate){
                    .width = even((double)info->width * sides[i] / source_side),
                    .height = even((double)info->height * sides[i] / source_side),
                    .side = sides[i],
                    .divisor = divisors[j],
                    .crf = crf,
                };
    return count;
}

static void conclude(struct media_info *info, const struct place *place, int places)
{
    for (int i = 0; i < place->candidate_count && info->trial_count < MEDIA_MAX_TRIALS; i++) {
        const struct candidate *c = &place->candidates[i];
        double unlike = 1 - c->similarity / places;
        info->trials[info->trial_count++] = (struct media_trial){
            .height = c->side,
            .divisor = c->divisor,
            .crf = c->crf,
            .keyframe_bytes = (int)(c->keyframe_bytes / places),
            .rate_bps = (int)(c->rate_bps / places),
            .quality_mdb = (int)(-10000 * log10(unlike < 1e-6 ? 1e-6 : unlike)),
        };
    }
}

int trials_run(
    int fd, struct media_info *info, int threads, struct report *report, struct failure *failure)
{
    struct candidate candidates[2 * 2 * SIZES];
    struct place place = {
        .candidates = candidates,
        .candidate_count = list_candidates(info, candidates),
        .width = candidates[0].width,
        .height = candidates[0].height,
        .rate = {info->fps_num, info->fps_den},
    };
    int64_t most = PLACE_BYTES / ((int64_t)place.width * place.height * 3 / 2);
    int64_t frames = av_rescale(PLACE_US, info->fps_num, US * info->fps_den);
    int64_t all = av_rescale(info->duration_us, info->fps_num, US * info->fps_den);
    frames = frames > most ? most : frames > all ? all : frames;
    if (frames < 1)
        return 0;
    int places = 0, result = 0, wanted = info->duration_us < SHORT_LESSON_US ? 1 : PLACES;
    pthread_mutex_init(&place.mutex, NULL);
    for (int i = 0; i < wanted && result >= 0; i++) {
        int64_t start_us = place_start_us(info, i, wanted) - info->video_start_us;
        int64_t first =
            start_us > 0 ? av_rescale_rnd(start_us, info->fps_num, US * info->fps_den, AV_ROUND_UP)
                         : 0;
        if (first + frames > all)
            first = all - frames;
        result = read_place(&place, fd, info, first, (int)frames, failure);
        if (result == 1) {
            places++;
            result = run_place(&place, threads, failure);
        }
        clear_place(&place);
        if (result >= 0)
            result = report_progress(report, 400 + 200 * i, failure);
    }
    pthread_mutex_destroy(&place.mutex);
    if (result >= 0 && places > 0)
        conclude(info, &place, places);
    return result < 0 ? -1 : 0;
}
