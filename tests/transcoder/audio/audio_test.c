/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checks the measurements of audio on signals with known values, and that levelling keeps the
 * position of every sample. */
#include <libavutil/frame.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "transcoder/audio/fit.h"
#include "transcoder/audio/level.h"
#include "transcoder/audio/meter.h"
#include "transcoder/audio/source_pcm.h"
#include "transcoder/audio/speech.h"
#include "transcoder/plan/planner.h"

#define SECONDS 12
#define SAMPLES (SECONDS * AUDIO_RATE_HZ)
#define BLOCK_SAMPLES 4800

static uint32_t seed;
static double noise(void)
{
    seed = seed * 1664525 + 1013904223;
    return (double)seed / UINT32_MAX * 2 - 1;
}

static struct meter_reading measure(const float *samples)
{
    struct failure failure;
    struct meter *meter;
    assert_int_equal(meter_open(&meter, AUDIO_RATE_HZ, &failure), 0);
    for (int at = 0; at < SAMPLES; at += BLOCK_SAMPLES)
        meter_add(meter, samples + at, BLOCK_SAMPLES);
    struct meter_reading reading = meter_read(meter);
    meter_close(&meter);
    return reading;
}

/* A mono sine of 1 kHz at -20 dBFS has -23 LUFS (ITU-R BS.1770). EBU Tech 3341 allows an error of
 * 0.1. */
static void test_meter(void **state)
{
    (void)state;
    float *samples = calloc(SAMPLES, sizeof(float));
    for (int i = 0; i < SAMPLES; i++)
        samples[i] = (float)(0.1 * sin(2 * M_PI * 1000 * i / AUDIO_RATE_HZ));
    struct meter_reading reading = measure(samples);
    assert_in_range(-reading.loudness_lufs_x100, 2290, 2310);
    assert_in_range(-reading.peak_dbtp_x100, 1990, 2010);
    assert_int_equal(reading.silence_permille / 50, 0);
    /* The gate ignores a silent second half. */
    memset(samples + SAMPLES / 2, 0, SAMPLES / 2 * sizeof(float));
    reading = measure(samples);
    assert_in_range(-reading.loudness_lufs_x100, 2285, 2330);
    assert_in_range(reading.silence_permille, 450, 530);
    memset(samples, 0, SAMPLES * sizeof(float));
    reading = measure(samples);
    assert_int_equal(reading.loudness_lufs_x100, METER_NOTHING_LUFS_X100);
    assert_int_equal(reading.peak_dbtp_x100, -12000);
    assert_int_equal(reading.silence_permille, 1000);
    free(samples);
}

/* A sine with all its samples 3 dB below its peaks: the true peak is found, in the block that
 * contains it. */
static void test_true_peak(void **state)
{
    (void)state;
    struct failure failure;
    struct meter *meter;
    float samples[BLOCK_SAMPLES] = {0};
    assert_int_equal(meter_open(&meter, AUDIO_RATE_HZ, &failure), 0);
    meter_add(meter, samples, BLOCK_SAMPLES);
    assert_true(meter_take_peak(meter) == 0);
    for (int i = 0; i < BLOCK_SAMPLES; i++)
        samples[i] = (float)(sin(M_PI * i / BLOCK_SAMPLES) * sin(M_PI / 4 + M_PI / 2 * i));
    meter_add(meter, samples, BLOCK_SAMPLES);
    assert_float_equal(meter_take_peak(meter), 1, 0.012);
    memset(samples, 0, sizeof(samples));
    meter_add(meter, samples, BLOCK_SAMPLES);
    assert_true(meter_take_peak(meter) < 0.1F);
    assert_in_range(100 + meter_read(meter).peak_dbtp_x100, 90, 110);
    meter_close(&meter);
}

/* Makes four syllables a second with pauses between them, and noise at -50 dBFS. */
static void make_speech(float *samples)
{
    for (int i = 0; i < SAMPLES; i++) {
        double phase = fmod((double)i / AUDIO_RATE_HZ, 0.25);
        double voice =
            phase < 0.15 ? sin(M_PI * phase / 0.15) * sin(2 * M_PI * 440 * i / AUDIO_RATE_HZ) : 0;
        samples[i] = (float)(0.3 * voice + 0.00316 * sqrt(3) * noise());
    }
}

static void test_speech(void **state)
{
    (void)state;
    float *samples = malloc(SAMPLES * sizeof(float));
    struct speech *speech = calloc(1, sizeof(*speech));
    make_speech(samples);
    speech_add(speech, samples, SAMPLES);
    assert_int_equal(speech_permille(speech), 1000);
    assert_in_range(-speech_noise_dbfs_x100(speech), 4900, 5200);
    /* A chord with a slow beat is not speech, and noise is not either. */
    *speech = (struct speech){0};
    for (int i = 0; i < SAMPLES; i++)
        samples[i] = (float)(0.1 * (1 + 0.2 * sin(2 * M_PI * 2 * i / AUDIO_RATE_HZ)) *
                             (sin(2 * M_PI * 262 * i / AUDIO_RATE_HZ) +
                                 sin(2 * M_PI * 330 * i / AUDIO_RATE_HZ)));
    speech_add(speech, samples, SAMPLES);
    for (int i = 0; i < SAMPLES; i++)
        samples[i] = (float)(0.1 * noise());
    speech_add(speech, samples, SAMPLES);
    assert_int_equal(speech_permille(speech), 0);
    *speech = (struct speech){0};
    memset(samples, 0, SAMPLES * sizeof(float));
    speech_add(speech, samples, SAMPLES);
    assert_int_equal(speech_permille(speech), -1);
    assert_int_equal(speech_noise_dbfs_x100(speech), -12000);
    free(samples);
    free(speech);
}

