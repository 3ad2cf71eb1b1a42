/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * "key value" lines, as used between node, worker and catalog. Strings are percent-escaped, so that
 * a value never holds a space, a control character or a line end. Pure; shared by the files of this
 * folder alone.
 */
#ifndef TRANSCODER_PROTOCOL_FIELDS_H
#define TRANSCODER_PROTOCOL_FIELDS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A text being written into a caller's buffer; `full` once something did not fit. */
struct field_writer {
    char *at;
    size_t room_bytes;
    size_t length_bytes;
    bool full;
};

void fields_begin(struct field_writer *out, char *buffer, size_t buffer_bytes);
void fields_add_int(struct field_writer *out, const char *key, int64_t value);
void fields_add_string(struct field_writer *out, const char *key, const char *value);
/* A line as it stands: a section's name, or an already formatted text (its line end included or
 * not). */
void fields_add_line(struct field_writer *out, const char *line);
/* The length, or -1 if something did not fit. */
int fields_end(const struct field_writer *out);

/* Walks over lines. */
struct field_reader {
    const char *at, *end;
};
/*
 * Takes the next line apart into key and value, both NUL-terminated copies. Returns 1, 0 at the
 * end, -1 for a malformed line (too long, NUL or control characters inside). Empty lines are
 * malformed.
 */
#define FIELD_KEY_BYTES 32
#define FIELD_VALUE_BYTES 1024
struct field_pair {
    char key[FIELD_KEY_BYTES];
    char value[FIELD_VALUE_BYTES];
};
int fields_next(struct field_reader *in, struct field_pair *pair);

/* One member of a struct that a key stands for; a table of them drives writing and reading alike.
 */
enum field_type { FIELD_INT, FIELD_INT64, FIELD_BOOL, FIELD_STRING };
struct field {
    const char *key;
    enum field_type type;
    size_t offset;
    size_t size_bytes; /* of a string's array */
    int64_t min, max;  /* of a number */
};
#define FIELD_OF_INT(type, member, low, high)                                                      \
    {                                                                                              \
#member, FIELD_INT, offsetof(type, member), 0, low, high                                   \
    }
#define FIELD_OF_INT64(type, member, low, high)                                                    \
    {                                                                                              \
#member, FIELD_INT64, offsetof(type, member), 0, low, high                                 \
    }
#define FIELD_OF_BOOL(type, member)                                                                \
    {                                                                                              \
#member, FIELD_BOOL, offsetof(type, member), 0, 0, 1                                       \
    }
#define FIELD_OF_STRING(type, member)                                                              \
    {                                                                                              \
#member, FIELD_STRING, offsetof(type, member), sizeof(((type *)0)->member), 0, 0           \
    }

void fields_write(
    struct field_writer *out, const void *object, const struct field *fields, size_t count);
/* Puts one pair into object. Returns 1 if the key is known and the value in range, 0 if the key is
 * unknown, -1 if the value is malformed or out of range. */
int fields_read(
    void *object, const struct field *fields, size_t count, const struct field_pair *pair);

/* A whole decimal number with nothing around it. 0 or -1. */
int fields_parse_int(const char *text, int64_t min, int64_t max, int64_t *out);

#endif
