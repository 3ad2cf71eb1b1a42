/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/link/statements.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "node/link/flows.h"

#define MOST_RANGES_BYTES 1000
#define TIME_BYTES 5

struct statement {
    const json_t *body;
    int error; /* enum catalog_error */
    struct complaint *why;
};

/* As the technician's page calls the members of a body. */
static const char *label_zh(const char *name)
{
    static const struct {
        const char *name, *zh;
    } labels[] = {
        {"uplink_bps", "县里出口带宽"},
        {"name", "站点"},
        {"ranges", "地址范围"},
        {"token", "令牌"},
        {"cap_bps", "合计上限"},
        {"terminal_cap_bps", "每台终端上限"},
        {"budget_bytes", "每天流量"},
        {"download_from", "允许下载：从"},
        {"download_to", "允许下载：到"},
    };

    for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++)
        if (strcmp(labels[i].name, name) == 0)
            return labels[i].zh;
    return name;
}

static bool refuse(struct statement *s, const char *name, const char *zh, const char *en)
{
    s->error = CATALOG_EINVAL;
    snprintf(s->why->zh, sizeof(s->why->zh), "%s（%s）：%s", label_zh(name), name, zh);
    snprintf(s->why->en, sizeof(s->why->en), "%s must be %s", name, en);
    return false;
}

/* What a limit may be, in what: the page asks in thousands of it. */
struct limits {
    int64_t least, most;
    const char *unit;
};
static const struct limits rates = {FLOWS_LEAST_BPS, INT64_C(100000000000), "bit/s"};
static const struct limits budgets = {1, INT64_C(1) << 50, "bytes"};

/* A member that is not there leaves *out as it is. 0 is no limit. */
static bool take_limit(
    struct statement *s, const char *name, const struct limits *limits, int64_t *out)
{
    const json_t *value = json_object_get(s->body, name);
    int64_t number = json_integer_value(value);
    char zh[160], en[160];

    if (!value)
        return true;
    if (!json_is_integer(value) || (number != 0 && number < limits->least) ||
        number > limits->most) {
        snprintf(zh, sizeof(zh), "应为 0（不限）或 %" PRId64 " 到 %" PRId64 " %s 之间的整数",
            limits->least, limits->most, limits->unit);
        snprintf(en, sizeof(en),
            "0 (no limit) or a whole number from %" PRId64 " to %" PRId64 " %s", limits->least,
            limits->most, limits->unit);
        return refuse(s, name, zh, en);
    }
    *out = number;
    return true;
}

/* Until the body is freed. */
static bool take_text(struct statement *s, const char *name, size_t most_bytes, char **out)
{
    const json_t *value = json_object_get(s->body, name);
    char zh[160], en[160];

    if (!value)
        return true;
    if (!json_is_string(value) || strlen(json_string_value(value)) != json_string_length(value))
        return refuse(s, name, "应为文字", "a text");
    if (json_string_length(value) > most_bytes) {
        snprintf(zh, sizeof(zh), "太长：最多 %zu 字节（汉字每个 3 字节）", most_bytes);
        snprintf(en, sizeof(en), "at most %zu bytes long", most_bytes);
        return refuse(s, name, zh, en);
    }
    *out = (char *)json_string_value(value);
    return true;
}

static bool take_time(struct statement *s, const char *name, int *out)
{
    char *text = NULL;
    int hour, minute, used = 0;

    if (!take_text(s, name, TIME_BYTES, &text) || !text)
        return s->error == CATALOG_OK;
    if (sscanf(text, "%2d:%2d%n", &hour, &minute, &used) != 2 || text[used] || hour < 0 ||
        hour > 23 || minute < 0 || minute > 59)
        return refuse(s, name, "应为 22:30 这样的时间", "a time such as 22:30");
    *out = hour * 60 + minute;
    return true;
}

static bool take_ranges(struct statement *s, const struct catalog_site *site, struct ranges *out)
{
    char message[200];

    if (ranges_parse(out, site->ranges, message, sizeof(message)) == 0)
        return true;
    s->error = CATALOG_EINVAL;
    snprintf(s->why->en, sizeof(s->why->en), "ranges: %s", message);
    snprintf(s->why->zh, sizeof(s->why->zh),
        "%s（ranges）：应为地址或 10.1.0.0/16 这样的范围，用逗号隔开，最多 %d 个（%s）",
        label_zh("ranges"), RANGES_MAX, message);
    return false;
}

/* A range that two sites have would be the one's or the other's by chance. */
static bool is_alone(
    struct statement *s, const struct ranges *ranges, int64_t id, const struct catalog_sites *sites)
{
    char ignored[200];
    struct ranges theirs;

    for (size_t i = 0; i < sites->count; i++) {
        const struct catalog_site *other = &sites->items[i];

        if (other->id == id || ranges_parse(&theirs, other->ranges, ignored, sizeof(ignored)) < 0 ||
            !ranges_share_one(ranges, &theirs))
            continue;
        s->error = CATALOG_EEXISTS;
        snprintf(
            s->why->en, sizeof(s->why->en), "the site %s has one of these ranges", other->name);
        snprintf(s->why->zh, sizeof(s->why->zh), "站点“%s”已有其中一个地址范围", other->name);
        return false;
    }
    return true;
}

static bool take_site(
    struct statement *s, const struct catalog_sites *sites, struct catalog_site *site)
{
    struct ranges ranges;

    if (!take_text(s, "name", SITE_NAME_BYTES - 1, &site->name) ||
        !take_text(s, "ranges", MOST_RANGES_BYTES, &site->ranges) ||
        !take_text(s, "token", SITE_NAME_BYTES - 1, &site->token) ||
        !take_limit(s, "cap_bps", &rates, &site->cap_bps) ||
        !take_limit(s, "terminal_cap_bps", &rates, &site->terminal_cap_bps) ||
        !take_limit(s, "budget_bytes", &budgets, &site->budget_bytes) ||
        !take_time(s, "download_from", &site->download_from_minute) ||
        !take_time(s, "download_to", &site->download_to_minute) || !take_ranges(s, site, &ranges))
        return false;
    if (!site->name[0])
        return refuse(s, "name", "不能为空", "there");
    return is_alone(s, &ranges, site->id, sites);
}

int statement_site(const json_t *body, const struct catalog_sites *sites, struct catalog_site *site,
    struct complaint *why)
{
    struct statement s = {.body = body, .why = why};

    take_site(&s, sites, site);
    return s.error;
}

int statement_uplink(const json_t *body, int64_t *bps, struct complaint *why)
{
    struct statement s = {.body = body, .why = why};

    *bps = -1;
    if (take_limit(&s, "uplink_bps", &rates, bps) && *bps < 0)
        refuse(&s, "uplink_bps", "没有填写", "there");
    return s.error;
}
