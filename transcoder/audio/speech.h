/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whether sound is speech, by two things that distinguish it from music (Scheirer and Slaney 1997):
 * its loudness goes up and down with the syllables, some four times a second, and between words
 * there are many moments far under its mean. And how loud the noise is under it, which is heard
 * alone in those moments. Pure arithmetic on 20 ms frames.
 */
#ifndef TRANSCODER_AUDIO_SPEECH_H
#define TRANSCODER_AUDIO_SPEECH_H
#include <stddef.h>
#include <stdint.h>

#define SPEECH_RATE_HZ 48000
#define SPEECH_FRAME_SAMPLES 960
#define SPEECH_WINDOW_FRAMES 150 /* three seconds are judged at a time */

/* Of one window. */
struct speech_features {
    double low_share;  /* of the frames under half of the mean amplitude */
    double modulation; /* of the amplitude between 2 and 8 Hz, in proportion to its mean */
};

#define SPEECH_NOISE_BINS 241

/* Zeroed before first use. */
struct speech {
    double last_in, last_out; /* of the high-pass before all: hum is not noise that hides words */
    double sum;               /* of squares, in the frame that is being filled */
    int samples;
    double frames[SPEECH_WINDOW_FRAMES]; /* amplitudes */
    int frame_count;
    int64_t windows, speech_windows; /* that were not silent; of those, speech */
    /* Seconds that were not silent, by their quietest frame in half decibels under full scale. */
    int64_t seconds[SPEECH_NOISE_BINS];
};

void speech_add(struct speech *speech, const float *samples, size_t count);
/* The share of what was not silent that is speech; -1 if all was silent. */
int speech_permille(const struct speech *speech);

/* The noise floor in hundredths of dBFS (RMS over 150 Hz): what the quietest 20 ms of a second are
 * at, where a fifth of the seconds have it lower; -12000 if all was silent, and at least. */
int speech_noise_dbfs_x100(const struct speech *speech);

struct speech_features speech_measure(const double frames[SPEECH_WINDOW_FRAMES]);

#endif
