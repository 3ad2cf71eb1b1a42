/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One attempt at a rendition: a track's sound levelled, encoded, and decoded again to see what
 * players will hear. A codec at 24 kbit/s moves the loudness by up to 2 LU and the peaks by 4 dB,
 * differently for each voice; so what counts is measured behind it, and another attempt made where
 * it does not fit. All in memory: nobody is given what is not final.
 */
#ifndef TRANSCODER_AUDIO_TEST_ENCODE_H
#define TRANSCODER_AUDIO_TEST_ENCODE_H

#include "transcoder/audio/limiter.h"
#include "transcoder/audio/meter.h"
#include "transcoder/audio/audio_encoder.h"

/* Encoded sound: packets of frame_samples each, one after the other. Zeroed before first use. */
struct sound_packets {
    uint8_t *bytes;
    size_t byte_count, byte_room;
    uint16_t *sizes;
    size_t count, room;
};
void sound_packets_clear(struct sound_packets *packets);

/* Where an attempt's sound comes from: fills out with the next at most `room` mono floats at
 * SOUND_RATE. How many; 0: that was all; -1: failure set. */
struct sound_feed {
    int (*read)(void *context, float *out, int room, struct failure *failure);
    void *context;
};

struct sound_settings {
    struct limiter_params level;
    int64_t bitrate_bps;
};

/* A place where the peaks of what is heard pass SOUND_HOT_DBTP_X100; samples of the feed. */
#define SOUND_HOT_DBTP_X100 (-130)
struct sound_hot {
    int64_t from_sample, to_sample;
    int peak_dbtp_x100;
};

struct sound_outcome {
    struct meter_reading heard;
    int64_t payload_bps; /* of the packets alone */
    struct sound_hot *hot;
    size_t hot_count;
};
void sound_outcome_clear(struct sound_outcome *outcome);

/*
 * Makes an attempt. Packets are emptied first and then hold those that begin before end_sample, at
 * the rendition's rate and counted from the feed's first. *encoder is the caller's
 * (avcodec_free_context), for its parameters; *outcome too (sound_outcome_clear), in any case. 0,
 * or -1: failure set, *encoder NULL.
 */
int sound_attempt(const struct plan_rendition *rendition, const struct sound_settings *settings,
    const struct sound_feed *feed, int64_t end_sample, struct sound_packets *packets,
    struct sound_outcome *outcome, AVCodecContext **encoder, struct failure *failure);

#endif
