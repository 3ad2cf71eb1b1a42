/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/audio/fit.h"

#include <stdlib.h>

#include "transcoder/audio/excerpts.h"
#include "transcoder/audio/source_pcm.h"

/* What is asked of the outcome: peaks stay below -1 dBTP, the loudness is within 1 LU. */
#define PEAK_DBTP_X100 (-110)
#define LOUDNESS_ERROR_X100 92
/* Where it is not, it is brought to within this. */
#define LOUDNESS_AIM_X100 65
#define MAX_ATTEMPTS 8
/*
 * What a codec adds to peaks is left room for by a limit so low that hardly any pass -1 dBTP, as
 * long as that costs no more than a little gain. Where it costs more, because the sound's peaks
 * stand high over its loudness, limits are higher, and where peaks do pass it the sound is lowered
 * just there. By STOI each decibel of the limit is worth more than what that takes.
 */
static const int limits_dbfs_x100[] = {-400, -300, -200};
#define LIMITS (sizeof(limits_dbfs_x100) / sizeof(limits_dbfs_x100[0]))
#define LITTLE_GAIN_X100 50
/* Where even the highest limit costs more than this, the sound is left a little quieter than
 * others. */
#define MUCH_GAIN_X100 150
#define QUIETER_X100 50
/* So much gain may be spent on what the limiter takes. */
#define MAX_EXTRA_GAIN_X100 1600
/* What libopus takes of the loudness at some 18 kbit/s, about. */
#define OPUS_LOSS_LU_X100 100
#define OPUS_SPEECH_RATE_PERCENT 106
/* A place that was too high by so much is lowered by a little more, and so is all around it. */
#define DIP_MARGIN_X100 60
#define DIP_AROUND_SAMPLES 240
#define MAX_DIP_X100 2400
/* After so many attempts the limit is lowered too. */
#define PATIENCE 3
#define LIMIT_STEP_X100 100
/* A window of three segments may be a tenth above the cap. */
#define WINDOW_PERCENT 109
/* What the whole may take more than its excerpts, in thousandths. */
#define RATE_ROOM 20
#define EXCERPT_ATTEMPTS 3
/* So near the excerpts need not be tried again: what is left is corrected blindly. */
#define RATE_CLOSE 30
#define LOSS_CLOSE_X100 80

/* A track read as a feed, with its progress told. */
struct whole {
    struct pcm_reader *reader;
    const struct fit_params *job;
    int64_t done_samples, samples;
};

struct settling {
    const struct fit_params *job;
    const struct rendition *rendition;
    struct excerpts excerpts;
    struct limiter_dips dips;
    int wanted_x100; /* how loud the excerpts shall be when a player plays them */
    int loss_x100;   /* what the codec takes of the loudness */
    struct test_encode_settings settings;
    int64_t min_shortcoming; /* of made; -1: there is none */
    struct fitted_audio *made;
};

int64_t audio_first_sample(const struct media_info *info, const struct rendition *rendition)
{
    return av_rescale(source_pcm_start_sample(info, rendition->source_audio),
        rendition->sample_rate, AUDIO_RATE_HZ);
}

int64_t audio_segment_packet(const struct plan *plan, const struct rendition *rendition,
    int frame_samples, int64_t first_sample, int64_t segment)
{
    if (segment >= plan->segment_count)
        return INT64_MAX;
    int64_t boundary =
        av_rescale(plan_segment_start_us(plan, segment), rendition->sample_rate, 1000000);
    int64_t after = boundary - first_sample - frame_samples / 2;
    return after <= 0 ? 0 : (after + frame_samples - 1) / frame_samples;
}

/* ---- the whole as a feed ---- */

static int read_whole(void *context, float *out, int room, struct failure *failure)
{
    struct whole *w = context;
    int count = pcm_reader_read(w->reader, out, room, failure);
    if (count <= 0)
        return count;
    w->done_samples += count;
    int64_t done = w->samples > 0 ? w->done_samples * 1000 / w->samples : 1000;
    return w->job->on_progress(w->job->context, (int)(done < 1000 ? done : 1000), failure) < 0
               ? -1
               : count;
}

