/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/probe/trials.h"

#include <libavutil/mem.h>
#include <math.h>
#include <stdlib.h>

#include "transcoder/plan/facts.h"
#include "transcoder/plan/planner.h"
#include "transcoder/probe/av1_trial.h"
#include "transcoder/probe/excerpt.h"
#include "transcoder/probe/trial_encode.h"
#include "transcoder/worker/parallel.h"

#define US 1000000LL
/* Usual ones, and the busiest. */
#define USUAL_PLACES 3
#define EXCERPTS (USUAL_PLACES + 1)
#define PLACE_US (2 * US)
/* Bursts are short. */
#define USUAL_COMPARED_STEP 11
#define BUSY_COMPARED_STEP 5
/* Shorter lessons are tried at one usual excerpt. */
#define SHORT_LESSON_US (60 * US)
/* The pictures of all excerpts are kept in memory. */
#define PLACES_BYTES (60 * 1000 * 1000LL)
/* Encoders of larger pictures would take more than 400 MB together: one after another. */
#define ALONE_PIXELS (1000 * 1000)
/* Pictures are tried and compared at most this high (their shorter side). */
#define LARGEST_SIDE 1080
/* How dssim the lesson may be by holding pictures alone: half of what ENOUGH_MDB in
 * transcoder/plan/video.c stands for. */
#define MAX_DSSIM_HELD 0.0025
#define SIZES 4
#define CRFS 2
static const int crfs[CRFS] = {26, 38};
/* A smaller size is tried if by a guess it comes so near to the best so far. */
#define NEAR_MDB 700
/* Under a cap the next smaller size can have a CRF that is finer by about so much. */
#define FINER_CRF 4
/* Near the planner's coarsest (COARSEST_CRF in transcoder/plan/video.c): perhaps nothing fits. */
#define HARDLY_FITS_CRF 42

/* All trials of a size that are made at once: each divisor's and CRF's at each excerpt. */
struct round {
    struct excerpt_copy copies[EXCERPTS];
    const int *divisors;
    int divisor_count, excerpt_count;
    bool has_busy; /* the last excerpt is the busiest */
    struct trial_encode attempts[EXCERPT_DIVISORS][CRFS][EXCERPTS];
    int results[EXCERPT_DIVISORS * CRFS * EXCERPTS];
};

struct trials {
    int fd, threads;
    struct media_info *info;
    struct plan *plan;
    struct excerpt excerpts[EXCERPTS];
    int reads[EXCERPTS]; /* what excerpt_read returned */
    struct failure failures[EXCERPTS];
    int usual_count;   /* excerpts that are wanted besides the busiest */
    int excerpt_count; /* those that could be read, once they have been */
    bool has_busy;     /* the last of them is the busiest */
    int source_side;
    struct excerpt_params params;
};

/* ---- excerpts ---- */

/* Where a segment would begin: at the last cut before, if it isn't far. */
static int64_t place_start_us(const struct trials *t, int number)
{
    const struct media_info *info = t->info;
    int excerpts = t->usual_count;
    if (number == excerpts)
        return info->busy_us;
    int64_t length_us = info->duration_us - info->video_start_us;
    int64_t at_us = info->video_start_us + length_us * (2 * number + 1) / (2 * excerpts);
    int64_t cut_us = at_us;
    for (int i = 0; i < info->cut_count && info->cuts_us[i] <= at_us; i++)
        cut_us = info->cuts_us[i];
    return at_us - cut_us < 20 * US ? cut_us : at_us;
}

static int64_t to_frames(const struct media_info *info, int64_t us, enum AVRounding rounding)
{
    return av_rescale_rnd(us, info->fps_num, US * info->fps_den, rounding);
}

static void read_place(void *context, int number)
{
    struct trials *t = context;
    const struct media_info *info = t->info;
    struct excerpt_params params = t->params;
    int64_t all = to_frames(info, info->duration_us, AV_ROUND_NEAR_INF);
    int64_t start_us = place_start_us(t, number) - info->video_start_us;
    params.compared_step = number == t->usual_count ? BUSY_COMPARED_STEP : USUAL_COMPARED_STEP;
    params.first_frame = start_us > 0 ? to_frames(info, start_us, AV_ROUND_UP) : 0;
    if (params.first_frame + params.frame_count > all)
        params.first_frame = all - params.frame_count;
    t->reads[number] =
        excerpt_read(&t->excerpts[number], t->fd, info, &params, &t->failures[number]);
}

