/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The playlist writer: lessons of each kind, and the whole expected text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "node/hls/playlist.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The members of an index are not const, because it owns its strings. Nothing here writes to
 * them. */
static char *text(const char *literal)
{
    return (char *)(uintptr_t)literal;
}

/* 25 fps at 12800 ticks: 6 s, 6 s, 3 s. */
static struct media_segment video_segments[] = {
    {.length_bytes = 60000, .duration_ticks = 76800, .iframe_bytes = 9000},
    {.length_bytes = 90000, .duration_ticks = 76800, .iframe_bytes = 12000},
    {.length_bytes = 15000, .duration_ticks = 38400, .iframe_bytes = 3000},
};
/* AAC frames of 1024 at 48 kHz: 6.016, 5.994667, 2.986667 s. */
static struct media_segment audio_segments[] = {
    {.length_bytes = 24000, .duration_ticks = 288768},
    {.length_bytes = 24400, .duration_ticks = 287744},
    {.length_bytes = 11900, .duration_ticks = 143360},
};
/* 30000/1001 fps: 6.006, 6.006, 0.467133 s. */
static struct media_segment ntsc_segments[] = {
    {.length_bytes = 50000, .duration_ticks = 180180, .iframe_bytes = 5000},
    {.length_bytes = 50000, .duration_ticks = 180180, .iframe_bytes = 5000},
    {.length_bytes = 9000, .duration_ticks = 14014, .iframe_bytes = 5000},
};

static struct media_rendition video(const char *name, bool complete)
{
    return (struct media_rendition){.name = text(name),
        .language = text(""),
        .codecs = text("avc1.4D401F"),
        .kind = CATALOG_VIDEO,
        .width = 854,
        .height = 480,
        .fps_num = 25,
        .fps_den = 1,
        .timescale = 12800,
        .complete = complete,
        .iframes = true,
        .segments = video_segments,
        .segment_count = COUNT(video_segments)};
}

static struct media_rendition audio(const char *name, const char *language)
{
    return (struct media_rendition){.name = text(name),
        .language = text(language),
        .codecs = text("mp4a.40.2"),
        .kind = CATALOG_AUDIO,
        .channels = 1,
        .timescale = 48000,
        .complete = true,
        .segments = audio_segments,
        .segment_count = COUNT(audio_segments)};
}

static struct media_segment text_segments[] = {
    {.length_bytes = 52, .duration_ticks = 6000000},
    {.length_bytes = 134, .duration_ticks = 6000000},
    {.length_bytes = 52, .duration_ticks = 3000000},
};

static struct media_rendition subtitles(const char *name, const char *language)
{
    return (struct media_rendition){.name = text(name),
        .language = text(language),
        .codecs = text(""),
        .kind = CATALOG_TEXT,
        .timescale = 1000000,
        .complete = true,
        .segments = text_segments,
        .segment_count = COUNT(text_segments)};
}

static struct media_index lesson(struct media_rendition *renditions, size_t count)
{
    return (struct media_index){.lesson_id = 7,
        .revision = 1,
        .complete = true,
        .playable = true,
        .language = text("zh"),
        .poster_file = text(""),
        .renditions = renditions,
        .rendition_count = count};
}

static void expect_text(struct buf *text, const char *expected)
{
    assert_false(text->failed);
    assert_string_equal(text->data, expected);
    buf_free(text);
}

static void expect_master(const struct media_index *index, const char *expected)
{
    struct buf out = {0};
    playlist_write_master(index, NULL, &out);
    expect_text(&out, expected);
}

/*
 * Target 6 s, so runs of 3 to 9 s count. Video: 60000 B in 6 s, 90000 B in 6 s (peak: 120,000
 * bit/s), 105000 B in 9 s, 15000 B in 3 s; average 165000 B in 15 s. Audio: 11900 B in 2.986667 s
 * is too short a run; 36300 B in 8.981333 s is less than 24400 B in 5.994667 s = 32,562 bit/s;
 * average 60300 B in 14.997333 s. First pictures: 12000 B in 6 s; 24000 B in 15 s.
 */
