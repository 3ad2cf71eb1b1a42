/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Measures loudness by EBU R128 (ITU-R BS.1770). The results agree with libavfilter's ebur128 to
 * within 0.1, in a fraction of its time. The meter interpolates between samples only where this
 * can change the peak. */
#ifndef TRANSCODER_AUDIO_METER_H
#define TRANSCODER_AUDIO_METER_H

#include "transcoder/worker/failure.h"

struct meter;

#define METER_NOTHING_LUFS_X100 (-7000) /* the loudness if nothing was above the gate */

/* meter_take_peak() may report peaks up to this amplitude too low, because the meter does not
 * always interpolate there. */
#define METER_SURE_PEAK 0.8F

struct meter_reading {
    int loudness_lufs_x100; /* integrated loudness, at least METER_NOTHING_LUFS_X100 */
    int peak_dbtp_x100;     /* true peak, at least -12000 */
    /* share of the 400 ms blocks below -70 LUFS, or more than 40 LU below the loudness */
    int silence_permille;
};

/* Opens a meter for mono at rate_hz. *out is the caller's, for meter_close(). Returns 0, or -1
 * with failure set. */
int meter_open(struct meter **out, int rate_hz, struct failure *failure);
/* Closes the meter and sets *meter to NULL. Accepts NULL in *meter. */
void meter_close(struct meter **meter);
/* Adds samples in their order. They must be finite. */
void meter_add(struct meter *meter, const float *samples, int count);
/*
 * Returns the highest true peak since the last call, as an amplitude. Up to METER_SURE_PEAK it may
 * be too low.
 * The last 16 samples count for the next call.
 */
float meter_take_peak(struct meter *meter);
/* Returns the result for all samples, and ends the measurement. */
struct meter_reading meter_read(struct meter *meter);

#endif
