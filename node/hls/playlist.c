/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/hls/playlist.h"

#include <assert.h>
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define US_PER_S 1000000
/* Shown in a player's menu for a track of unknown language. */
#define UNKNOWN_SOUND "音轨"
#define UNKNOWN_TEXT "字幕"

/* Version 6 is required for EXT-X-MAP outside of I-frame playlists; players of fMP4 expect 7. */
#define HEAD "#EXTM3U\n#EXT-X-VERSION:7\n"
/* Old boxes refuse versions that they do not know. Version 3 allows floating-point EXTINF, the
 * newest feature used here. */
#define LEGACY_HEAD "#EXTM3U\n#EXT-X-VERSION:3\n"

/* ---- media playlists ---- */

static int64_t ticks_to_us(int64_t ticks, int timescale)
{
    int64_t rest = ticks % timescale;
    return ticks / timescale * US_PER_S + (rest * US_PER_S + timescale / 2) / timescale;
}

/* Writes EXTINF. Each duration is the difference of rounded end positions, so that rounding
 * errors do not add up. AVPlayer trusts EXTINF and would drift away from the timestamps in a
 * long lesson. */
static void add_extinf(
    struct buf *out, int64_t *position_ticks, const struct media_segment *segment, int timescale)
{
    int64_t start_us = ticks_to_us(*position_ticks, timescale);
    *position_ticks += segment->duration_ticks;
    int64_t length_us = ticks_to_us(*position_ticks, timescale) - start_us;
    buf_addf(
        out, "#EXTINF:%" PRId64 ".%06" PRId64 ",\n", length_us / US_PER_S, length_us % US_PER_S);
}

const char *playlist_suffix(int kind)
{
    return kind == CATALOG_TEXT ? ".vtt" : kind == CATALOG_LEGACY ? ".ts" : ".m4s";
}

static void add_media_head(const struct media_index *index, const struct media_rendition *rendition,
    bool iframes, struct buf *out)
{
    bool legacy = rendition->kind == CATALOG_LEGACY;
    buf_add_text(out, legacy ? LEGACY_HEAD : HEAD);
    buf_addf(out, "#EXT-X-TARGETDURATION:%d\n", media_index_target_s(index));
    buf_add_text(out, "#EXT-X-MEDIA-SEQUENCE:0\n");
    buf_addf(out, "#EXT-X-PLAYLIST-TYPE:%s\n", rendition->complete ? "VOD" : "EVENT");
    if (iframes)
        buf_add_text(out, "#EXT-X-I-FRAMES-ONLY\n");
    else if (!legacy)
        buf_add_text(out, "#EXT-X-INDEPENDENT-SEGMENTS\n");
    /* Without this tag, players treat a playlist without an end as live and start at its newest
     * segment. */
    if (!rendition->complete)
        buf_add_text(out, "#EXT-X-START:TIME-OFFSET=0\n");
    if (catalog_has_init(rendition->kind))
        buf_add_text(out, "#EXT-X-MAP:URI=\"init.mp4\"\n");
}

static void add_media_end(const struct media_rendition *rendition, struct buf *out)
{
    if (rendition->complete)
        buf_add_text(out, "#EXT-X-ENDLIST\n");
}

void playlist_write_media(
    const struct media_index *index, const struct media_rendition *rendition, struct buf *out)
{
    int64_t position_ticks = 0;
    add_media_head(index, rendition, false, out);
    for (size_t n = 0; n < rendition->segment_count; n++) {
        add_extinf(out, &position_ticks, &rendition->segments[n], rendition->timescale);
        buf_addf(out, "%zu%s\n", n, playlist_suffix(rendition->kind));
    }
    add_media_end(rendition, out);
}

void playlist_write_iframes(
    const struct media_index *index, const struct media_rendition *rendition, struct buf *out)
{
    int64_t position_ticks = 0;
    assert(rendition->iframes);
    add_media_head(index, rendition, true, out);
    for (size_t n = 0; n < rendition->segment_count; n++) {
        const struct media_segment *segment = &rendition->segments[n];
        add_extinf(out, &position_ticks, segment, rendition->timescale);
        buf_addf(out, "#EXT-X-BYTERANGE:%" PRId32 "@0\n%zu.m4s\n", segment->iframe_bytes, n);
    }
    add_media_end(rendition, out);
}

/* ---- the multivariant playlist ---- */

/* Audio renditions with the same codec. A player must be able to replace one member of a group by
 * another. */