static void test_audio_and_video(void **state)
{
    struct media_rendition renditions[] = {video("v400", true), audio("a32", "")};
    struct media_index index = lesson(renditions, 2);
    (void)state;
    expect_master(&index,
        "#EXTM3U\n"
        "#EXT-X-VERSION:7\n"
        "#EXT-X-INDEPENDENT-SEGMENTS\n"
        "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"audio\",LANGUAGE=\"zh\",NAME=\"中文\",DEFAULT=YES,"
        "AUTOSELECT=YES,CHANNELS=\"1\",URI=\"a32/index.m3u8\"\n"
        "#EXT-X-STREAM-INF:BANDWIDTH=152563,AVERAGE-BANDWIDTH=120166,"
        "CODECS=\"avc1.4D401F,mp4a.40.2\",RESOLUTION=854x480,FRAME-RATE=25.000,AUDIO=\"audio\"\n"
        "v400/index.m3u8\n"
        "#EXT-X-STREAM-INF:BANDWIDTH=32563,AVERAGE-BANDWIDTH=32166,CODECS=\"mp4a.40.2\","
        "AUDIO=\"audio\"\n"
        "a32/index.m3u8\n"
        "#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=16000,AVERAGE-BANDWIDTH=12800,CODECS=\"avc1.4D401F\","
        "RESOLUTION=854x480,URI=\"v400/iframes.m3u8\"\n");
}

static void test_video_without_audio(void **state)
{
    struct media_rendition renditions[] = {video("v400", true)};
    struct media_index index = lesson(renditions, 1);
    (void)state;
    renditions[0].iframes = false;
    expect_master(&index,
        "#EXTM3U\n"
        "#EXT-X-VERSION:7\n"
        "#EXT-X-INDEPENDENT-SEGMENTS\n"
        "#EXT-X-STREAM-INF:BANDWIDTH=120000,AVERAGE-BANDWIDTH=88000,CODECS=\"avc1.4D401F\","
        "RESOLUTION=854x480,FRAME-RATE=25.000\n"
        "v400/index.m3u8\n");
}

static void test_audio_without_video(void **state)
{
    struct media_rendition renditions[] = {audio("a32", "zh")};
    struct media_index index = lesson(renditions, 1);
    (void)state;
    expect_master(&index,
        "#EXTM3U\n"
        "#EXT-X-VERSION:7\n"
        "#EXT-X-INDEPENDENT-SEGMENTS\n"
        "#EXT-X-STREAM-INF:BANDWIDTH=32563,AVERAGE-BANDWIDTH=32166,CODECS=\"mp4a.40.2\"\n"
        "a32/index.m3u8\n");
}

/* Names are unique in a group. Of two tracks in one language, only one is selected automatically. A
 * text that is no language tag becomes "und". */
static void test_several_audio_tracks(void **state)
{
    struct media_rendition renditions[] = {
        audio("a32", "zh"), audio("a32-2", "en-US"), audio("a32-3", "zh"), audio("a32-4", "x\"\n")};
    struct media_index index = lesson(renditions, 4);
    (void)state;
    expect_master(&index,
        "#EXTM3U\n"
        "#EXT-X-VERSION:7\n"
        "#EXT-X-INDEPENDENT-SEGMENTS\n"
        "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"audio\",LANGUAGE=\"zh\",NAME=\"中文\",DEFAULT=YES,"
        "AUTOSELECT=YES,CHANNELS=\"1\",URI=\"a32/index.m3u8\"\n"
        "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"audio\",LANGUAGE=\"en-US\",NAME=\"English\",DEFAULT=NO,"
        "AUTOSELECT=YES,CHANNELS=\"1\",URI=\"a32-2/index.m3u8\"\n"
        "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"audio\",LANGUAGE=\"zh\",NAME=\"中文 2\",DEFAULT=NO,"
        "AUTOSELECT=NO,CHANNELS=\"1\",URI=\"a32-3/index.m3u8\"\n"
        "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"audio\",LANGUAGE=\"und\",NAME=\"音轨\",DEFAULT=NO,"
        "AUTOSELECT=YES,CHANNELS=\"1\",URI=\"a32-4/index.m3u8\"\n"
        "#EXT-X-STREAM-INF:BANDWIDTH=32563,AVERAGE-BANDWIDTH=32166,CODECS=\"mp4a.40.2\","
        "AUDIO=\"audio\"\n"
        "a32/index.m3u8\n");
}

