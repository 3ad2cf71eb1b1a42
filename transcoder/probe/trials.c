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
/* The excerpts: some usual ones, and the busiest one. */
#define USUAL_EXCERPTS 3
#define EXCERPTS (USUAL_EXCERPTS + 1)
#define EXCERPT_US (2 * US)
/* The distance between compared frames. It is smaller in the busiest excerpt, because bursts are
 * short. */
#define USUAL_COMPARED_STEP 11
#define BUSY_COMPARED_STEP 5
/* Lessons that are shorter than this get one usual excerpt. */
#define SHORT_LESSON_US (60 * US)
/* Limit of the memory for the frames of all excerpts. */
#define EXCERPTS_BYTES (60 * 1000 * 1000LL)
/* Encodes of larger pictures run one after another, because together they would take more than
 * 400 MB. */
#define ALONE_PIXELS (1000 * 1000)
/* The largest shorter side at which frames are encoded and compared. */
#define LARGEST_SIDE 1080
/* The largest DSSIM that a lower frame rate alone may cause: about half of the DSSIM at ENOUGH_MDB
 * in transcoder/plan/video.c. */
#define MAX_DSSIM_HELD 0.0025
/* Limit of the sizes that are tried, and number of the CRFs. */
#define SIZES 4
#define CRFS 2
static const int crfs[CRFS] = {26, 38};
/* A smaller size is tried if its estimated quality is at most this much below the best so far. */
#define NEAR_MDB 700
/* Under the same cap the next smaller size can have a CRF that is finer by about this. */
#define FINER_CRF 4
/* Near COARSEST_CRF in transcoder/plan/video.c: perhaps nothing fits. */
#define HARDLY_FITS_CRF 42

/* The trial encodes of one size: one for each divisor, CRF and excerpt. */
struct round {
    struct excerpt_copy copies[EXCERPTS];
    const int *divisors;
    int divisor_count, excerpt_count;
    bool has_busy; /* the last excerpt is the busiest one */
    struct trial_encode encodes[EXCERPT_DIVISORS][CRFS][EXCERPTS];
    int results[EXCERPT_DIVISORS * CRFS * EXCERPTS];
};

struct trials {
    int fd, threads;
    struct media_info *info;
    struct plan *plan;
    struct excerpt excerpts[EXCERPTS];
    int reads[EXCERPTS]; /* results of excerpt_read() */
    struct failure failures[EXCERPTS];
    int usual_count;   /* number of wanted excerpts besides the busiest one */
    int excerpt_count; /* number of excerpts; after reading, of those that could be read */
    bool has_busy;     /* the last excerpt is the busiest one */
    int source_side;
    struct excerpt_params params;
};

/* ---- excerpts ---- */

/* Returns the start of an excerpt. A usual one starts where a segment would begin, which is the
 * last cut if that is near. */
static int64_t excerpt_start_us(const struct trials *t, int number)
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

static void read_one_excerpt(void *context, int number)
{
    struct trials *t = context;
    const struct media_info *info = t->info;
    struct excerpt_params params = t->params;
    int64_t all = to_frames(info, info->duration_us, AV_ROUND_NEAR_INF);
    int64_t start_us = excerpt_start_us(t, number) - info->video_start_us;
    params.compared_step = number == t->usual_count ? BUSY_COMPARED_STEP : USUAL_COMPARED_STEP;
    params.first_frame = start_us > 0 ? to_frames(info, start_us, AV_ROUND_UP) : 0;
    if (params.first_frame + params.frame_count > all)
        params.first_frame = all - params.frame_count;
    t->reads[number] =
        excerpt_read(&t->excerpts[number], t->fd, info, &params, &t->failures[number]);
}

/* Returns the limit of the frames of an excerpt. */
static int64_t max_kept_frames(const struct trials *t)
{
    int64_t picture_bytes = (int64_t)t->params.width * t->params.height * 3 / 2;
    int finest = t->params.divisors[0] < t->params.divisors[1] || t->params.divisors[1] == 0
                     ? t->params.divisors[0]
                     : t->params.divisors[1];
    return EXCERPTS_BYTES / t->excerpt_count / picture_bytes * finest;
}

