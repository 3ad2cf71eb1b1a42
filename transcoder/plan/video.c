/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/plan/video.h"

/*
 * The choice of a lesson's video renditions. Each rung has a cap on the wire. The probe encoded
 * some excerpts at several sizes and frame rates. From the bytes of these trial encodes follows the
 * CRF that fits under the cap, and from their SSIM the quality at this CRF. The size and frame rate
 * with the best quality wins. This is the convex hull of per-title encoding, with the frame rate as
 * one more dimension.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "transcoder/plan/facts.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Used if the options give no caps, as in the probe and in tests. A node always gives the
 * caps of its option `ladder`, whose default is the same. */
static const int64_t default_caps_bps[] = {48000, 80000, 130000, 220000, 400000, 700000};

/* A segment may exceed the cap by this factor, because any three segments in a row must stay
 * within a factor of 1.1. */
#define SEGMENT_ROOM 1.05
/* The mean bit rate of the trial encodes may use this share of a segment's cap. The trial encodes
 * cover only a few excerpts, and other parts of the lesson need more. */
#define MEAN_ROOM 0.80
/* Limits of x264's CRF. A difference below the first is invisible; above the second nothing is
 * legible. */
#define FINEST_CRF 23.0
#define COARSEST_CRF 43.0
/* Quality above this (an SSIM of 0.9955) looks no better, whatever the CRF. */
#define ENOUGH_MDB 23500.0
/* A rung must be better than the one below by this, or the difference is invisible. */
#define MIN_GAIN_MDB 500.0
/* If the mean bit rate of a rung is below this share of its limit, the cap has no effect: a
 * higher rung with the same CRF would have the same pictures. */
#define CAP_BINDS 0.75
/* For caps below SMOOTH_BPS, sharp pictures matter more than smooth motion. For other caps a
 * lower frame rate must look better by SMOOTH_MDB. */
#define SMOOTH_BPS 100000
#define SMOOTH_MDB 1000.0
/* Bytes of the final encode relative to the trial encode, which uses a faster preset. */
#define PRESET_GAIN 0.88
/* Sizes of pictures above which x264 searches less, and looks ahead less far. */
#define LARGE_PIXELS (1000 * 1000)
#define SMALL_PIXELS (500 * 1000)
/* A lesson with a smaller share of slides counts as moving content. */
#define MOVING_SLIDES_PERMILLE 500
/* The busiest excerpt is the worst part of its window. There the bit rate may exceed the limit
 * by this factor for a short time. */
#define BUSY_ROOM 1.5
/* The busiest excerpt stands for a share of the lesson. The share is kept between these limits. */
#define MIN_BUSY_SHARE 0.05
#define MAX_BUSY_SHARE 0.5
/* Limit for the sum of picture sizes in a group, in pixels; it limits the memory of a worker.
 * Each encoder counts as ENCODER_PIXELS in addition to its pictures. */
#define GROUP_PIXELS (2500 * 1000)
#define ENCODER_PIXELS (300 * 1000)

/* AV1 is slow, so it is made only where it saves and matters most. With more than MAX_AV1_PIXELS a
 * worker would take more than 400 MB. SVT-AV1 does not accept sides shorter than MIN_AV1_SIDE. */
#define MIN_AV1_SLIDES_PERMILLE 700
#define MAX_AV1_BPS 80000
#define MAX_AV1_PIXELS_PER_S (8 * 1000 * 1000) /* room for 720p at 8 frames a second */
#define MAX_AV1_PIXELS (1000 * 1000)
#define MIN_AV1_SIDE 64

/* The rule of thumb without trial encodes, at UNTRIED_CRF: the bytes of a keyframe per pixel, and
 * the bit/s of the other frames per pixel. It is meant for content between slides and faces. The
 * CRF rises by CRF_STEPS_A_HALF if the bytes are halved, at low bit rates. */
#define UNTRIED_CRF 30
#define UNTRIED_KEYFRAME_BYTES 0.05
#define UNTRIED_REST_BPS 0.2
#define CRF_STEPS_A_HALF 8.0

/* Two trial encodes of one size and frame rate, at different CRFs. */
struct pair {
    const struct media_trial *fine, *coarse;
};

/* One size and frame rate, with its trial encodes. */
struct candidate {
    int height, divisor;
    struct pair usual;
    struct pair busy; /* both NULL: not tried */
};

/* The outcome of a candidate under a cap. */
struct choice {
    int height, divisor;
    double crf, quality_mdb, rate_bps;
    double mean_bps; /* mean bit rate of the lesson at this CRF, busy part included */
};

