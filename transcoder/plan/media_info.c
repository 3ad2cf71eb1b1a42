/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/plan/media_info.h"

#include <string.h>

#include "transcoder/plan/text_internal.h"

#define MAX_US (1000LL * 3600 * 1000000) /* times: a thousand hours */
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct text_field info_fields[] = {
    TEXT_FIELD_STRING(struct media_info, container),
    TEXT_FIELD_STRING(struct media_info, title),
    TEXT_FIELD_INT64(struct media_info, duration_us, 0, MAX_US),
    /* Broadcast recordings may carry any 33-bit clock, and some muxers far more. */
    TEXT_FIELD_INT64(struct media_info, zero_us, INT64_MIN / 4, INT64_MAX / 4),
    TEXT_FIELD_BOOL(struct media_info, seekable),
    TEXT_FIELD_BOOL(struct media_info, salvaged),
    TEXT_FIELD_INT64(struct media_info, stated_us, 0, INT64_MAX / 4),
    TEXT_FIELD_BOOL(struct media_info, has_video),
    TEXT_FIELD_INT(struct media_info, video_stream, 0, 65535),
    TEXT_FIELD_STRING(struct media_info, video_codec),
    TEXT_FIELD_INT(struct media_info, coded_width, 0, 65535),
    TEXT_FIELD_INT(struct media_info, coded_height, 0, 65535),
    TEXT_FIELD_INT(struct media_info, sar_num, 0, 1000000),
    TEXT_FIELD_INT(struct media_info, sar_den, 0, 1000000),
    TEXT_FIELD_INT(struct media_info, rotation, 0, 270),
    TEXT_FIELD_BOOL(struct media_info, interlaced),
    TEXT_FIELD_INT(struct media_info, fps_num, 0, 1000000),
    TEXT_FIELD_INT(struct media_info, fps_den, 0, 1000000),
    TEXT_FIELD_INT64(struct media_info, video_start_us, 0, MAX_US),
    TEXT_FIELD_INT64(struct media_info, video_end_us, 0, MAX_US),
    TEXT_FIELD_INT(struct media_info, width, 0, 16384),
    TEXT_FIELD_INT(struct media_info, height, 0, 16384),
    TEXT_FIELD_INT(struct media_info, unused_streams, 0, 65535),
    TEXT_FIELD_STRING(struct media_info, unused_detail),
};

static const struct text_field audio_fields[] = {
    TEXT_FIELD_INT(struct media_audio, stream, 0, 65535),
    TEXT_FIELD_STRING(struct media_audio, codec),
    TEXT_FIELD_STRING(struct media_audio, language),
    TEXT_FIELD_INT(struct media_audio, sample_rate, 1, 768000),
    TEXT_FIELD_INT(struct media_audio, channels, 1, 64),
    TEXT_FIELD_INT64(struct media_audio, start_us, 0, MAX_US),
    TEXT_FIELD_INT64(struct media_audio, end_us, 0, MAX_US),
    TEXT_FIELD_INT(struct media_audio, sound, 0, MEDIA_SOUND_OTHER),
    TEXT_FIELD_INT(struct media_audio, speech_permille, 0, 1000),
    TEXT_FIELD_INT(struct media_audio, loudness_lufs_x100, -7000, 10000),
    TEXT_FIELD_INT(struct media_audio, peak_dbtp_x100, -12000, 20000),
    TEXT_FIELD_INT(struct media_audio, noise_dbfs_x100, -12000, 0),
    TEXT_FIELD_INT(struct media_audio, silence_permille, 0, 1000),
};

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
    struct text_out text;
    text_begin(&text, out, out_bytes);
    text_write_fields(&text, info, info_fields, COUNT(info_fields));
    for (int i = 0; i < info->audio_count && i < MEDIA_MAX_AUDIO; i++) {
        text_int(&text, "audio", i);
        text_write_fields(&text, &info->audio[i], audio_fields, COUNT(audio_fields));
    }
    return text_end(&text);
}

/* What the numbers must say of one another. */
static bool consistent(const struct media_info *info)
{
    if (info->rotation % 90 != 0)
        return false;
    if (!info->has_video)
        return true;
    return info->fps_num > 0 && info->fps_den > 0 && info->width > 0 && info->height > 0 &&
           info->sar_num > 0 && info->sar_den > 0 && info->fps_num / info->fps_den <= 1000;
}

/* One pair: a new audio section, a member of the present one, or of info itself. Unknown keys are
 * passed over. */
static int take_pair(
    struct media_info *info, struct media_audio **audio, const struct text_pair *pair)
{
    if (strcmp(pair->key, "audio") == 0) {
        int64_t number;
        if (text_parse_int(pair->value, info->audio_count, info->audio_count, &number) < 0 ||
            info->audio_count >= MEDIA_MAX_AUDIO)
            return -1;
        *audio = &info->audio[info->audio_count++];
        (*audio)->sample_rate = (*audio)->channels = 1;
        return 0;
    }
    int found = *audio ? text_read_field(*audio, audio_fields, COUNT(audio_fields), pair)
                       : text_read_field(info, info_fields, COUNT(info_fields), pair);
    return found < 0 ? -1 : 0;
}

int media_info_parse(const char *text, size_t text_bytes, struct media_info *info)
{
    *info = (struct media_info){.sar_num = 1, .sar_den = 1};
    struct text_in in = {text, text + text_bytes};
    struct media_audio *audio = NULL;
    struct text_pair pair;
    int more;
    while ((more = text_next(&in, &pair)) > 0)
        if (take_pair(info, &audio, &pair) < 0)
            break;
    if (more == 0 && text_bytes > 0 && consistent(info))
        return 0;
    *info = (struct media_info){0};
    return -1;
}
