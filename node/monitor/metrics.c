/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/monitor/metrics.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- the table ---- */

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_INFO };

struct metric {
    const char *name; /* without the suffix that the type of the metric requires */
    enum metric_type type;
    const char *unit; /* a base unit, which is also the end of the name; NULL: none */
    const char *help;
    const char *label; /* NULL: one sample without labels; otherwise there are `samples` samples,
                        * each with this label */
    const char *(*label_value)(int sample);
    int samples;
    bool of_catalog; /* left out if the catalog could not be read */
    int64_t (*value)(const struct metrics_snapshot *snapshot, int sample);
};

static const char *version_label(int sample)
{
    (void)sample;
    return TERRACE_VERSION;
}

static int64_t value_build(const struct metrics_snapshot *snapshot, int sample)
{
    (void)snapshot;
    (void)sample;
    return 1;
}

static int64_t value_sent(const struct metrics_snapshot *snapshot, int sample)
{
    (void)sample;
    return snapshot->sent_bytes;
}

static int64_t value_requests(const struct metrics_snapshot *snapshot, int sample)
{
    (void)sample;
    return snapshot->requests;
}

static int64_t value_slow_turns(const struct metrics_snapshot *snapshot, int sample)
{
    (void)sample;
    return snapshot->slow_turns;
}

static int64_t value_uplink(const struct metrics_snapshot *snapshot, int sample)
{
    (void)sample;
    return snapshot->uplink_bytes_per_second;
}

static int64_t value_connections(const struct metrics_snapshot *snapshot, int sample)
{
    (void)sample;
    return snapshot->connections;
}

static int64_t value_terminals(const struct metrics_snapshot *snapshot, int sample)
{
    (void)sample;
    return snapshot->terminals;
}

static int64_t value_catalog(const struct metrics_snapshot *snapshot, int sample)
{
    (void)sample;
    return snapshot->catalog_read;
}

static int64_t value_lessons(const struct metrics_snapshot *snapshot, int sample)
{
    return snapshot->lessons[sample];
}

static int64_t value_jobs(const struct metrics_snapshot *snapshot, int sample)
{
    return snapshot->jobs[sample];
}

static const struct metric metrics[] = {
    {.name = "terrace_build",
        .type = METRIC_INFO,
        .help = "The program that answers.",
        .label = "version",
        .label_value = version_label,
        .samples = 1,
        .value = value_build},
    {.name = "terrace_sent_bytes",
        .type = METRIC_COUNTER,
        .unit = "bytes",
        .help =
            "Bytes of responses that the kernel took since the start, headers and cut transfers "
            "included.",
        .value = value_sent},
    {.name = "terrace_requests",
        .type = METRIC_COUNTER,
        .help = "Requests finished since the start.",
        .value = value_requests},
    {.name = "terrace_slow_turns",
        .type = METRIC_COUNTER,
        .help = "Turns of an event loop that lasted over 20 ms since the start. Everybody on that "
                "loop waited meanwhile.",
        .value = value_slow_turns},
    {.name = "terrace_uplink_bytes_per_second",
        .type = METRIC_GAUGE,
        .unit = "bytes_per_second",
        .help = "Present rate of what is sent, weighted over the last seconds.",
        .value = value_uplink},
    {.name = "terrace_connections",
        .type = METRIC_GAUGE,
        .help = "Connections open now that have sent something.",
        .value = value_connections},
    {.name = "terrace_terminals",
        .type = METRIC_GAUGE,
        .help = "Addresses that were active in the last minute.",
        .value = value_terminals},
    {.name = "terrace_catalog_up",
        .type = METRIC_GAUGE,
        .help = "1 if the catalog could be read for this answer.",
        .value = value_catalog},
    {.name = "terrace_lessons",
        .type = METRIC_GAUGE,
        .help = "Lessons by state.",
        .label = "state",
        .label_value = catalog_lesson_state_name,
        .samples = METRICS_LESSON_STATES,
        .of_catalog = true,
        .value = value_lessons},
    {.name = "terrace_jobs",
        .type = METRIC_GAUGE,
        .help = "Pieces of transcoding that wait (queued) or are worked on (leased).",
        .label = "state",
        .label_value = catalog_job_state_name,
        .samples = METRICS_JOB_STATES,
        .of_catalog = true,
        .value = value_jobs},
};

/* ---- the text ---- */

static const char *sample_suffix(enum metric_type type)
{
    switch (type) {
    case METRIC_COUNTER:
        return "_total";
    case METRIC_INFO:
        return "_info";
    case METRIC_GAUGE:
        break;
    }
    return "";
}

/* Returns the name of a metric type. The older format has no type for information. */
static const char *type_name(enum metric_type type, enum metrics_format format)
{
    if (type == METRIC_COUNTER)
        return "counter";
    return type == METRIC_INFO && format == METRICS_OPENMETRICS ? "info" : "gauge";
}

