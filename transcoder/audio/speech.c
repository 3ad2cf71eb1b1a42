/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/audio/speech.h"

#include <math.h>

/* -60 dBFS: under it there is nothing to judge. */
#define SILENT_AMPLITUDE 0.001
/*
 * Set between what was measured on three voices (two recorded, one synthetic; also through old
 * codecs), 0.24-0.55 and 0.40-0.87, and on music, made chords and drums and noise, 0.00-0.21 and
 * 0.01-0.33; on no others since. Of a film's windows one in eight passes for speech. Known to go
 * wrong: speech clipped by 20 dB (0.06-0.35, 0.20-0.37) is not taken for speech, a tone that is
 * keyed like syllables is.
 */
#define MIN_LOW_SHARE 0.18
#define MIN_MODULATION 0.35
#define FRAMES_PER_S 50
#define HIGH_PASS 0.9806 /* one pole at 150 Hz */
#define MIN_HZ 2
#define MAX_HZ 8

/* The power of the amplitude's course at one frequency, by a plain Fourier sum: a few dozen of them
 * every three seconds cost nothing. */
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

static void judge(struct speech *s)
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
    double least = frames[0], most = frames[0];
    for (int i = 1; i < FRAMES_PER_S; i++) {
        least = fmin(least, frames[i]);
        most = fmax(most, frames[i]);
    }
    if (most < SILENT_AMPLITUDE)
        return;
    int bin = least > 0 ? (int)(-40 * log10(least)) : SPEECH_NOISE_BINS;
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
    judge(s);
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
