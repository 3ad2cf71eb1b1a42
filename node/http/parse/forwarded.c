/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/http/parse/forwarded.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum {
    PROXY_1_MAX_BYTES = 107, /* the PROXY protocol, section 2.1 */
    PROXY_2_HEAD_BYTES = 16, /* section 2.2 */
    PROXY_2_MAX_BYTES = 4096,
};

static const char white[] = " \t";

/* ---- addresses ---- */

/* Copies an address without quotes, brackets and port, in its usual form. Returns whether it is
 * one. */
static bool read_address(const char *text, size_t text_bytes, char out[FORWARDED_ADDRESS_BYTES])
{
    char copy[64];
    struct in6_addr six;
    struct in_addr four;
    if (text_bytes == 0 || text_bytes >= sizeof(copy))
        return false;
    memcpy(copy, text, text_bytes);
    copy[text_bytes] = '\0';
    char *address = copy, *colon = strchr(copy, ':');
    if (copy[0] == '[') {
        address++;
        address[strcspn(address, "]")] = '\0';
    } else if (colon && !strchr(colon + 1, ':')) {
        *colon = '\0'; /* IPv4 with a port */
    }
    if (inet_pton(AF_INET, address, &four) == 1)
        return inet_ntop(AF_INET, &four, out, FORWARDED_ADDRESS_BYTES) != NULL;
    if (inet_pton(AF_INET6, address, &six) != 1)
        return false;
    if (IN6_IS_ADDR_V4MAPPED(&six))
        return inet_ntop(AF_INET, six.s6_addr + 12, out, FORWARDED_ADDRESS_BYTES) != NULL;
    return inet_ntop(AF_INET6, &six, out, FORWARDED_ADDRESS_BYTES) != NULL;
}

/* The walk through a list, from its beginning. Each address was added by the hop after it. */
struct walk {
    const struct ranges *trusted;
    struct forwarded *out;
    char proxy[FORWARDED_ADDRESS_BYTES]; /* the client, if no item is to be believed */
    bool found;                          /* out has an item */
};

/* Takes the next item. The last one that is not a trusted proxy counts, and the first if all are. */
static void take_item(struct walk *walk, const char *text, size_t text_bytes, bool secure)
{
    char address[FORWARDED_ADDRESS_BYTES];
    bool valid = read_address(text, text_bytes, address);
    if (valid && walk->found && ranges_match(walk->trusted, address) > 0)
        return;
    walk->found = true;
    walk->out->secure = secure;
    memcpy(walk->out->client, valid ? address : walk->proxy, FORWARDED_ADDRESS_BYTES);
}

/* ---- X-Forwarded-For ---- */

static void read_x_forwarded_for(struct walk *walk, const char *list)
{
    while (*list) {
        size_t length = strcspn(list, ",");
        size_t from = strspn(list, white), until = length;
        while (until > from && strchr(white, list[until - 1]))
            until--;
        if (from < until)
            take_item(walk, list + from, until - from, false);
        list += length + (list[length] == ',');
    }
}

static bool says_https(const struct http_head *head)
{
    const char *value, *last = "";
    size_t from = 0;
    while ((value = http_head_field(head, "X-Forwarded-Proto", &from)))
        last = value;
    const char *comma = strrchr(last, ',');
    last = comma ? comma + 1 : last;
    return strcasecmp(last + strspn(last, white), "https") == 0;
}

/* ---- Forwarded (RFC 7239 section 4) ---- */

/* Finds the end of a part that ends with one of the marks, outside of quotes. */
static size_t part_bytes(const char *text, const char *marks)
{
    bool quoted = false;
    size_t i = 0;
    for (; text[i] && (quoted || !strchr(marks, text[i])); i++) {
        if (text[i] == '"')
            quoted = !quoted;
        else if (quoted && text[i] == '\\' && text[i + 1])
            i++;
    }
    return i;
}

/* Finds a parameter's value in an element, without its quotes. Returns NULL if it is absent. */
static const char *parameter(
    const char *element, size_t element_bytes, const char *name, size_t *bytes)
{
    size_t name_bytes = strlen(name);
    for (size_t at = 0; at < element_bytes; at++) {
        at += strspn(element + at, white);
        size_t length = part_bytes(element + at, ";,");
        if (strncasecmp(element + at, name, name_bytes) == 0 && element[at + name_bytes] == '=') {
            const char *value = element + at + name_bytes + 1;
            size_t left = length - name_bytes - 1;
            while (left > 0 && strchr(white, value[left - 1]))
                left--;
            bool quoted = left >= 2 && value[0] == '"' && value[left - 1] == '"';
            *bytes = left - (quoted ? 2 : 0);
            return value + quoted;
        }
        at += length;
    }
    return NULL;
}

