/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/http/parse/head.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "node/http/parse/fields.h"
#include "node/http/parse/target.h"

enum { MAX_EMPTY_LINES = 2 };

static bool is_token(const char *text, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        if (!isalnum((unsigned char)text[i]) && (!text[i] || !strchr("!#$%&'*+-.^_`|~", text[i])))
            return false;
    return bytes > 0;
}

static int check_line(struct http_head_scan *scan, const char *line, size_t line_bytes)
{
    if (scan->line_bytes == 0) {
        if (line_bytes == 0) {
            scan->start_bytes += 2;
            return scan->start_bytes > (size_t)2 * MAX_EMPTY_LINES ? -400 : 0;
        }
        scan->line_bytes = line_bytes;
        return is_token(line, 1) ? 0 : -400;
    }
    /* Refuses two kinds of lines that other programs read differently, since the difference can
     * hide a request. One continues the previous line (obs-fold). The other has a field without a
     * name, which llhttp accepts. */
    if (line_bytes && (line[0] == ' ' || line[0] == '\t' || line[0] == ':'))
        return -400;
    return ++scan->fields > HTTP_MAX_FIELDS + 1 ? -431 : 0;
}

/* Whether the first byte can't begin a method. Then the request is refused without waiting for the
 * end of the line: a TLS handshake may have no line end. */
static bool begins_badly(const struct http_head_scan *scan, const char *data, size_t data_bytes)
{
    if (scan->line_bytes > 0 || data_bytes <= scan->start_bytes)
        return false;
    char first = data[scan->start_bytes];
    return first != '\r' && !is_token(&first, 1);
}

/* Returns the negative status for which a head is refused before its current line has ended, or 0.
 * Complete lines are checked as well, so that the answer does not depend on how the network cut the
 * head. */
static int check_begun(const struct http_head_scan *scan, const char *data, size_t data_bytes)
{
    if (begins_badly(scan, data, data_bytes))
        return -400;
    if (scan->line_bytes == 0 && data_bytes - scan->start_bytes > HTTP_MAX_LINE_BYTES + 1)
        return -414;
    return data_bytes > HTTP_MAX_HEAD_BYTES ? -431 : 0;
}

int http_head_find_end(struct http_head_scan *scan, const char *data, size_t data_bytes)
{
    while (scan->searched_bytes < data_bytes) {
        const char *line = data + scan->scanned_bytes;
        const char *end =
            memchr(data + scan->searched_bytes, '\n', data_bytes - scan->searched_bytes);
        int error = check_begun(scan, data, end ? (size_t)(end - data) : data_bytes);
        if (error < 0)
            return error;
        if (!end) {
            scan->searched_bytes = data_bytes;
            return 0;
        }
        if (end == line || end[-1] != '\r')
            return -400;
        bool last = scan->line_bytes && end - 1 == line;
        error = check_line(scan, line, (size_t)(end - 1 - line));
        if (error < 0)
            return error;
        scan->scanned_bytes = scan->searched_bytes = (size_t)(end + 1 - data);
        if (scan->scanned_bytes > HTTP_MAX_HEAD_BYTES)
            return -431;
        if (last)
            return (int)scan->scanned_bytes;
    }
    return 0;
}

/* ---- the request line ---- */

static const struct {
    const char *name;
    enum http_method method;
} methods[] = {
    {"GET", HTTP_GET},
    {"HEAD", HTTP_HEAD},
    {"POST", HTTP_POST},
    {"PUT", HTTP_PUT},
    {"PATCH", HTTP_PATCH},
    {"DELETE", HTTP_DELETE},
    {"OPTIONS", HTTP_OPTIONS},
};

static int parse_method(struct http_head *head, const char *text, size_t bytes)
{
    if (!is_token(text, bytes))
        return -400;
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        if (strlen(methods[i].name) == bytes && memcmp(methods[i].name, text, bytes) == 0) {
            head->method = methods[i].method;
            return 0;
        }
    }
    return -501;
}

static int parse_version(struct http_head *head, const char *text, size_t bytes)
{
    if (bytes != 8 || memcmp(text, "HTTP/", 5) != 0 || !isdigit((unsigned char)text[5]) ||
        text[6] != '.' || !isdigit((unsigned char)text[7]))
        return -400;
    if (text[5] != '1' || text[7] > '1')
        return -505;
    head->minor_version = text[7] - '0';
    return 0;
}

/* Splits "METHOD target HTTP/1.x", which has single spaces. */
static int parse_line(
    struct http_head *head, const char *line, size_t line_bytes, struct http_span *target)
{
    const char *space = memchr(line, ' ', line_bytes);
    const char *last = memrchr(line, ' ', line_bytes);
    if (!space || space == last)
        return -400;
    int error = parse_version(head, last + 1, (size_t)(line + line_bytes - last - 1));
    if (error == 0)
        error = parse_method(head, line, (size_t)(space - line));
    *target = (struct http_span){space + 1, (size_t)(last - space - 1)};
    return error;
}

/* ---- what the fields say about the message ---- */

const char *http_head_field(const struct http_head *head, const char *name, size_t *from)
{
    size_t name_bytes = strlen(name);
    for (size_t i = *from; i < head->field_count; i++) {
        if (head->fields[i].name_bytes == name_bytes &&
            strcasecmp(head->text + head->fields[i].name, name) == 0) {
            *from = i + 1;
            return head->text + head->fields[i].value;
        }
    }
    *from = head->field_count;
    return NULL;
}

