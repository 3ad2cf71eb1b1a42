/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/audio/excerpts.h"

#include <stdlib.h>
#include <string.h>

#include "transcoder/audio/meter.h"
#include "transcoder/audio/source_pcm.h"

#define EXCERPTS 8
#define EXCERPT_SAMPLES (3LL * AUDIO_RATE_HZ)
#define READ_SAMPLES 4800
#define CLOSE_LU_X100 5
#define MAX_STEPS 12

/* Returns how many samples of a block belong to an excerpt. The block has `count` samples and
 * begins at `at`; `all` is the length of the track. *from: the first of these samples in the
 * block. */
static int samples_in_excerpt(
    const struct excerpts *e, int64_t at, int count, int64_t all, int *from)
{
    *from = 0;
    if (e->all)
        return count;
    int64_t part = all / EXCERPTS, begin = (part - EXCERPT_SAMPLES) / 2;
    int64_t first = at % part > begin ? 0 : begin - at % part;
    int64_t last = begin + EXCERPT_SAMPLES - at % part;
    if (last > count)
        last = count;
    *from = (int)(first < count ? first : count);
    return last > first ? (int)(last - first) : 0;
}

static int measure_loudness(const float *samples, int64_t count, int *out, struct failure *failure)
{
    struct meter *meter;
    if (meter_open(&meter, AUDIO_RATE_HZ, failure) < 0)
        return -1;
    for (int64_t at = 0; at < count; at += READ_SAMPLES)
        meter_add(
            meter, samples + at, (int)(count - at < READ_SAMPLES ? count - at : READ_SAMPLES));
    *out = meter_read(meter).loudness_lufs_x100;
    meter_close(&meter);
    return 0;
}

int excerpts_read(struct excerpts *e, const struct pcm_cache *pcm, struct failure *failure)
{
    int64_t all = pcm_cache_samples(pcm), at = 0;
    *e = (struct excerpts){.all = all <= 2 * EXCERPTS * EXCERPT_SAMPLES};
    int64_t room = e->all ? all : (EXCERPTS + 1) * EXCERPT_SAMPLES;
    e->samples = malloc((size_t)(room + 1) * sizeof(float));
    if (!e->samples)
        return failure_set(failure, REASON_OUT_OF_MEMORY, "excerpts");
    struct pcm_reader *reader;
    if (pcm_reader_open(&reader, pcm, failure) < 0)
        return -1;
    float block[READ_SAMPLES];
    int count, from;
    while ((count = pcm_reader_read(reader, block, READ_SAMPLES, failure)) > 0) {
        int64_t take = samples_in_excerpt(e, at, count, all, &from);
        if (take > room - e->count)
            take = room - e->count;
        memcpy(e->samples + e->count, block + from, (size_t)take * sizeof(float));
        e->count += take;
        at += count;
    }
    pcm_reader_close(&reader);
    return count < 0 ? -1 : measure_loudness(e->samples, e->count, &e->loudness_lufs_x100, failure);
}

void excerpts_clear(struct excerpts *excerpts)
{
    free(excerpts->samples);
    *excerpts = (struct excerpts){0};
}

static int read_excerpts(void *context, float *out, int room, struct failure *failure)
{
    (void)failure;
    struct excerpts *e = context;
    int64_t left = e->count - e->at;
    int count = left < room ? (int)left : room;
    memcpy(out, e->samples + e->at, (size_t)count * sizeof(float));
    e->at += count;
    return count;
}

struct test_encode_feed excerpts_feed(struct excerpts *excerpts)
{
    excerpts->at = 0;
    return (struct test_encode_feed){read_excerpts, excerpts};
}

static int apply_limiter(const struct excerpts *e, const struct limiter_params *level, float *out,
    int *loudness_x100, struct failure *failure)
{
    struct limiter_params params = *level;
    params.dips = NULL;
    struct limiter *limiter;
    if (limiter_open(&limiter, &params) < 0)
        return failure_set(failure, REASON_OUT_OF_MEMORY, "limiter");
    int64_t given = 0;
    for (int64_t at = 0; at < e->count; at += READ_SAMPLES)
        given += limiter_run(limiter, e->samples + at,
            (int)(e->count - at < READ_SAMPLES ? e->count - at : READ_SAMPLES), out + given);
    limiter_close(&limiter);
    return measure_loudness(out, given, loudness_x100, failure);
}

int excerpts_solve(const struct excerpts *e, const struct excerpts_wanted *wanted,
    struct limiter_params *level, int *reached_x100, struct failure *failure)
{
    float *limited = malloc((size_t)(e->count + 1) * sizeof(float));
    int result = limited ? 0 : failure_set(failure, REASON_OUT_OF_MEMORY, "excerpts");
    for (int i = 0; i < MAX_STEPS && result == 0; i++) {
        result = apply_limiter(e, level, limited, reached_x100, failure);
        int missing = wanted->loudness_lufs_x100 - *reached_x100;
        if (abs(missing) <= CLOSE_LU_X100 || *reached_x100 <= METER_NOTHING_LUFS_X100 ||
            (missing > 0 && level->gain_db_x100 >= wanted->max_gain_db_x100))
            break;
        /* With an active limiter the loudness rises by less than the gain. */
        level->gain_db_x100 += missing > 0 ? missing * 3 / 2 : missing;
        if (level->gain_db_x100 > wanted->max_gain_db_x100)
            level->gain_db_x100 = wanted->max_gain_db_x100;
    }
    free(limited);
    return result;
}
