/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/http/range.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static const char *skip_space(const char *at)
{
    return at + strspn(at, " \t");
}

/* Reads digits; -1 if there are none. Values beyond any file stay at INT64_MAX. */
static int64_t read_number(const char **at)
{
    int64_t value = 0;

    if (!isdigit((unsigned char)**at))
        return -1;
    for (; isdigit((unsigned char)**at); (*at)++)
        value = value > (INT64_MAX - 9) / 10 ? INT64_MAX : value * 10 + (**at - '0');
    return value;
}

/* One "first-last", "first-" or "-suffix". False: malformed. length_bytes 0: unsatisfiable. */
static bool read_spec(const char **at, int64_t total_bytes, struct http_range *range)
{
    int64_t first = read_number(at), last;

    if (*(*at)++ != '-')
        return false;
    last = read_number(at);
    if (first < 0 && last < 0)
        return false;
    if (first >= 0 && last >= 0 && last < first)
        return false;
    if (first < 0) {
        first = last < total_bytes ? total_bytes - last : 0;
        last = total_bytes - 1;
    } else if (last < 0 || last >= total_bytes) {
        last = total_bytes - 1;
    }
    range->first_bytes = first;
    range->length_bytes = first <= last ? last - first + 1 : 0;
    return true;
}

enum http_range_kind http_range_parse(
    const char *value, int64_t total_bytes, struct http_range *range)
{
    const struct http_range whole = {0, total_bytes};
    int satisfiable = 0, specs = 0;

    *range = whole;
    if (!value || strncasecmp(value, "bytes=", 6) != 0)
        return HTTP_RANGE_WHOLE;
    for (const char *at = skip_space(value + 6); *at; at = skip_space(at)) {
        struct http_range spec;

        if (*at == ',') {
            at++;
            continue;
        }
        if (!read_spec(&at, total_bytes, &spec) || !strchr(",", *(at = skip_space(at)))) {
            *range = whole;
            return HTTP_RANGE_WHOLE;
        }
        specs++;
        if (spec.length_bytes > 0 && ++satisfiable == 1)
            *range = spec;
    }
    if (specs == 1 && satisfiable == 1)
        return HTTP_RANGE_PART;
    *range = whole;
    return specs && !satisfiable ? HTTP_RANGE_UNSATISFIABLE : HTTP_RANGE_WHOLE;
}

static const char *opaque_tag(const char *etag)
{
    return strncmp(etag, "W/", 2) == 0 ? etag + 2 : etag;
}

bool http_etag_listed(const char *list, const char *etag)
{
    const char *tag = opaque_tag(etag);
    size_t tag_bytes = strlen(tag);

    list = skip_space(list);
    if (*list == '*')
        return *skip_space(list + 1) == '\0';
    while (*list) {
        const char *end;

        list = opaque_tag(list + strspn(list, " \t,"));
        if (*list != '"')
            return false;
        end = strchr(list + 1, '"');
        if (!end)
            return false;
        if ((size_t)(end + 1 - list) == tag_bytes && memcmp(list, tag, tag_bytes) == 0)
            return true;
        list = end + 1;
    }
    return false;
}

bool http_if_range_holds(const char *value, const char *etag)
{
    return etag && etag[0] == '"' && strcmp(value, etag) == 0;
}
