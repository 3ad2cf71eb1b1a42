/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fuzzes the MPEG-TS muxer with pictures and audio of many sizes and times. The stream must consist
 * of whole packets. The continuity counter of each PID must have no gap (ISO/IEC 13818-1,
 * 2.4.3). */
#include <stdlib.h>
#include <string.h>

#include "transcoder/package/mpegts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void check(const uint8_t *made, size_t count)
{
    static int counters[0x2000];
    memset(counters, -1, sizeof(counters));
    if (count % MPEGTS_PACKET_BYTES != 0)
        abort();
    for (size_t at = 0; at < count; at += MPEGTS_PACKET_BYTES) {
        int stream = (made[at + 1] & 0x1f) << 8 | made[at + 2], counter = made[at + 3] & 15;
        bool payload = made[at + 3] & 0x10;
        if (made[at] != 0x47 ||
            (counters[stream] >= 0 && payload && counter != ((counters[stream] + 1) & 15)))
            abort();
        if (payload)
            counters[stream] = counter;
    }
}

/* Three bytes of the input describe a unit. The first holds its kind and how much later it is than
 * the unit before. The other two hold its size. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    static uint8_t unit[16 * 1024];
    struct mpegts *ts;
    int64_t time = 0;
    size_t count;
    bool sound = bytes > 0 && data[0] & 1, begun = false;
    if (mpegts_open(&ts, bytes, sound) < 0)
        abort();
    for (; bytes >= 3; data += 3, bytes -= 3) {
        size_t unit_bytes = 1 + ((size_t)data[1] << 8 | data[2]) % (sizeof(unit) - 1);
        bool keyframe = data[0] & 2 || !begun;
        time += (data[0] >> 2) * 100;
        if (data[0] & 1 && sound && begun) {
            mpegts_add_audio(ts, unit, unit_bytes % 2000 + 8, time);
            continue;
        }
        if (keyframe && begun)
            mpegts_end_segment(ts);
        if (keyframe)
            mpegts_begin_segment(ts);
        mpegts_add_picture(ts, unit, unit_bytes, time, keyframe);
        begun = true;
    }
    if (begun)
        mpegts_end_chunk(ts);
    const uint8_t *made = mpegts_bytes(ts, &count);
    check(made, count);
    mpegts_close(&ts);
    return 0;
}
