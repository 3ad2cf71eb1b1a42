/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Decides whether audio is speech, by two features that distinguish speech from music (Scheirer and
 * Slaney 1997).
 * The loudness rises and falls with the syllables, about four times a second. And between words
 * there are many moments far below the mean. In these moments only the noise remains, so its level
 * is measured there too.
 * Pure arithmetic on 20 ms frames.
 */
#ifndef TRANSCODER_AUDIO_SPEECH_H
#define TRANSCODER_AUDIO_SPEECH_H

#include <stddef.h>
#include <stdint.h>

#define SPEECH_RATE_HZ 48000
#define SPEECH_FRAME_SAMPLES 960
#define SPEECH_WINDOW_FRAMES 150 /* a window is three seconds */

/* The features of one window. */
struct speech_features {
    double low_share;  /* share of the frames below half of the mean amplitude */
    double modulation; /* modulation of the amplitude between 2 and 8 Hz, relative to its mean */
};

#define SPEECH_NOISE_BINS 241

/* The state of the measurement. The owner zeroes it before the first use. */
struct speech {
    /* state of a high-pass filter; it removes hum, which does not hide words */
    double last_in, last_out;
    double sum; /* sum of squares in the current frame */
    int samples;
    double frames[SPEECH_WINDOW_FRAMES]; /* amplitudes of the frames in the current window */
    int frame_count;
    /* windows that were not silent; those of them that are speech */
    int64_t windows, speech_windows;
    /* Counts of the seconds that were not silent, by their quietest frame, in half decibels
     * below full scale. */
    int64_t seconds[SPEECH_NOISE_BINS];
};

/* Adds samples at SPEECH_RATE_HZ, in their order. */
void speech_add(struct speech *speech, const float *samples, size_t count);
/* Returns the share of speech in the windows that are not silent, in thousandths; -1: all was
 * silent. */
int speech_permille(const struct speech *speech);

/* Returns the noise floor in hundredths of dBFS (RMS above 150 Hz), at least -12000; -12000: all
 * was silent. The level of a second is that of its quietest 20 ms; a fifth of the seconds that
 * are not silent are no louder than the result. */
int speech_noise_dbfs_x100(const struct speech *speech);

/* Measures the features of one window of amplitudes. Pure. */
struct speech_features speech_measure(const double frames[SPEECH_WINDOW_FRAMES]);

#endif