static int read_excerpts(struct trials *t, struct failure *failure)
{
    const struct media_info *info = t->info;
    int64_t frames = to_frames(info, EXCERPT_US, AV_ROUND_NEAR_INF), max = max_kept_frames(t);
    int64_t all = to_frames(info, info->duration_us, AV_ROUND_NEAR_INF);
    frames = frames > max ? max : frames;
    t->params.frame_count = (int)(frames > all ? all : frames);
    if (t->params.frame_count < 1) {
        t->excerpt_count = 0;
        return 0;
    }
    parallel_run(t->threads, t->excerpt_count, read_one_excerpt, t);
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

/* Whether the full frame rate must be tried too. Slides are tried only at a lower rate, unless
 * their motion would suffer, as in animations. */
static bool wants_full_rate(const struct trials *t)
{
    if (!t->has_busy || t->excerpt_count == 0 || t->params.divisors[0] == 1)
        return false;
    double held = excerpt_dssim_held(&t->excerpts[t->excerpt_count - 1], t->params.divisors[0]);
    return held * t->info->busy_permille / 1000 > MAX_DSSIM_HELD;
}

static int read_again_at_full_rate(struct trials *t, struct failure *failure)
{
    for (int i = 0; i < t->excerpt_count; i++)
        excerpt_clear(&t->excerpts[i]);
    t->params.divisors[0] = 1;
    t->has_busy = true;
    t->excerpt_count = t->usual_count + 1;
    return read_excerpts(t, failure);
}

/* ---- a round ---- */

static void scale_copy(void *context, int number)
{
    struct round *round = context;
    round->results[number] = excerpt_copy_scale(&round->copies[number]);
}

static void run_trial_encode(void *context, int number)
{
    struct round *round = context;
    int excerpt = number % round->excerpt_count, kind = number / round->excerpt_count;
    struct trial_encode_params params = {
        .divisor = round->divisors[kind / CRFS], .crf = crfs[kind % CRFS]};
    round->results[number] = trial_encode_run(
        &round->encodes[kind / CRFS][kind % CRFS][excerpt], &round->copies[excerpt], &params);
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

/* Adds the mean of `count` trial encodes as a trial. `trial` has the size, divisor and CRF
 * already. */
static void add_trial(struct media_info *info, struct media_trial trial,
    const struct trial_encode *encodes, int count)
{
    struct trial_encode sum = {0};
    if (count < 1 || info->trial_count == MEDIA_MAX_TRIALS)
        return;
    for (int i = 0; i < count; i++) {
        sum.keyframe_bytes += encodes[i].keyframe_bytes;
        sum.rest_bps += encodes[i].rest_bps;
        sum.dssim += encodes[i].dssim;
    }
    trial.keyframe_bytes = (int)(sum.keyframe_bytes / count);
    trial.rate_bps = (int)(sum.rest_bps / count);
    trial.quality_mdb = to_mdb(sum.dssim / count);
    info->trials[info->trial_count++] = trial;
}

static void add_trials(struct media_info *info, const struct round *round, int side)
{
    int usual = round->excerpt_count - round->has_busy;
    for (int d = 0; d < round->divisor_count; d++)
        for (int c = 0; c < CRFS; c++) {
            struct media_trial trial = {
                .height = side, .divisor = round->divisors[d], .crf = crfs[c]};
            const struct trial_encode *encodes = round->encodes[d][c];
            add_trial(info, trial, encodes, usual);
            trial.busy = 1;
            add_trial(info, trial, encodes + usual, round->has_busy);
        }
}

/* Makes the trial encodes of a size with `count` divisors. */
static int run_round(struct trials *t, struct round *round, int side, const int *divisors,
    int count, struct failure *failure)
{
    round->divisors = divisors;
    round->divisor_count = count;
    int result = run_tasks(t, round, t->excerpt_count, scale_copy, failure);
    if (result == 0)
        result = run_tasks(t, round, count * CRFS * t->excerpt_count, run_trial_encode, failure);
    if (result == 0)
        add_trials(t->info, round, side);
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

/* Chooses the sizes by their shorter side: the source's own, at most LARGEST_SIDE, then clearly
 * smaller ones. Returns their number. */
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

/* Chooses the divisors. Slides need few frames a second, and a few more if there are bits for
 * them; faces need more. 0: no second divisor. */
static void choose_divisors(const struct media_info *info, int divisors[EXCERPT_DIVISORS])
{
    int few = plan_few_frames(info), slides = plan_class_share(info, MEDIA_SLIDES);
    bool halved = few % 2 == 0 && few > 2;
    divisors[0] = halved && slides >= 700 ? 2 : 1;
    divisors[1] = halved && slides < 300 ? 2 : few > 1 ? few : 0;
}

/* The lowest rung, as planned from the trials so far. */
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

/* Returns the mean DSSIM of the copies of the usual excerpts. A negative result is an AVERROR. */
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
 * Whether a smaller size might look better in the lowest rung than all sizes so far. If it does not
 * there, it does not in any rung.
 * The answer is no if the last size was not better either. Otherwise the quality is estimated from
 * two losses: that of scaling, and that of coding the best size so far at a finer CRF.
 * Returns 1, 0, or -1 with failure set.
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

/* Whether a lower frame rate alone looks worse than the full rate at the coarsest CRF. This is
 * so if the whole picture moves. */
static bool low_rate_is_useless(const struct trials *t, int divisor)
{
    const struct media_info *info = t->info;
    int count = t->excerpt_count - t->has_busy;
    double sum = 0;
    for (int i = 0; i < count; i++)
        sum += excerpt_dssim_held(&t->excerpts[i], divisor);
    return count > 0 &&
           to_mdb(sum / count) < info->trials[info->trial_count - 1 - t->has_busy].quality_mdb;
}

/* ---- all trials ---- */

static int try_own_size(struct trials *t, struct round *round, struct failure *failure)
{
    int *divisors = t->params.divisors;
    /* The effect of a lower rate can be measured only if all frames are there. */
    int first = divisors[0] == 1 || divisors[1] == 0 ? 1 : 2;
    if (run_round(t, round, t->source_side, divisors, first, failure) < 0)
        return -1;
    if (first == 2 || divisors[1] == 0)
        return 0;
    if (low_rate_is_useless(t, divisors[1])) {
        divisors[1] = 0;
        return 0;
    }
    return run_round(t, round, t->source_side, divisors + 1, 1, failure);
}

/* Tries one size. Returns 1; 0: neither this size nor a smaller one is worth trying; -1 with
 * failure set. */
static int try_size(struct trials *t, int side, bool own_size, struct failure *failure)
{
    struct round round = {.excerpt_count = 0};
    int result = begin_round(t, &round, side, failure) < 0 ? -1 : 1;
    if (result == 1 && !own_size)
        result = worth_trying(t, &round, failure);
    if (result == 1) {
        int divisor_count = t->params.divisors[1] > 0 ? 2 : 1;
        int error = own_size
                        ? try_own_size(t, &round, failure)
                        : run_round(t, &round, side, t->params.divisors, divisor_count, failure);
        result = error < 0 ? -1 : 1;
    }
    end_round(&round);
    return result;
}

/* Tries sizes from the largest on, as long as they are worth it. */
static int try_sizes(struct trials *t, const int *sides, int side_count, struct report *report,
    struct failure *failure)
{
    for (int i = 0; i < side_count; i++) {
        int result = try_size(t, sides[i], i == 0, failure);
        if (result <= 0)
            return result;
        if (report_progress(report, 600 + 100 * i, failure) < 0)
            return -1;
    }
    return 0;
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
        .usual_count = info->duration_us < SHORT_LESSON_US ? 1 : USUAL_EXCERPTS,
        .has_busy = true,
        .source_side = source_side,
        .params = {.width = plan_even((double)info->width * sides[0] / source_side),
            .height = plan_even((double)info->height * sides[0] / source_side),
            .rate = {info->fps_num, info->fps_den}},
    };
    t.excerpt_count = t.usual_count + 1;
    choose_divisors(info, t.params.divisors);
    int result =
        t.plan ? read_excerpts(&t, failure) : failure_set(failure, REASON_OUT_OF_MEMORY, "trials");
    if (result == 0 && wants_full_rate(&t))
        result = read_again_at_full_rate(&t, failure);
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