static double between(double fine, double coarse, double share)
{
    return fine + (coarse - fine) * share;
}

static struct plan_expectation expect(const struct pair *p, double crf)
{
    double share = (crf - p->fine->crf) / (p->coarse->crf - p->fine->crf);
    double keyframe =
        between(log2(p->fine->keyframe_bytes + 1.0), log2(p->coarse->keyframe_bytes + 1.0), share);
    double rest = between(log2(p->fine->rate_bps + 1.0), log2(p->coarse->rate_bps + 1.0), share);
    return (struct plan_expectation){PRESET_GAIN * exp2(keyframe), PRESET_GAIN * exp2(rest)};
}

static struct choice at_crf(const struct pair *p, double crf, double segment_s)
{
    double share = (crf - p->fine->crf) / (p->coarse->crf - p->fine->crf);
    struct plan_expectation expected = expect(p, crf);
    return (struct choice){
        .height = p->fine->height,
        .divisor = p->fine->divisor,
        .crf = crf,
        .quality_mdb = between(p->fine->quality_mdb, p->coarse->quality_mdb, share),
        .rate_bps = expected.keyframe_bytes * 8 / segment_s + expected.rest_bps,
    };
}

/* Pairs of CRFs at which SVT-AV1 and x264 have equal SSIM, measured on lectures. Linear
 * interpolation gives the values in between. */
static const struct {
    double av1, h264;
} equal_looks[] = {{0, 12}, {40, 29}, {45, 31}, {52, 33.5}, {58, 36.2}, {60, 38}, {63, 43}};

static double h264_crf(double av1_crf)
{
    size_t i = 1;
    while (i + 1 < COUNT(equal_looks) && av1_crf > equal_looks[i].av1)
        i++;
    double share =
        (av1_crf - equal_looks[i - 1].av1) / (equal_looks[i].av1 - equal_looks[i - 1].av1);
    return between(equal_looks[i - 1].h264, equal_looks[i].h264, share);
}

/* Returns the coarsest CRF of SVT-AV1 that looks at least as good as this CRF of x264; 0: none.
 * SVT-AV1 takes only whole numbers. */
static int av1_crf(double crf)
{
    int found = (int)equal_looks[COUNT(equal_looks) - 1].av1;
    while (found > 0 && h264_crf(found) > crf)
        found--;
    return found;
}

/* Returns the share of H.264's bits that AV1 needs. */
static double av1_part(const struct media_info *info)
{
    return 1 - info->av1_saving_permille / 1000.0;
}

/* Returns the outcome at the finest CRF that is not below `finest`, keeps the mean bit rate within
 * rate_bps, and does not exceed the quality that is enough. If there is none, returns the outcome
 * at COARSEST_CRF. */
static struct choice fit_pair(
    const struct pair *p, double rate_bps, double segment_s, double finest)
{
    double low = finest, high = COARSEST_CRF;
    for (int i = 0; i < 12; i++) {
        double middle = (low + high) / 2;
        struct choice choice = at_crf(p, middle, segment_s);
        if (choice.rate_bps > rate_bps || choice.quality_mdb > ENOUGH_MDB)
            low = middle;
        else
            high = middle;
    }
    return at_crf(p, high, segment_s);
}

static double dssim(double quality_mdb)
{
    return pow(10, -quality_mdb / 10000);
}

/* Returns the outcome of a candidate under a cap. Each segment is kept under the cap by itself,
 * so busy parts get coarser and the others do not. The quality is the mean of both, weighted by
 * their shares of the lesson. */
static struct choice fit(
    const struct media_info *info, const struct candidate *c, double rate_bps, double segment_s)
{
    struct choice choice = fit_pair(&c->usual, rate_bps, segment_s, FINEST_CRF);
    choice.mean_bps = choice.rate_bps;
    if (!c->busy.fine)
        return choice;
    double share = info->busy_permille / 1000.0;
    share = share < MIN_BUSY_SHARE   ? MIN_BUSY_SHARE
            : share > MAX_BUSY_SHARE ? MAX_BUSY_SHARE
                                     : share;
    struct choice busy =
        fit_pair(&c->busy, rate_bps / MEAN_ROOM * BUSY_ROOM, segment_s, choice.crf);
    double busy_bps = at_crf(&c->busy, choice.crf, segment_s).rate_bps;
    choice.mean_bps += share * fmax(0, busy_bps - choice.rate_bps);
    choice.quality_mdb =
        -10000 * log10((1 - share) * dssim(choice.quality_mdb) + share * dssim(busy.quality_mdb));
    return choice;
}

