/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/plan/plan.h"

#include <stdio.h>
#include <string.h>

#include "transcoder/plan/text_internal.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define US 1000000LL
#define AUDIO_RATE 48000
#define AUDIO_BPS 32000

/* What a moof costs a sample (trun: duration, size, flags, offset), and a segment once; measured on
 * libavformat's. */
#define OVERHEAD_BITS_PER_FRAME (12 * 8)
#define OVERHEAD_BPS 400

/* The legacy rendition's limits are level 3.0's; what its packets cost beside their headers:
 * tables, a PES header with its time and clock for each picture, ADTS headers and their share of
 * others. */
#define LEGACY_BPS 220000
#define LEGACY_WIDTH 720
#define LEGACY_HEIGHT 576
#define TS_BPS 1500
#define TS_BITS_PER_PICTURE (24 * 8)
#define TS_BITS_PER_SOUND_FRAME (9 * 8)

/* Total caps on the wire, the lowest audio included, and the picture's short side that suits them.
 */
static const struct {
    int64_t cap_bps;
    int short_side;
    bool half_rate; /* under 100 kbit/s a still sharp picture teaches more than a smooth one */
} rungs[] = {
    {80000, 240, true},
    {130000, 360, true},
    {220000, 480, false},
    {400000, 540, false},
    {700000, 720, false},
};

static int even(double value)
{
    int rounded = (int)(value / 2 + 0.5) * 2;
    return rounded < 2 ? 2 : rounded;
}

/* Half rate only where what is left still moves. */
static bool may_halve(const struct media_info *info)
{
    return (int64_t)info->fps_num > 15LL * info->fps_den;
}

/* Frames of a rendition stand at every second grid frame at most, so boundaries on even frames suit
 * all. */
static int64_t segment_frames(const struct plan *plan)
{
    int64_t frames = (plan->segment_us * plan->grid_fps_num + US * plan->grid_fps_den) /
                     (2 * US * plan->grid_fps_den) * 2;
    return frames < 2 ? 2 : frames;
}

static void add_video(struct plan *plan, const struct media_info *info, size_t rung, int width,
    int height, bool full_size)
{
    struct plan_rendition *r = &plan->renditions[plan->rendition_count++];
    int divisor = rungs[rung].half_rate && !full_size && may_halve(info) ? 2 : 1;
    /* A whole number of ticks a frame, fine enough for offsets of a tenth of a millisecond. */
    int scale = 1;
    while ((int64_t)info->fps_num * scale < 10000)
        scale *= 2;
    *r = (struct plan_rendition){
        .kind = PLAN_VIDEO,
        .cap_bps = rungs[rung].cap_bps,
        .timescale = info->fps_num * scale,
        .width = width,
        .height = height,
        .fps_num = info->fps_num,
        .fps_den = info->fps_den * divisor,
        .frame_ticks = info->fps_den * scale * divisor,
        .crf_x10 = 270,
        .preset = "medium",
    };
    snprintf(r->name, sizeof(r->name), "v%d", (int)(rungs[rung].cap_bps / 1000));
    int64_t audio_bps =
        info->audio_count > 0 ? AUDIO_BPS + OVERHEAD_BPS + 47 * OVERHEAD_BITS_PER_FRAME / 2 : 0;
    int64_t overhead_bps =
        OVERHEAD_BPS + OVERHEAD_BITS_PER_FRAME * (int64_t)r->fps_num / r->fps_den;
    r->video_cap_bps = r->cap_bps - audio_bps - overhead_bps;
}

/*
 * Rungs up to the source's size. The first rung above it is made at the source's own size, so that
 * nothing of the picture is lost where the link carries it; what is higher still would only be
 * larger.
 */
static void plan_video(struct plan *plan, const struct media_info *info)
{
    int source_side = info->width < info->height ? info->width : info->height;
    bool full_size_above = false;
    for (size_t i = 0; i < COUNT(rungs) && !full_size_above; i++) {
        full_size_above = rungs[i].short_side > source_side;
        double scale = full_size_above ? 1.0 : (double)rungs[i].short_side / source_side;
        add_video(
            plan, info, i, even(info->width * scale), even(info->height * scale), full_size_above);
    }
}

