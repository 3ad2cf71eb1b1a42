/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of terminals: a row for each address, with its open connections. The table is
 * bounded; the row that was unseen for the longest time is dropped first. Not thread-safe: the
 * owner locks. */
#ifndef NODE_MONITOR_TERMINALS_H
#define NODE_MONITOR_TERMINALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "node/http/http.h"

#define TERMINAL_ADDRESS_BYTES 64
#define TERMINAL_RENDITION_BYTES 32
#define TERMINAL_AGENT_BYTES 160
/* A terminal that has fetched nothing of a lesson for this long is no longer watching. A player
 * fetches one segment while it plays another, and the longest segments last 20 s. */
#define TERMINAL_WATCHING_MS ((int64_t)30000)
/* A connection must have carried this many media bytes before its rate says something about the
 * link. Short responses end before TCP has filled its first window. */
#define TERMINAL_LINK_BYTES 16384

struct terminals;

struct terminal_row {
    char address[TERMINAL_ADDRESS_BYTES];
    int connections; /* open connections */
    uint32_t rtt_us; /* from the last sample that had one; 0: unknown */
    uint64_t sent_bytes, requests;
    int64_t rate_bps; /* current rate of media in bit/s */
    int64_t link_bps; /* how fast its link took media the last time; 0: unknown, or the terminal is
                       * not watching */
    uint64_t retransmits;
    int64_t lesson_id; /* the lesson being watched; 0: none */
    char rendition[TERMINAL_RENDITION_BYTES];
    char user_agent[TERMINAL_AGENT_BYTES]; /* printable ASCII */
    int64_t first_seen_ms, last_seen_ms;   /* wall clock */
};

struct monitor_time {
    int64_t wall_ms; /* wall clock, for people */
    int64_t mono_ms; /* monotonic clock, for durations, since village boxes often have no battery-
                      * backed clock */
};

int terminals_open(struct terminals **out, size_t max_terminals); /* Returns 0 or -ENOMEM. */
void terminals_close(struct terminals **terminals);
/* Adds a sample. If memory runs out, the sample is lost, or only what it says about its
 * connection. */
void terminals_observe(struct terminals *terminals, const struct http_conn_sample *sample,
    const struct monitor_time *now);
size_t terminals_count(const struct terminals *terminals);
/* The number of open connections of all terminals. */
size_t terminals_connections(const struct terminals *terminals);
/* The rate at which all terminals together take bytes, media or not. */
int64_t terminals_bytes_per_second(const struct terminals *terminals, int64_t now_mono_ms);
/* The number of terminals that were seen since a monotonic time. */
size_t terminals_active(const struct terminals *terminals, int64_t since_mono_ms);
/* Copies up to max rows, the most recently seen first. Returns how many. */
size_t terminals_copy(const struct terminals *terminals, const struct monitor_time *now,
    struct terminal_row *rows, size_t max);

/* Finds the lesson and the rendition in a media path: "/v/7/1/v220/3.m4s" gives 7 and "v220";
 * "/v/7/1/master.m3u8" gives 7 and "", and so do subtitles ("/v/7/1/s0/3.vtt"). Returns false for
 * every other path, posters included, and leaves the outputs unchanged. Pure. */
bool terminal_path_parse(
    const char *path, int64_t *lesson_id, char rendition[TERMINAL_RENDITION_BYTES]);

#endif
