/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/speech.h"

#include <math.h>

/* -60 dBFS: under it there is nothing to judge. */
#define SILENT_AMPLITUDE 0.001
/* Measured on lectures: speech has 0.21-0.55 and 0.40-0.77, also through old codecs; music, noise and
 * drums 0.00-0.20 and 0.01-0.32, film sound now and then 0.57 or 0.41, but not both. */
#define LEAST_LOW_SHARE 0.18
#define LEAST_MODULATION 0.35
#define FRAMES_PER_S 50
#define LEAST_HZ 2
#define MOST_HZ 8

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
    for (int bin = LEAST_HZ * SPEECH_WINDOW_FRAMES / FRAMES_PER_S;
         bin <= MOST_HZ * SPEECH_WINDOW_FRAMES / FRAMES_PER_S; bin++)
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
    s->speech_windows += f.low_share >= LEAST_LOW_SHARE && f.modulation >= LEAST_MODULATION;
}

static void end_frame(struct speech *s)
{
    s->frames[s->frame_count++] = sqrt(s->sum / SPEECH_FRAME_SAMPLES);
    s->sum = 0;
    s->samples = 0;
    if (s->frame_count < SPEECH_WINDOW_FRAMES)
        return;
    judge(s);
    s->frame_count = 0;
}

void speech_add(struct speech *s, const float *samples, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        s->sum += (double)samples[i] * samples[i];
        if (++s->samples == SPEECH_FRAME_SAMPLES)
            end_frame(s);
    }
}

int speech_permille(const struct speech *s)
{
    return s->windows > 0 ? (int)(s->speech_windows * 1000 / s->windows) : -1;
}