static void plan_audio(struct plan *plan, const struct media_info *info)
{
    for (int i = 0; i < info->audio_count && plan->rendition_count < PLAN_MAX_RENDITIONS; i++) {
        struct plan_rendition *r = &plan->renditions[plan->rendition_count++];
        *r = (struct plan_rendition){
            .kind = PLAN_AUDIO,
            .cap_bps = AUDIO_BPS,
            .timescale = AUDIO_RATE,
            .source_audio = i,
            .channels = 1,
            .sample_rate = AUDIO_RATE,
            .bitrate_bps = AUDIO_BPS,
        };
        memcpy(r->language, info->audio[i].language, sizeof(r->language));
        if (i == 0)
            snprintf(r->name, sizeof(r->name), "a%d", AUDIO_BPS / 1000);
        else
            snprintf(r->name, sizeof(r->name), "a%d-%d", AUDIO_BPS / 1000, i + 1);
    }
}

/* A side of at most `most`, even. */
static int at_most(double value, int most)
{
    int side = even(value);
    return side > most ? most : side;
}

/*
 * For boxes that take only a transport stream of level 3.0: at most 720x576, whose macroblocks at
 * the 30 frames that a grid has at the most would be too many; and 220 kbit/s are few for them, so
 * that a sharp picture at half the rate teaches more.
 */
static void add_legacy(struct plan *plan, const struct media_info *info)
{
    double scale = 1.0;
    if (info->width * scale > LEGACY_WIDTH)
        scale = (double)LEGACY_WIDTH / info->width;
    if (info->height * scale > LEGACY_HEIGHT)
        scale = (double)LEGACY_HEIGHT / info->height;
    add_video(plan, info, 0, at_most(info->width * scale, LEGACY_WIDTH),
        at_most(info->height * scale, LEGACY_HEIGHT), false);
    struct plan_rendition *r = &plan->renditions[plan->rendition_count - 1];
    r->kind = PLAN_LEGACY;
    r->cap_bps = LEGACY_BPS;
    /* Near the cap wherever there is something to spend it on: what the packets of small pictures
     * cost is then little beside it. */
    r->crf_x10 = 180;
    snprintf(r->name, sizeof(r->name), "ts%d", LEGACY_BPS / 1000);
    int64_t audio_bps = info->audio_count > 0 ? AUDIO_BPS + 47 * TS_BITS_PER_SOUND_FRAME : 0;
    int64_t payload_bps = LEGACY_BPS * 184 / 188 - TS_BPS;
    r->video_cap_bps =
        payload_bps - audio_bps - TS_BITS_PER_PICTURE * (int64_t)r->fps_num / r->fps_den;
}

/* Frames from the first picture to the lesson's end; even, so that half-rate rungs end with the
 * others. */
static int64_t count_frames(const struct media_info *info)
{
    int64_t length_us = info->duration_us - info->video_start_us;
    int64_t pairs = (length_us * info->fps_num + US * info->fps_den) / (2 * US * info->fps_den);
    return pairs < 1 ? 2 : pairs * 2;
}

int plan_make(const struct media_info *info, const struct plan_options *options, struct plan *out)
{
    *out = (struct plan){
        .duration_us = info->duration_us,
        .video_start_us = info->video_start_us,
        .segment_us = options->segment_us > 0 ? options->segment_us : 6 * US,
    };
    if (!info->has_video && info->audio_count == 0)
        return -1;
    if (info->has_video) {
        if (info->fps_num <= 0 || info->fps_den <= 0 || info->width <= 0 || info->height <= 0)
            return -1;
        out->grid_fps_num = info->fps_num;
        out->grid_fps_den = info->fps_den;
        plan_video(out, info);
        out->frame_count = count_frames(info);
    }
    plan_audio(out, info);
    if (info->has_video && out->rendition_count < PLAN_MAX_RENDITIONS)
        add_legacy(out, info);
    int64_t chunk_us = options->chunk_us > 0 ? options->chunk_us : 60 * US;
    out->segments_per_chunk = (int)(chunk_us > out->segment_us ? chunk_us / out->segment_us : 1);
    int64_t segments = plan_segment_count(out);
    out->chunk_count = (int)((segments + out->segments_per_chunk - 1) / out->segments_per_chunk);
    return 0;
}

int64_t plan_segment_count(const struct plan *plan)
{
    int64_t total, length, least;
    if (plan->frame_count > 0) {
        total = plan->frame_count;
        length = segment_frames(plan);
        least = plan->grid_fps_num / (2 * (int64_t)plan->grid_fps_den);
    } else {
        total = plan->duration_us;
        length = plan->segment_us;
        least = US / 2;
    }
    int64_t count = (total + length - 1) / length;
    /* A last segment under half a second joins the one before it: still within target duration +
     * 0.5 s. */
    if (count > 1 && total - (count - 1) * length < least)
        count--;
    return count < 1 ? 1 : count;
}

