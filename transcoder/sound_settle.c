/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/sound_settle.h"

#include <stdlib.h>
#include <string.h>

#include "transcoder/sound.h"

/* What is asked of the outcome: peaks stay below -1 dBTP, the loudness is within 1 LU. */
#define PEAK_DBTP_X100 (-110)
#define LOUDNESS_ERROR_X100 75
/* And of excerpts, from which the whole may differ a little. */
#define EXCERPT_PEAK_DBTP_X100 (-110)
#define EXCERPT_LOUDNESS_ERROR_X100 45
#define MOST_ATTEMPTS 6
/* Codecs add 1 to 4 dB to the peaks. */
#define FIRST_LIMIT_DBFS_X100 (-400)
/* What libopus takes of the loudness at some 18 kbit/s, about. */
#define OPUS_LOSS_LU_X100 120
#define LEAST_LIMIT_DBFS_X100 (-1200)
#define MOST_STEP_X100 100
/* So much of what limiter and codec take may be given back; the rest is let go. */
#define MOST_EXTRA_GAIN_X100 1600
/* A window of three segments may be a tenth above the cap. */
#define WINDOW_PERCENT 109

#define EXCERPTS 8
#define EXCERPT_SAMPLES (5LL * SOUND_RATE)

/* Mono samples in memory, read as a feed. */
struct excerpt {
    float *samples;
    int64_t count, at;
};

/* A sound read as a feed, with its progress told. */
struct whole {
    struct sound *sound;
    const struct piece *piece;
    size_t index;
    int64_t end_sample; /* at SOUND_RATE */
};

struct settling {
    const struct piece *piece;
    const struct plan *plan;
    const struct plan_rendition *rendition;
    size_t index;
    int peak_dbtp_x100; /* of the source */
    int margin_x100;    /* by how much a limit is lowered beyond what seems needed; it grows */
    struct sound_settings settings, best;
    bool has_best;
    int64_t least_shortcoming; /* of the best */
    struct sound_made *made;
};

/* What an outcome must be. */
struct wish {
    int loudness_lufs_x100; /* 0: any */
    int loudness_error_x100, peak_dbtp_x100;
    int64_t payload_bps; /* at the most */
};

int64_t sound_first(const struct media_info *info, const struct plan_rendition *rendition)
{
    return av_rescale(
        sound_start_sample(info, rendition->source_audio), rendition->sample_rate, SOUND_RATE);
}

int64_t sound_segment_packet(const struct plan *plan, const struct plan_rendition *rendition,
    int frame_samples, int64_t first_sample, int64_t segment)
{
    if (segment >= plan->segment_count)
        return INT64_MAX;
    int64_t boundary =
        av_rescale(plan_segment_start_us(plan, segment), rendition->sample_rate, 1000000);
    int64_t after = boundary - first_sample - frame_samples / 2;
    return after <= 0 ? 0 : (after + frame_samples - 1) / frame_samples;
}

/* ---- feeds ---- */

static int read_whole(void *context, int samples, AVFrame *frame, struct failure *failure)
{
    struct whole *w = context;
    int more = sound_read(w->sound, samples, frame, failure);
    int64_t done =
        more > 0 && frame->pts < w->end_sample ? frame->pts * 1000 / w->end_sample : 1000;
    int64_t tracks = (int64_t)w->piece->job->rendition_count;
    if (more > 0 && report_progress(w->piece->report,
                        (int)(((int64_t)w->index * 1000 + done) / tracks), failure) < 0)
        return -1;
    return more;
}

static int read_excerpt(void *context, int samples, AVFrame *frame, struct failure *failure)
{
    struct excerpt *e = context;
    int64_t left = e->count - e->at;
    if (left <= 0)
        return 0;
    frame->format = AV_SAMPLE_FMT_FLTP;
    frame->sample_rate = SOUND_RATE;
    frame->nb_samples = left < samples ? (int)left : samples;
    av_channel_layout_default(&frame->ch_layout, 1);
    int error = av_frame_get_buffer(frame, 0);
    if (error < 0)
        return failure_from_av(failure, error, REASON_INTERNAL, "sound");
    memcpy(frame->extended_data[0], e->samples + e->at, (size_t)frame->nb_samples * sizeof(float));
    e->at += frame->nb_samples;
    return 1;
}

static int open_whole(const struct settling *s, struct whole *out, struct failure *failure)
{
    const struct media_info *info = &s->piece->job->info;
    *out = (struct whole){.piece = s->piece,
        .index = s->index,
        .end_sample = av_rescale(info->duration_us, SOUND_RATE, 1000000)};
    return sound_open(&out->sound, s->piece->source_fd, info, s->rendition->source_audio,
        s->rendition->channels, failure);
}

/* ---- excerpts ---- */

/* Whether the lesson's sample belongs to one of the evenly spread excerpts. */
static bool in_excerpt(int64_t sample, int64_t end_sample)
{
    int64_t part = end_sample / EXCERPTS;
    int64_t within = sample % part - (part - EXCERPT_SAMPLES) / 2;
    return within >= 0 && within < EXCERPT_SAMPLES;
}