/* ---- level ---- */

/* Gain for the excerpts to be as loud as is wanted. */
static int solve(struct settling *s, int *reached_x100, struct failure *failure)
{
    struct excerpts_wanted wanted = {
        s->wanted_x100 + s->loss_x100, s->rendition->gain_db_x100 + MAX_EXTRA_GAIN_X100};
    return excerpts_solve(&s->excerpts, &wanted, &s->settings.level, reached_x100, failure);
}

/* The lowest limit that costs no more than a little gain. */
static int choose_limit(struct settling *s, struct failure *failure)
{
    const struct rendition *r = s->rendition;
    int reached_x100, extra_x100 = 0;
    if (!r->target_lufs_x100 || s->excerpts.loudness_lufs_x100 <= METER_NOTHING_LUFS_X100)
        return 0;
    for (size_t i = 0; i < LIMITS; i++) {
        s->settings.level.limit_dbfs_x100 = limits_dbfs_x100[i];
        s->settings.level.gain_db_x100 = r->gain_db_x100 + s->loss_x100;
        if (solve(s, &reached_x100, failure) < 0)
            return -1;
        extra_x100 = s->settings.level.gain_db_x100 - r->gain_db_x100 - s->loss_x100;
        if (extra_x100 <= LITTLE_GAIN_X100)
            return 0;
    }
    if (extra_x100 <= MUCH_GAIN_X100)
        return 0;
    s->wanted_x100 -= QUIETER_X100;
    return solve(s, &reached_x100, failure);
}

/* How much of the cap is left for packets. */
static int64_t payload_cap_bps(const struct settling *s, int frame_samples)
{
    return s->rendition->cap_bps -
           plan_audio_overhead_bps(s->rendition->sample_rate, frame_samples);
}

/* The highest rate over three segments in a row. */
static int64_t window_bps(const struct settling *s, const struct audio_packets *packets, int frame)
{
    const struct plan *plan = s->job->plan;
    int64_t first_sample = audio_first_sample(s->job->info, s->rendition);
    int64_t segments = plan->segment_count, highest = 0, bytes = 0;
    size_t from = 0, to = 0;
    for (int64_t n = 0; n < segments; n++) {
        int64_t begin =
            n < 2 ? 0 : audio_segment_packet(plan, s->rendition, frame, first_sample, n - 2);
        int64_t end = audio_segment_packet(plan, s->rendition, frame, first_sample, n + 1);
        for (; (int64_t)to < end && to < packets->count; to++)
            bytes += packets->sizes[to];
        for (; (int64_t)from < begin && from < to; from++)
            bytes -= packets->sizes[from];
        if (to <= from || (n < 2 && n + 1 < segments))
            continue;
        int64_t bps =
            av_rescale(bytes * 8, s->rendition->sample_rate, (int64_t)(to - from) * frame);
        highest = bps > highest ? bps : highest;
    }
    return highest;
}

/* Lowers the encoder's rate, or raises it, so that `actual` becomes `wanted`. */
static void correct_rate(struct settling *s, int64_t wanted_bps, int64_t actual_bps)
{
    int64_t most = s->rendition->cap_bps * 5 / 4, least = s->rendition->cap_bps / 4;
    int64_t bps = s->settings.bitrate_bps * wanted_bps / actual_bps;
    s->settings.bitrate_bps = bps > most ? most : bps < least ? least : bps;
}

/* ---- attempts at the excerpts ---- */

