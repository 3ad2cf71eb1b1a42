/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checks the codec names for sequence headers, whole and cut short; and SVT-AV1 in unusual
 * cases: closed without a frame or in the middle of a run, and runs of few frames. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "transcoder/video/svtav1.h"

/* A sequence header of SVT-AV1 for 1280x720 at 6.25 frames a second, in BT.709. */
static const uint8_t header[] = {
    0x0a, 0x0e, 0x00, 0x00, 0x00, 0x2d, 0x4c, 0xff, 0xb3, 0xc0, 0x2f, 0x81, 0x01, 0x01, 0x01, 0x04};

static void test_codecs(void **state)
{
    (void)state;
    char codecs[32];
    assert_int_equal(av1_codecs(header, sizeof(header), codecs, sizeof(codecs)), 0);
    assert_string_equal(codecs, "av01.0.05M.08");
    assert_int_equal(av1_codecs(header, sizeof(header), codecs, strlen("av01.0.05M.08")), -1);
    for (size_t bytes = 0; bytes < 6; bytes++) {
        uint8_t *cut = malloc(bytes + 1);
        memcpy(cut, header, bytes);
        assert_int_equal(av1_codecs(cut, bytes, codecs, sizeof(codecs)), -1);
        free(cut);
    }
    uint8_t other[sizeof(header)];
    memcpy(other, header, sizeof(header));
    other[0] = 0x12; /* a temporal delimiter */
    assert_int_equal(av1_codecs(other, sizeof(other), codecs, sizeof(codecs)), -1);
}

static AVCodecContext *open_encoder(void)
{
    AVCodecContext *encoder = NULL;
    struct av1_params params = {
        .width = 160,
        .height = 90,
        .frame_rate = {5, 1},
        .crf = 50,
        .preset = "8",
        .tuning = "scm=1:hierarchical-levels=3",
        .colours = {AVCOL_SPC_BT709, AVCOL_PRI_BT709, AVCOL_TRC_BT709},
    };
    assert_int_equal(av1_open(&encoder, &params), 0);
    return encoder;
}

static int receive(AVCodecContext *encoder, AVPacket *packet, int64_t *next)
{
    int count = 0;
    while (avcodec_receive_packet(encoder, packet) >= 0) {
        assert_int_equal(packet->pts, (*next)++);
        assert_int_equal((packet->flags & AV_PKT_FLAG_KEY) != 0, packet->pts == 0);
        av_packet_unref(packet);
        count++;
    }
    return count;
}

static int encode(AVCodecContext *encoder, int pictures, bool end)
{
    AVFrame *frame = av_frame_alloc();
    AVPacket *packet = av_packet_alloc();
    int64_t next = 0;
    int count = 0;
    frame->width = encoder->width;
    frame->height = encoder->height;
    frame->format = AV_PIX_FMT_YUV420P;
    assert_int_equal(av_frame_get_buffer(frame, 0), 0);
    for (int i = 0; i < pictures; i++) {
        assert_int_equal(av_frame_make_writable(frame), 0);
        for (int plane = 0; plane < 3; plane++)
            memset(frame->data[plane], 40 + 10 * i,
                (size_t)frame->linesize[plane] * (size_t)(plane > 0 ? 45 : 90));
        frame->pts = i;
        assert_int_equal(avcodec_send_frame(encoder, frame), 0);
        count += receive(encoder, packet, &next);
    }
    if (end) {
        assert_int_equal(avcodec_send_frame(encoder, NULL), 0);
        count += receive(encoder, packet, &next);
    }
    av_frame_free(&frame);
    av_packet_free(&packet);
    return count;
}

static void test_short_runs(void **state)
{
    (void)state;
    static const int pictures[] = {1, 2, 3, 8, 9, 17};
    for (size_t i = 0; i < sizeof(pictures) / sizeof(pictures[0]); i++) {
        AVCodecContext *encoder = open_encoder();
        char codecs[32];
        assert_int_equal(encode(encoder, pictures[i], true), pictures[i]);
        assert_int_equal(
            av1_codecs(encoder->extradata, (size_t)encoder->extradata_size, codecs, sizeof(codecs)),
            0);
        assert_string_equal(codecs, "av01.0.00M.08");
        av1_close(&encoder);
        assert_null(encoder);
    }
}

/* Closing an encoder without a frame or in the middle of a run once waited for ever. */
static void test_closing(void **state)
{
    (void)state;
    static const int pictures[] = {0, 1, 12};
    for (size_t i = 0; i < sizeof(pictures) / sizeof(pictures[0]); i++) {
        AVCodecContext *encoder = open_encoder();
        encode(encoder, pictures[i], false);
        av1_close(&encoder);
        assert_null(encoder);
    }
    AVCodecContext *none = NULL;
    av1_close(&none);
}

int main(void)
{
    av_log_set_level(AV_LOG_FATAL);
    setenv("SVT_LOG", "0", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_codecs),
        cmocka_unit_test(test_short_runs),
        cmocka_unit_test(test_closing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
