/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How loud sound is: EBU R128 (ITU-R BS.1770). What libavfilter's ebur128 says to within 0.1, in a
 * fraction of its time: the sound is looked at between its samples only where that can matter.
 */
#ifndef TRANSCODER_AUDIO_METER_H
#define TRANSCODER_AUDIO_METER_H
#include "transcoder/worker/failure.h"

struct meter;

#define METER_NOTHING_LUFS_X100 (-7000) /* nothing was above the gate */

#define METER_SURE_PEAK 0.8F

struct meter_reading {
    int loudness_lufs_x100; /* integrated; METER_NOTHING_LUFS_X100 at least */
    int peak_dbtp_x100;     /* true peak; -12000 at least */
    int silence_permille;   /* share of 400 ms blocks under -70 LUFS, or 40 LU under the loudness */
};

/* For mono at rate_hz. *out is the caller's (meter_close). -1: failure set. */
int meter_open(struct meter **out, int rate_hz, struct failure *failure);
void meter_close(struct meter **meter);
/* Finite samples in their order. */
void meter_add(struct meter *meter, const float *samples, int count);
/* The highest true peak, as amplitude, since it was last asked for; up to METER_SURE_PEAK it may be
 * understated. What lies half a millisecond before the end counts for the next time. */
float meter_take_peak(struct meter *meter);
/* Of all that was added; ends the measurement. */
struct meter_reading meter_read(struct meter *meter);

#endif