/* Learns what the codec does to loudness and rate. */
static int try_excerpts(struct settling *s, struct failure *failure)
{
    const struct rendition *r = s->rendition;
    int result = 0;
    bool good = false;
    for (int i = 0; i < EXCERPT_ATTEMPTS && result == 0 && !good; i++) {
        struct test_encode_result outcome;
        struct audio_packets packets = {0};
        AVCodecContext *encoder = NULL;
        struct test_encode_feed feed = excerpts_feed(&s->excerpts);
        result = test_encode_run(
            r, &s->settings, &feed, INT64_MAX, &packets, &outcome, &encoder, failure);
        if (result == 0) {
            int64_t cap = payload_cap_bps(s, encoder->frame_size) * (1000 - RATE_ROOM) / 1000;
            int64_t room = (cap - outcome.payload_bps) * 1000 / cap;
            int missing = s->wanted_x100 - outcome.heard.loudness_lufs_x100;
            good = llabs(room) <= RATE_CLOSE;
            if (!good)
                correct_rate(s, cap, outcome.payload_bps);
            if (r->target_lufs_x100 && s->excerpts.loudness_lufs_x100 > METER_NOTHING_LUFS_X100) {
                s->loss_x100 += missing;
                good = good && abs(missing) <= LOSS_CLOSE_X100;
                int reached_x100;
                result = solve(s, &reached_x100, failure);
            }
        }
        avcodec_free_context(&encoder);
        audio_packets_clear(&packets);
        test_encode_result_clear(&outcome);
    }
    return result;
}

/* ---- attempts at the whole ---- */

/* Lowers the hot places. */
static int add_dips(
    struct settling *s, const struct test_encode_result *o, int attempt, struct failure *failure)
{
    struct limiter_dips *dips = &s->dips;
    if (!dips->depth_db_x100) {
        dips->count = (size_t)(pcm_cache_samples(s->job->pcm) / LIMITER_STRETCH) + 1;
        dips->depth_db_x100 = calloc(dips->count, sizeof(*dips->depth_db_x100));
        if (!dips->depth_db_x100)
            return failure_set(failure, REASON_OUT_OF_MEMORY, "dips");
        s->settings.level.dips = dips;
    }
    int64_t done = -1;
    for (size_t i = 0; i < o->hot_count; i++) {
        const struct loud_spot *hot = &o->hot[i];
        int depth =
            hot->peak_dbtp_x100 - TEST_ENCODE_LOUD_DBTP_X100 + DIP_MARGIN_X100 * (attempt + 1);
        int64_t from = (hot->from_sample - DIP_AROUND_SAMPLES) / LIMITER_STRETCH;
        int64_t to = (hot->to_sample + DIP_AROUND_SAMPLES) / LIMITER_STRETCH;
        for (from = from <= done ? done + 1 : from; from <= to && from < (int64_t)dips->count;
             from++) {
            int deeper = dips->depth_db_x100[from] + depth;
            dips->depth_db_x100[from] = (int16_t)(deeper < MAX_DIP_X100 ? deeper : MAX_DIP_X100);
            done = from;
        }
    }
    return 0;
}

/* How far an outcome is from what is asked of it: 0 if it is all of that. */
static int64_t shortcoming(
    const struct settling *s, const struct test_encode_result *o, int64_t payload_cap)
{
    int error = s->rendition->target_lufs_x100
                    ? abs(s->rendition->target_lufs_x100 - o->heard.loudness_lufs_x100)
                    : 0;
    int over = o->heard.peak_dbtp_x100 - PEAK_DBTP_X100, excess = error - LOUDNESS_ERROR_X100;
    int64_t rate_excess = (o->payload_bps - payload_cap + 9) / 10;
    return (over > 0 ? 4 * over : 0) + (excess > 0 ? excess : 0) +
           (rate_excess > 0 ? 4 * rate_excess : 0);
}

/* Settings for another attempt. */
static int correct(struct settling *s, const struct test_encode_result *o, int64_t payload_cap,
    int attempt, struct failure *failure)
{
    const struct rendition *r = s->rendition;
    int reached_x100, missing = r->target_lufs_x100 - o->heard.loudness_lufs_x100;
    if (o->payload_bps > payload_cap)
        correct_rate(s, payload_cap * 99 / 100, o->payload_bps);
    if (o->heard.peak_dbtp_x100 > PEAK_DBTP_X100) {
        if (add_dips(s, o, attempt, failure) < 0)
            return -1;
        if (attempt >= PATIENCE)
            s->settings.level.limit_dbfs_x100 -= LIMIT_STEP_X100;
    }
    if (!r->target_lufs_x100 || abs(missing) <= LOUDNESS_ERROR_X100)
        return 0;
    s->loss_x100 += missing > 0 ? missing - LOUDNESS_AIM_X100 : missing + LOUDNESS_AIM_X100;
    return solve(s, &reached_x100, failure);
}