int64_t plan_segment_start_frame(const struct plan *plan, int64_t segment)
{
    return segment >= plan_segment_count(plan) ? plan->frame_count : segment * segment_frames(plan);
}

int64_t plan_segment_start_us(const struct plan *plan, int64_t segment)
{
    if (plan->frame_count == 0)
        return segment >= plan_segment_count(plan) ? plan->duration_us : segment * plan->segment_us;
    int64_t frame = plan_segment_start_frame(plan, segment);
    return plan->video_start_us +
           (frame * US * plan->grid_fps_den + plan->grid_fps_num / 2) / plan->grid_fps_num;
}

static const struct text_field rendition_fields[] = {
    TEXT_FIELD_STRING(struct plan_rendition, name),
    TEXT_FIELD_INT64(struct plan_rendition, cap_bps, 1, 1000000000),
    TEXT_FIELD_INT(struct plan_rendition, timescale, 1, 10000000),
    TEXT_FIELD_INT(struct plan_rendition, width, 0, 16384),
    TEXT_FIELD_INT(struct plan_rendition, height, 0, 16384),
    TEXT_FIELD_INT(struct plan_rendition, fps_num, 0, 1000000),
    TEXT_FIELD_INT(struct plan_rendition, fps_den, 0, 1000000),
    TEXT_FIELD_INT(struct plan_rendition, frame_ticks, 0, 100000000),
    TEXT_FIELD_INT64(struct plan_rendition, video_cap_bps, 0, 1000000000),
    TEXT_FIELD_INT(struct plan_rendition, crf_x10, 0, 510),
    TEXT_FIELD_STRING(struct plan_rendition, preset),
    TEXT_FIELD_INT(struct plan_rendition, source_audio, 0, MEDIA_MAX_AUDIO - 1),
    TEXT_FIELD_INT(struct plan_rendition, channels, 0, 2),
    TEXT_FIELD_INT(struct plan_rendition, sample_rate, 0, 48000),
    TEXT_FIELD_INT64(struct plan_rendition, bitrate_bps, 0, 1000000),
    TEXT_FIELD_STRING(struct plan_rendition, language),
};

/* A name is a folder and a URL part. */
static bool name_fits(const char *name)
{
    size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");
    return length > 0 && name[length] == '\0' && name[0] != '-';
}

static bool rendition_fits(const struct plan_rendition *r)
{
    if (!name_fits(r->name) || r->cap_bps <= 0 || r->timescale <= 0)
        return false;
    if (r->kind == PLAN_AUDIO)
        return r->channels >= 1 && r->sample_rate >= 8000 && r->bitrate_bps > 0;
    return r->width >= 2 && r->height >= 2 && r->width % 2 == 0 && r->height % 2 == 0 &&
           r->fps_num > 0 && r->fps_den > 0 && r->frame_ticks > 0 && r->video_cap_bps > 0 &&
           r->preset[0] != '\0';
}

int plan_rendition_format(const struct plan_rendition *rendition, char *out, size_t out_bytes)
{
    struct text_out text;
    text_begin(&text, out, out_bytes);
    text_int(&text, "rendition", rendition->kind);
    text_write_fields(&text, rendition, rendition_fields, COUNT(rendition_fields));
    return text_end(&text);
}

int plan_rendition_parse(const char *text, size_t text_bytes, struct plan_rendition *out)
{
    struct text_in in = {text, text + text_bytes};
    struct text_pair pair;
    int64_t kind = -1;
    *out = (struct plan_rendition){0};
    int more;
    while ((more = text_next(&in, &pair)) > 0) {
        if (strcmp(pair.key, "rendition") == 0) {
            if (text_parse_int(pair.value, PLAN_VIDEO, PLAN_LEGACY, &kind) < 0 ||
                (kind > PLAN_AUDIO && kind != PLAN_LEGACY))
                break;
            out->kind = (enum plan_kind)kind;
        } else if (text_read_field(out, rendition_fields, COUNT(rendition_fields), &pair) < 0) {
            break;
        }
    }
    if (more == 0 && kind >= 0 && rendition_fits(out))
        return 0;
    *out = (struct plan_rendition){0};
    return -1;
}