/* Each audio codec has a group, and each variant is listed with each group. */
static void test_each_audio_codec_is_a_group(void **state)
{
    struct media_rendition renditions[] = {
        video("v400", true), audio("a24", "zh"), audio("o20", "")};
    struct media_index index = lesson(renditions, 3);
    struct buf out = {0};
    (void)state;
    renditions[2].codecs = text("opus");
    playlist_write_master(&index, NULL, &out);
    assert_non_null(strstr(out.data, "CODECS=\"avc1.4D401F,mp4a.40.2\",RESOLUTION=854x480,"
                                     "FRAME-RATE=25.000,AUDIO=\"audio\"\nv400/index.m3u8\n"));
    assert_non_null(strstr(out.data, "CODECS=\"avc1.4D401F,opus\",RESOLUTION=854x480,"
                                     "FRAME-RATE=25.000,AUDIO=\"audio-2\"\nv400/index.m3u8\n"));
    assert_non_null(strstr(out.data, "CODECS=\"opus\",AUDIO=\"audio-2\"\no20/index.m3u8\n"));
    /* A player that knows only AAC takes the first group. */
    assert_true(strstr(out.data, "avc1.4D401F,mp4a") < strstr(out.data, "avc1.4D401F,opus"));
    /* The only track is in the lesson's language, in both codecs. */
    assert_non_null(strstr(out.data, "GROUP-ID=\"audio-2\",LANGUAGE=\"zh\",NAME=\"中文\","
                                     "DEFAULT=YES,AUTOSELECT=YES"));
    buf_free(&out);
    /* This playlist has no audio-only variants, for players that take them for video. */
    playlist_write_pictures(&index, NULL, &out);
    assert_non_null(strstr(out.data, "FRAME-RATE=25.000,AUDIO=\"audio-2\"\nv400/index.m3u8\n"));
    assert_null(strstr(out.data, "\no20/index.m3u8\n"));
    buf_free(&out);
}

/* AV1 variants are listed with each audio group, after all H.264 variants, because every player can
 * play what is listed first. */
static void test_av1_variants_follow_h264(void **state)
{
    struct media_rendition renditions[] = {video("v48", true), video("v130", true),
        video("av48", true), audio("a24", "zh"), audio("o20", "")};
    struct media_index index = lesson(renditions, 5);
    struct buf out = {0};
    (void)state;
    renditions[2].codecs = text("av01.0.05M.08");
    renditions[4].codecs = text("opus");
    playlist_write_master(&index, NULL, &out);
    const char *h264 = strstr(out.data, "FRAME-RATE=25.000,AUDIO=\"audio\"\nv48/index.m3u8\n");
    const char *av1 = strstr(out.data, "CODECS=\"av01.0.05M.08,mp4a.40.2\",RESOLUTION=854x480,"
                                       "FRAME-RATE=25.000,AUDIO=\"audio\"\nav48/index.m3u8\n");
    assert_non_null(h264);
    assert_non_null(av1);
    assert_true(strstr(out.data, "\nv130/index.m3u8\n") < av1 && h264 < av1);
    assert_non_null(strstr(out.data, "CODECS=\"av01.0.05M.08,opus\",RESOLUTION=854x480,"
                                     "FRAME-RATE=25.000,AUDIO=\"audio-2\"\nav48/index.m3u8\n"));
    assert_non_null(strstr(out.data, "CODECS=\"av01.0.05M.08\",RESOLUTION=854x480,"
                                     "URI=\"av48/iframes.m3u8\"\n"));
    assert_null(strstr(out.data, "SCORE"));
    buf_free(&out);
}

