/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/audio/fit.h"

#include <stdlib.h>

#include "transcoder/audio/excerpts.h"
#include "transcoder/audio/source_pcm.h"

/* The requirements: peaks below -1 dBTP, and the loudness within 1 LU of the target. The numbers
 * are a little stricter than that. */
#define PEAK_DBTP_X100 (-110)
#define LOUDNESS_ERROR_X100 92
/* A wrong loudness is corrected to within this. */
#define LOUDNESS_AIM_X100 65
#define MAX_TEST_ENCODES 8
/*
 * The limits of the limiter. A codec raises peaks. The limit is so low that hardly any peak exceeds
 * -1 dBTP after the codec, as long as this costs only little gain. It costs more if the peaks of
 * the audio are far above its loudness; then a higher limit applies, and the level is lowered only
 * at the spots whose peaks are still too high. Measured by STOI, each decibel of the limit is worth
 * more than these dips cost.
 */
static const int limits_dbfs_x100[] = {-400, -300, -200};
#define LIMITS (sizeof(limits_dbfs_x100) / sizeof(limits_dbfs_x100[0]))
#define LITTLE_GAIN_X100 50
/* If even the highest limit costs more than MUCH_GAIN_X100, the audio becomes a little quieter
 * than that of other lessons. */
#define MUCH_GAIN_X100 150
#define QUIETER_X100 50
/* The limit of the gain that compensates for the limiter. */
#define MAX_EXTRA_GAIN_X100 1600
/* The loss of loudness in libopus at about 18 kbit/s. */
#define OPUS_LOSS_LU_X100 100
#define OPUS_SPEECH_RATE_PERCENT 106
/* A spot that is too loud is lowered by its excess and this margin, and so are the samples
 * around it. */
#define DIP_MARGIN_X100 60
#define DIP_AROUND_SAMPLES 240
#define MAX_DIP_X100 2400
/* If peaks are still too high after more than this many test encodes of the whole, the limit is
 * lowered too. */
#define TESTS_BEFORE_LOWER_LIMIT 3
#define LIMIT_STEP_X100 100
/* The bit rate of three segments in a row may exceed the cap by a tenth. A hundredth of the cap is
 * kept as a margin. */
#define WINDOW_PERCENT 109
/* The margin of the bit rate of the excerpts, in thousandths, because the whole may need more. */
#define RATE_ROOM 20
#define MAX_EXCERPT_TEST_ENCODES 3
/* If the excerpts are this near to the bit rate (thousandths) and the loudness (hundredths of a
 * LU), they are not encoded again. The remaining error of the loudness is corrected without another
 * test. */
#define RATE_CLOSE 30
#define LOSS_CLOSE_X100 80

/* A track as a feed that reports its progress. */
struct whole {
    struct pcm_reader *reader;
    const struct fit_params *job;
    int64_t done_samples, samples;
};