struct audio_group {
    const struct media_rendition *leader; /* the default rendition of the group */
    int number;                           /* from 0 */
    struct media_rate rate; /* the highest peak and the highest average of the members */
};

static bool is_audio(const struct media_rendition *rendition)
{
    return rendition->kind == CATALOG_AUDIO;
}

static bool is_video(const struct media_rendition *rendition)
{
    return rendition->kind == CATALOG_VIDEO;
}

static bool in_group(const struct audio_group *group, const struct media_rendition *rendition)
{
    return is_audio(rendition) && strcmp(rendition->codecs, group->leader->codecs) == 0;
}

static bool leads_group(const struct media_index *index, size_t candidate)
{
    struct audio_group group = {.leader = &index->renditions[candidate]};
    for (size_t i = 0; i < candidate; i++)
        if (in_group(&group, &index->renditions[i]))
            return false;
    return is_audio(group.leader);
}

static void measure_group(const struct media_index *index, struct audio_group *group)
{
    int target_s = media_index_target_s(index);
    group->rate = (struct media_rate){0};
    for (size_t i = 0; i < index->rendition_count; i++) {
        if (!in_group(group, &index->renditions[i]))
            continue;
        struct media_rate rate = media_rendition_rate(&index->renditions[i], target_s, false);
        if (rate.peak_bps > group->rate.peak_bps)
            group->rate.peak_bps = rate.peak_bps;
        if (rate.average_bps > group->rate.average_bps)
            group->rate.average_bps = rate.average_bps;
    }
}

/* Moves to the next group; to the first if group->leader is NULL. Returns false if there is
 * none. */
static bool next_group(const struct media_index *index, struct audio_group *group)
{
    size_t from = group->leader ? (size_t)(group->leader - index->renditions) + 1 : 0;
    int number = group->leader ? group->number + 1 : 0;
    for (size_t i = from; i < index->rendition_count; i++) {
        if (!leads_group(index, i))
            continue;
        *group = (struct audio_group){.leader = &index->renditions[i], .number = number};
        measure_group(index, group);
        return true;
    }
    return false;
}

static size_t count_kind(const struct media_index *index, int kind)
{
    size_t count = 0;
    for (size_t i = 0; i < index->rendition_count; i++)
        count += index->renditions[i].kind == kind;
    return count;
}

/* Whether audio needs groups. In a lesson of audio only with one rendition, STREAM-INF says
 * everything. */
static bool uses_groups(const struct media_index *index)
{
    size_t audio = count_kind(index, CATALOG_AUDIO);
    return audio > 1 || (audio == 1 && count_kind(index, CATALOG_VIDEO) > 0);
}

/* Whether a language may stand in a quoted string as a BCP 47 tag. Languages come from people and
 * files. */
static bool language_fits(const char *language)
{
    size_t length = strlen(language);
    if (length < 2 || length > 35 || !isalpha((unsigned char)language[0]))
        return false;
    for (size_t i = 0; i < length; i++)
        if (!isalnum((unsigned char)language[i]) && language[i] != '-')
            return false;
    return true;
}

/* Whether no other audio rendition has the codec of this one. Then the lesson has only one audio
 * track, in any number of codecs. */
static bool only_track(const struct media_index *index, const struct media_rendition *rendition)
{
    struct audio_group group = {.leader = rendition};
    size_t count = 0;
    for (size_t i = 0; i < index->rendition_count; i++)
        count += in_group(&group, &index->renditions[i]);
    return count == 1;
}

static const char *language_of(
    const struct media_index *index, const struct media_rendition *rendition)
{
    if (language_fits(rendition->language))
        return rendition->language;
    if (only_track(index, rendition) && language_fits(index->language))
        return index->language;
    return "und";
}

/* Returns the name that a player's menu shows. */
static const char *language_name(const char *language, const char *unknown)
{
    static const struct {
        const char *language, *name;
    } names[] = {
        {"zh", "中文"},
        {"cmn", "普通话"},
        {"yue", "粤语"},
        {"bo", "བོད་ཡིག"},
        {"ug", "ئۇيغۇرچە"},
        {"mn", "Монгол"},
        {"ii", "ꆈꌠꉙ"},
        {"za", "Vahcuengh"},
        {"kk", "Қазақша"},
        {"ko", "한국어"},
        {"en", "English"},
    };
    size_t primary_bytes = strcspn(language, "-");

    if (strcmp(language, "und") == 0)
        return unknown;
    for (size_t i = 0; i < COUNT(names); i++)
        if (strlen(names[i].language) == primary_bytes &&
            strncasecmp(names[i].language, language, primary_bytes) == 0)
            return names[i].name;
    return language;
}

