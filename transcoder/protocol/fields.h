/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reads and writes lines of "key value". The node, the worker and the catalog exchange such texts.
 * Strings are percent-escaped, so a value in the text holds no space, control character or line
 * end. Pure. Only the files of this folder include this header.
 */
#ifndef TRANSCODER_PROTOCOL_FIELDS_H
#define TRANSCODER_PROTOCOL_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A text that is written into a buffer of the caller. `full` is set once something did not fit. */
struct field_writer {
    char *at;
    size_t room_bytes;
    size_t length_bytes;
    bool full;
};

void fields_begin(struct field_writer *out, char *buffer, size_t buffer_bytes);
/* Adds the line "key value". */
void fields_add_int(struct field_writer *out, const char *key, int64_t value);
void fields_add_string(struct field_writer *out, const char *key, const char *value);
/*
 * Adds a line without escaping it: the name of a section, or a text that is already formatted.
 * Adds the line end if the line has none.
 */
void fields_add_line(struct field_writer *out, const char *line);
/* Returns the length of the text in bytes, or -1 if something did not fit. */
int fields_end(const struct field_writer *out);

/* A position in a text that is read line by line. */
struct field_reader {
    const char *at, *end;
};
#define FIELD_KEY_BYTES 32
#define FIELD_VALUE_BYTES 1024
struct field_pair {
    char key[FIELD_KEY_BYTES];
    char value[FIELD_VALUE_BYTES];
};
/*
 * Reads the next line and splits it into key and value. Both are copies that end with NUL, and the
 * value is without escapes.
 * Returns 1; 0 at the end of the text; -1 if the line is malformed or too long.
 */
int fields_next(struct field_reader *in, struct field_pair *pair);

/* Describes one member of a struct and the key of its line. fields_write() and fields_read()
 * both use a table of these descriptions. */
/* FIELD_INT is also the type of enum members, because an enum has the size of an int. */
enum field_type { FIELD_INT, FIELD_INT64, FIELD_BOOL, FIELD_STRING };
struct field {
    const char *key;
    enum field_type type;
    size_t offset;
    size_t size_bytes; /* FIELD_STRING: size of the member's array */
    int64_t min, max;  /* numbers: the allowed range */
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

/* Adds one line for each field of the object. */
void fields_write(
    struct field_writer *out, const void *object, const struct field *fields, size_t count);
/*
 * Stores the value of one pair in the member that the key names.
 * Returns 1; 0 if the key is unknown; -1 if the value is malformed or out of range.
 */
int fields_read(
    void *object, const struct field *fields, size_t count, const struct field_pair *pair);

/*
 * Reads a decimal integer. The text must hold nothing else.
 * Returns 0; or -1 if the text is not such a number, or if the number is outside [min, max].
 */
int fields_parse_int(const char *text, int64_t min, int64_t max, int64_t *out);

#endif