/* Returns the coarser trial encode of the same size, frame rate and excerpts; NULL if there is
 * none. */
static const struct media_trial *find_coarser(
    const struct media_info *info, const struct media_trial *fine)
{
    for (int i = 0; i < info->trial_count; i++) {
        const struct media_trial *coarse = &info->trials[i];
        if (fine->height == coarse->height && fine->divisor == coarse->divisor &&
            fine->busy == coarse->busy && fine->crf < coarse->crf)
            return coarse;
    }
    return NULL;
}

/* Pairs the trial encodes that have the same size and frame rate. Returns the number of
 * candidates. */
static size_t pair_trials(const struct media_info *info, struct candidate *out)
{
    size_t count = 0;
    for (int i = 0; i < info->trial_count; i++) {
        const struct media_trial *fine = &info->trials[i];
        const struct media_trial *coarse = find_coarser(info, fine);
        if (coarse && !fine->busy)
            out[count++] = (struct candidate){fine->height, fine->divisor, {fine, coarse}, {0}};
    }
    for (int i = 0; i < info->trial_count; i++) {
        const struct media_trial *fine = &info->trials[i];
        const struct media_trial *coarse = find_coarser(info, fine);
        for (size_t n = 0; coarse && fine->busy && n < count; n++)
            if (out[n].height == fine->height && out[n].divisor == fine->divisor)
                out[n].busy = (struct pair){fine, coarse};
    }
    return count;
}

static struct plan_expectation expect_h264(
    const struct media_info *info, const struct rendition *rendition, double crf)
{
    struct candidate candidates[MEDIA_MAX_TRIALS];
    size_t count = pair_trials(info, candidates);
    int side = rendition->width < rendition->height ? rendition->width : rendition->height;
    for (size_t i = 0; i < count; i++)
        if (candidates[i].height / 2 == side / 2 &&
            (int64_t)rendition->fps_num * info->fps_den * candidates[i].divisor ==
                (int64_t)rendition->fps_den * info->fps_num)
            return expect(&candidates[i].usual, crf);
    double pixels = (double)rendition->width * rendition->height;
    double coarseness = exp2((UNTRIED_CRF - crf) / CRF_STEPS_A_HALF);
    return (struct plan_expectation){
        UNTRIED_KEYFRAME_BYTES * pixels * coarseness, UNTRIED_REST_BPS * pixels * coarseness};
}

struct plan_expectation plan_expect(
    const struct media_info *info, const struct rendition *rendition, double crf)
{
    if (rendition->video_codec == VIDEO_H264)
        return expect_h264(info, rendition, crf);
    struct plan_expectation expected = expect_h264(info, rendition, h264_crf(crf));
    expected.keyframe_bytes *= av1_part(info);
    expected.rest_bps *= av1_part(info);
    return expected;
}

/* The default choice if nothing could be encoded on trial: the size and frame rate that suit most
 * content. */
static struct choice default_choice(const struct media_info *info, int64_t cap_bps)
{
    int side = cap_bps < 100000 ? 360 : cap_bps < 300000 ? 480 : 720;
    int source_side = info->width < info->height ? info->width : info->height;
    return (struct choice){
        .height = side < source_side ? side : source_side,
        .divisor = cap_bps < 100000 ? plan_few_frames(info) : 1,
        .crf = 30,
        .quality_mdb = (double)cap_bps,
        .rate_bps = (double)cap_bps,
        .mean_bps = (double)cap_bps,
    };
}

/* Returns the pixels of a picture of the source's shape whose shorter side is `height`. */
static double pixels_at(const struct media_info *info, int height)
{
    double longer = info->width > info->height ? info->width : info->height;
    double shorter = info->width < info->height ? info->width : info->height;
    return height * height * longer / shorter;
}

/* The requirements of a rung. */
struct demand {
    int64_t cap_bps;
    double rate_bps; /* limit of the mean bit rate of the video */
    bool small;      /* the size must be within the limits for AV1 */
};

static bool is_small(const struct media_info *info, const struct candidate *c)
{
    double pixels = pixels_at(info, c->height);
    double fps = (double)info->fps_num / info->fps_den / c->divisor;
    return c->height >= MIN_AV1_SIDE && pixels <= MAX_AV1_PIXELS &&
           pixels * fps <= MAX_AV1_PIXELS_PER_S;
}

