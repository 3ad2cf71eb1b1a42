/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads the answers of a connection as a client would, and checks that they are well-formed. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "h1.h"

struct reader {
    const char *at, *end;
    const struct h1_asked *asked;
    bool complete;
    size_t interim, without_body;
};

struct answer {
    int status;
    bool close, chunked;
    int64_t length_bytes; /* -1: not given */
    char type[128], range[80];
};

static size_t left(const struct reader *reader)
{
    return (size_t)(reader->end - reader->at);
}

/* Stops reading because an answer is cut off here. That is a fault if the bytes are complete. */
static void cut_off(struct reader *reader)
{
    h1_require(!reader->complete, "every answer is whole");
    reader->at = reader->end;
}

/* Reads a line into text, without its line end. Returns false if the line is cut off. */
static bool read_line(struct reader *reader, char *text, size_t text_bytes)
{
    const char *end = memmem(reader->at, left(reader), "\r\n", 2);
    if (!end) {
        cut_off(reader);
        return false;
    }
    size_t bytes = (size_t)(end - reader->at);
    h1_require(bytes < text_bytes, "lines are of bounded length");
    for (size_t i = 0; i < bytes; i++)
        h1_require((unsigned char)reader->at[i] >= 0x20 && reader->at[i] != 0x7f,
            "no control byte within a head");
    memcpy(text, reader->at, bytes);
    text[bytes] = '\0';
    reader->at = end + 2;
    return true;
}

static int64_t number(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    h1_require(digits > 0 && digits < 16 && text[digits] == '\0', "a number");
    return strtoll(text, NULL, 10);
}

static void copy(char *out, size_t out_bytes, const char *value)
{
    h1_require(
        out[0] == '\0' && strlen(value) < out_bytes, "a field that comes once, and is short");
    memcpy(out, value, strlen(value) + 1);
}

static void take_field(struct answer *answer, const char *line)
{
    const char *colon = strstr(line, ": "), *value = colon + 2;
    size_t bytes = colon ? (size_t)(colon - line) : 0;
    h1_require(bytes > 0, "a field has name and value");
    for (size_t i = 0; i < bytes; i++)
        h1_require(isalnum((unsigned char)line[i]) || line[i] == '-', "a field's name");
    if (strncasecmp(line, "Content-Length:", bytes + 1) == 0) {
        h1_require(answer->length_bytes < 0, "one length");
        answer->length_bytes = number(value);
    } else if (strncasecmp(line, "Transfer-Encoding:", bytes + 1) == 0) {
        h1_require(!answer->chunked && strcmp(value, "chunked") == 0, "one coding");
        answer->chunked = true;
    } else if (strncasecmp(line, "Connection:", bytes + 1) == 0) {
        h1_require(!strcmp(value, "close") || !strcmp(value, "keep-alive"), "Connection");
        answer->close = strcmp(value, "close") == 0;
    } else if (strncasecmp(line, "Content-Type:", bytes + 1) == 0) {
        copy(answer->type, sizeof(answer->type), value);
    } else if (strncasecmp(line, "Content-Range:", bytes + 1) == 0) {
        copy(answer->range, sizeof(answer->range), value);
    }
}

static bool read_head(struct reader *reader, struct answer *answer)
{
    char line[1024] = "";
    *answer = (struct answer){.length_bytes = -1};
    if (!read_line(reader, line, sizeof(line)))
        return false;
    h1_require(strncmp(line, "HTTP/1.1 ", 9) == 0 && strspn(line + 9, "0123456789") == 3 &&
                   line[12] == ' ' && line[13],
        "a status line");
    answer->status = atoi(line + 9);
    for (;;) {
        if (!read_line(reader, line, sizeof(line)))
            return false;
        if (!line[0])
            return true;
        take_field(answer, line);
    }
}

/* ---- bodies ---- */

static void check_file(const char *body, int64_t bytes, const char *range)
{
    int64_t first = 0, last = H1_FILE_BYTES - 1;
    if (range[0]) {
        char *rest;
        h1_require(strncmp(range, "bytes ", 6) == 0, "a range of bytes");
        first = strtoll(range + 6, &rest, 10);
        h1_require(*rest == '-', "a range");
        last = strtoll(rest + 1, &rest, 10);
        h1_require(*rest == '/' && number(rest + 1) == H1_FILE_BYTES, "a range of the file");
    }
    h1_require(
        first >= 0 && last < H1_FILE_BYTES && last - first + 1 == bytes, "as long as it says");
    for (int64_t i = 0; i < bytes; i++)
        h1_require(body[i] == h1_file_byte((size_t)(first + i)), "the file's bytes");
}

