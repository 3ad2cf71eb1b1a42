/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/protocol/media_info.h"

#include <string.h>

#include "transcoder/protocol/fields.h"

#define MAX_US (1000LL * 3600 * 1000000) /* limit of lesson times: 1000 hours */
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct field info_fields[] = {
    FIELD_OF_STRING(struct media_info, container),
    FIELD_OF_STRING(struct media_info, title),
    FIELD_OF_INT64(struct media_info, duration_us, 0, MAX_US),
    /* Timestamps of broadcast recordings start anywhere in 33 bits; those of some muxers are far
     * larger. */
    FIELD_OF_INT64(struct media_info, zero_us, INT64_MIN / 4, INT64_MAX / 4),
    FIELD_OF_BOOL(struct media_info, seekable),
    FIELD_OF_BOOL(struct media_info, salvaged),
    FIELD_OF_INT64(struct media_info, stated_us, 0, INT64_MAX / 4),
    FIELD_OF_BOOL(struct media_info, has_video),
    FIELD_OF_INT(struct media_info, video_stream, 0, 65535),
    FIELD_OF_STRING(struct media_info, video_codec),
    FIELD_OF_INT(struct media_info, coded_width, 0, 65535),
    FIELD_OF_INT(struct media_info, coded_height, 0, 65535),
    FIELD_OF_INT(struct media_info, sar_num, 0, 1000000),
    FIELD_OF_INT(struct media_info, sar_den, 0, 1000000),
    FIELD_OF_INT(struct media_info, rotation, 0, 270),
    FIELD_OF_BOOL(struct media_info, interlaced),
    FIELD_OF_INT(struct media_info, fps_num, 0, 1000000),
    FIELD_OF_INT(struct media_info, fps_den, 0, 1000000),
    FIELD_OF_INT64(struct media_info, video_start_us, 0, MAX_US),
    FIELD_OF_INT64(struct media_info, video_end_us, 0, MAX_US),
    FIELD_OF_INT(struct media_info, width, 0, 16384),
    FIELD_OF_INT(struct media_info, height, 0, 16384),
    FIELD_OF_INT(struct media_info, noise_x100, 0, 25600),
    FIELD_OF_INT(struct media_info, bar_top, 0, 16384),
    FIELD_OF_INT(struct media_info, bar_bottom, 0, 16384),
    FIELD_OF_INT(struct media_info, bar_left, 0, 16384),
    FIELD_OF_INT(struct media_info, bar_right, 0, 16384),
    FIELD_OF_INT64(struct media_info, busy_us, 0, MAX_US),
    FIELD_OF_INT(struct media_info, busy_permille, 0, 1000),
    FIELD_OF_INT(struct media_info, av1_saving_permille, -10000, 999),
    FIELD_OF_INT(struct media_info, unused_streams, 0, 65535),
    FIELD_OF_STRING(struct media_info, unused_detail),
};

static const struct field audio_fields[] = {
    FIELD_OF_INT(struct media_audio, stream, 0, 65535),
    FIELD_OF_STRING(struct media_audio, codec),
    FIELD_OF_STRING(struct media_audio, language),
    FIELD_OF_INT(struct media_audio, sample_rate, 1, 768000),
    FIELD_OF_INT(struct media_audio, channels, 1, 64),
    FIELD_OF_INT64(struct media_audio, start_us, 0, MAX_US),
    FIELD_OF_INT64(struct media_audio, end_us, 0, MAX_US),
    FIELD_OF_INT(struct media_audio, sound, 0, MEDIA_SOUND_OTHER),
    FIELD_OF_INT(struct media_audio, speech_permille, 0, 1000),
    FIELD_OF_INT(struct media_audio, loudness_lufs_x100, -7000, 10000),
    FIELD_OF_INT(struct media_audio, peak_dbtp_x100, -12000, 20000),
    FIELD_OF_INT(struct media_audio, noise_dbfs_x100, -12000, 0),
    FIELD_OF_INT(struct media_audio, silence_permille, 0, 1000),
};

static const struct field text_fields[] = {
    FIELD_OF_INT(struct media_text, stream, 0, 65535),
    FIELD_OF_STRING(struct media_text, codec),
    FIELD_OF_STRING(struct media_text, language),
};

static const struct field stretch_fields[] = {
    FIELD_OF_INT64(struct media_stretch, start_us, 0, MAX_US),
    FIELD_OF_INT(struct media_stretch, media_class, MEDIA_SLIDES, MEDIA_MOTION),
};

static const struct field trial_fields[] = {
    FIELD_OF_INT(struct media_trial, height, 2, 16384),
    FIELD_OF_INT(struct media_trial, divisor, 1, 1000),
    FIELD_OF_INT(struct media_trial, crf, 0, 51),
    FIELD_OF_INT(struct media_trial, keyframe_bytes, 0, 1 << 30),
    FIELD_OF_INT(struct media_trial, rate_bps, 0, 1 << 30),
    FIELD_OF_INT(struct media_trial, quality_mdb, 0, 100000),
    FIELD_OF_INT(struct media_trial, busy, 0, 1),
};

/* The lists of structs in a media_info. In the text each item begins with a line "name NUMBER"; the
 * lines of its members follow. */