static void write_head(const struct metric *metric, enum metrics_format format, struct buf *out)
{
    /* The family is named without a suffix in OpenMetrics, and like its samples in the older
     * format. */
    const char *suffix = format == METRICS_OPENMETRICS ? "" : sample_suffix(metric->type);

    buf_addf(out, "# HELP %s%s %s\n", metric->name, suffix, metric->help);
    buf_addf(out, "# TYPE %s%s %s\n", metric->name, suffix, type_name(metric->type, format));
    if (metric->unit && format == METRICS_OPENMETRICS)
        buf_addf(out, "# UNIT %s %s\n", metric->name, metric->unit);
}

static void write_metric(const struct metric *metric, const struct metrics_snapshot *snapshot,
    enum metrics_format format, struct buf *out)
{
    write_head(metric, format, out);
    for (int sample = 0; sample < (metric->label ? metric->samples : 1); sample++) {
        buf_addf(out, "%s%s", metric->name, sample_suffix(metric->type));
        if (metric->label)
            buf_addf(out, "{%s=\"%s\"}", metric->label, metric->label_value(sample));
        buf_addf(out, " %" PRId64 "\n", metric->value(snapshot, sample));
    }
}

void metrics_write(
    const struct metrics_snapshot *snapshot, enum metrics_format format, struct buf *out)
{
    for (size_t i = 0; i < COUNT(metrics); i++)
        if (snapshot->catalog_read || !metrics[i].of_catalog)
            write_metric(&metrics[i], snapshot, format, out);
    if (format == METRICS_OPENMETRICS)
        buf_add_text(out, "# EOF\n");
}

/* ---- which format ---- */

static const char *skip_blanks(const char *text)
{
    return text + strspn(text, " \t");
}

/* Returns the weight of one media range; 1 if none is stated, 0 if it can't be read. */
static double weight_of(const char *range, size_t range_bytes)
{
    const char *end = range + range_bytes;
    for (const char *at = memchr(range, ';', range_bytes); at;
         at = memchr(at, ';', (size_t)(end - at))) {
        at = skip_blanks(at + 1);
        if (strncasecmp(at, "q=", 2) == 0)
            return strtod(at + 2, NULL);
    }
    return 1;
}

static bool range_is(const char *range, size_t range_bytes, const char *type)
{
    size_t length = strlen(type);
    return range_bytes >= length && strncasecmp(range, type, length) == 0 &&
           (range_bytes == length || strchr("; \t", range[length]));
}

/* Returns the highest weight that the header gives to a type; -1 if it does not name the type. */
static double accepted(const char *accept, const char *type)
{
    double best = -1;
    while (*accept) {
        accept = skip_blanks(accept);
        size_t range_bytes = strcspn(accept, ",");
        if (range_is(accept, range_bytes, type)) {
            double weight = weight_of(accept, range_bytes);
            best = weight > best ? weight : best;
        }
        accept += range_bytes;
        accept += *accept == ',';
    }
    return best;
}

enum metrics_format metrics_negotiate(const char *accept)
{
    if (!accept)
        return METRICS_PROMETHEUS;
    double open = accepted(accept, "application/openmetrics-text");
    return open > 0 && open >= accepted(accept, "text/plain") ? METRICS_OPENMETRICS
                                                              : METRICS_PROMETHEUS;
}

/* ---- the catalog's part ---- */

static int count_lessons(struct catalog *catalog, struct metrics_snapshot *out)
{
    struct catalog_lessons lessons = {0};
    int error = catalog_lessons(catalog, &(struct catalog_lesson_filter){0}, &lessons);
    if (error)
        return error;
    for (size_t i = 0; i < lessons.count; i++)
        if ((size_t)lessons.items[i].state < METRICS_LESSON_STATES)
            out->lessons[lessons.items[i].state]++;
    catalog_lessons_free(&lessons);
    return CATALOG_OK;
}

static int count_jobs(struct catalog *catalog, struct metrics_snapshot *out)
{
    struct catalog_jobs jobs = {0};
    int error = catalog_jobs(catalog, 0, &jobs);
    if (error)
        return error;
    for (size_t i = 0; i < jobs.count; i++)
        if ((size_t)jobs.items[i].state < METRICS_JOB_STATES)
            out->jobs[jobs.items[i].state]++;
    catalog_jobs_free(&jobs);
    return CATALOG_OK;
}

int metrics_read_catalog(struct catalog *catalog, struct metrics_snapshot *out)
{
    memset(out->lessons, 0, sizeof(out->lessons));
    memset(out->jobs, 0, sizeof(out->jobs));
    int error = count_lessons(catalog, out);
    if (!error)
        error = count_jobs(catalog, out);
    out->catalog_read = !error;
    return error;
}
