/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * "key value" lines, as used between node, worker and catalog. Strings are percent-escaped, so that
 * a value never holds a space, a control character or a line end. Pure; shared by the files of this
 * folder alone.
 */
#ifndef TRANSCODER_PROTOCOL_FIELDS_INTERNAL_H
#define TRANSCODER_PROTOCOL_FIELDS_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A text being written into a caller's buffer; `full` once something did not fit. */
struct text_out {
    char *at;
    size_t room_bytes;
    size_t length_bytes;
    bool full;
};

void text_begin(struct text_out *out, char *buffer, size_t buffer_bytes);
void text_int(struct text_out *out, const char *key, int64_t value);
void text_string(struct text_out *out, const char *key, const char *value);
/* A line as it stands: a section's name, or an already formatted text (its line end included or
 * not). */
void text_line(struct text_out *out, const char *line);
/* The length, or -1 if something did not fit. */
int text_end(const struct text_out *out);

/* Walks over lines. */
struct text_in {
    const char *at, *end;
};
/*
 * Takes the next line apart into key and value, both NUL-terminated copies. Returns 1, 0 at the
 * end, -1 for a malformed line (too long, NUL or control characters inside). Empty lines are
 * malformed.
 */
#define TEXT_KEY_BYTES 32
#define TEXT_VALUE_BYTES 1024
struct text_pair {
    char key[TEXT_KEY_BYTES];
    char value[TEXT_VALUE_BYTES];
};
int text_next(struct text_in *in, struct text_pair *pair);

/* One member of a struct that a key stands for; a table of them drives writing and reading alike.
 */
enum text_type { TEXT_INT, TEXT_INT64, TEXT_BOOL, TEXT_STRING };
struct text_field {
    const char *key;
    enum text_type type;
    size_t offset;
    size_t size_bytes; /* of a string's array */
    int64_t min, max;  /* of a number */
};
#define TEXT_FIELD_INT(type, member, low, high)                                                    \
    {                                                                                              \
#member, TEXT_INT, offsetof(type, member), 0, low, high                                    \
    }
#define TEXT_FIELD_INT64(type, member, low, high)                                                  \
    {                                                                                              \
#member, TEXT_INT64, offsetof(type, member), 0, low, high                                  \
    }
#define TEXT_FIELD_BOOL(type, member)                                                              \
    {                                                                                              \
#member, TEXT_BOOL, offsetof(type, member), 0, 0, 1                                        \
    }
#define TEXT_FIELD_STRING(type, member)                                                            \
    {                                                                                              \
#member, TEXT_STRING, offsetof(type, member), sizeof(((type *)0)->member), 0, 0            \
    }

void text_write_fields(
    struct text_out *out, const void *object, const struct text_field *fields, size_t count);
/* Puts one pair into object. Returns 1 if the key is known and the value in range, 0 if the key is
 * unknown, -1 if the value is malformed or out of range. */
int text_read_field(
    void *object, const struct text_field *fields, size_t count, const struct text_pair *pair);

/* A whole decimal number with nothing around it. 0 or -1. */
int text_parse_int(const char *text, int64_t min, int64_t max, int64_t *out);

#endif