/* Reads the excerpts and measures how loud they are as they stand. */
static int read_excerpts(
    const struct settling *s, struct excerpt *e, int *loudness_x100, struct failure *failure)
{
    struct whole w;
    struct meter *meter = NULL;
    struct meter_reading reading;
    AVFrame *frame = av_frame_alloc();
    size_t room = (size_t)(EXCERPTS + 1) * EXCERPT_SAMPLES;
    e->samples = malloc(room * sizeof(float));
    int more = 1;
    if (!frame || !e->samples)
        more = failure_set(failure, REASON_OUT_OF_MEMORY, "excerpts");
    if (open_whole(s, &w, failure) < 0 || meter_open(&meter, SOUND_RATE, failure) < 0)
        more = -1;
    while (more > 0) {
        more = read_whole(&w, SOUND_RATE / 10, frame, failure);
        if (more > 0 && in_excerpt(frame->pts, w.end_sample) &&
            (size_t)(e->count + frame->nb_samples) <= room) {
            memcpy(e->samples + e->count, frame->extended_data[0],
                (size_t)frame->nb_samples * sizeof(float));
            e->count += frame->nb_samples;
            if (meter_add(meter, frame, failure) < 0)
                more = -1;
        }
        av_frame_unref(frame);
    }
    if (more == 0)
        more = meter_read(meter, &reading, failure);
    *loudness_x100 = more == 0 ? reading.loudness_lufs_x100 : 0;
    meter_close(&meter);
    sound_close(&w.sound);
    av_frame_free(&frame);
    return more;
}

/* ---- judging ---- */

static int clamp(int value, int least, int most)
{
    return value < least ? least : value > most ? most : value;
}

static void note_best(
    struct settling *s, const struct sound_settings *settings, int64_t shortcoming)
{
    if (s->has_best && shortcoming >= s->least_shortcoming)
        return;
    s->has_best = true;
    s->least_shortcoming = shortcoming;
    s->best = *settings;
}

/* Whether the outcome is what was wished for; if not, the settings of the next attempt. */
static bool fits(struct settling *s, const struct wish *wish, const struct sound_outcome *outcome)
{
    const struct sound_settings before = s->settings;
    int base = s->rendition->gain_db_x100;
    int error =
        wish->loudness_lufs_x100 ? wish->loudness_lufs_x100 - outcome->heard.loudness_lufs_x100 : 0;
    int over = outcome->heard.peak_dbtp_x100 - wish->peak_dbtp_x100;
    bool good = abs(error) <= wish->loudness_error_x100 && over <= 0 &&
                outcome->payload_bps <= wish->payload_bps;
    int excess = abs(error) - wish->loudness_error_x100;
    int64_t rate_excess = (outcome->payload_bps - wish->payload_bps) / 10;
    note_best(s, &before,
        (over > 0 ? 4 * over : 0) + (excess > 0 ? excess : 0) +
            (rate_excess > 0 ? 4 * rate_excess : 0));
    /* A codec's single outlier must not take everything down with it. */
    int step = over <= 0 ? 0 : (over < MOST_STEP_X100 ? over : MOST_STEP_X100) + s->margin_x100;
    /* Where the limiter works, of a decibel more only two thirds arrive; and what it is lowered by
     * is missing. */
    if (s->peak_dbtp_x100 + before.gain_db_x100 > before.limit_dbfs_x100 + 300)
        error = error * 3 / 2 + step / 2;
    s->settings.gain_db_x100 = clamp(
        before.gain_db_x100 + error, base - MOST_EXTRA_GAIN_X100, base + MOST_EXTRA_GAIN_X100);
    s->settings.limit_dbfs_x100 = clamp(before.limit_dbfs_x100 - step, LEAST_LIMIT_DBFS_X100, 0);
    if (outcome->payload_bps > wish->payload_bps)
        s->settings.bitrate_bps =
            s->settings.bitrate_bps * wish->payload_bps / outcome->payload_bps * 99 / 100;
    return good;
}

/* How much of the cap is left for packets. */
static int64_t payload_cap_bps(const struct settling *s, int frame_samples)
{
    return s->rendition->cap_bps -
           plan_audio_overhead_bps(s->rendition->sample_rate, frame_samples);
}

/* The highest rate over three segments in a row. */
static int64_t window_bps(const struct settling *s, int64_t first_sample)
{
    const struct sound_packets *packets = &s->made->packets;
    int frame = s->made->encoder->frame_size;
    int64_t segments = s->plan->segment_count, highest = 0, bytes = 0;
    size_t from = 0, to = 0;
    for (int64_t n = 0; n < segments; n++) {
        int64_t begin =
            n < 2 ? 0 : sound_segment_packet(s->plan, s->rendition, frame, first_sample, n - 2);
        int64_t end = sound_segment_packet(s->plan, s->rendition, frame, first_sample, n + 1);
        for (; (int64_t)to < end && to < packets->count; to++)
            bytes += packets->sizes[to];
        for (; (int64_t)from < begin && from < to; from++)
            bytes -= packets->sizes[from];
        if (to <= from || (n < 2 && n + 1 < segments))
            continue;
        int64_t bps =
            av_rescale(bytes * 8, s->rendition->sample_rate, (int64_t)(to - from) * frame);
        highest = bps > highest ? bps : highest;
    }
    return highest;
}