static void check_parts(const char *body, int64_t bytes, const char *type)
{
    struct reader reader = {.at = body, .end = body + bytes, .complete = true};
    const char *boundary = strstr(type, "boundary=");
    char line[256];
    h1_require(boundary, "a boundary");
    boundary += strlen("boundary=");
    for (size_t parts = 0;; parts++) {
        struct answer part = {.length_bytes = -1};
        read_line(&reader, line, sizeof(line));
        h1_require(!line[0], "an empty line before a boundary");
        read_line(&reader, line, sizeof(line));
        h1_require(
            strncmp(line, "--", 2) == 0 && strncmp(line + 2, boundary, strlen(boundary)) == 0,
            "the boundary");
        if (strcmp(line + 2 + strlen(boundary), "--") == 0) {
            h1_require(parts > 1 && left(&reader) == 0, "several parts, and nothing behind them");
            return;
        }
        while (read_line(&reader, line, sizeof(line)) && line[0])
            take_field(&part, line);
        const char *end = memmem(reader.at, left(&reader), "\r\n", 2);
        h1_require(end, "a part's end");
        check_file(reader.at, end - reader.at, part.range);
        reader.at = end;
    }
}

static void check_body(const struct answer *answer, const char *body)
{
    if (strncmp(answer->type, "multipart/byteranges", 20) == 0)
        check_parts(body, answer->length_bytes, answer->type);
    else if (strcmp(answer->type, "video/mp4") == 0)
        check_file(body, answer->length_bytes, answer->range);
    else if (strcmp(answer->type, "application/json") == 0)
        h1_require(answer->length_bytes > 1 && (body[0] == '{' || body[0] == '\x1f'), "JSON");
}

static void read_chunks(struct reader *reader)
{
    char line[32], *rest;
    while (read_line(reader, line, sizeof(line))) {
        unsigned long bytes = strtoul(line, &rest, 16);
        h1_require(line[0] && !*rest, "a chunk's length");
        if (left(reader) < bytes + 2) {
            cut_off(reader);
            return;
        }
        h1_require(memcmp(reader->at + bytes, "\r\n", 2) == 0, "a chunk's end");
        reader->at += bytes + 2;
        if (bytes == 0)
            return;
    }
}

/* Returns whether the body of this answer was left out, as for HEAD. No body in this test begins
 * with an H. So if an H follows, the next answer begins there. If nothing follows in complete
 * bytes, the body was left out too. */
static bool left_out(struct reader *reader)
{
    if (left(reader) > 0 && *reader->at != 'H')
        return false;
    if (left(reader) == 0 && !reader->complete)
        return true;
    reader->without_body++;
    h1_require(
        reader->without_body <= reader->asked->methods, "bodies are left out for HEAD alone");
    return true;
}

static void read_body(struct reader *reader, const struct answer *answer)
{
    if (answer->status == 204 || answer->status == 304) {
        h1_require(answer->length_bytes < 0 && !answer->chunked, "no body, no length");
    } else if (answer->chunked) {
        h1_require(answer->length_bytes < 0, "no length beside a coding");
        if (!left_out(reader))
            read_chunks(reader);
    } else if (answer->length_bytes < 0) {
        h1_require(answer->close, "what has no length ends with the connection");
        reader->at = reader->end;
    } else if (answer->length_bytes > 0 && !left_out(reader)) {
        if (left(reader) < (size_t)answer->length_bytes) {
            cut_off(reader);
            return;
        }
        check_body(answer, reader->at);
        reader->at += answer->length_bytes;
    }
}

/* Returns whether a status refuses bytes that are no request, or that took too long to become
 * one. */
static bool refuses(int status)
{
    return status == 400 || status == 408 || status == 414 || status == 431 || status == 501 ||
           status == 505;
}

void h1_check_answers(const char *bytes, size_t length, const struct h1_asked *asked, bool complete,
    struct h1_answers *answers)
{
    struct reader reader = {
        .at = bytes, .end = bytes + length, .asked = asked, .complete = complete};
    struct answer answer = {0};
    *answers = (struct h1_answers){0};
    while (left(&reader) > 0) {
        h1_require(!answer.close, "nothing follows an answer that ends the connection");
        if (!read_head(&reader, &answer))
            break;
        if (answer.status == 100) {
            h1_require(++reader.interim <= asked->continues, "100 for who waits for it");
            continue;
        }
        h1_require(answer.status >= 200 && answer.status <= 505, "a status");
        read_body(&reader, &answer);
        h1_require(!complete || answers->count >= asked->whole || !refuses(answer.status),
            "what the parsers understand is not refused");
        answers->count++;
        answers->hash =
            (answers->hash * 31 + (uint32_t)answer.status) * 31 + (uint32_t)answer.length_bytes;
    }
    h1_require(!complete || answer.close || answers->count >= asked->whole,
        "requests are answered, or the connection ends");
    /* One answer more than heads is allowed: the last answer may refuse bytes that never became
     * a request. */
    h1_require(answers->count <= asked->heads + 1, "no more answers than requests");
}