struct fit {
    const struct fit_params *job;
    const struct rendition *rendition;
    struct excerpts excerpts;
    struct limiter_dips dips;
    int wanted_x100; /* wanted loudness of the excerpts after decoding */
    int loss_x100;   /* loudness that the codec takes away */
    struct test_encode_settings settings;
    int64_t min_shortcoming; /* shortcoming of `made`; -1: there is no result yet */
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

/* ---- the whole track as a feed ---- */

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

/* Sets the gain with which the excerpts reach the wanted loudness. */
static int solve_gain(struct fit *s, int *reached_x100, struct failure *failure)
{
    struct excerpts_wanted wanted = {
        s->wanted_x100 + s->loss_x100, s->rendition->gain_db_x100 + MAX_EXTRA_GAIN_X100};
    return excerpts_solve(&s->excerpts, &wanted, &s->settings.level, reached_x100, failure);
}

/* Chooses the lowest limit that costs only little gain; if there is none, the highest limit. */
static int choose_limit(struct fit *s, struct failure *failure)
{
    const struct rendition *r = s->rendition;
    int reached_x100, extra_x100 = 0;
    if (!r->target_lufs_x100 || s->excerpts.loudness_lufs_x100 <= METER_NOTHING_LUFS_X100)
        return 0;
    for (size_t i = 0; i < LIMITS; i++) {
        s->settings.level.limit_dbfs_x100 = limits_dbfs_x100[i];
        s->settings.level.gain_db_x100 = r->gain_db_x100 + s->loss_x100;
        if (solve_gain(s, &reached_x100, failure) < 0)
            return -1;
        extra_x100 = s->settings.level.gain_db_x100 - r->gain_db_x100 - s->loss_x100;
        if (extra_x100 <= LITTLE_GAIN_X100)
            return 0;
    }
    if (extra_x100 <= MUCH_GAIN_X100)
        return 0;
    s->wanted_x100 -= QUIETER_X100;
    return solve_gain(s, &reached_x100, failure);
}

/* Returns the part of the cap that is left for packets. */
static int64_t payload_cap_bps(const struct fit *s, int frame_samples)
{
    return s->rendition->cap_bps -
           plan_audio_overhead_bps(s->rendition->sample_rate, frame_samples);
}

/* Returns the highest bit rate of any three segments in a row. */
static int64_t window_bps(const struct fit *s, const struct audio_packets *packets, int frame)
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

/* Changes the bit rate of the encoder so that the actual bit rate becomes the wanted one. */
static void correct_rate(struct fit *s, int64_t wanted_bps, int64_t actual_bps)
{
    int64_t max = s->rendition->cap_bps * 5 / 4, min = s->rendition->cap_bps / 4;
    int64_t bps = s->settings.bitrate_bps * wanted_bps / actual_bps;
    s->settings.bitrate_bps = bps > max ? max : bps < min ? min : bps;
}

/* ---- test encodes of the excerpts ---- */

/* Measures the effect of the codec on loudness and bit rate, and corrects the settings. */
static int test_excerpts(struct fit *s, struct failure *failure)
{
    const struct rendition *r = s->rendition;
    int result = 0;
    bool good = false;
    for (int i = 0; i < MAX_EXCERPT_TEST_ENCODES && result == 0 && !good; i++) {
        struct test_encode_result outcome;
        struct audio_packets packets = {0};
        AVCodecContext *encoder = NULL;
        struct test_encode_params params = {
            r, &s->settings, excerpts_feed(&s->excerpts), INT64_MAX};
        result = test_encode_run(&params, &packets, &outcome, &encoder, failure);
        if (result == 0) {
            int64_t cap = payload_cap_bps(s, encoder->frame_size) * (1000 - RATE_ROOM) / 1000;
            int64_t room = (cap - outcome.payload_bps) * 1000 / cap;
            int missing = s->wanted_x100 - outcome.decoded.loudness_lufs_x100;
            good = llabs(room) <= RATE_CLOSE;
            if (!good)
                correct_rate(s, cap, outcome.payload_bps);
            if (r->target_lufs_x100 && s->excerpts.loudness_lufs_x100 > METER_NOTHING_LUFS_X100) {
                s->loss_x100 += missing;
                good = good && abs(missing) <= LOSS_CLOSE_X100;
                int reached_x100;
                result = solve_gain(s, &reached_x100, failure);
            }
        }
        avcodec_free_context(&encoder);
        audio_packets_clear(&packets);
        test_encode_result_clear(&outcome);
    }
    return result;
}

/* ---- test encodes of the whole ---- */

/* Lowers the level at the spots that are too loud. */
static int add_dips(
    struct fit *s, const struct test_encode_result *o, int tested, struct failure *failure)
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
    for (size_t i = 0; i < o->loud_count; i++) {
        const struct loud_spot *spot = &o->loud[i];
        int depth =
            spot->peak_dbtp_x100 - TEST_ENCODE_LOUD_DBTP_X100 + DIP_MARGIN_X100 * (tested + 1);
        int64_t from = (spot->from_sample - DIP_AROUND_SAMPLES) / LIMITER_STRETCH;
        int64_t to = (spot->to_sample + DIP_AROUND_SAMPLES) / LIMITER_STRETCH;
        for (from = from <= done ? done + 1 : from; from <= to && from < (int64_t)dips->count;
             from++) {
            int deeper = dips->depth_db_x100[from] + depth;
            dips->depth_db_x100[from] = (int16_t)(deeper < MAX_DIP_X100 ? deeper : MAX_DIP_X100);
            done = from;
        }
    }
    return 0;
}

/* Returns how far a result is from the requirements; 0: it meets all of them. */
static int64_t shortcoming(
    const struct fit *s, const struct test_encode_result *o, int64_t payload_cap)
{
    int error = s->rendition->target_lufs_x100
                    ? abs(s->rendition->target_lufs_x100 - o->decoded.loudness_lufs_x100)
                    : 0;
    int over = o->decoded.peak_dbtp_x100 - PEAK_DBTP_X100, excess = error - LOUDNESS_ERROR_X100;
    int64_t rate_excess = (o->payload_bps - payload_cap + 9) / 10;
    return (over > 0 ? 4 * over : 0) + (excess > 0 ? excess : 0) +
           (rate_excess > 0 ? 4 * rate_excess : 0);
}

