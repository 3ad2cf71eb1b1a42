/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/audio/limiter.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

/* The smoothing of the gain: first the minimum of the needed gain over REACH samples to each
 * side, then twice the mean over about half as many. The result changes as smoothly as with a
 * triangular window, and it never exceeds the gain that a sample needs. */
#define REACH (LIMITER_DELAY / 2)
#define WINDOW (2 * REACH + 1)
enum { MEAN = REACH + 1 };

struct mean {
    double sum;
    float values[MEAN];
    int at;
};

struct limiter {
    float gain, limit;
    const struct limiter_dips *dips;
    size_t dip_stretch; /* the stretch to which dip_gain belongs */
    float dip_gain;
    float delayed[LIMITER_DELAY];
    float needs[WINDOW]; /* candidates for the minimum, in rising order */
    int64_t need_at[WINDOW];
    int first_need, need_count;
    struct mean first, second;
    int64_t at; /* number of input samples so far */
};

static void mean_reset(struct mean *m)
{
    m->sum = MEAN;
    for (int i = 0; i < MEAN; i++)
        m->values[i] = 1;
}

static float mean_add(struct mean *m, float value)
{
    m->sum += (double)value - (double)m->values[m->at];
    m->values[m->at] = value;
    m->at = m->at + 1 < MEAN ? m->at + 1 : 0;
    return (float)(m->sum / MEAN);
}

static float from_db(int db_x100)
{
    return (float)pow(10, db_x100 / 2000.0);
}

int limiter_open(struct limiter **out, const struct limiter_params *params)
{
    struct limiter *l = *out = calloc(1, sizeof(*l));
    if (!l)
        return -1;
    l->gain = from_db(params->gain_db_x100);
    l->limit = from_db(params->limit_dbfs_x100);
    l->dips = params->dips;
    l->dip_stretch = SIZE_MAX;
    mean_reset(&l->first);
    mean_reset(&l->second);
    return 0;
}

void limiter_close(struct limiter **limiter)
{
    free(*limiter);
    *limiter = NULL;
}

static float dip_gain(struct limiter *l)
{
    size_t stretch = (size_t)(l->at / LIMITER_STRETCH);
    if (stretch != l->dip_stretch) {
        l->dip_stretch = stretch;
        l->dip_gain =
            l->dips && stretch < l->dips->count ? from_db(-l->dips->depth_db_x100[stretch]) : 1;
    }
    return l->dip_gain;
}

/* Returns the minimum of the needed gain over the last WINDOW samples. */
static float min_need(struct limiter *l, float need)
{
    while (l->need_count > 0 && l->needs[(l->first_need + l->need_count - 1) % WINDOW] >= need)
        l->need_count--;
    if (l->need_count > 0 && l->need_at[l->first_need] <= l->at - WINDOW) {
        l->first_need = (l->first_need + 1) % WINDOW;
        l->need_count--;
    }
    int slot = (l->first_need + l->need_count++) % WINDOW;
    l->needs[slot] = need;
    l->need_at[slot] = l->at;
    return l->needs[l->first_need];
}

/* Takes a sample in and returns the limited sample from LIMITER_DELAY samples before. */
static float step(struct limiter *l, float sample)
{
    float level = fabsf(sample * l->gain), need = level > l->limit ? l->limit / level : 1;
    float gain = mean_add(&l->second, mean_add(&l->first, min_need(l, need * dip_gain(l))));
    float *delayed = &l->delayed[l->at++ % LIMITER_DELAY];
    float out = *delayed * l->gain * gain;
    *delayed = sample;
    return out > l->limit ? l->limit : out < -l->limit ? -l->limit : out;
}

int limiter_run(struct limiter *l, const float *samples, int count, float *out)
{
    int given = 0;
    for (int i = 0; i < (samples ? count : LIMITER_DELAY); i++) {
        bool due = l->at >= LIMITER_DELAY;
        float value = step(l, samples ? samples[i] : 0);
        if (due)
            out[given++] = value;
    }
    return given;
}
