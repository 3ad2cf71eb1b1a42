/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/util/ranges.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEPARATORS ", \t\r\n"
#define MAPPED_BITS 96

/* Parses an address. Returns the number of bits in an address of its family; -1 if text is no
 * address. */
static int parse_address(const char *text, uint8_t out[16])
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    if (inet_pton(AF_INET6, text, out) == 1)
        return 128;
    memcpy(out, mapped, sizeof(mapped));
    return inet_pton(AF_INET, text, out + 12) == 1 ? 32 : -1;
}

static bool parse_bits(const char *text, int most, int *bits)
{
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 3 || text[digits])
        return false;
    *bits = (int)strtol(text, NULL, 10);
    return *bits <= most;
}

/* Clears the bits behind the prefix, so that ranges can be compared. */
static void clear_rest(struct range *range)
{
    for (int bit = range->bits; bit < 128; bit++)
        range->address[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
}

static bool parse_range(struct range *out, char *text)
{
    char *slash = strchr(text, '/');
    if (slash)
        *slash = '\0';
    int most = parse_address(text, out->address);
    out->bits = most;
    if (most < 0 || (slash && !parse_bits(slash + 1, most, &out->bits)))
        return false;
    if (most == 32)
        out->bits += MAPPED_BITS;
    clear_rest(out);
    return true;
}

/* Copies the beginning of a text for a message, without cutting a character in half. */
static void quote(char *out, size_t out_bytes, const char *text, size_t bytes)
{
    if (bytes >= out_bytes)
        bytes = out_bytes - 1;
    while (bytes > 0 && ((unsigned char)text[bytes] & 0xc0) == 0x80)
        bytes--;
    memcpy(out, text, bytes);
    out[bytes] = '\0';
}

int ranges_parse(struct ranges *out, const char *text, char *bad, size_t bad_bytes)
{
    out->count = 0;
    for (text += strspn(text, SEPARATORS); *text; text += strspn(text, SEPARATORS)) {
        char one[64];
        size_t bytes = strcspn(text, SEPARATORS);
        if (out->count == RANGES_MAX)
            return -E2BIG;
        snprintf(one, sizeof(one), "%.*s", (int)(bytes < sizeof(one) ? bytes : sizeof(one)), text);
        if (bytes >= sizeof(one) || !parse_range(&out->items[out->count], one)) {
            quote(bad, bad_bytes, text, bytes);
            return -EINVAL;
        }
        out->count++;
        text += bytes;
    }
    return 0;
}

static void format_range(const struct range *range, char *out, size_t out_bytes)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    bool is_ipv4 =
        range->bits >= MAPPED_BITS && memcmp(range->address, mapped, sizeof(mapped)) == 0;
    int most = is_ipv4 ? 32 : 128, bits = range->bits - (is_ipv4 ? MAPPED_BITS : 0);
    char address[INET6_ADDRSTRLEN];
    inet_ntop(is_ipv4 ? AF_INET : AF_INET6, range->address + (is_ipv4 ? sizeof(mapped) : 0),
        address, sizeof(address));
    if (bits < most)
        snprintf(out, out_bytes, "%s/%d", address, bits);
    else
        snprintf(out, out_bytes, "%s", address);
}

void ranges_format(const struct ranges *ranges, char out[RANGES_TEXT_BYTES])
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < ranges->count; i++) {
        if (i > 0)
            used += (size_t)snprintf(out + used, RANGES_TEXT_BYTES - used, ", ");
        format_range(&ranges->items[i], out + used, RANGES_TEXT_BYTES - used);
        used += strlen(out + used);
    }
}

bool ranges_share_one(const struct ranges *one, const struct ranges *other)
{
    for (size_t i = 0; i < one->count; i++)
        for (size_t k = 0; k < other->count; k++)
            if (one->items[i].bits == other->items[k].bits &&
                memcmp(one->items[i].address, other->items[k].address,
                    sizeof(one->items[i].address)) == 0)
                return true;
    return false;
}

static bool within(const struct range *range, const uint8_t address[16])
{
    for (int bit = 0; bit < range->bits; bit++)
        if ((range->address[bit / 8] ^ address[bit / 8]) & 0x80 >> bit % 8)
            return false;
    return true;
}

int ranges_match(const struct ranges *ranges, const char *address)
{
    uint8_t bytes[16];
    int best = 0;
    if (parse_address(address, bytes) < 0)
        return 0;
    for (size_t i = 0; i < ranges->count; i++)
        if (ranges->items[i].bits >= best && within(&ranges->items[i], bytes))
            best = ranges->items[i].bits + 1;
    return best;
}
