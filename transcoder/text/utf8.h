/* SPDX-License-Identifier: GPL-3.0-or-later */
/* UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing beyond U+10FFFF. Pure. */
#ifndef TRANSCODER_TEXT_UTF8_H
#define TRANSCODER_TEXT_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Returns the length in bytes of the well-formed sequence at the start of text; 0: there is
 * none. */
size_t utf8_sequence(const char *text, size_t text_bytes);

/* Whether all of text is well-formed. */
bool utf8_valid(const char *text, size_t text_bytes);

/*
 * Returns the length in bytes of the control character at the start of text, which ends with NUL; 0:
 * there is none. These are the ones of ASCII and of Latin-1 (U+0080 to U+009F), and those that
 * reverse the direction of what follows (U+202A to U+202E, U+2066 to U+2069): all can disguise a
 * text.
 */
size_t utf8_control(const char *text);

/* Whether a text has control characters. lines: tabs and ends of lines are none. */
bool utf8_has_controls(const char *text, bool lines);

/* Puts a space in place of each control character, and '?' in place of each malformed byte. The
 * text does not get longer. */
void utf8_clean(char *text);

/* Counts the characters of a well-formed text that ends with NUL. */
size_t utf8_count(const char *text);

#endif
