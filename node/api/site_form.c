/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/api/site_form.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "node/link/flows.h"

#define MAX_RANGES_BYTES 1000
#define TIME_BYTES 5

struct statement {
    json_t *body;
    int error; /* enum catalog_error */
    struct site_form_error *why;
};

/* The members of a body, with the labels that the technician's page has for them. */
static const struct label {
    const char *name, *zh, *en;
} labels[] = {
    {"uplink_bps", "县里出口带宽", "The county’s uplink"},
    {"name", "站点", "Site"},
    {"ranges", "地址范围", "Addresses"},
    {"token", "令牌", "Token"},
    {"cap_bps", "合计上限", "Limit in all"},
    {"terminal_cap_bps", "每台终端上限", "Limit a terminal"},
    {"budget_bytes", "每天流量", "A day"},
    {"download_from", "允许下载：从", "Downloads from"},
    {"download_to", "允许下载：到", "Downloads to"},
};

static const struct label *label_of(const char *name)
{
    size_t i = 0;
    while (strcmp(labels[i].name, name) != 0)
        i++;
    return &labels[i];
}

static bool refuse(struct statement *s, const char *name, const char *zh, const char *en)
{
    const struct label *label = label_of(name);
    s->error = CATALOG_EINVAL;
    snprintf(s->why->zh, sizeof(s->why->zh), "%s：%s", label->zh, zh);
    snprintf(s->why->en, sizeof(s->why->en), "%s: %s", label->en, en);
    return false;
}

/* The allowed range of a limit. 0, which means no limit, is allowed as well. */
struct limits {
    int64_t least, most;
    int64_t base_per_unit; /* such as 1000 for kbit/s, because the member counts bit/s */
    const char *unit, *base;
};
static const struct limits rates = {FLOWS_MIN_BPS, INT64_C(100000000000), 1000, "kbit/s", "bit/s"};
static const struct limits budgets = {1, INT64_C(1) << 50, 1000000, "MB", "byte"};

static bool refuse_limit(struct statement *s, const char *name, const struct limits *limits)
{
    int64_t least = limits->least / limits->base_per_unit,
            most = limits->most / limits->base_per_unit;
    char zh[160], en[160];
    if (least > 0) {
        snprintf(zh, sizeof(zh), "应为 0（不限）或 %" PRId64 " 到 %" PRId64 " %s", least, most,
            limits->unit);
        snprintf(en, sizeof(en), "0 (not limited) or %" PRId64 " to %" PRId64 " %s", least, most,
            limits->unit);
    } else {
        snprintf(zh, sizeof(zh), "应为 0（不限）或不超过 %" PRId64 " %s", most, limits->unit);
        snprintf(en, sizeof(en), "0 (not limited) or at most %" PRId64 " %s", most, limits->unit);
    }
    return refuse(s, name, zh, en);
}

/* Reads a limit. An absent member leaves *out unchanged. 0 means no limit. */
static bool take_limit(
    struct statement *s, const char *name, const struct limits *limits, int64_t *out)
{
    const json_t *value = json_object_get(s->body, name);
    int64_t number = json_integer_value(value);
    char zh[80], en[80];
    if (!value)
        return true;
    if (!json_is_integer(value)) {
        snprintf(zh, sizeof(zh), "应为整数（%s）", limits->base);
        snprintf(en, sizeof(en), "a whole number (%s)", limits->base);
        return refuse(s, name, zh, en);
    }
    if ((number != 0 && number < limits->least) || number > limits->most)
        return refuse_limit(s, name, limits);
    *out = number;
    return true;
}

/* Reads a text. An absent member leaves *out unchanged. *out stays valid until the body is
 * freed. */
static bool take_text(struct statement *s, const char *name, size_t max_bytes, char **out)
{
    const json_t *value = json_object_get(s->body, name);
    char zh[160], en[160];
    if (!value)
        return true;
    if (!json_is_string(value) || strlen(json_string_value(value)) != json_string_length(value))
        return refuse(s, name, "应为文字", "a text");
    if (json_string_length(value) > max_bytes) {
        snprintf(zh, sizeof(zh), "太长：最多 %zu 字节（汉字每个 3 字节）", max_bytes);
        snprintf(en, sizeof(en), "at most %zu bytes long", max_bytes);
        return refuse(s, name, zh, en);
    }
    for (const char *c = json_string_value(value); *c; c++)
        if ((unsigned char)*c < ' ' || *c == '\x7f')
            return refuse(s, name, "不能有换行等控制字符",
                "must have no line breaks or other control characters");
    *out = (char *)json_string_value(value);
    return true;
}

