/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NODE_HLS_MEDIA_NUMBER_H
#define NODE_HLS_MEDIA_NUMBER_H

#include <stdint.h>

/* Parses a part of a URL that is a number followed by suffix, such as "17.m4s". Returns the number,
 * or -1. Each number has only one valid form ("17", not "017" or "+17"), so that a cache stores
 * each object once. At most 9 digits. Pure. */
int64_t media_number_parse(const char *text, const char *suffix);

#endif
