/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/audio/meter.h"

#include <libavutil/mem.h>
#include <math.h>
#include <string.h>

/* Blocks are counted in a histogram of their loudness, with bins of a tenth of a LU. */
#define LOWEST_LUFS (-120)
#define BINS 1400
#define SILENT_LUFS (-70)
#define SILENT_UNDER_LU 40
#define GATE_LU 10
/* A block is 400 ms long. A new block begins with each hop of 100 ms. */
#define HOPS 4

/* True peak: the audio is upsampled to PHASES times its rate by a windowed sinc of TAPS samples. */
#define PHASES 4
#define TAPS 32
#define KAISER_BETA 9
#define CUTOFF 0.97
/* The factor by which the signal between two samples may exceed the higher one. It is 3 dB if
 * all of the signal is at half of the highest frequency, and more for higher frequencies. */
#define PEAK_ROOM 2.0F
#define PEAK_BLOCK 256

struct biquad {
    double b0, b1, b2, a1, a2, z1, z2;
};

struct meter {
    struct biquad shelf, high_pass;
    int hop_samples, in_hop;
    double hop_sum, hops[HOPS];
    int64_t hop_count;
    double bin_power[BINS];
    int64_t bins[BINS], blocks;
    float taps[PHASES - 1][TAPS];
    float window[TAPS + PEAK_BLOCK]; /* the latest samples, then a block to examine */
    float peak, recent_peak;
};

/* Returns the modified Bessel function of order zero. */
static double bessel(double x)
{
    double sum = 1, term = 1;
    for (int k = 1; k < 40; k++) {
        term *= x / (2 * k) * (x / (2 * k));
        sum += term;
    }
    return sum;
}

static void make_taps(struct meter *m)
{
    for (int phase = 1; phase < PHASES; phase++) {
        double sum = 0, taps[TAPS];
        for (int i = 0; i < TAPS; i++) {
            int place = i - (TAPS / 2 - 1);
            double t = place - (double)phase / PHASES, x = M_PI * CUTOFF * t;
            double edge = 2 * t / TAPS;
            taps[i] = sin(x) / x * bessel(KAISER_BETA * sqrt(fmax(0, 1 - edge * edge)));
            sum += taps[i];
        }
        for (int i = 0; i < TAPS; i++)
            m->taps[phase - 1][i] = (float)(taps[i] / sum);
    }
}

/* Sets up the two filters of ITU-R BS.1770 for any rate. The standard gives them for 48 kHz;
 * these coefficients follow from their analogue prototypes. */
static void make_filters(struct meter *m, int rate_hz)
{
    double k = tan(M_PI * 1681.974450955533 / rate_hz), q = 0.7071752369554196;
    double high = pow(10, 3.999843853973347 / 20), band = pow(high, 0.4996667741545416);
    double a0 = 1 + k / q + k * k;
    m->shelf = (struct biquad){.b0 = (high + band * k / q + k * k) / a0,
        .b1 = 2 * (k * k - high) / a0,
        .b2 = (high - band * k / q + k * k) / a0,
        .a1 = 2 * (k * k - 1) / a0,
        .a2 = (1 - k / q + k * k) / a0};
    k = tan(M_PI * 38.13547087602444 / rate_hz);
    q = 0.5003270373238773;
    a0 = 1 + k / q + k * k;
    m->high_pass = (struct biquad){
        .b0 = 1, .b1 = -2, .b2 = 1, .a1 = 2 * (k * k - 1) / a0, .a2 = (1 - k / q + k * k) / a0};
}

int meter_open(struct meter **out, int rate_hz, struct failure *failure)
{
    struct meter *m = *out = av_mallocz(sizeof(*m));
    if (!m)
        return failure_set(failure, REASON_OUT_OF_MEMORY, "meter");
    m->hop_samples = rate_hz / 10;
    make_filters(m, rate_hz);
    make_taps(m);
    return 0;
}

void meter_close(struct meter **meter)
{
    av_freep(meter);
}

static double lufs(double power)
{
    return power > 0 ? -0.691 + 10 * log10(power) : LOWEST_LUFS;
}

static int bin_of(double loudness)
{
    double position = (loudness - LOWEST_LUFS) * 10;
    return position < 0 ? 0 : position >= BINS ? BINS - 1 : (int)position;
}