/* All variants have the same subtitle group, even the audio-only one. Its bytes count in no
 * bandwidth. */
static void test_subtitles_are_one_group(void **state)
{
    struct media_rendition renditions[] = {video("v400", true), audio("a32", "zh"),
        subtitles("s1", "zh"), subtitles("s2", ""), subtitles("s3", "zh")};
    struct media_index index = lesson(renditions, COUNT(renditions));
    (void)state;
    expect_master(&index,
        "#EXTM3U\n"
        "#EXT-X-VERSION:7\n"
        "#EXT-X-INDEPENDENT-SEGMENTS\n"
        "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"audio\",LANGUAGE=\"zh\",NAME=\"中文\",DEFAULT=YES,"
        "AUTOSELECT=YES,CHANNELS=\"1\",URI=\"a32/index.m3u8\"\n"
        "#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"subs\",LANGUAGE=\"zh\",NAME=\"中文\",DEFAULT=NO,"
        "AUTOSELECT=YES,FORCED=NO,URI=\"s1/index.m3u8\"\n"
        "#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"subs\",LANGUAGE=\"und\",NAME=\"字幕\",DEFAULT=NO,"
        "AUTOSELECT=YES,FORCED=NO,URI=\"s2/index.m3u8\"\n"
        "#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"subs\",LANGUAGE=\"zh\",NAME=\"中文 2\",DEFAULT=NO,"
        "AUTOSELECT=NO,FORCED=NO,URI=\"s3/index.m3u8\"\n"
        "#EXT-X-STREAM-INF:BANDWIDTH=152563,AVERAGE-BANDWIDTH=120166,CODECS=\"avc1.4D401F,"
        "mp4a.40.2\",RESOLUTION=854x480,FRAME-RATE=25.000,AUDIO=\"audio\",SUBTITLES=\"subs\"\n"
        "v400/index.m3u8\n"
        "#EXT-X-STREAM-INF:BANDWIDTH=32563,AVERAGE-BANDWIDTH=32166,CODECS=\"mp4a.40.2\","
        "AUDIO=\"audio\",SUBTITLES=\"subs\"\n"
        "a32/index.m3u8\n"
        "#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=16000,AVERAGE-BANDWIDTH=12800,CODECS=\"avc1.4D401F\","
        "RESOLUTION=854x480,URI=\"v400/iframes.m3u8\"\n");
}

static void test_subtitle_media_playlist(void **state)
{
    struct media_rendition renditions[] = {audio("a32", "zh"), subtitles("s1", "zh")};
    struct media_index index = lesson(renditions, 2);
    struct buf out = {0};
    (void)state;
    playlist_write_media(&index, &renditions[1], &out);
    expect_text(&out, "#EXTM3U\n"
                      "#EXT-X-VERSION:7\n"
                      "#EXT-X-TARGETDURATION:6\n"
                      "#EXT-X-MEDIA-SEQUENCE:0\n"
                      "#EXT-X-PLAYLIST-TYPE:VOD\n"
                      "#EXT-X-INDEPENDENT-SEGMENTS\n"
                      "#EXTINF:6.000000,\n0.vtt\n"
                      "#EXTINF:6.000000,\n1.vtt\n"
                      "#EXTINF:3.000000,\n2.vtt\n"
                      "#EXT-X-ENDLIST\n");
}

