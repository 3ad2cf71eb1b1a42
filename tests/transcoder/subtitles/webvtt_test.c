/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checks the conversion of ASS events to cue text, and of cues to segments. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "transcoder/subtitles/ass.h"
#include "transcoder/subtitles/webvtt.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define HEAD "WEBVTT\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:0\n\n"
#define EVENT "0,0,Default,,0,0,0,,"
#define S 1000000LL

static void expect(struct webvtt_text *text, const char *expected)
{
    char *found = calloc(1, text->used_bytes + 1);
    assert_non_null(found);
    assert_false(text->failed);
    if (text->used_bytes > 0)
        memcpy(found, text->bytes, text->used_bytes);
    assert_string_equal(found, expected);
    free(found);
    webvtt_clear(text);
}

static void test_events(void **state)
{
    (void)state;
    static const struct {
        const char *event, *cue; /* NULL: the event has no readable text */
    } cases[] = {
        {EVENT "水稻病虫害", "水稻病虫害"},
        {EVENT "one\\Ntwo\\nthree", "one\ntwo\nthree"},
        {EVENT "a, b, c", "a, b, c"},
        /* The text becomes no markup, and it cannot end the cue. */
        {EVENT "1 < 2 && 3 --> 4 <i>", "1 &lt; 2 &amp;&amp; 3 --&gt; 4 &lt;i&gt;"},
        {EVENT "今天 {\\i1}第一节{\\i0}完", "今天 <i>第一节</i>完"},
        {EVENT "{\\b1}x{\\i1}y{\\b0}z", "<b>x<i>y</i></b><i>z</i>"},
        {EVENT "{\\i1\\b700}x{\\r}y", "<i><b>x</b></i>y"},
        {EVENT "{\\i1}one\\Ntwo", "<i>one\ntwo</i>"},
        {EVENT "{\\i1}one{\\i0}\\Ntwo", "<i>one</i>\ntwo"},
        {EVENT "{\\i1}{\\i0}x", "x"},
        {EVENT "{\\an8\\pos(10,20)\\fs20\\c&HFF&\\bord2\\iclip(1,2)}x{\\fad(1,2)}", "x"},
        {EVENT "{a comment}x{an open one \\i1", "x"},
        {EVENT "{\\p1}m 0 0 l 100 0{\\p0}x{\\pbo3}y", "xy"},
        {EVENT "a\\hb\\{c\\}d\\\\e\\f", "a b{c}d\\e\\f"},
        /* Empty lines would end the cue, so they are removed, and so are spaces around lines. */
        {EVENT "\\N\\N  a  \\N \\N\\Nb  c\\N", "a\nb  c"},
        {EVENT "a\r\n\r\nb", "a\nb"},
        {EVENT "a\tb\x01\x7f", "a b"},
        {EVENT "", NULL},
        {EVENT "{\\i1} \\N \\h\x01", NULL},
        {"too,few,fields", NULL},
        {"", NULL},
        {EVENT "\\", "\\"},
        {EVENT "{", NULL},
        {EVENT "{\\", NULL},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct webvtt_text out = {0};
        assert_int_equal(ass_to_cue(cases[i].event, &out), cases[i].cue != NULL);
        expect(&out, cases[i].cue ? cases[i].cue : "");
    }
}

static void test_a_cue_stands_where_it_is_shown(void **state)
{
    (void)state;
    static const struct webvtt_cue cues[] = {
        {1 * S, 5 * S, "one"},
        {5 * S + 999500, 6 * S, "up to the end"},
        {6 * S, 19 * S, "three"},
        {3599 * S, 360000 * S, "long"},
    };
    static const struct {
        int64_t from_us, until_us;
        const char *segment;
    } cases[] = {
        {0, 6 * S,
            HEAD "00:00:01.000 --> 00:00:05.000\none\n\n"
                 "00:00:06.000 --> 00:00:06.000\nup to the end\n\n"},
        {6 * S, 12 * S, HEAD "00:00:06.000 --> 00:00:19.000\nthree\n\n"},
        {12 * S, 18 * S, HEAD "00:00:06.000 --> 00:00:19.000\nthree\n\n"},
        {18 * S, 24 * S, HEAD "00:00:06.000 --> 00:00:19.000\nthree\n\n"},
        {24 * S, 30 * S, HEAD},
        {3600 * S, 3606 * S, HEAD "00:59:59.000 --> 100:00:00.000\nlong\n\n"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct webvtt_text out = {0};
        webvtt_add_segment(&out, cues, COUNT(cues), cases[i].from_us, cases[i].until_us);
        expect(&out, cases[i].segment);
    }
}

static void test_a_segment_is_bounded(void **state)
{
    (void)state;
    static char long_text[3000];
    struct webvtt_cue cues[100];
    struct webvtt_text out = {0};
    memset(long_text, 'x', sizeof(long_text) - 1);
    for (size_t i = 0; i < COUNT(cues); i++)
        cues[i] = (struct webvtt_cue){0, 10 * S, long_text};
    for (int segment = 1; segment <= 3; segment++) {
        webvtt_add_segment(&out, cues, COUNT(cues), 0, S);
        assert_false(out.failed);
        assert_in_range(
            out.used_bytes, (unsigned)segment * 60000, (unsigned)segment * WEBVTT_SEGMENT_BYTES);
    }
    webvtt_clear(&out);
}

static void test_no_cues(void **state)
{
    (void)state;
    struct webvtt_text out = {0};
    webvtt_add_segment(&out, NULL, 0, 0, S);
    expect(&out, HEAD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_events),
        cmocka_unit_test(test_a_cue_stands_where_it_is_shown),
        cmocka_unit_test(test_a_segment_is_bounded),
        cmocka_unit_test(test_no_cues),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