/* Returns the value of a field that may occur only once. Sets *repeated if it occurs more often. */
static const char *single_field(const struct http_head *head, const char *name, bool *repeated)
{
    size_t from = 0;
    const char *value = http_head_field(head, name, &from);
    if (value && http_head_field(head, name, &from))
        *repeated = true;
    return value;
}

static int check_host(const struct http_head *head)
{
    bool repeated = false;
    const char *host = single_field(head, "Host", &repeated);
    if (repeated || (!host && head->minor_version >= 1))
        return -400;
    return host && !http_host_valid(host, strlen(host)) ? -400 : 0;
}

static int64_t parse_length(const char *text)
{
    int64_t value = 0;
    if (!*text)
        return -1;
    for (; *text; text++) {
        if (!isdigit((unsigned char)*text) || value > (INT64_MAX - 9) / 10)
            return -1;
        value = value * 10 + (*text - '0');
    }
    return value;
}

/* Checks a Transfer-Encoding. "chunked" must be the last coding, because otherwise the length of
 * the body is unknown. Other codings before it are not supported. */
static int check_coding(const char *coding)
{
    const char *last = strrchr(coding, ',');
    last = last ? last + 1 + strspn(last + 1, " \t") : coding;
    if (strcasecmp(last, "chunked") != 0)
        return -400;
    return last == coding ? 0 : -501;
}

/* Determines the length of the body (RFC 9112 section 6). Heads that other programs could read
 * differently are refused. */
static int check_framing(struct http_head *head)
{
    bool repeated = false;
    const char *coding = single_field(head, "Transfer-Encoding", &repeated);
    const char *length = single_field(head, "Content-Length", &repeated);
    if (repeated || (coding && length) || (coding && head->minor_version < 1))
        return -400;
    if (coding) {
        head->chunked = true;
        head->body_bytes = -1;
        return check_coding(coding);
    }
    head->body_bytes = length ? parse_length(length) : 0;
    return head->body_bytes < 0 ? -400 : 0;
}

static int check_expect(struct http_head *head)
{
    bool repeated = false;
    const char *expect = single_field(head, "Expect", &repeated);
    if (!expect || head->minor_version < 1)
        return 0;
    if (repeated || strcasecmp(expect, "100-continue") != 0)
        return -417;
    head->expect_continue = head->body_bytes != 0;
    return 0;
}

static bool has_control_bytes(const char *text, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        unsigned char c = (unsigned char)text[i];
        if ((c < 0x20 && c != '\t' && c != '\r' && c != '\n') || c == 0x7f)
            return true;
        if (c == '\r' && (i + 1 == bytes || text[i + 1] != '\n'))
            return true;
    }
    return false;
}

static void terminate_fields(struct http_head *head)
{
    for (size_t i = 0; i < head->field_count; i++) {
        const struct http_field *field = &head->fields[i];
        head->text[field->value + field->value_bytes] = '\0';
        head->text[field->name + field->name_bytes] = '\0';
    }
}

static int check_message(struct http_head *head)
{
    int error = check_host(head);
    if (error == 0)
        error = check_framing(head);
    return error == 0 ? check_expect(head) : error;
}

/* Allocates one block for the fields, the text and the path. */
static int allocate(struct http_head *head, const struct http_fields *fields, const char *text,
    size_t text_bytes, size_t path_bytes)
{
    size_t table_bytes = fields->count * sizeof(fields->items[0]);
    char *memory = malloc(table_bytes + text_bytes + 1 + path_bytes);
    if (!memory)
        return -500;
    memcpy(memory, fields->items, table_bytes);
    memcpy(memory + table_bytes, text, text_bytes);
    memory[table_bytes + text_bytes] = '\0';
    head->keep_alive = fields->keep_alive;
    head->forwarded = fields->forwarded;
    head->fields = (struct http_field *)(void *)memory;
    head->field_count = fields->count;
    head->text = memory + table_bytes;
    head->memory = memory;
    return 0;
}

/* Parses the target and stores the path behind the text. Then checks the fields. */
static int parse_parts(
    struct http_head *head, size_t target_at, size_t target_bytes, size_t text_bytes)
{
    char *path = head->text + text_bytes + 1;
    struct http_target target;
    if (http_target_parse(head->text + target_at, target_bytes, path, &target) < 0)
        return -400;
    if (path[0] == '*' && head->method != HTTP_OPTIONS)
        return -400;
    head->text[target_at + target_bytes] = '\0';
    head->path = path;
    head->query = target.query;
    terminate_fields(head);
    return check_message(head);
}

int http_head_parse(
    struct http_head *head, const struct http_head_scan *scan, const char *data, size_t head_bytes)
{
    const char *text = data + scan->start_bytes;
    size_t text_bytes = head_bytes - scan->start_bytes;
    struct http_fields fields;
    struct http_span target;
    *head = (struct http_head){0};
    if (has_control_bytes(text, text_bytes))
        return -400;
    int error = parse_line(head, text, scan->line_bytes, &target);
    if (error < 0)
        return error;
    error = http_fields_parse(&fields, text, text_bytes);
    if (error < 0)
        return error == -E2BIG ? -431 : -400;
    error = allocate(head, &fields, text, text_bytes, target.bytes + 2);
    if (error == 0)
        error = parse_parts(head, (size_t)(target.at - text), target.bytes, text_bytes);
    if (error < 0)
        http_head_free(head);
    return error;
}

void http_head_free(struct http_head *head)
{
    free(head->memory);
    *head = (struct http_head){0};
}