static void read_forwarded(struct walk *walk, const char *list)
{
    while (*list) {
        size_t length = part_bytes(list, ","), bytes = 0, proto_bytes = 0;
        const char *from = parameter(list, length, "for", &bytes);
        const char *proto = parameter(list, length, "proto", &proto_bytes);
        if (from)
            take_item(walk, from, bytes,
                proto && proto_bytes == 5 && strncasecmp(proto, "https", 5) == 0);
        list += length + (list[length] == ',');
    }
}

/* ---- both ---- */

void forwarded_read(const struct http_head *head, enum forwarded_by by,
    const struct ranges *trusted, struct forwarded *out)
{
    const char *name = by == FORWARDED_BY_HEADER ? "Forwarded" : "X-Forwarded-For", *value;
    struct walk walk = {.trusted = trusted, .out = out};
    size_t from = 0;
    if (by == FORWARDED_BY_PROXY)
        return;
    memcpy(walk.proxy, out->client, sizeof(walk.proxy));
    while ((value = http_head_field(head, name, &from)))
        if (by == FORWARDED_BY_HEADER)
            read_forwarded(&walk, value);
        else
            read_x_forwarded_for(&walk, value);
    if (by == FORWARDED_BY_X_HEADER && walk.found)
        out->secure = says_https(head);
}

/* ---- the PROXY protocol ---- */

static int read_proxy_1(const char *data, size_t data_bytes, struct forwarded *out)
{
    char line[PROXY_1_MAX_BYTES + 1], family[8], client[FORWARDED_ADDRESS_BYTES];
    size_t length = 0;
    while (length < data_bytes && length < PROXY_1_MAX_BYTES && data[length] != '\n')
        length++;
    if (length == data_bytes && length < PROXY_1_MAX_BYTES)
        return 0;
    if (length >= PROXY_1_MAX_BYTES || length == 0 || data[length - 1] != '\r' ||
        memchr(data, '\0', length))
        return -1;
    memcpy(line, data, length - 1);
    line[length - 1] = '\0';
    if (strncmp(line, "PROXY UNKNOWN", 13) == 0)
        return (int)length + 1;
    if (sscanf(line, "PROXY %7s %45s ", family, client) != 2 ||
        (strcmp(family, "TCP4") != 0 && strcmp(family, "TCP6") != 0) ||
        !read_address(client, strlen(client), out->client))
        return -1;
    return (int)length + 1;
}

static int read_proxy_2(const uint8_t *data, size_t data_bytes, struct forwarded *out)
{
    enum { LOCAL = 0x20, PROXY = 0x21, TCP4 = 0x11, TCP6 = 0x21 };
    if (data_bytes < PROXY_2_HEAD_BYTES)
        return 0;
    size_t length = PROXY_2_HEAD_BYTES + ((size_t)data[14] << 8 | data[15]);
    if ((data[12] != LOCAL && data[12] != PROXY) || length > PROXY_2_MAX_BYTES)
        return -1;
    if (data_bytes < length)
        return 0;
    const uint8_t *address = data + PROXY_2_HEAD_BYTES;
    if (data[12] == PROXY && data[13] == TCP4 && length >= PROXY_2_HEAD_BYTES + 12)
        inet_ntop(AF_INET, address, out->client, FORWARDED_ADDRESS_BYTES);
    else if (data[12] == PROXY && data[13] == TCP6 && length >= PROXY_2_HEAD_BYTES + 36)
        inet_ntop(AF_INET6, address, out->client, FORWARDED_ADDRESS_BYTES);
    return (int)length;
}

int forwarded_read_proxy(const char *data, size_t data_bytes, struct forwarded *out)
{
    static const char one[] = "PROXY ", two[] = "\r\n\r\n\0\r\nQUIT\n";
    const size_t one_bytes = sizeof(one) - 1, two_bytes = sizeof(two) - 1;
    if (data_bytes >= two_bytes && memcmp(data, two, two_bytes) == 0)
        return read_proxy_2((const uint8_t *)data, data_bytes, out);
    if (data_bytes >= one_bytes && memcmp(data, one, one_bytes) == 0)
        return read_proxy_1(data, data_bytes, out);
    bool begins = memcmp(data, two, data_bytes < two_bytes ? data_bytes : two_bytes) == 0 ||
                  memcmp(data, one, data_bytes < one_bytes ? data_bytes : one_bytes) == 0;
    return begins ? 0 : -1;
}
