/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/plan/facts.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

int64_t plan_audio_wire_bps(const struct media_info *info)
{
    return info->audio_count > 0 ? PLAN_AUDIO_CAP_BPS : 0;
}

int plan_class_share(const struct media_info *info, enum media_class media_class)
{
    if (info->stretch_count == 0 || info->duration_us <= 0)
        return media_class == MEDIA_HEAD ? 1000 : 0;
    int64_t length_us = 0;
    for (int i = 0; i < info->stretch_count; i++) {
        const struct media_stretch *s = &info->stretches[i];
        int64_t end_us =
            i + 1 < info->stretch_count ? info->stretches[i + 1].start_us : info->duration_us;
        if (s->media_class == media_class && end_us > s->start_us)
            length_us += end_us - s->start_us;
    }
    return (int)(length_us * 1000 / info->duration_us);
}

int plan_few_frames(const struct media_info *info)
{
    static const int divisors[] = {6, 4, 3, 2};
    for (size_t i = 0; i < COUNT(divisors); i++)
        /* 29.97 / 6 is close enough to 5. */
        if (info->fps_num * 100LL >= 499LL * info->fps_den * divisors[i])
            return divisors[i];
    return 1;
}

int plan_ticks_per_unit(const struct media_info *info)
{
    int fine = 1;
    while ((int64_t)info->fps_num * fine < 10000)
        fine *= 2;
    return fine;
}

int plan_even(double value)
{
    int rounded = (int)(value / 2 + 0.5) * 2;
    return rounded < 2 ? 2 : rounded;
}