/* How many frames of each excerpt are kept in memory, at most. */
static int64_t affordable(const struct trials *t)
{
    int64_t picture_bytes = (int64_t)t->params.width * t->params.height * 3 / 2;
    int finest = t->params.divisors[0] < t->params.divisors[1] || t->params.divisors[1] == 0
                     ? t->params.divisors[0]
                     : t->params.divisors[1];
    return PLACES_BYTES / t->excerpt_count / picture_bytes * finest;
}

static int read_places(struct trials *t, struct failure *failure)
{
    const struct media_info *info = t->info;
    int64_t frames = to_frames(info, PLACE_US, AV_ROUND_NEAR_INF), most = affordable(t);
    int64_t all = to_frames(info, info->duration_us, AV_ROUND_NEAR_INF);
    frames = frames > most ? most : frames;
    t->params.frame_count = (int)(frames > all ? all : frames);
    if (t->params.frame_count < 1) {
        t->excerpt_count = 0;
        return 0;
    }
    parallel_run(t->threads, t->excerpt_count, read_place, t);
    int read = 0;
    for (int i = 0; i < t->excerpt_count; i++) {
        if (t->reads[i] < 0) {
            *failure = t->failures[i];
            return -1;
        }
        if (t->reads[i] == 0) {
            excerpt_clear(&t->excerpts[i]);
            t->has_busy &= i < t->usual_count;
            continue;
        }
        struct excerpt excerpt = t->excerpts[i];
        t->excerpts[i] = (struct excerpt){.frames = NULL};
        t->excerpts[read++] = excerpt;
    }
    t->excerpt_count = read;
    return 0;
}

/* Slides are not tried at their full rate, unless what moves on them would suffer: animations. */
static bool wants_full_rate(const struct trials *t)
{
    if (!t->has_busy || t->excerpt_count == 0 || t->params.divisors[0] == 1)
        return false;
    double held = excerpt_dssim_held(&t->excerpts[t->excerpt_count - 1], t->params.divisors[0]);
    return held * t->info->busy_permille / 1000 > MAX_DSSIM_HELD;
}

static int read_again(struct trials *t, struct failure *failure)
{
    for (int i = 0; i < t->excerpt_count; i++)
        excerpt_clear(&t->excerpts[i]);
    t->params.divisors[0] = 1;
    t->has_busy = true;
    t->excerpt_count = t->usual_count + 1;
    return read_places(t, failure);
}

/* ---- a round ---- */

static void scale_copy(void *context, int number)
{
    struct round *round = context;
    round->results[number] = excerpt_copy_scale(&round->copies[number]);
}

static void attempt(void *context, int number)
{
    struct round *round = context;
    int excerpt = number % round->excerpt_count, kind = number / round->excerpt_count;
    struct trial_encode_params params = {
        .divisor = round->divisors[kind / CRFS], .crf = crfs[kind % CRFS]};
    round->results[number] = trial_encode_run(
        &round->attempts[kind / CRFS][kind % CRFS][excerpt], &round->copies[excerpt], &params);
}

static int run_tasks(const struct trials *t, struct round *round, int count,
    void (*run)(void *context, int number), struct failure *failure)
{
    int64_t pixels = (int64_t)round->copies[0].width * round->copies[0].height;
    parallel_run(pixels > ALONE_PIXELS ? 1 : t->threads, count, run, round);
    for (int i = 0; i < count; i++)
        if (round->results[i] < 0)
            return failure_from_av(failure, round->results[i], REASON_INTERNAL, "trial");
    return 0;
}

static int to_mdb(double dssim)
{
    return (int)(-10000 * log10(dssim < 1e-6 ? 1e-6 : dssim));
}

/* The mean of `count` attempts becomes a trial, which says already what was tried. */
static void conclude_places(struct media_info *info, struct media_trial trial,
    const struct trial_encode *attempts, int count)
{
    struct trial_encode sum = {0};
    if (count < 1 || info->trial_count == MEDIA_MAX_TRIALS)
        return;
    for (int i = 0; i < count; i++) {
        sum.keyframe_bytes += attempts[i].keyframe_bytes;
        sum.rest_bps += attempts[i].rest_bps;
        sum.dssim += attempts[i].dssim;
    }
    trial.keyframe_bytes = (int)(sum.keyframe_bytes / count);
    trial.rate_bps = (int)(sum.rest_bps / count);
    trial.quality_mdb = to_mdb(sum.dssim / count);
    info->trials[info->trial_count++] = trial;
}

