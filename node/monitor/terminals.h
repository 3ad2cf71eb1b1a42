/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The table of terminals: one row an address, and the connections that each has open. Bounded: the
 * row that was unseen longest goes first. Not locked: its owner does that.
 */
#ifndef NODE_MONITOR_TERMINALS_H
#define NODE_MONITOR_TERMINALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "node/http/http.h"

#define TERMINAL_ADDRESS_BYTES 64
#define TERMINAL_RENDITION_BYTES 32
#define TERMINAL_AGENT_BYTES 160
/* A terminal that has fetched nothing of a lesson for so long is not watching any more: a player
 * fetches a segment while it plays one, and the longest last 20 s. */
#define TERMINAL_WATCHING_MS ((int64_t)30000)
/* What a connection must have carried of media before its rate says something of the link: small
 * answers are over before TCP has filled its first window. */
#define TERMINAL_LINK_BYTES 16384

struct terminals;

struct terminal_row {
    char address[TERMINAL_ADDRESS_BYTES];
    int connections; /* open now */
    uint32_t rtt_us; /* of the last sample that had one; 0 unknown */
    uint64_t sent_bytes, requests;
    int64_t rate_bps; /* bits a second of what is under /v/, now */
    int64_t link_bps; /* as fast as its link took media when it last fetched some; 0 unknown, and
                         when it is not watching */
    uint64_t retransmits;
    int64_t lesson_id; /* 0: none */
    char rendition[TERMINAL_RENDITION_BYTES];
    char user_agent[TERMINAL_AGENT_BYTES]; /* printable ASCII */
    int64_t first_seen_ms, last_seen_ms;   /* wall clock */
};

struct monitor_time {
    int64_t wall_ms; /* for people */
    int64_t mono_ms; /* for durations: village boxes often have no clock that runs without power */
};

int terminals_open(struct terminals **out, size_t max_terminals); /* 0 or -ENOMEM */
void terminals_close(struct terminals **terminals);
/* Memory running out loses the sample's row, not more. */
void terminals_observe(struct terminals *terminals, const struct http_conn_sample *sample,
    const struct monitor_time *now);
size_t terminals_count(const struct terminals *terminals);
/* Open connections in all. */
size_t terminals_connections(const struct terminals *terminals);
/* What all of them take now, of whatever. */
int64_t terminals_bytes_per_second(const struct terminals *terminals, int64_t now_mono_ms);
/* Those seen since, by the monotonic clock. */
size_t terminals_active(const struct terminals *terminals, int64_t since_mono_ms);
/* Copies up to max rows, most recently seen first; returns how many. */
size_t terminals_copy(const struct terminals *terminals, const struct monitor_time *now,
    struct terminal_row *rows, size_t max);

/*
 * The lesson and rendition in a media path: "/v/7/1/v220/3.m4s" gives 7 and "v220",
 * "/v/7/1/master.m3u8" 7 and "". False for any other path (posters too); the outputs are then left
 * alone. Pure.
 */
bool terminal_path_parse(
    const char *path, int64_t *lesson_id, char rendition[TERMINAL_RENDITION_BYTES]);

#endif
