/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How loud sound is: EBU R128 (ITU-R BS.1770), by libavfilter's ebur128. */
#ifndef TRANSCODER_METER_H
#define TRANSCODER_METER_H

#include <libavutil/frame.h>

#include "transcoder/failure.h"

struct meter;

#define METER_NOTHING_LUFS_X100 (-7000) /* nothing was above the gate */

struct meter_reading {
    int loudness_lufs_x100; /* integrated; METER_NOTHING_LUFS_X100 at least */
    int peak_dbtp_x100;     /* true peak; -12000 at least */
    int silence_permille;   /* share of 400 ms blocks under -70 LUFS, or 40 LU under the loudness */
};

/* For mono planar floats at rate_hz. *out is the caller's (meter_close). -1: failure set. */
int meter_open(struct meter **out, int rate_hz, struct failure *failure);
void meter_close(struct meter **meter);
/* Frames in their order; they stay the caller's. 0, or -1: failure set. */
int meter_add(struct meter *meter, const AVFrame *frame, struct failure *failure);
/* Of all that was added; ends the measurement. 0, or -1: failure set. */
int meter_read(struct meter *meter, struct meter_reading *out, struct failure *failure);

#endif