/* Corrects the settings for another test encode of the whole. */
static int correct_settings(struct fit *s, const struct test_encode_result *o, int64_t payload_cap,
    int tested, struct failure *failure)
{
    const struct rendition *r = s->rendition;
    int reached_x100, missing = r->target_lufs_x100 - o->decoded.loudness_lufs_x100;
    if (o->payload_bps > payload_cap)
        correct_rate(s, payload_cap * 99 / 100, o->payload_bps);
    if (o->decoded.peak_dbtp_x100 > PEAK_DBTP_X100) {
        if (add_dips(s, o, tested, failure) < 0)
            return -1;
        if (tested >= TESTS_BEFORE_LOWER_LIMIT)
            s->settings.level.limit_dbfs_x100 -= LIMIT_STEP_X100;
    }
    if (!r->target_lufs_x100 || abs(missing) <= LOUDNESS_ERROR_X100)
        return 0;
    s->loss_x100 += missing > 0 ? missing - LOUDNESS_AIM_X100 : missing + LOUDNESS_AIM_X100;
    return solve_gain(s, &reached_x100, failure);
}

/* Keeps the better one of the earlier result and this one. Frees the other one. */
static void keep_better(struct fit *s, struct fitted_audio *made, int64_t its_shortcoming)
{
    if (s->min_shortcoming < 0 || its_shortcoming < s->min_shortcoming) {
        struct fitted_audio worse = *s->made;
        *s->made = *made;
        *made = worse;
        s->min_shortcoming = its_shortcoming;
    }
    fitted_audio_clear(made);
}

static int test_whole(struct fit *s, int tested, struct failure *failure)
{
    const struct rendition *r = s->rendition;
    struct whole w = {.job = s->job, .samples = pcm_cache_samples(s->job->pcm)};
    int64_t first = audio_first_sample(s->job->info, r);
    int64_t end = av_rescale(s->job->info->duration_us, r->sample_rate, 1000000) - first;
    struct test_encode_params params = {r, &s->settings, {read_whole, &w}, end};
    struct fitted_audio made = {0};
    struct test_encode_result outcome = {0};
    int result = pcm_reader_open(&w.reader, s->job->pcm, failure);
    if (result == 0)
        result = test_encode_run(&params, &made.packets, &outcome, &made.encoder, failure);
    pcm_reader_close(&w.reader);
    if (result == 0) {
        int frame = made.encoder->frame_size;
        int64_t cap = payload_cap_bps(s, frame), overhead = r->cap_bps - cap;
        int64_t window =
            (window_bps(s, &made.packets, frame) + overhead) * 100 / WINDOW_PERCENT - overhead;
        outcome.payload_bps = window > outcome.payload_bps ? window : outcome.payload_bps;
        keep_better(s, &made, shortcoming(s, &outcome, cap));
        if (s->min_shortcoming > 0)
            result = correct_settings(s, &outcome, cap, tested, failure);
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
    struct fit s = {.job = job,
        .rendition = r,
        .made = made,
        .min_shortcoming = -1,
        .loss_x100 = r->target_lufs_x100 && r->audio_codec == AUDIO_OPUS ? OPUS_LOSS_LU_X100 : 0,
        .settings = {
            .level = {.gain_db_x100 = r->gain_db_x100, .limit_dbfs_x100 = limits_dbfs_x100[0]},
            .bitrate_bps = r->bitrate_bps}};
    /* For speech, Opus uses less than the bit rate that it is given. */
    if (r->audio_codec == AUDIO_OPUS && r->speech)
        s.settings.bitrate_bps = r->bitrate_bps * OPUS_SPEECH_RATE_PERCENT / 100;
    int result = excerpts_read(&s.excerpts, job->pcm, failure);
    s.wanted_x100 = s.excerpts.loudness_lufs_x100 + r->gain_db_x100;
    if (result == 0)
        result = choose_limit(&s, failure);
    if (result == 0)
        result = test_excerpts(&s, failure);
    for (int i = 0; i < MAX_TEST_ENCODES && result == 0 && s.min_shortcoming != 0; i++)
        result = test_whole(&s, i, failure);
    excerpts_clear(&s.excerpts);
    free(s.dips.depth_db_x100);
    return result;
}