/* Returns the best candidate for a rung. Its quality_mdb is below 0 if no candidate is allowed. */
static struct choice choose(
    const struct media_info *info, const struct demand *demand, double segment_s)
{
    struct candidate candidates[MEDIA_MAX_TRIALS];
    size_t count = pair_trials(info, candidates);
    struct choice best = {.quality_mdb = -1e9};
    bool best_fits = false;
    for (size_t i = 0; i < count; i++) {
        if (demand->small && !is_small(info, &candidates[i]))
            continue;
        struct choice choice = fit(info, &candidates[i], demand->rate_bps, segment_s);
        bool fits = choice.rate_bps <= demand->rate_bps * 1.02;
        if (demand->cap_bps >= SMOOTH_BPS && choice.divisor > 1)
            choice.quality_mdb -= SMOOTH_MDB;
        /* The cap comes first: if no candidate fits, the one with the lowest bit rate wins. */
        bool better = fits != best_fits ? fits
                      : fits            ? choice.quality_mdb > best.quality_mdb
                                        : choice.rate_bps < best.rate_bps;
        if (best.height == 0 || better) {
            best = choice;
            best_fits = fits;
        }
    }
    return count > 0 ? best : default_choice(info, demand->cap_bps);
}

/*
 * Chooses the B-frames, the search and the lookahead of x264.
 *
 * At a low frame rate neighbouring frames are far apart. B-frames gain nothing there (measured:
 * five of them lose 0.1 dB at equal rates) and cost time. They also need decoding times that are
 * squeezed in at the start of a segment (transcoder/package/dts.h). The ffmpeg program takes these
 * for a leap of the clock if half a frame is longer than a tenth of a second.
 *
 * x264 keeps the frames of its lookahead in memory, and so does our segment encoder. So the
 * larger the picture, the shorter the lookahead. Measured at 720p: 20 frames instead of 32 cost nothing at 12 and
 * 25 frames a second, and 3 % at 6.
 *
 * Small pictures are worth a longer search, medium ones only if the content moves. Measured: subme
 * 8 saves 5 to 12 % of the bits for half as much time again; subme 10 and umh save another 3 % for
 * a quarter more.
 */
static void choose_tuning(struct rendition *r, const struct media_info *info)
{
    int64_t pixels = (int64_t)r->width * r->height;
    bool moves = plan_class_share(info, MEDIA_SLIDES) < MOVING_SLIDES_PERMILLE;
    bool few = (double)r->fps_num / r->fps_den < 11;
    bool long_search = pixels <= SMALL_PIXELS || (moves && pixels <= LARGE_PIXELS);
    const char *b_frames = few           ? "bframes=0"
                           : long_search ? "bframes=5:b-adapt=2"
                                         : "bframes=3:b-adapt=1";
    const char *search = long_search ? ":ref=4:me=umh:merange=32:subme=10:trellis=2" : "";
    int lookahead = pixels > LARGE_PIXELS ? 14 : pixels > SMALL_PIXELS && !few ? 20 : 32;
    snprintf(r->tuning, sizeof(r->tuning), "%s%s" PLAN_H264_LOOKAHEAD, b_frames, search, lookahead);
}

static struct rendition *add_rendition(
    struct plan *plan, const struct media_info *info, const struct choice *choice, int64_t cap_bps)
{
    struct rendition *r = &plan->renditions[plan->rendition_count++];
    int side = info->width < info->height ? info->width : info->height;
    double scale = (double)choice->height / side;
    int fine = plan_ticks_per_unit(info);
    *r = (struct rendition){
        .kind = RENDITION_VIDEO,
        .cap_bps = cap_bps,
        .timescale = info->fps_num * fine,
        .width = plan_even(info->width * scale),
        .height = plan_even(info->height * scale),
        .fps_num = info->fps_num,
        .fps_den = info->fps_den * choice->divisor,
        .frame_ticks = info->fps_den * fine * choice->divisor,
        .segment_cap_bps = (int64_t)((double)cap_bps * SEGMENT_ROOM) - plan_audio_wire_bps(info),
        .crf_x10 = (int)(choice->crf * 10 + 0.5),
        .preset = "medium",
    };
    snprintf(r->name, sizeof(r->name), "v%d", (int)(cap_bps / 1000));
    choose_tuning(r, info);
    return r;
}

/* Returns the limit of the mean bit rate of a rung's video. */
static double room_bps(const struct media_info *info, int64_t cap_bps)
{
    return ((double)cap_bps * SEGMENT_ROOM - (double)plan_audio_wire_bps(info)) * MEAN_ROOM;
}