static const struct section {
    const char *name;
    size_t count_offset, items_offset, item_bytes;
    int max_count;
    const struct field *fields;
    size_t field_count;
} sections[] = {
    {"audio", offsetof(struct media_info, audio_count), offsetof(struct media_info, audio),
        sizeof(struct media_audio), MEDIA_MAX_AUDIO, audio_fields, COUNT(audio_fields)},
    {"text", offsetof(struct media_info, text_count), offsetof(struct media_info, text),
        sizeof(struct media_text), MEDIA_MAX_TEXT, text_fields, COUNT(text_fields)},
    {"stretch", offsetof(struct media_info, stretch_count), offsetof(struct media_info, stretches),
        sizeof(struct media_stretch), MEDIA_MAX_STRETCHES, stretch_fields, COUNT(stretch_fields)},
    {"trial", offsetof(struct media_info, trial_count), offsetof(struct media_info, trials),
        sizeof(struct media_trial), MEDIA_MAX_TRIALS, trial_fields, COUNT(trial_fields)},
};

const char *media_class_name(int media_class)
{
    static const char *const names[] = {
        [MEDIA_SLIDES] = "slides", [MEDIA_HEAD] = "head", [MEDIA_MOTION] = "motion"};
    return media_class >= 0 && media_class <= MEDIA_MOTION ? names[media_class] : NULL;
}

static int *section_count(const struct section *section, struct media_info *info)
{
    return (int *)(void *)((char *)info + section->count_offset);
}

static void *section_item(const struct section *section, struct media_info *info, int i)
{
    return (char *)info + section->items_offset + (size_t)i * section->item_bytes;
}

static void write_section(
    struct field_writer *text, const struct section *section, const struct media_info *info)
{
    int count = *section_count(section, (struct media_info *)info);
    for (int i = 0; i < count && i < section->max_count; i++) {
        fields_add_int(text, section->name, i);
        fields_write(text, section_item(section, (struct media_info *)info, i), section->fields,
            section->field_count);
    }
}

const char *media_sound_name(int sound)
{
    static const char *const names[] = {
        [MEDIA_SOUND_UNKNOWN] = "unknown",
        [MEDIA_SOUND_SILENCE] = "silence",
        [MEDIA_SOUND_SPEECH] = "speech",
        [MEDIA_SOUND_OTHER] = "other",
    };
    return sound >= 0 && sound < (int)COUNT(names) ? names[sound] : NULL;
}

int media_info_format(const struct media_info *info, char *out, size_t out_bytes)
{
    struct field_writer text;
    fields_begin(&text, out, out_bytes);
    fields_write(&text, info, info_fields, COUNT(info_fields));
    for (int i = 0; i < info->cut_count && i < MEDIA_MAX_CUTS; i++)
        fields_add_int(&text, "cut", info->cuts_us[i]);
    for (size_t i = 0; i < COUNT(sections); i++)
        write_section(&text, &sections[i], info);
    return fields_end(&text);
}

/* Whether cuts and stretches are in rising order, and the first stretch starts at 0. */
static bool in_rising_order(const struct media_info *info)
{
    for (int i = 1; i < info->cut_count; i++)
        if (info->cuts_us[i] <= info->cuts_us[i - 1])
            return false;
    for (int i = 0; i < info->stretch_count; i++)
        if (i == 0 ? info->stretches[0].start_us != 0
                   : info->stretches[i].start_us <= info->stretches[i - 1].start_us)
            return false;
    return true;
}

/* Whether the members make sense together. Members whose lines are missing are 0. */
static bool consistent(const struct media_info *info)
{
    if (info->rotation % 90 != 0 || !in_rising_order(info))
        return false;
    for (int i = 0; i < info->audio_count; i++)
        if (info->audio[i].sample_rate < 1 || info->audio[i].channels < 1)
            return false;
    for (int i = 0; i < info->trial_count; i++)
        if (info->trials[i].height < 2 || info->trials[i].divisor < 1)
            return false;
    if (!info->has_video)
        return true;
    return info->fps_num > 0 && info->fps_den > 0 && info->width > 0 && info->height > 0 &&
           info->sar_num > 0 && info->sar_den > 0 && info->fps_num / info->fps_den <= 1000;
}

/* The object that the next lines belong to: at first the media_info itself, then an item of a
 * list. */
struct target {
    void *object;
    const struct field *fields;
    size_t field_count;
};

static int take_cut(struct media_info *info, const struct field_pair *pair)
{
    if (info->cut_count >= MEDIA_MAX_CUTS)
        return -1;
    return fields_parse_int(pair->value, 0, MAX_US, &info->cuts_us[info->cut_count++]);
}

static int begin_item(struct media_info *info, const struct section *section, struct target *target,
    const struct field_pair *pair)
{
    int *count = section_count(section, info);
    int64_t number;
    if (*count >= section->max_count || fields_parse_int(pair->value, *count, *count, &number) < 0)
        return -1;
    *target = (struct target){
        section_item(section, info, (*count)++), section->fields, section->field_count};
    return 0;
}

/* Handles one pair: it begins a new item, or it sets a member of the current target. Unknown
 * keys are ignored. */
static int take_pair(struct media_info *info, struct target *target, const struct field_pair *pair)
{
    if (strcmp(pair->key, "cut") == 0)
        return take_cut(info, pair);
    for (size_t i = 0; i < COUNT(sections); i++)
        if (strcmp(pair->key, sections[i].name) == 0)
            return begin_item(info, &sections[i], target, pair);
    return fields_read(target->object, target->fields, target->field_count, pair) < 0 ? -1 : 0;
}

int media_info_parse(const char *text, size_t text_bytes, struct media_info *info)
{
    *info = (struct media_info){.sar_num = 1, .sar_den = 1};
    struct field_reader in = {text, text + text_bytes};
    struct target target = {info, info_fields, COUNT(info_fields)};
    struct field_pair pair;
    int more;
    while ((more = fields_next(&in, &pair)) > 0)
        if (take_pair(info, &target, &pair) < 0)
            break;
    if (more == 0 && text_bytes > 0 && consistent(info))
        return 0;
    *info = (struct media_info){0};
    return -1;
}