static void test_a_complete_media_playlist_is_vod(void **state)
{
    struct media_rendition renditions[] = {video("v400", true), audio("a32", "zh")};
    struct media_index index = lesson(renditions, 2);
    struct buf out = {0};
    (void)state;
    playlist_write_media(&index, &renditions[1], &out);
    expect_text(&out, "#EXTM3U\n"
                      "#EXT-X-VERSION:7\n"
                      "#EXT-X-TARGETDURATION:6\n"
                      "#EXT-X-MEDIA-SEQUENCE:0\n"
                      "#EXT-X-PLAYLIST-TYPE:VOD\n"
                      "#EXT-X-INDEPENDENT-SEGMENTS\n"
                      "#EXT-X-MAP:URI=\"init.mp4\"\n"
                      "#EXTINF:6.016000,\n0.m4s\n"
                      "#EXTINF:5.994667,\n1.m4s\n"
                      "#EXTINF:2.986666,\n2.m4s\n" /* the end is at 14.997333 */
                      "#EXT-X-ENDLIST\n");
}

static void test_a_growing_media_playlist_is_event(void **state)
{
    struct media_rendition renditions[] = {video("v400", false), audio("a32", "zh")};
    struct media_index index = lesson(renditions, 2);
    struct buf out = {0};
    (void)state;
    playlist_write_media(&index, &renditions[0], &out);
    expect_text(&out, "#EXTM3U\n"
                      "#EXT-X-VERSION:7\n"
                      "#EXT-X-TARGETDURATION:6\n"
                      "#EXT-X-MEDIA-SEQUENCE:0\n"
                      "#EXT-X-PLAYLIST-TYPE:EVENT\n"
                      "#EXT-X-INDEPENDENT-SEGMENTS\n"
                      "#EXT-X-START:TIME-OFFSET=0\n"
                      "#EXT-X-MAP:URI=\"init.mp4\"\n"
                      "#EXTINF:6.000000,\n0.m4s\n"
                      "#EXTINF:6.000000,\n1.m4s\n"
                      "#EXTINF:3.000000,\n2.m4s\n");
}

static void test_iframe_playlists_have_byte_ranges(void **state)
{
    struct media_rendition renditions[] = {video("v400", true)};
    struct media_index index = lesson(renditions, 1);
    struct buf out = {0};
    (void)state;
    playlist_write_iframes(&index, &renditions[0], &out);
    expect_text(&out, "#EXTM3U\n"
                      "#EXT-X-VERSION:7\n"
                      "#EXT-X-TARGETDURATION:6\n"
                      "#EXT-X-MEDIA-SEQUENCE:0\n"
                      "#EXT-X-PLAYLIST-TYPE:VOD\n"
                      "#EXT-X-I-FRAMES-ONLY\n"
                      "#EXT-X-MAP:URI=\"init.mp4\"\n"
                      "#EXTINF:6.000000,\n#EXT-X-BYTERANGE:9000@0\n0.m4s\n"
                      "#EXTINF:6.000000,\n#EXT-X-BYTERANGE:12000@0\n1.m4s\n"
                      "#EXTINF:3.000000,\n#EXT-X-BYTERANGE:3000@0\n2.m4s\n"
                      "#EXT-X-ENDLIST\n");
}

/* The target duration is that of the lesson, not of the rendition. */
static void test_target_duration_is_shared(void **state)
{
    struct media_segment long_segment = {.length_bytes = 1, .duration_ticks = 12800 * 13 / 2};
    struct media_rendition renditions[] = {video("v400", true), audio("a32", "zh")};
    struct media_index index = lesson(renditions, 2);
    struct buf out = {0};
    (void)state;
    renditions[0].segments = &long_segment; /* 6.5 s rounds to 7 */
    renditions[0].segment_count = 1;
    playlist_write_media(&index, &renditions[1], &out);
    assert_non_null(strstr(out.data, "\n#EXT-X-TARGETDURATION:7\n"));
    buf_free(&out);
}

/* The EXTINF values of three hours at 30000/1001 fps add up to the real duration in spite of
 * rounding. */
