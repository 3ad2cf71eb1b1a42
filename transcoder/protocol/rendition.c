/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/protocol/rendition.h"

#include <string.h>

#include "transcoder/protocol/fields_internal.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct text_field rendition_fields[] = {
    TEXT_FIELD_STRING(struct plan_rendition, name),
    TEXT_FIELD_INT64(struct plan_rendition, cap_bps, 1, 1000000000),
    TEXT_FIELD_INT(struct plan_rendition, timescale, 1, 10000000),
    TEXT_FIELD_INT(struct plan_rendition, width, 0, 16384),
    TEXT_FIELD_INT(struct plan_rendition, height, 0, 16384),
    TEXT_FIELD_INT(struct plan_rendition, fps_num, 0, 1000000),
    TEXT_FIELD_INT(struct plan_rendition, fps_den, 0, 1000000),
    TEXT_FIELD_INT(struct plan_rendition, frame_ticks, 0, 100000000),
    TEXT_FIELD_INT64(struct plan_rendition, segment_cap_bps, 0, 1000000000),
    TEXT_FIELD_INT(struct plan_rendition, video_codec, PLAN_H264, PLAN_AV1),
    TEXT_FIELD_INT(struct plan_rendition, crf_x10, 0, 630),
    TEXT_FIELD_STRING(struct plan_rendition, preset),
    TEXT_FIELD_STRING(struct plan_rendition, tuning),
    TEXT_FIELD_INT(struct plan_rendition, group, 0, PLAN_MAX_RENDITIONS),
    TEXT_FIELD_INT(struct plan_rendition, source_audio, 0, MEDIA_MAX_AUDIO - 1),
    TEXT_FIELD_INT(struct plan_rendition, channels, 0, 2),
    TEXT_FIELD_INT(struct plan_rendition, sample_rate, 0, 48000),
    TEXT_FIELD_INT64(struct plan_rendition, bitrate_bps, 0, 1000000),
    TEXT_FIELD_STRING(struct plan_rendition, language),
    TEXT_FIELD_INT(struct plan_rendition, source_text, 0, MEDIA_MAX_TEXT - 1),
    TEXT_FIELD_INT(struct plan_rendition, audio_codec, PLAN_AAC, PLAN_OPUS),
    TEXT_FIELD_BOOL(struct plan_rendition, speech),
    TEXT_FIELD_INT(struct plan_rendition, target_lufs_x100, -7000, 0),
    TEXT_FIELD_INT(struct plan_rendition, gain_db_x100, -20000, 6000),
    TEXT_FIELD_INT(struct plan_rendition, noise_reduction_db, 0, 24),
    TEXT_FIELD_INT(struct plan_rendition, noise_dbfs, -120, 0),
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
    if (r->kind == PLAN_TEXT)
        return true;
    if (r->kind == PLAN_AUDIO)
        return r->channels >= 1 && r->sample_rate >= 8000 && r->bitrate_bps > 0;
    return r->width >= 2 && r->height >= 2 && r->width % 2 == 0 && r->height % 2 == 0 &&
           r->fps_num > 0 && r->fps_den > 0 && r->frame_ticks > 0 && r->segment_cap_bps > 0 &&
           r->preset[0] != '\0' && (r->video_codec == PLAN_H264 || r->kind == PLAN_VIDEO) &&
           (r->video_codec == PLAN_AV1 || r->crf_x10 <= 510);
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
            if (text_parse_int(pair.value, PLAN_VIDEO, PLAN_LEGACY, &kind) < 0)
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