static bool take_time(struct statement *s, const char *name, int *out)
{
    char *text = NULL;
    int hour, minute, used = 0;
    if (!take_text(s, name, TIME_BYTES, &text) || !text)
        return s->error == CATALOG_OK;
    if (text[strspn(text, "0123456789:")] ||
        sscanf(text, "%2d:%2d%n", &hour, &minute, &used) != 2 || text[used] || hour > 23 ||
        minute > 59)
        return refuse(s, name, "应为 22:30 这样的时间", "a time such as 22:30");
    *out = hour * 60 + minute;
    return true;
}

static bool refuse_ranges(struct statement *s, int error, const char *bad)
{
    char zh[160], en[160];
    if (error == -E2BIG) {
        snprintf(zh, sizeof(zh), "最多 %d 个", RANGES_MAX);
        snprintf(en, sizeof(en), "at most %d of them", RANGES_MAX);
    } else {
        snprintf(zh, sizeof(zh), "“%s”不是地址，也不是 10.1.0.0/16 这样的范围", bad);
        snprintf(en, sizeof(en), "“%s” is no address, nor a range such as 10.1.0.0/16", bad);
    }
    return refuse(s, "ranges", zh, en);
}

/* Stores the ranges as ranges_format() writes them. So a user who entered 10.1.2.3/16 sees that it
 * means 10.1.0.0/16. */
static bool keep_ranges(struct statement *s, struct catalog_site *site, const struct ranges *ranges)
{
    char text[RANGES_TEXT_BYTES];
    if (!json_object_get(s->body, "ranges"))
        return true;
    ranges_format(ranges, text);
    if (json_object_set_new(s->body, "ranges", json_string(text)) < 0) {
        s->error = CATALOG_ENOMEM;
        return false;
    }
    site->ranges = (char *)json_string_value(json_object_get(s->body, "ranges"));
    return true;
}

static bool take_ranges(struct statement *s, struct catalog_site *site, struct ranges *out)
{
    char bad[64];
    int error = ranges_parse(out, site->ranges, bad, sizeof(bad));
    if (error < 0)
        return refuse_ranges(s, error, bad);
    return keep_ranges(s, site, out);
}

/* Checks that no other site has an equal range, because it would be undefined which site an address
 * belongs to. Ranges may overlap: the narrowest counts. */
static bool is_alone(
    struct statement *s, const struct ranges *ranges, int64_t id, const struct catalog_sites *sites)
{
    char ignored[64];
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
        !take_text(s, "ranges", MAX_RANGES_BYTES, &site->ranges) ||
        !take_text(s, "token", SITE_NAME_BYTES - 1, &site->token) ||
        !take_limit(s, "cap_bps", &rates, &site->cap_bps) ||
        !take_limit(s, "terminal_cap_bps", &rates, &site->terminal_cap_bps) ||
        !take_limit(s, "budget_bytes", &budgets, &site->budget_bytes) ||
        !take_time(s, "download_from", &site->download_from_minute) ||
        !take_time(s, "download_to", &site->download_to_minute) || !take_ranges(s, site, &ranges))
        return false;
    if (!site->name[strspn(site->name, " ")])
        return refuse(s, "name", "不能为空", "must not be empty");
    if (strchr(site->token, ' '))
        return refuse(s, "token", "不能有空格", "must have no spaces");
    return is_alone(s, &ranges, site->id, sites);
}

int site_form_site(json_t *body, const struct catalog_sites *sites, struct catalog_site *site,
    struct site_form_error *why)
{
    struct statement s = {.body = body, .why = why};
    take_site(&s, sites, site);
    return s.error;
}

int site_form_uplink(json_t *body, int64_t *bps, struct site_form_error *why)
{
    struct statement s = {.body = body, .why = why};
    *bps = -1;
    if (take_limit(&s, "uplink_bps", &rates, bps) && *bps < 0)
        refuse(&s, "uplink_bps", "没有填写", "is missing");
    return s.error;
}