/* Counts the earlier members of the group that have the same name. Names must be unique in a
 * group. */
static int same_name_before(const struct media_index *index, const struct audio_group *group,
    const struct media_rendition *rendition)
{
    const char *name = language_name(language_of(index, rendition), UNKNOWN_SOUND);
    int count = 0;
    for (const struct media_rendition *r = index->renditions; r < rendition; r++)
        if (in_group(group, r) &&
            strcmp(language_name(language_of(index, r), UNKNOWN_SOUND), name) == 0)
            count++;
    return count;
}

static void add_group_id(const struct audio_group *group, struct buf *out)
{
    buf_add_text(out, "\"audio");
    if (group->number > 0)
        buf_addf(out, "-%d", group->number + 1);
    buf_add_text(out, "\"");
}

static void add_group_member(const struct media_index *index, const struct audio_group *group,
    const struct media_rendition *rendition, struct buf *out)
{
    const char *language = language_of(index, rendition);
    int namesakes = same_name_before(index, group, rendition);
    buf_add_text(out, "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=");
    add_group_id(group, out);
    buf_addf(out, ",LANGUAGE=\"%s\",NAME=\"%s", language, language_name(language, UNKNOWN_SOUND));
    if (namesakes > 0)
        buf_addf(out, " %d", namesakes + 1);
    /* Of several tracks in one language, only one can be the automatic choice (rfc8216bis
     * 4.4.6.1.1). */
    buf_addf(out, "\",DEFAULT=%s,AUTOSELECT=%s,CHANNELS=\"%d\",URI=\"%s/index.m3u8\"\n",
        rendition == group->leader ? "YES" : "NO", namesakes == 0 ? "YES" : "NO",
        rendition->channels, rendition->name);
}

static void add_groups(const struct media_index *index, struct buf *out)
{
    struct audio_group group = {0};
    while (next_group(index, &group))
        for (size_t i = 0; i < index->rendition_count; i++)
            if (in_group(&group, &index->renditions[i]))
                add_group_member(index, &group, &index->renditions[i], out);
}

/* ---- subtitles: one group, because all variants have the same subtitles ---- */

static const char *text_language(const struct media_rendition *rendition)
{
    return language_fits(rendition->language) ? rendition->language : "und";
}

static void add_text_member(
    const struct media_index *index, const struct media_rendition *rendition, struct buf *out)
{
    const char *language = text_language(rendition);
    const char *name = language_name(language, UNKNOWN_TEXT);
    int namesakes = 0;
    for (const struct media_rendition *r = index->renditions; r < rendition; r++)
        if (r->kind == CATALOG_TEXT &&
            strcmp(language_name(text_language(r), UNKNOWN_TEXT), name) == 0)
            namesakes++;
    buf_addf(out, "#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"subs\",LANGUAGE=\"%s\",NAME=\"%s",
        language, name);
    if (namesakes > 0)
        buf_addf(out, " %d", namesakes + 1);
    buf_addf(out, "\",DEFAULT=NO,AUTOSELECT=%s,FORCED=NO,URI=\"%s/index.m3u8\"\n",
        namesakes == 0 ? "YES" : "NO", rendition->name);
}

static void add_text_group(const struct media_index *index, struct buf *out)
{
    for (size_t i = 0; i < index->rendition_count; i++)
        if (index->renditions[i].kind == CATALOG_TEXT)
            add_text_member(index, &index->renditions[i], out);
}

static void add_text_reference(const struct media_index *index, struct buf *out)
{
    if (count_kind(index, CATALOG_TEXT) > 0)
        buf_add_text(out, ",SUBTITLES=\"subs\"");
}

static void add_rates(struct media_rate rate, struct buf *out)
{
    buf_addf(
        out, "BANDWIDTH=%" PRId64 ",AVERAGE-BANDWIDTH=%" PRId64, rate.peak_bps, rate.average_bps);
}

/* Writes a video variant; group NULL: without audio. BANDWIDTH assumes the worst case: video and
 * audio at their peaks at the same time. */