static void conclude(struct media_info *info, const struct round *round, int side)
{
    int usual = round->excerpt_count - round->has_busy;
    for (int d = 0; d < round->divisor_count; d++)
        for (int c = 0; c < CRFS; c++) {
            struct media_trial trial = {
                .height = side, .divisor = round->divisors[d], .crf = crfs[c]};
            const struct trial_encode *attempts = round->attempts[d][c];
            conclude_places(info, trial, attempts, usual);
            trial.busy = 1;
            conclude_places(info, trial, attempts + usual, round->has_busy);
        }
}

/* Tries the round's size with divisors, of which there are `count`. */
static int run_round(struct trials *t, struct round *round, int side, const int *divisors,
    int count, struct failure *failure)
{
    round->divisors = divisors;
    round->divisor_count = count;
    int result = run_tasks(t, round, t->excerpt_count, scale_copy, failure);
    if (result == 0)
        result = run_tasks(t, round, count * CRFS * t->excerpt_count, attempt, failure);
    if (result == 0)
        conclude(t->info, round, side);
    return result;
}

static int begin_round(
    const struct trials *t, struct round *round, int side, struct failure *failure)
{
    int width = plan_even((double)t->info->width * side / t->source_side);
    int height = plan_even((double)t->info->height * side / t->source_side);
    int error = 0;
    round->excerpt_count = t->excerpt_count;
    round->has_busy = t->has_busy;
    for (int i = 0; i < t->excerpt_count && error >= 0; i++)
        error = excerpt_copy_open(&round->copies[i], &t->excerpts[i], width, height);
    return error < 0 ? failure_from_av(failure, error, REASON_INTERNAL, "trial") : 0;
}

static void end_round(struct round *round)
{
    for (int i = 0; i < EXCERPTS; i++)
        excerpt_copy_clear(&round->copies[i]);
}

/* ---- what is worth trying ---- */

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

/* Slides need few pictures a second, or some where there are bits for them; faces need more. 0: no
 * second divisor. */
static void choose_divisors(const struct media_info *info, int divisors[EXCERPT_DIVISORS])
{
    int few = plan_few_frames(info), slides = plan_class_share(info, MEDIA_SLIDES);
    bool halved = few % 2 == 0 && few > 2;
    divisors[0] = halved && slides >= 700 ? 2 : 1;
    divisors[1] = halved && slides < 300 ? 2 : few > 1 ? few : 0;
}

/* What the lowest rung would be made of, by the trials so far. */
struct lowest {
    int side, divisor;
    double crf;
};

static bool find_lowest(const struct trials *t, struct lowest *out)
{
    static const struct plan_options options;
    if (plan_make(t->info, &options, t->plan) < 0 || t->plan->rendition_count == 0 ||
        t->plan->renditions[0].kind != RENDITION_VIDEO)
        return false;
    const struct rendition *r = &t->plan->renditions[0];
    int side = r->width < r->height ? r->width : r->height;
    *out = (struct lowest){.divisor = plan_divisor(t->plan, r), .crf = r->crf_x10 / 10.0};
    for (int i = 0; i < t->info->trial_count; i++)
        if (t->info->trials[i].height / 2 == side / 2)
            out->side = t->info->trials[i].height;
    return out->side > 0;
}

static double quality_mdb(const struct media_info *info, const struct lowest *at, double crf)
{
    double fine = 0, coarse = 0;
    for (int i = 0; i < info->trial_count; i++) {
        const struct media_trial *trial = &info->trials[i];
        if (trial->height == at->side && trial->divisor == at->divisor && !trial->busy)
            *(trial->crf == crfs[0] ? &fine : &coarse) = trial->quality_mdb;
    }
    return fine + (coarse - fine) * (crf - crfs[0]) / (crfs[1] - crfs[0]);
}

/* The mean over the usual excerpts of how dssim the copies are; negative: an AVERROR. */
static double dssim_of_copies(const struct trials *t, struct round *round)
{
    int count = t->excerpt_count - t->has_busy;
    double sum = 0;
    for (int i = 0; i < count; i++) {
        double one = excerpt_copy_dssim(&round->copies[i]);
        if (one < 0)
            return one;
        sum += one;
    }
    return count > 0 ? sum / count : 0;
}

/*
 * Whether a size that is smaller than all that were tried might look better than they do in the
 * lowest rung; in others it won't then. Not if the last one didn't either. Else by a guess: it
 * loses what scaling costs, and what the best so far loses at a finer CRF.
 */
