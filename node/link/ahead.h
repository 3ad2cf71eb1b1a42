/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How far each address is ahead of playback, in each rendition that it fetches. Nobody watches far
 * more media than the time that has passed, so who fetches it downloads it, whatever the request
 * says.
 *
 * Each part of a rendition counts once for an address, until the address has fetched nothing of the
 * rendition for an hour. So many viewers of one lesson behind one address are not ahead. Sessions
 * and connections, which a client can invent, do not matter.
 *
 * Not thread-safe: the owner locks.
 */
#ifndef NODE_LINK_AHEAD_H
#define NODE_LINK_AHEAD_H

#include <stdbool.h>
#include <stdint.h>

/* More than this is far ahead. Our player buffers 3 min at most, hls.js by its defaults 10 min.
 * Players that read ahead without such a bound (mpv, VLC with an MP4 file) do reach it. They lose
 * nothing, because they have a quarter of an hour in hand. */
#define AHEAD_FAR_MS (15 * 60 * 1000)
/* Playback is taken to be as fast as our player's fastest speed. */
#define AHEAD_SPEED_PERCENT 200

struct ahead;

int ahead_open(struct ahead **out);     /* Returns 0 or -ENOMEM. */
void ahead_close(struct ahead **ahead); /* accepts NULL in *ahead */

/* Notes that [from_ms, to_ms) of a rendition was delivered. path: that of the request, such as
 * "/v/7/1/v220/17.m4s" or "/v/7/1/v220.mp4"; other paths are ignored. now_ms: monotonic. If memory
 * runs out, it is not noted. */
void ahead_note(struct ahead *ahead, const char *address, const char *path, int64_t from_ms,
    int64_t to_ms, int64_t now_ms);

/* Whether the address is far ahead in that rendition. */
bool ahead_is_far(const struct ahead *ahead, const char *address, const char *path, int64_t now_ms);

#endif