static void add_video_variant(const struct media_index *index,
    const struct media_rendition *rendition, const struct audio_group *group, struct buf *out)
{
    struct media_rate rate = media_rendition_rate(rendition, media_index_target_s(index), false);
    if (group) {
        rate.peak_bps += group->rate.peak_bps;
        rate.average_bps += group->rate.average_bps;
    }
    buf_add_text(out, "#EXT-X-STREAM-INF:");
    add_rates(rate, out);
    buf_addf(out, ",CODECS=\"%s%s%s\"", rendition->codecs, group ? "," : "",
        group ? group->leader->codecs : "");
    buf_addf(out, ",RESOLUTION=%dx%d,FRAME-RATE=%.3f", rendition->width, rendition->height,
        (double)rendition->fps_num / rendition->fps_den);
    if (group) {
        buf_add_text(out, ",AUDIO=");
        add_group_id(group, out);
    }
    add_text_reference(index, out);
    buf_addf(out, "\n%s/index.m3u8\n", rendition->name);
}

static void add_video_variants(const struct media_index *index, const struct media_rendition *first,
    const struct audio_group *group, struct buf *out)
{
    if (first)
        add_video_variant(index, first, group, out);
    for (size_t i = 0; i < index->rendition_count; i++)
        if (is_video(&index->renditions[i]) && &index->renditions[i] != first)
            add_video_variant(index, &index->renditions[i], group, out);
}

static void add_audio_variant(
    const struct media_index *index, const struct audio_group *group, bool grouped, struct buf *out)
{
    buf_add_text(out, "#EXT-X-STREAM-INF:");
    add_rates(group->rate, out);
    buf_addf(out, ",CODECS=\"%s\"", group->leader->codecs);
    if (grouped) {
        buf_add_text(out, ",AUDIO=");
        add_group_id(group, out);
    }
    add_text_reference(index, out);
    buf_addf(out, "\n%s/index.m3u8\n", group->leader->name);
}

static void add_iframe_variants(const struct media_index *index, struct buf *out)
{
    int target_s = media_index_target_s(index);
    for (size_t i = 0; i < index->rendition_count; i++) {
        const struct media_rendition *rendition = &index->renditions[i];
        if (!is_video(rendition) || !rendition->iframes)
            continue;
        buf_add_text(out, "#EXT-X-I-FRAME-STREAM-INF:");
        add_rates(media_rendition_rate(rendition, target_s, true), out);
        buf_addf(out, ",CODECS=\"%s\",RESOLUTION=%dx%d,URI=\"%s/iframes.m3u8\"\n",
            rendition->codecs, rendition->width, rendition->height, rendition->name);
    }
}

/* Whether a variant may be listed first. AV1 may not: a player without AV1 would start with the
 * next variant, whichever that is. */
static bool may_be_first(const struct media_rendition *rendition)
{
    return is_video(rendition) && strncmp(rendition->codecs, "av01", 4) != 0;
}

const struct media_rendition *playlist_first_variant(
    const struct media_index *index, int64_t link_bps)
{
    const struct media_rendition *best = NULL;
    struct audio_group group = {0};
    int64_t sound_bps = uses_groups(index) && next_group(index, &group) ? group.rate.peak_bps : 0;
    int64_t best_bps = 0;
    for (size_t i = 0; i < index->rendition_count; i++) {
        const struct media_rendition *rendition = &index->renditions[i];
        if (!may_be_first(rendition))
            continue;
        int64_t bps = sound_bps +
                      media_rendition_rate(rendition, media_index_target_s(index), false).peak_bps;
        if (bps * 3 <= link_bps * 2 && bps > best_bps) {
            best = rendition;
            best_bps = bps;
        }
    }
    /* If the lowest variant is the best, NULL has the same effect, because the list begins with
     * it. */
    return best && best != &index->renditions[0] ? best : NULL;
}

static bool has_pictures(const struct media_index *index)
{
    return count_kind(index, CATALOG_VIDEO) > 0;
}

static void write_multivariant(const struct media_index *index, const struct media_rendition *first,
    bool sound_alone, struct buf *out)
{
    bool grouped = uses_groups(index);
    struct audio_group group = {0};
    assert(index->playable);
    buf_add_text(out, HEAD "#EXT-X-INDEPENDENT-SEGMENTS\n");
    if (grouped)
        add_groups(index, out);
    add_text_group(index, out);
    while (grouped && next_group(index, &group))
        add_video_variants(index, first, &group, out);
    if (!grouped)
        add_video_variants(index, first, NULL, out);
    group = (struct audio_group){0};
    while (sound_alone && next_group(index, &group))
        add_audio_variant(index, &group, grouped, out);
    add_iframe_variants(index, out);
}

void playlist_write_master(
    const struct media_index *index, const struct media_rendition *first, struct buf *out)
{
    write_multivariant(index, first, true, out);
}

void playlist_write_pictures(
    const struct media_index *index, const struct media_rendition *first, struct buf *out)
{
    write_multivariant(index, first, !has_pictures(index), out);
}