/* Levels the samples. out has room for SAMPLES and the lead. Returns the number of output
 * samples. */
static int level(const struct loudness_params *params, const float *samples, float *out)
{
    struct failure failure;
    struct loudness *loudness;
    int count = 0;
    assert_int_equal(loudness_open(&loudness, params, &failure), 0);
    for (int at = 0; at <= SAMPLES; at += BLOCK_SAMPLES) {
        AVFrame *got = av_frame_alloc();
        assert_int_equal(
            loudness_push(loudness, at < SAMPLES ? samples + at : NULL, BLOCK_SAMPLES, &failure),
            0);
        while (loudness_pull(loudness, got, &failure) > 0) {
            assert_true(count + got->nb_samples <= SAMPLES + params->lead_samples);
            memcpy(out + count, got->extended_data[0], (size_t)got->nb_samples * sizeof(float));
            count += got->nb_samples;
            av_frame_unref(got);
        }
        av_frame_free(&got);
    }
    loudness_close(&loudness);
    return count;
}

static int loudest(const float *samples, int from, int to)
{
    int best = from;
    for (int i = from; i < to; i++)
        if (fabsf(samples[i]) > fabsf(samples[best]))
            best = i;
    return best;
}

static void test_levelling_keeps_positions(void **state)
{
    (void)state;
    static const int clicks[] = {3000, SAMPLES / 2, SAMPLES - 3000};
    float *samples = calloc(SAMPLES, sizeof(float)), *out = calloc(SAMPLES + 1000, sizeof(float));
    for (int lead = 0; lead <= 700; lead += 700) {
        struct loudness_params params = {.level = {.gain_db_x100 = 600, .limit_dbfs_x100 = -300},
            .rate_hz = AUDIO_RATE_HZ,
            .lead_samples = lead,
            .frame_samples = 1024};
        for (int i = 0; i < SAMPLES; i++)
            samples[i] = (float)(0.003 * noise());
        for (int i = 0; i < 3; i++)
            samples[clicks[i]] = 0.9f;
        assert_int_equal(level(&params, samples, out), SAMPLES + lead);
        for (int i = 0; i < 3; i++) {
            assert_int_equal(
                loudest(out, lead + clicks[i] - 2000, lead + clicks[i] + 2000), lead + clicks[i]);
            assert_true(fabsf(out[lead + clicks[i]]) <= 0.708f);
        }
    }
    free(samples);
    free(out);
}

/* The limiter applies only the gain to samples below the limit, and it lowers a dip by its
 * depth. */
static void test_limiter(void **state)
{
    (void)state;
    int16_t depths[40] = {[20] = 600};
    struct limiter_dips dips = {depths, 40};
    struct limiter_params params = {.gain_db_x100 = 600, .limit_dbfs_x100 = -100, .dips = &dips};
    struct limiter *limiter;
    float *samples = malloc(SAMPLES * sizeof(float)), *out = calloc(SAMPLES, sizeof(float));
    for (int i = 0; i < SAMPLES; i++)
        samples[i] = i == SAMPLES / 2 ? 2 : 0.1F;
    assert_int_equal(limiter_open(&limiter, &params), 0);
    int count = 0;
    for (int at = 0; at < SAMPLES; at += BLOCK_SAMPLES)
        count += limiter_run(limiter, samples + at, BLOCK_SAMPLES, out + count);
    count += limiter_run(limiter, NULL, 0, out + count);
    limiter_close(&limiter);
    assert_int_equal(count, SAMPLES);
    assert_float_equal(out[1000], 0.1995, 0.001);
    assert_float_equal(out[20 * LIMITER_STRETCH + 128], 0.1, 0.001);
    assert_float_equal(out[19 * LIMITER_STRETCH - LIMITER_DELAY], 0.1995, 0.001);
    assert_float_equal(out[SAMPLES / 2], 0.8913, 0.001);
    assert_float_equal(out[SAMPLES / 2 + 2 * LIMITER_DELAY], 0.1995, 0.001);
    free(samples);
    free(out);
}

/* At every sample rate a segment begins with the packet that is nearest to its boundary. */
static void test_segment_packets(void **state)
{
    (void)state;
    struct media_info info = {
        .duration_us = 61000000, .audio_count = 1, .audio = {{.start_us = 21000}}};
    struct plan plan;
    assert_int_equal(plan_make(&info, &(struct plan_options){0}, &plan), 0);
    for (size_t r = 0; r < plan.rendition_count; r++) {
        const struct rendition *rendition = &plan.renditions[r];
        int frame = rendition->audio_codec == AUDIO_OPUS ? 2880 : 1024;
        int64_t first = audio_first_sample(&info, rendition), count = plan.segment_count;
        assert_int_equal(first, 21 * rendition->sample_rate / 1000);
        assert_int_equal(audio_segment_packet(&plan, rendition, frame, first, 0), 0);
        for (int64_t n = 1; n < count; n++) {
            int64_t start = first + frame * audio_segment_packet(&plan, rendition, frame, first, n);
            int64_t wanted = plan_segment_start_us(&plan, n) * rendition->sample_rate / 1000000;
            assert_true(llabs(start - wanted) <= frame / 2);
        }
        assert_true(audio_segment_packet(&plan, rendition, frame, first, count) == INT64_MAX);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_meter),
        cmocka_unit_test(test_true_peak),
        cmocka_unit_test(test_speech),
        cmocka_unit_test(test_levelling_keeps_positions),
        cmocka_unit_test(test_limiter),
        cmocka_unit_test(test_segment_packets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