static void end_hop(struct meter *m)
{
    m->hops[m->hop_count++ % HOPS] = m->hop_sum / m->hop_samples;
    m->hop_sum = 0;
    m->in_hop = 0;
    if (m->hop_count < HOPS)
        return;
    double power = 0;
    for (int i = 0; i < HOPS; i++)
        power += m->hops[i] / HOPS;
    int bin = bin_of(lufs(power));
    m->bins[bin]++;
    m->bin_power[bin] += power;
    m->blocks++;
}

static double filter(struct biquad *f, double in)
{
    double out = f->b0 * in + f->z1;
    f->z1 = f->b1 * in - f->a1 * out + f->z2;
    f->z2 = f->b2 * in - f->a2 * out;
    return out;
}

static void add_loudness(struct meter *m, const float *samples, int count)
{
    struct biquad shelf = m->shelf, high_pass = m->high_pass;
    for (int i = 0; i < count; i++) {
        double weighted = filter(&high_pass, filter(&shelf, samples[i]));
        m->hop_sum += weighted * weighted;
        if (++m->in_hop == m->hop_samples)
            end_hop(m);
    }
    /* Sets tiny states to zero. In silence they would become denormal numbers, which take a
     * hundred times as long. */
    if (fabs(shelf.z1) + fabs(shelf.z2) + fabs(high_pass.z1) + fabs(high_pass.z2) < 1e-30)
        shelf.z1 = shelf.z2 = high_pass.z1 = high_pass.z2 = 0;
    m->shelf = shelf;
    m->high_pass = high_pass;
}

static float higher(float a, float b)
{
    return a > b ? a : b;
}

/* Returns the highest amplitude between two samples of the window. The first of the two is at
 * index TAPS / 2 - 1 from `at`. */
static float between(const struct meter *m, const float *at)
{
    float max = 0;
    for (int phase = 0; phase < PHASES - 1; phase++) {
        float sum = 0;
        for (int t = 0; t < TAPS; t++)
            sum += m->taps[phase][t] * at[t];
        max = higher(max, fabsf(sum));
    }
    return max;
}

static void add_peak(struct meter *m, const float *samples, int count)
{
    memcpy(m->window + TAPS, samples, (size_t)count * sizeof(float));
    for (int i = 1; i <= count; i++) {
        const float *pair = m->window + i + TAPS / 2 - 1;
        float max = higher(fabsf(pair[0]), fabsf(pair[1]));
        float matters = m->peak < METER_SURE_PEAK ? m->peak : METER_SURE_PEAK;
        if (max * PEAK_ROOM > matters)
            max = higher(max, between(m, m->window + i));
        m->recent_peak = higher(m->recent_peak, max);
        m->peak = higher(m->peak, max);
    }
    memmove(m->window, m->window + count, TAPS * sizeof(float));
}

void meter_add(struct meter *m, const float *samples, int count)
{
    add_loudness(m, samples, count);
    for (int used = 0; used < count; used += PEAK_BLOCK)
        add_peak(m, samples + used, count - used < PEAK_BLOCK ? count - used : PEAK_BLOCK);
}

float meter_take_peak(struct meter *m)
{
    float peak = m->recent_peak;
    m->recent_peak = 0;
    return peak;
}

/* Returns the mean power of the blocks from a bin on, as loudness. */
static double loudness_from(const struct meter *m, int from)
{
    double power = 0;
    int64_t count = 0;
    for (int i = from; i < BINS; i++) {
        power += m->bin_power[i];
        count += m->bins[i];
    }
    return count > 0 ? lufs(power / (double)count) : METER_NOTHING_LUFS_X100 / 100.0;
}

static int x100(double value, int min)
{
    return value * 100 > min ? (int)lround(value * 100) : min;
}

struct meter_reading meter_read(struct meter *m)
{
    static const float nothing[TAPS];
    add_peak(m, nothing, TAPS);
    int gate = bin_of(SILENT_LUFS);
    double loudness = loudness_from(m, bin_of(loudness_from(m, gate) - GATE_LU) + 1);
    struct meter_reading reading = {
        .loudness_lufs_x100 = x100(loudness, METER_NOTHING_LUFS_X100),
        .peak_dbtp_x100 = x100(m->peak > 0 ? 20 * log10((double)m->peak) : -120, -12000),
        .silence_permille = 1000,
    };
    int64_t silent = 0;
    for (int i = 0; i < bin_of(fmax(loudness - SILENT_UNDER_LU, SILENT_LUFS)); i++)
        silent += m->bins[i];
    if (m->blocks > 0)
        reading.silence_permille = (int)(silent * 1000 / m->blocks);
    return reading;
}