/* ---- the attempts ---- */

static int try_excerpts(struct settling *s, struct failure *failure)
{
    struct excerpt e = {0};
    int loudness_x100 = 0;
    int result = read_excerpts(s, &e, &loudness_x100, failure);
    const struct plan_rendition *r = s->rendition;
    struct sound_feed feed = {read_excerpt, &e};
    bool good = false;
    for (int i = 0; i < MOST_ATTEMPTS && result == 0 && !good; i++) {
        struct sound_outcome outcome;
        e.at = 0;
        result = sound_attempt(r, &s->settings, &feed, INT64_MAX, &s->made->packets, &outcome,
            &s->made->encoder, failure);
        if (result < 0)
            break;
        /* The excerpts keep their distance from the whole. */
        struct wish wish = {
            .loudness_lufs_x100 = r->target_lufs_x100 && loudness_x100 > METER_NOTHING_LUFS_X100
                                      ? loudness_x100 + r->gain_db_x100
                                      : 0,
            .loudness_error_x100 = EXCERPT_LOUDNESS_ERROR_X100,
            .peak_dbtp_x100 = EXCERPT_PEAK_DBTP_X100,
            .payload_bps = payload_cap_bps(s, s->made->encoder->frame_size),
        };
        good = fits(s, &wish, &outcome);
        avcodec_free_context(&s->made->encoder);
    }
    free(e.samples);
    return result;
}

/* 1: it fits; 0: the settings were changed; -1: failure set. */
static int try_whole(struct settling *s, struct failure *failure)
{
    const struct plan_rendition *r = s->rendition;
    const struct media_info *info = &s->piece->job->info;
    struct whole w;
    if (open_whole(s, &w, failure) < 0)
        return -1;
    struct sound_feed feed = {read_whole, &w};
    struct sound_outcome outcome;
    int64_t first = sound_first(info, r);
    int64_t end = av_rescale(info->duration_us, r->sample_rate, 1000000) - first;
    int result = sound_attempt(
        r, &s->settings, &feed, end, &s->made->packets, &outcome, &s->made->encoder, failure);
    sound_close(&w.sound);
    if (result < 0)
        return -1;
    int frame = s->made->encoder->frame_size;
    int64_t overhead = r->cap_bps - payload_cap_bps(s, frame);
    int64_t window = (window_bps(s, first) + overhead) * 100 / WINDOW_PERCENT - overhead;
    outcome.payload_bps = window > outcome.payload_bps ? window : outcome.payload_bps;
    struct wish wish = {.loudness_lufs_x100 = r->target_lufs_x100,
        .loudness_error_x100 = LOUDNESS_ERROR_X100,
        .peak_dbtp_x100 = PEAK_DBTP_X100,
        .payload_bps = payload_cap_bps(s, frame)};
    return fits(s, &wish, &outcome);
}

int sound_settle(const struct piece *piece, const struct plan *plan, size_t index,
    struct sound_made *made, struct failure *failure)
{
    const struct plan_rendition *r = &piece->job->renditions[index];
    struct settling s = {.piece = piece,
        .plan = plan,
        .rendition = r,
        .index = index,
        .made = made,
        .peak_dbtp_x100 = piece->job->info.audio[r->source_audio].peak_dbtp_x100,
        .settings = {.gain_db_x100 = r->gain_db_x100,
            .limit_dbfs_x100 = FIRST_LIMIT_DBFS_X100,
            .bitrate_bps = r->bitrate_bps}};
    if (r->target_lufs_x100 && r->audio_codec == PLAN_OPUS)
        s.settings.gain_db_x100 += OPUS_LOSS_LU_X100;
    /* Twice as long as the excerpts: shorter ones are tried as a whole. */
    if (piece->job->info.duration_us * SOUND_RATE / 1000000 > 2 * EXCERPTS * EXCERPT_SAMPLES &&
        try_excerpts(&s, failure) < 0)
        return -1;
    s.has_best = false;
    int good = 0;
    for (int i = 0; i < MOST_ATTEMPTS && good == 0; i++) {
        s.margin_x100 = 20 + 20 * i;
        avcodec_free_context(&made->encoder);
        good = try_whole(&s, failure);
    }
    if (good != 0)
        return good < 0 ? -1 : 0;
    /* What can't be had (clicks in silence) is come near to: the same settings, the same bytes. */
    s.settings = s.best;
    avcodec_free_context(&made->encoder);
    return try_whole(&s, failure) < 0 ? -1 : 0;
}