/* Keeps the better of what was made before and this, which is the caller's no more. */
static void keep_better(struct settling *s, struct fitted_audio *made, int64_t shortcoming_of_it)
{
    if (s->min_shortcoming < 0 || shortcoming_of_it < s->min_shortcoming) {
        struct fitted_audio worse = *s->made;
        *s->made = *made;
        *made = worse;
        s->min_shortcoming = shortcoming_of_it;
    }
    fitted_audio_clear(made);
}

static int try_whole(struct settling *s, int attempt, struct failure *failure)
{
    const struct rendition *r = s->rendition;
    struct whole w = {.job = s->job, .samples = pcm_cache_samples(s->job->pcm)};
    struct fitted_audio made = {0};
    struct test_encode_result outcome = {0};
    struct test_encode_feed feed = {read_whole, &w};
    int64_t first = audio_first_sample(s->job->info, r);
    int64_t end = av_rescale(s->job->info->duration_us, r->sample_rate, 1000000) - first;
    int result = pcm_reader_open(&w.reader, s->job->pcm, failure);
    if (result == 0)
        result = test_encode_run(
            r, &s->settings, &feed, end, &made.packets, &outcome, &made.encoder, failure);
    pcm_reader_close(&w.reader);
    if (result == 0) {
        int frame = made.encoder->frame_size;
        int64_t cap = payload_cap_bps(s, frame), overhead = r->cap_bps - cap;
        int64_t window =
            (window_bps(s, &made.packets, frame) + overhead) * 100 / WINDOW_PERCENT - overhead;
        outcome.payload_bps = window > outcome.payload_bps ? window : outcome.payload_bps;
        keep_better(s, &made, shortcoming(s, &outcome, cap));
        if (s->min_shortcoming > 0)
            result = correct(s, &outcome, cap, attempt, failure);
    }
    fitted_audio_clear(&made);
    test_encode_result_clear(&outcome);
    return result;
}

void fitted_audio_clear(struct fitted_audio *made)
{
    audio_packets_clear(&made->packets);
    avcodec_free_context(&made->encoder);
}

int fit_rendition(const struct fit_params *job, const struct rendition *r,
    struct fitted_audio *made, struct failure *failure)
{
    struct settling s = {.job = job,
        .rendition = r,
        .made = made,
        .min_shortcoming = -1,
        .loss_x100 = r->target_lufs_x100 && r->audio_codec == AUDIO_OPUS ? OPUS_LOSS_LU_X100 : 0,
        .settings = {
            .level = {.gain_db_x100 = r->gain_db_x100, .limit_dbfs_x100 = limits_dbfs_x100[0]},
            .bitrate_bps = r->bitrate_bps}};
    /* Of what it is given Opus takes less for speech. */
    if (r->audio_codec == AUDIO_OPUS && r->speech)
        s.settings.bitrate_bps = r->bitrate_bps * OPUS_SPEECH_RATE_PERCENT / 100;
    int result = excerpts_read(&s.excerpts, job->pcm, failure);
    s.wanted_x100 = s.excerpts.loudness_lufs_x100 + r->gain_db_x100;
    if (result == 0)
        result = choose_limit(&s, failure);
    if (result == 0)
        result = try_excerpts(&s, failure);
    for (int i = 0; i < MAX_ATTEMPTS && result == 0 && s.min_shortcoming != 0; i++)
        result = try_whole(&s, i, failure);
    excerpts_clear(&s.excerpts);
    free(s.dips.depth_db_x100);
    return result;
}
