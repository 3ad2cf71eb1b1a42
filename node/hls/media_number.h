/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NODE_HLS_MEDIA_NUMBER_H
#define NODE_HLS_MEDIA_NUMBER_H

#include <stdint.h>

/*
 * The number in a URL's part that is a number and then suffix, e.g. "17.m4s"; -1 if it is anything
 * else. One form only
 * ("0", "17"; not "017", "+17"), so that caches hold each object once. At most 9 digits. Pure.
 */
int64_t media_number_parse(const char *text, const char *suffix);

#endif
