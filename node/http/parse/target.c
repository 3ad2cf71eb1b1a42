/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/http/parse/target.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "transcoder/text/utf8.h"

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* Decodes the "%XX" at the start of text. Returns the byte; -1 if there is no valid escape. */
static int escaped_byte(const char *text, size_t text_bytes)
{
    int high, low;
    if (text_bytes < 3)
        return -1;
    high = hex_digit(text[1]);
    low = hex_digit(text[2]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

static bool is_control(int byte)
{
    return byte < 0x20 || byte == 0x7f;
}

/* Decodes a path into path, which must be large enough. Returns its length or -EBADMSG. */
static int decode_path(const char *raw, size_t raw_bytes, char *path)
{
    size_t used = 0;
    for (size_t i = 0; i < raw_bytes; i++) {
        int byte = (unsigned char)raw[i];
        if (byte == '%') {
            byte = escaped_byte(raw + i, raw_bytes - i);
            i += 2;
        }
        if (byte < 0 || is_control(byte))
            return -EBADMSG;
        path[used++] = (char)byte;
    }
    path[used] = '\0';
    return utf8_valid(path, used) ? (int)used : -EBADMSG;
}

static bool is_dots(const char *part, size_t part_bytes, size_t dots)
{
    return part_bytes == dots && strncmp(part, "..", dots) == 0;
}

/* Removes "//", "." and ".." in place. The write position is never ahead of the read position.
 * Returns -EBADMSG if ".." leads above the root, else 0. */
static int normalise_path(char *path, size_t path_bytes)
{
    size_t used = 0, at = 0;
    while (at < path_bytes) {
        const char *part = path + at + 1; /* path[at] is '/' */
        size_t bytes = strcspn(part, "/");
        bool last = at + 1 + bytes >= path_bytes;
        if (is_dots(part, bytes, 2)) {
            if (used == 0)
                return -EBADMSG;
            while (path[--used] != '/')
                ;
        } else if (bytes > 0 && !is_dots(part, bytes, 1)) {
            path[used] = '/';
            memmove(path + used + 1, part, bytes);
            used += bytes + 1;
            at += bytes + 1;
            continue;
        }
        if (last)
            path[used++] = '/';
        at += bytes + 1;
    }
    path[used] = '\0';
    return 0;
}

static bool all_visible(const char *text, size_t text_bytes)
{
    for (size_t i = 0; i < text_bytes; i++)
        if (text[i] <= 0x20 || text[i] >= 0x7f || text[i] == '#')
            return false;
    return true;
}

/* Skips "http://authority" or "https://authority" at the start of an absolute-form target. Returns
 * false if the target is not of that form, or if the authority is no valid host. */
static bool skip_authority(struct http_span *rest, struct http_span *authority)
{
    static const char *const schemes[] = {"http://", "https://"};
    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        size_t bytes = strlen(schemes[i]);
        if (rest->bytes < bytes || strncasecmp(rest->at, schemes[i], bytes) != 0)
            continue;
        authority->at = rest->at + bytes;
        while (authority->bytes < rest->bytes - bytes &&
               !strchr("/?", authority->at[authority->bytes]))
            authority->bytes++;
        rest->at += bytes + authority->bytes;
        rest->bytes -= bytes + authority->bytes;
        return http_host_valid(authority->at, authority->bytes);
    }
    return false;
}

int http_target_parse(const char *target, size_t target_bytes, char *path, struct http_target *out)
{
    struct http_span rest = {target, target_bytes};
    *out = (struct http_target){{"", 0}, ""};
    if (target_bytes == 0 || !all_visible(target, target_bytes))
        return -EBADMSG;
    if (target_bytes == 1 && target[0] == '*') {
        memcpy(path, "*", 2);
        return 0;
    }
    if (target[0] != '/' && !skip_authority(&rest, &out->authority))
        return -EBADMSG;
    const char *mark = memchr(rest.at, '?', rest.bytes);
    if (mark) {
        out->query = mark + 1;
        rest.bytes = (size_t)(mark - rest.at);
    }
    if (rest.bytes == 0)
        rest = (struct http_span){"/", 1};
    int length = decode_path(rest.at, rest.bytes, path);
    return length < 0 ? length : normalise_path(path, (size_t)length);
}

static bool port_valid(const char *text, size_t text_bytes)
{
    if (text_bytes > 6)
        return false;
    for (size_t i = 0; i < text_bytes; i++)
        if (!isdigit((unsigned char)text[i]))
            return false;
    return true;
}

static bool host_char(char c, bool bracketed)
{
    if (bracketed)
        return isxdigit((unsigned char)c) || c == ':' || c == '.';
    return isalnum((unsigned char)c) || (c && strchr("-._~%!$&'()*+,;=", c));
}

bool http_host_valid(const char *host, size_t host_bytes)
{
    bool bracketed = host_bytes && host[0] == '[';
    size_t name_bytes = bracketed;
    while (name_bytes < host_bytes && host[name_bytes] != (bracketed ? ']' : ':'))
        if (!host_char(host[name_bytes++], bracketed))
            return false;
    if (bracketed) {
        if (name_bytes < 3 || name_bytes == host_bytes)
            return false;
        name_bytes++;
    }
    if (name_bytes == 0)
        return false;
    if (name_bytes == host_bytes)
        return true;
    return host[name_bytes] == ':' &&
           port_valid(host + name_bytes + 1, host_bytes - name_bytes - 1);
}

/* Decodes form encoding into out. Returns the length; -1 if it is too long for out, badly escaped,
 * or contains a NUL. */
static int decode_form(const char *raw, size_t raw_bytes, char *out, size_t out_bytes)
{
    size_t used = 0;
    for (size_t i = 0; i < raw_bytes; i++) {
        int byte = raw[i] == '+' ? ' ' : (unsigned char)raw[i];
        if (byte == '%') {
            byte = escaped_byte(raw + i, raw_bytes - i);
            i += 2;
        }
        if (byte <= 0 || used + 1 >= out_bytes)
            return -1;
        out[used++] = (char)byte;
    }
    if (used >= out_bytes)
        return -1;
    out[used] = '\0';
    return (int)used;
}

static bool span_is(const char *at, size_t bytes, const char *text)
{
    return bytes == strlen(text) && memcmp(at, text, bytes) == 0;
}

int http_query_param(const char *query, const char *name, char *out, size_t out_bytes)
{
    while (*query) {
        size_t pair_bytes = strcspn(query, "&");
        size_t name_bytes = strcspn(query, "=&");
        if (span_is(query, name_bytes, name)) {
            const char *value = query + name_bytes + (name_bytes < pair_bytes);
            return decode_form(value, (size_t)(query + pair_bytes - value), out, out_bytes);
        }
        query += pair_bytes + (query[pair_bytes] == '&');
    }
    return -1;
}

int http_cookie_value(const char *header, const char *name, char *out, size_t out_bytes)
{
    while (*header) {
        size_t pair_bytes = strcspn(header, ";");
        size_t name_bytes = strcspn(header, "=;");
        if (name_bytes < pair_bytes && span_is(header, name_bytes, name)) {
            size_t value_bytes = pair_bytes - name_bytes - 1;
            if (value_bytes >= out_bytes)
                return -1;
            memcpy(out, header + name_bytes + 1, value_bytes);
            out[value_bytes] = '\0';
            return (int)value_bytes;
        }
        header += pair_bytes + strspn(header + pair_bytes, "; ");
    }
    return -1;
}
