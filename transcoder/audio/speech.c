/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/audio/speech.h"

#include <math.h>

/* -60 dBFS; a quieter window counts as silent */
#define SILENT_AMPLITUDE 0.001
/*
 * The thresholds lie between measured values. Three voices (two recorded, one synthetic; also
 * through old codecs) gave 0.24-0.55 and 0.40-0.87. Music, artificial chords, drums and noise gave
 * 0.00-0.21 and 0.01-0.33. Nothing else was measured. One in eight windows of a film counts as
 * speech. Known mistakes: speech that is clipped by 20 dB (0.06-0.35, 0.20-0.37) is not recognised,
 * and a tone that is keyed like syllables counts as speech.
 */
#define MIN_LOW_SHARE 0.18
#define MIN_MODULATION 0.35
#define FRAMES_PER_S 50
#define HIGH_PASS 0.9806 /* coefficient of a one-pole filter at 150 Hz */
#define MIN_HZ 2
#define MAX_HZ 8

/* Returns the power of the modulation of the amplitude at one frequency, by a plain Fourier sum.
 * A few dozen sums in three seconds cost nothing. */
static double power_at(const double *frames, double mean, int bin)
{
    double re = 0, im = 0, angle = 2 * M_PI * bin / SPEECH_WINDOW_FRAMES;
    for (int i = 0; i < SPEECH_WINDOW_FRAMES; i++) {
        re += (frames[i] - mean) * cos(angle * i);
        im += (frames[i] - mean) * sin(angle * i);
    }
    return re * re + im * im;
}

struct speech_features speech_measure(const double frames[SPEECH_WINDOW_FRAMES])
{
    double mean = 0, power = 0;
    int low = 0;
    for (int i = 0; i < SPEECH_WINDOW_FRAMES; i++)
        mean += frames[i] / SPEECH_WINDOW_FRAMES;
    for (int i = 0; i < SPEECH_WINDOW_FRAMES; i++)
        low += frames[i] < mean / 2;
    for (int bin = MIN_HZ * SPEECH_WINDOW_FRAMES / FRAMES_PER_S;
         bin <= MAX_HZ * SPEECH_WINDOW_FRAMES / FRAMES_PER_S; bin++)
        power += power_at(frames, mean, bin);
    return (struct speech_features){
        .low_share = (double)low / SPEECH_WINDOW_FRAMES,
        .modulation = mean > 0 ? sqrt(2 * power) / SPEECH_WINDOW_FRAMES / mean : 0,
    };
}

static void judge_window(struct speech *s)
{
    double mean = 0;
    for (int i = 0; i < SPEECH_WINDOW_FRAMES; i++)
        mean += s->frames[i] / SPEECH_WINDOW_FRAMES;
    if (mean < SILENT_AMPLITUDE)
        return;
    struct speech_features f = speech_measure(s->frames);
    s->windows++;
    s->speech_windows += f.low_share >= MIN_LOW_SHARE && f.modulation >= MIN_MODULATION;
}

static void note_noise(struct speech *s, const double *frames)
{
    double min = frames[0], max = frames[0];
    for (int i = 1; i < FRAMES_PER_S; i++) {
        min = fmin(min, frames[i]);
        max = fmax(max, frames[i]);
    }
    if (max < SILENT_AMPLITUDE)
        return;
    int bin = min > 0 ? (int)(-40 * log10(min)) : SPEECH_NOISE_BINS;
    s->seconds[bin < 0 ? 0 : bin >= SPEECH_NOISE_BINS ? SPEECH_NOISE_BINS - 1 : bin]++;
}

static void end_frame(struct speech *s)
{
    s->frames[s->frame_count++] = sqrt(s->sum / SPEECH_FRAME_SAMPLES);
    s->sum = 0;
    s->samples = 0;
    if (s->frame_count % FRAMES_PER_S == 0)
        note_noise(s, s->frames + s->frame_count - FRAMES_PER_S);
    if (s->frame_count < SPEECH_WINDOW_FRAMES)
        return;
    judge_window(s);
    s->frame_count = 0;
}

void speech_add(struct speech *s, const float *samples, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        s->last_out = HIGH_PASS * (s->last_out + samples[i] - s->last_in);
        s->last_in = samples[i];
        s->sum += s->last_out * s->last_out;
        if (++s->samples == SPEECH_FRAME_SAMPLES)
            end_frame(s);
    }
}

int speech_permille(const struct speech *s)
{
    return s->windows > 0 ? (int)(s->speech_windows * 1000 / s->windows) : -1;
}

int speech_noise_dbfs_x100(const struct speech *s)
{
    int64_t all = 0, quieter = 0;
    for (int i = 0; i < SPEECH_NOISE_BINS; i++)
        all += s->seconds[i];
    for (int i = SPEECH_NOISE_BINS - 1; i >= 0 && all > 0; i--)
        if ((quieter += s->seconds[i]) * 5 >= all)
            return -50 * i;
    return -50 * (SPEECH_NOISE_BINS - 1);
}