static void test_extinf_sums_to_the_duration(void **state)
{
    size_t count = 1800;
    struct media_segment *segments = calloc(count, sizeof(*segments));
    struct media_rendition renditions[] = {video("v400", true)};
    struct media_index index = lesson(renditions, 1);
    struct buf out = {0};
    int64_t sum_us = 0;
    (void)state;
    for (size_t i = 0; i < count; i++)
        segments[i] = (struct media_segment){.length_bytes = 1, .duration_ticks = 179179};
    renditions[0].segments = segments;
    renditions[0].segment_count = count;
    renditions[0].timescale = 30000;
    playlist_write_media(&index, &renditions[0], &out);
    for (const char *at = out.data; (at = strstr(at, "#EXTINF:")); at++) {
        long seconds = strtol(at + 8, NULL, 10);
        sum_us += seconds * 1000000 + strtol(strchr(at, '.') + 1, NULL, 10);
    }
    assert_int_equal(sum_us, (int64_t)count * 179179 * 1000000 / 30000);
    buf_free(&out);
    free(segments);
}

/* These playlists are for devices that know only version 3. The multivariant playlist does not list
 * them. */
static void test_legacy_playlists_need_version_3_only(void **state)
{
    struct media_rendition renditions[] = {
        video("v400", true), audio("a32", ""), video("ts220", true)};
    struct media_index index = lesson(renditions, 2);
    struct buf without = {0}, out = {0};
    (void)state;
    renditions[2].kind = CATALOG_LEGACY;
    renditions[2].iframes = false;
    playlist_write_master(&index, NULL, &without);
    index.rendition_count = 3;
    expect_master(&index, without.data);
    buf_free(&without);
    playlist_write_media(&index, &renditions[2], &out);
    expect_text(&out, "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:6\n"
                      "#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:VOD\n"
                      "#EXTINF:6.000000,\n0.ts\n#EXTINF:6.000000,\n1.ts\n"
                      "#EXTINF:3.000000,\n2.ts\n#EXT-X-ENDLIST\n");
}

static void test_rates_are_peaks_of_runs(void **state)
{
    struct media_rendition ntsc = video("v400", true);
    (void)state;
    ntsc.segments = ntsc_segments;
    ntsc.segment_count = COUNT(ntsc_segments);
    ntsc.timescale = 30000;
    /* The last 0.467 s at 154 kbit/s are too short to count alone. Together with the segment before
     * they are 59000 B in 6.473133 s. */
    struct media_rate rate = media_rendition_rate(&ntsc, 6, false);
    assert_int_equal(rate.peak_bps, 72917);
    assert_int_equal(rate.average_bps, 69877);
    /* A lesson that is shorter than half a target duration has its average as its peak. */
    ntsc.segments = ntsc_segments + 2;
    ntsc.segment_count = 1;
    rate = media_rendition_rate(&ntsc, 1, false);
    assert_int_equal(rate.peak_bps, 154132);
    assert_int_equal(rate.average_bps, 154132);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_audio_and_video),
        cmocka_unit_test(test_video_without_audio),
        cmocka_unit_test(test_audio_without_video),
        cmocka_unit_test(test_several_audio_tracks),
        cmocka_unit_test(test_each_audio_codec_is_a_group),
        cmocka_unit_test(test_av1_variants_follow_h264),
        cmocka_unit_test(test_subtitles_are_one_group),
        cmocka_unit_test(test_subtitle_media_playlist),
        cmocka_unit_test(test_a_complete_media_playlist_is_vod),
        cmocka_unit_test(test_a_growing_media_playlist_is_event),
        cmocka_unit_test(test_iframe_playlists_have_byte_ranges),
        cmocka_unit_test(test_target_duration_is_shared),
        cmocka_unit_test(test_extinf_sums_to_the_duration),
        cmocka_unit_test(test_legacy_playlists_need_version_3_only),
        cmocka_unit_test(test_rates_are_peaks_of_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
