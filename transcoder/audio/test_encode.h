/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Makes one test encode of a rendition: levels the audio of a track, encodes it, and decodes it
 * again, to measure the output of a player. A codec at 24 kbit/s changes the loudness by up to 2 LU
 * and the peaks by 4 dB, differently for each voice. So the result is measured after the codec, and
 * another test encode follows if it does not fit.
 * Everything stays in memory; only the final result is written.
 */
#ifndef TRANSCODER_AUDIO_TEST_ENCODE_H
#define TRANSCODER_AUDIO_TEST_ENCODE_H

#include "transcoder/audio/audio_encoder.h"
#include "transcoder/audio/limiter.h"
#include "transcoder/audio/meter.h"

/* Encoded audio: packets of frame_samples each, one after another. The owner zeroes it before
 * the first use. */
struct audio_packets {
    uint8_t *bytes;
    size_t byte_count, byte_room;
    uint16_t *sizes;
    size_t count, room;
};
/* Frees the packets and zeroes *packets. */
void audio_packets_clear(struct audio_packets *packets);

/* The source of the audio. read() writes at most `room` mono floats at AUDIO_RATE_HZ to out. It
 * returns their number; 0 at the end; -1 with failure set. */
struct test_encode_feed {
    int (*read)(void *context, float *out, int room, struct failure *failure);
    void *context;
};

struct test_encode_settings {
    struct limiter_params level;
    int64_t bitrate_bps;
};

/* A spot where the peaks of the decoded audio exceed TEST_ENCODE_LOUD_DBTP_X100. Positions are
 * in samples of the feed. */
#define TEST_ENCODE_LOUD_DBTP_X100 (-130)
struct loud_spot {
    int64_t from_sample, to_sample;
    int peak_dbtp_x100;
};

struct test_encode_result {
    struct meter_reading decoded; /* measured on the decoded audio */
    int64_t payload_bps;          /* bit rate of the packets, without the container */
    struct loud_spot *loud;
    size_t loud_count;
};
/* Frees the spots and zeroes *result. */
void test_encode_result_clear(struct test_encode_result *result);

struct test_encode_params {
    const struct rendition *rendition;
    const struct test_encode_settings *settings;
    struct test_encode_feed feed;
    /* Packets that begin here or later are left out. In samples at the rendition's rate, counted
     * from the first sample of the feed. */
    int64_t end_sample;
};

/*
 * Makes a test encode.
 * packets: emptied first; receives the packets.
 * result: the caller's in any case, for test_encode_result_clear().
 * encoder: the caller's, for avcodec_free_context(); it gives the parameters of the stream.
 * Returns 0; or -1 with failure set, and then *encoder is NULL.
 */
int test_encode_run(const struct test_encode_params *params, struct audio_packets *packets,
    struct test_encode_result *result, AVCodecContext **encoder, struct failure *failure);

#endif
