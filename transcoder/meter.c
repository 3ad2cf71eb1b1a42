/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/meter.h"

#include <libavutil/avstring.h>
#include <libavutil/dict.h>
#include <libavutil/eval.h>
#include <libavutil/mem.h>
#include <math.h>

#include "transcoder/sound_graph.h"

/* Blocks are counted by their loudness in tenths of a LU. */
#define LOWEST_LUFS (-120)
#define BINS 1400
#define SILENT_LUFS (-70)
#define SILENT_UNDER_LU 40

struct meter {
    struct sound_graph *graph;
    AVFrame *frame;
    double loudness_lufs, peak;
    int64_t bins[BINS], blocks;
};

int meter_open(struct meter **out, int rate_hz, struct failure *failure)
{
    struct meter *m = av_mallocz(sizeof(*m));
    *out = m;
    if (!m || !(m->frame = av_frame_alloc())) {
        meter_close(out);
        return failure_set(failure, REASON_OUT_OF_MEMORY, "meter");
    }
    m->loudness_lufs = METER_NOTHING_LUFS_X100 / 100.0;
    if (sound_graph_open(&m->graph, rate_hz, "ebur128=framelog=-8:metadata=1:peak=true", failure) ==
        0)
        return 0;
    meter_close(out);
    return -1;
}

void meter_close(struct meter **meter)
{
    if (!*meter)
        return;
    sound_graph_close(&(*meter)->graph);
    av_frame_free(&(*meter)->frame);
    av_freep(meter);
}

static int bin_of(double lufs)
{
    double place = (lufs - LOWEST_LUFS) * 10;
    return place < 0 || isnan(place) ? 0 : place >= BINS ? BINS - 1 : (int)place;
}

static double number(const AVFrame *frame, const char *key, double otherwise)
{
    const AVDictionaryEntry *entry = av_dict_get(frame->metadata, key, NULL, 0);
    double value = entry ? av_strtod(entry->value, NULL) : otherwise;
    return isfinite(value) ? value : otherwise;
}

/* The filter gives a frame for each 100 ms, with what was measured up to it. */
static int take(struct meter *m, struct failure *failure)
{
    int got;
    while ((got = sound_graph_pull(m->graph, m->frame, failure)) > 0) {
        m->loudness_lufs = number(m->frame, "lavfi.r128.I", m->loudness_lufs);
        m->peak = number(m->frame, "lavfi.r128.true_peaks_ch0", m->peak);
        m->bins[bin_of(number(m->frame, "lavfi.r128.M", LOWEST_LUFS))]++;
        m->blocks++;
        av_frame_unref(m->frame);
    }
    return got;
}

int meter_add(struct meter *m, const AVFrame *frame, struct failure *failure)
{
    return sound_graph_push(m->graph, frame, failure) < 0 ? -1 : take(m, failure);
}

static int x100(double value, int least)
{
    return value * 100 > least ? (int)lround(value * 100) : least;
}

int meter_read(struct meter *m, struct meter_reading *out, struct failure *failure)
{
    if (meter_add(m, NULL, failure) < 0)
        return -1;
    double limit_lufs = m->loudness_lufs - SILENT_UNDER_LU;
    *out = (struct meter_reading){
        .loudness_lufs_x100 = x100(m->loudness_lufs, METER_NOTHING_LUFS_X100),
        .peak_dbtp_x100 = x100(m->peak > 0 ? 20 * log10(m->peak) : -120, -12000),
        .silence_permille = 1000,
    };
    int64_t silent = 0;
    for (int i = 0; i < bin_of(limit_lufs > SILENT_LUFS ? limit_lufs : SILENT_LUFS); i++)
        silent += m->bins[i];
    if (m->blocks > 0)
        out->silence_permille = (int)(silent * 1000 / m->blocks);
    return 0;
}
