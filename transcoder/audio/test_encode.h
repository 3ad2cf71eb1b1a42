/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One attempt at a rendition: a track's sound levelled, encoded, and decoded again to see what
 * players will hear. A codec at 24 kbit/s moves the loudness by up to 2 LU and the peaks by 4 dB,
 * differently for each voice; so what counts is measured behind it, and another attempt made where
 * it does not fit. All in memory: nobody is given what is not final.
 */
#ifndef TRANSCODER_AUDIO_TEST_ENCODE_H
#define TRANSCODER_AUDIO_TEST_ENCODE_H
#include "transcoder/audio/audio_encoder.h"
#include "transcoder/audio/limiter.h"
#include "transcoder/audio/meter.h"

/* Encoded sound: packets of frame_samples each, one after the other. Zeroed before first use. */
struct audio_packets {
    uint8_t *bytes;
    size_t byte_count, byte_room;
    uint16_t *sizes;
    size_t count, room;
};
void audio_packets_clear(struct audio_packets *packets);

/* Where an attempt's sound comes from: fills out with the next at most `room` mono floats at
 * AUDIO_RATE_HZ. How many; 0: that was all; -1: failure set. */
struct test_encode_feed {
    int (*read)(void *context, float *out, int room, struct failure *failure);
    void *context;
};

struct test_encode_settings {
    struct limiter_params level;
    int64_t bitrate_bps;
};

/* A place where the peaks of what is heard pass TEST_ENCODE_LOUD_DBTP_X100; samples of the feed. */
#define TEST_ENCODE_LOUD_DBTP_X100 (-130)
struct loud_spot {
    int64_t from_sample, to_sample;
    int peak_dbtp_x100;
};

struct test_encode_result {
    struct meter_reading heard;
    int64_t payload_bps; /* of the packets alone */
    struct loud_spot *hot;
    size_t hot_count;
};
void test_encode_result_clear(struct test_encode_result *outcome);

/*
 * Makes an attempt. Packets are emptied first and then hold those that begin before end_sample, at
 * the rendition's rate and counted from the feed's first. *encoder is the caller's
 * (avcodec_free_context), for its parameters; *outcome too (test_encode_result_clear), in any case. 0,
 * or -1: failure set, *encoder NULL.
 */
int test_encode_run(const struct rendition *rendition, const struct test_encode_settings *settings,
    const struct test_encode_feed *feed, int64_t end_sample, struct audio_packets *packets,
    struct test_encode_result *outcome, AVCodecContext **encoder, struct failure *failure);

#endif
