/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/http/parse/range.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* About as many bytes as one more part costs on the wire for its part head. */
enum { PART_COST_BYTES = 128 };

static const char *skip_space(const char *at)
{
    return at + strspn(at, " \t");
}

/* Reads digits. Returns -1 if there are none. Numbers too large for any file become INT64_MAX. */
static int64_t read_number(const char **at)
{
    int64_t value = 0;
    if (!isdigit((unsigned char)**at))
        return -1;
    for (; isdigit((unsigned char)**at); (*at)++)
        value = value > (INT64_MAX - 9) / 10 ? INT64_MAX : value * 10 + (**at - '0');
    return value;
}

/* Reads one "first-last", "first-" or "-suffix". Returns false if it is malformed. Sets
 * length_bytes to 0 if the range lies outside the representation. */
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

/* Whether sending both ranges as one takes fewer bytes than two parts. */
static bool close_together(const struct http_range *a, const struct http_range *b)
{
    return a->first_bytes - (b->first_bytes + b->length_bytes) < PART_COST_BYTES &&
           b->first_bytes - (a->first_bytes + a->length_bytes) < PART_COST_BYTES;
}

static struct http_range join(const struct http_range *a, const struct http_range *b)
{
    int64_t a_end = a->first_bytes + a->length_bytes, b_end = b->first_bytes + b->length_bytes;
    int64_t first = a->first_bytes < b->first_bytes ? a->first_bytes : b->first_bytes;
    return (struct http_range){first, (a_end > b_end ? a_end : b_end) - first};
}

static void remove_at(struct http_ranges *ranges, size_t at)
{
    ranges->count--;
    memmove(&ranges->items[at], &ranges->items[at + 1],
        (ranges->count - at) * sizeof(ranges->items[0]));
}

/* Adds a range behind the others. Ranges that it overlaps or nearly touches are joined with it; the
 * joined range takes the place of the first of them. */
static void add(struct http_ranges *ranges, struct http_range range)
{
    size_t at = ranges->count, i = 0;
    while (i < ranges->count) {
        if (!close_together(&ranges->items[i], &range)) {
            i++;
            continue;
        }
        range = join(&ranges->items[i], &range);
        remove_at(ranges, i);
        at = i < at ? i : at;
        i = 0; /* the range has grown and may now touch ranges that it did not touch before */
    }
    if (at > ranges->count)
        at = ranges->count;
    memmove(&ranges->items[at + 1], &ranges->items[at],
        (ranges->count - at) * sizeof(ranges->items[0]));
    ranges->items[at] = range;
    ranges->count++;
}

/* Reads a list of ranges. Returns how many it names, including those outside the representation; -1
 * if the list is malformed or too long. */
static int read_set(const char *at, int64_t total_bytes, struct http_ranges *ranges)
{
    int specs = 0;
    for (at = skip_space(at); *at; at = skip_space(at)) {
        struct http_range range;
        if (*at == ',') {
            at++;
            continue;
        }
        if (++specs > HTTP_MAX_RANGES || !read_spec(&at, total_bytes, &range) ||
            !strchr(",", *(at = skip_space(at))))
            return -1;
        if (range.length_bytes > 0)
            add(ranges, range);
    }
    return specs;
}

enum http_range_kind http_range_parse(
    const char *value, int64_t total_bytes, struct http_ranges *ranges)
{
    int specs = 0;
    ranges->count = 0;
    if (value && strncasecmp(value, "bytes=", 6) == 0)
        specs = read_set(value + 6, total_bytes, ranges);
    if (specs > 0 && ranges->count > 0)
        return HTTP_RANGE_PARTS;
    *ranges = (struct http_ranges){.items = {{0, total_bytes}}, .count = 1};
    return specs > 0 ? HTTP_RANGE_UNSATISFIABLE : HTTP_RANGE_WHOLE;
}

/* ---- multipart/byteranges ---- */

size_t http_part_head(char out[HTTP_PART_HEAD_BYTES], const char *boundary,
    const char *content_type, const struct http_range *part, int64_t total_bytes)
{
    return (size_t)snprintf(out, HTTP_PART_HEAD_BYTES,
        "\r\n--%.*s\r\nContent-Type: %.128s\r\nContent-Range: bytes %" PRId64 "-%" PRId64
        "/%" PRId64 "\r\n\r\n",
        HTTP_BOUNDARY_BYTES - 1, boundary, content_type, part->first_bytes,
        part->first_bytes + part->length_bytes - 1, total_bytes);
}

size_t http_parts_end(char out[HTTP_PART_HEAD_BYTES], const char *boundary)
{
    return (size_t)snprintf(
        out, HTTP_PART_HEAD_BYTES, "\r\n--%.*s--\r\n", HTTP_BOUNDARY_BYTES - 1, boundary);
}

int64_t http_parts_bytes(const struct http_ranges *ranges, const char *boundary,
    const char *content_type, int64_t total_bytes)
{
    char text[HTTP_PART_HEAD_BYTES];
    int64_t bytes = (int64_t)http_parts_end(text, boundary);
    for (size_t i = 0; i < ranges->count; i++)
        bytes +=
            (int64_t)http_part_head(text, boundary, content_type, &ranges->items[i], total_bytes) +
            ranges->items[i].length_bytes;
    return bytes;
}
