/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/protocol/rendition.h"

#include <string.h>

#include "transcoder/protocol/fields.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct field rendition_fields[] = {
    FIELD_OF_STRING(struct rendition, name),
    FIELD_OF_INT64(struct rendition, cap_bps, 1, 1000000000),
    FIELD_OF_INT(struct rendition, timescale, 1, 10000000),
    FIELD_OF_INT(struct rendition, width, 0, 16384),
    FIELD_OF_INT(struct rendition, height, 0, 16384),
    FIELD_OF_INT(struct rendition, fps_num, 0, 1000000),
    FIELD_OF_INT(struct rendition, fps_den, 0, 1000000),
    FIELD_OF_INT(struct rendition, frame_ticks, 0, 100000000),
    FIELD_OF_INT64(struct rendition, segment_cap_bps, 0, 1000000000),
    FIELD_OF_INT(struct rendition, video_codec, VIDEO_H264, VIDEO_AV1),
    FIELD_OF_INT(struct rendition, crf_x10, 0, 630),
    FIELD_OF_STRING(struct rendition, preset),
    FIELD_OF_STRING(struct rendition, tuning),
    FIELD_OF_INT(struct rendition, group, 0, PLAN_MAX_RENDITIONS),
    FIELD_OF_INT(struct rendition, source_audio, 0, MEDIA_MAX_AUDIO - 1),
    FIELD_OF_INT(struct rendition, channels, 0, 2),
    FIELD_OF_INT(struct rendition, sample_rate, 0, 48000),
    FIELD_OF_INT64(struct rendition, bitrate_bps, 0, 1000000),
    FIELD_OF_STRING(struct rendition, language),
    FIELD_OF_INT(struct rendition, source_text, 0, MEDIA_MAX_TEXT - 1),
    FIELD_OF_INT(struct rendition, audio_codec, AUDIO_AAC, AUDIO_OPUS),
    FIELD_OF_BOOL(struct rendition, speech),
    FIELD_OF_INT(struct rendition, target_lufs_x100, -7000, 0),
    FIELD_OF_INT(struct rendition, gain_db_x100, -20000, 6000),
    FIELD_OF_INT(struct rendition, noise_reduction_db, 0, 24),
    FIELD_OF_INT(struct rendition, noise_dbfs, -120, 0),
};

/* Whether the name is allowed. The name is used as a folder and as part of a URL. */
static bool name_fits(const char *name)
{
    size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");
    return length > 0 && name[length] == '\0' && name[0] != '-';
}

static bool rendition_fits(const struct rendition *r)
{
    if (!name_fits(r->name) || r->cap_bps <= 0 || r->timescale <= 0)
        return false;
    if (r->kind == RENDITION_TEXT)
        return true;
    if (r->kind == RENDITION_AUDIO)
        return r->channels >= 1 && r->sample_rate >= 8000 && r->bitrate_bps > 0;
    return r->width >= 2 && r->height >= 2 && r->width % 2 == 0 && r->height % 2 == 0 &&
           r->fps_num > 0 && r->fps_den > 0 && r->frame_ticks > 0 && r->segment_cap_bps > 0 &&
           r->preset[0] != '\0' && (r->video_codec == VIDEO_H264 || r->kind == RENDITION_VIDEO) &&
           (r->video_codec == VIDEO_AV1 || r->crf_x10 <= 510);
}

int rendition_format(const struct rendition *rendition, char *out, size_t out_bytes)
{
    struct field_writer text;
    fields_begin(&text, out, out_bytes);
    fields_add_int(&text, "rendition", rendition->kind);
    fields_write(&text, rendition, rendition_fields, COUNT(rendition_fields));
    return fields_end(&text);
}

int rendition_parse(const char *text, size_t text_bytes, struct rendition *out)
{
    struct field_reader in = {text, text + text_bytes};
    struct field_pair pair;
    int64_t kind = -1;
    *out = (struct rendition){0};
    int more;
    while ((more = fields_next(&in, &pair)) > 0) {
        if (strcmp(pair.key, "rendition") == 0) {
            if (fields_parse_int(pair.value, RENDITION_VIDEO, RENDITION_LEGACY, &kind) < 0)
                break;
            out->kind = (enum rendition_kind)kind;
        } else if (fields_read(out, rendition_fields, COUNT(rendition_fields), &pair) < 0) {
            break;
        }
    }
    if (more == 0 && kind >= 0 && rendition_fits(out))
        return 0;
    *out = (struct rendition){0};
    return -1;
}
