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

/* Counts the characters of a well-formed text that ends with NUL. */
size_t utf8_count(const char *text);

#endif