static int worth_trying(const struct trials *t, struct round *round, struct failure *failure)
{
    const struct media_info *info = t->info;
    struct lowest best;
    if (!find_lowest(t, &best) || best.crf > HARDLY_FITS_CRF)
        return 1;
    if (best.side > info->trials[info->trial_count - 1].height)
        return 0;
    double scaling = dssim_of_copies(t, round);
    if (scaling < 0)
        return failure_from_av(failure, (int)scaling, REASON_INTERNAL, "trial");
    double coding = pow(10, -quality_mdb(info, &best, best.crf - FINER_CRF) / 10000);
    return to_mdb(scaling + coding) + NEAR_MDB >= quality_mdb(info, &best, best.crf);
}

/* Whether holding pictures looks worse by itself than coding all of them as coarsely as possible:
 * where all moves. */
static bool holding_is_useless(const struct trials *t, int divisor)
{
    const struct media_info *info = t->info;
    int count = t->excerpt_count - t->has_busy;
    double sum = 0;
    for (int i = 0; i < count; i++)
        sum += excerpt_dssim_held(&t->excerpts[i], divisor);
    return count > 0 &&
           to_mdb(sum / count) < info->trials[info->trial_count - 1 - t->has_busy].quality_mdb;
}

/* ---- the whole ---- */

static int try_own_size(struct trials *t, struct round *round, struct failure *failure)
{
    int *divisors = t->params.divisors;
    /* Only where all pictures are there it can be said what holding them does. */
    int first = divisors[0] == 1 || divisors[1] == 0 ? 1 : 2;
    if (run_round(t, round, t->source_side, divisors, first, failure) < 0)
        return -1;
    if (first == 2 || divisors[1] == 0)
        return 0;
    if (holding_is_useless(t, divisors[1])) {
        divisors[1] = 0;
        return 0;
    }
    return run_round(t, round, t->source_side, divisors + 1, 1, failure);
}

static int try_sizes(struct trials *t, const int *sides, int side_count, struct report *report,
    struct failure *failure)
{
    int result = 1;
    for (int i = 0; i < side_count && result == 1; i++) {
        struct round round = {.excerpt_count = 0};
        result = begin_round(t, &round, sides[i], failure) < 0 ? -1 : 1;
        if (result == 1 && i > 0)
            result = worth_trying(t, &round, failure);
        if (result == 1 && i == 0)
            result = try_own_size(t, &round, failure) < 0 ? -1 : 1;
        else if (result == 1)
            result = run_round(t, &round, sides[i], t->params.divisors,
                         t->params.divisors[1] > 0 ? 2 : 1, failure) < 0
                         ? -1
                         : 1;
        end_round(&round);
        if (result == 1 && report_progress(report, 600 + 100 * i, failure) < 0)
            result = -1;
    }
    return result < 0 ? -1 : 0;
}

int trials_run(int fd, struct media_info *info, const struct work *work, struct failure *failure)
{
    int sides[SIZES], source_side = info->width < info->height ? info->width : info->height;
    int side_count = choose_sides(source_side, sides);
    struct trials t = {
        .fd = fd,
        .threads = work->job->threads,
        .info = info,
        .plan = malloc(sizeof(struct plan)),
        .usual_count = info->duration_us < SHORT_LESSON_US ? 1 : USUAL_PLACES,
        .has_busy = true,
        .source_side = source_side,
        .params = {.width = plan_even((double)info->width * sides[0] / source_side),
            .height = plan_even((double)info->height * sides[0] / source_side),
            .rate = {info->fps_num, info->fps_den}},
    };
    t.excerpt_count = t.usual_count + 1;
    choose_divisors(info, t.params.divisors);
    int result =
        t.plan ? read_places(&t, failure) : failure_set(failure, REASON_OUT_OF_MEMORY, "trials");
    if (result == 0 && wants_full_rate(&t))
        result = read_again(&t, failure);
    if (result == 0 && t.excerpt_count > 0)
        result = try_sizes(&t, sides, side_count, work->report, failure);
    if (result == 0 && t.excerpt_count > 0 && !work->job->options.no_av1)
        result = av1_trial_run(
            &t.excerpts[(t.excerpt_count - t.has_busy) / 2], t.threads, info, failure);
    for (int i = 0; i < EXCERPTS; i++)
        excerpt_clear(&t.excerpts[i]);
    free(t.plan);
    return result;
}