static void set_text(char *out, size_t out_bytes, const char *text)
{
    memset(out, 0, out_bytes);
    snprintf(out, out_bytes, "%s", text);
}

static void become_av1(struct rendition *r, double crf)
{
    r->video_codec = VIDEO_AV1;
    r->crf_x10 = av1_crf(crf) * 10;
    snprintf(r->name, sizeof(r->name), "av%d", (int)(r->cap_bps / 1000));
    set_text(r->preset, sizeof(r->preset), PLAN_AV1_PRESET);
    set_text(r->tuning, sizeof(r->tuning), PLAN_AV1_TUNING);
}

static bool av1_is_worth_it(const struct media_info *info, const struct plan_options *options)
{
    return !options->no_av1 && info->trial_count > 0 &&
           info->av1_saving_permille >= PLAN_AV1_MIN_SAVING_PERMILLE &&
           plan_class_share(info, MEDIA_SLIDES) >= MIN_AV1_SLIDES_PERMILLE;
}

/* Adds an AV1 rendition for each low rung where it looks at least as good as H.264 and visibly
 * better than the AV1 rendition below. */
static void plan_av1(struct plan *plan, const struct media_info *info, double segment_s)
{
    size_t h264_count = plan->rendition_count;
    double best_mdb = 0;
    for (size_t i = 0; i < h264_count && plan->rendition_count < h264_count + PLAN_MAX_AV1_RUNGS;
         i++) {
        struct demand demand = {.cap_bps = plan->renditions[i].cap_bps};
        if (demand.cap_bps > MAX_AV1_BPS)
            return;
        demand.rate_bps = room_bps(info, demand.cap_bps);
        struct choice beside = choose(info, &demand, segment_s);
        demand.rate_bps /= av1_part(info);
        demand.small = true;
        struct choice choice = choose(info, &demand, segment_s);
        if (choice.quality_mdb < beside.quality_mdb || choice.quality_mdb < best_mdb)
            continue;
        best_mdb = choice.quality_mdb + MIN_GAIN_MDB;
        become_av1(add_rendition(plan, info, &choice, demand.cap_bps), choice.crf);
    }
}

/* Divides the video renditions into groups, from the lowest rung on. A group has as many
 * renditions as memory allows. An AV1 rendition takes more memory, so each has a group of its
 * own; these groups come last, because the lesson is complete without them. */
static void make_groups(struct plan *plan)
{
    int64_t pixels = 0;
    for (size_t i = 0; i < plan->rendition_count; i++) {
        struct rendition *r = &plan->renditions[i];
        int64_t more = (int64_t)r->width * r->height + ENCODER_PIXELS;
        if (i == 0 || pixels + more > GROUP_PIXELS || r->video_codec == VIDEO_AV1) {
            plan->group_count++;
            pixels = 0;
        }
        pixels += more;
        r->group = plan->group_count - 1;
    }
}

/* Whether a rung would have the same pictures as the rung below: the size, frame rate and CRF
 * are the same, and the cap of the lower rung has no effect. */
static bool is_same(const struct choice *above, const struct choice *below, double below_rate_bps)
{
    return above->height == below->height && above->divisor == below->divisor &&
           fabs(above->crf - below->crf) < 0.05 &&
           below->mean_bps < below_rate_bps / MEAN_ROOM * CAP_BINDS;
}

void plan_video(
    struct plan *plan, const struct media_info *info, const struct plan_options *options)
{
    const int64_t *caps = options->caps_bps[0] > 0 ? options->caps_bps : default_caps_bps;
    size_t cap_count = options->caps_bps[0] > 0 ? PLAN_MAX_RUNGS : COUNT(default_caps_bps);
    double segment_s = (double)plan->duration_us / 1e6 / plan->segment_count;
    struct choice best = {.quality_mdb = -1e9};
    double best_rate_bps = 0;
    for (size_t i = 0; i < cap_count && caps[i] > 0; i++) {
        struct demand demand = {.cap_bps = caps[i], .rate_bps = room_bps(info, caps[i])};
        if (demand.rate_bps < 4000)
            continue;
        struct choice choice = choose(info, &demand, segment_s);
        if (plan->rendition_count > 0 && (choice.quality_mdb < best.quality_mdb + MIN_GAIN_MDB ||
                                             is_same(&choice, &best, best_rate_bps)))
            continue;
        best = choice;
        best_rate_bps = demand.rate_bps;
        add_rendition(plan, info, &choice, caps[i]);
    }
    if (av1_is_worth_it(info, options))
        plan_av1(plan, info, segment_s);
    make_groups(plan);
}
