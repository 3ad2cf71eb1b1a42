/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a response is for: by its query, by what its player claims (CMCD), and by what the node
 * itself delivered. A player that says that its buffer is empty comes first. It is believed as long
 * as the deliveries do not contradict it. Not thread-safe: the owner locks.
 */
#ifndef NODE_LINK_CLAIMS_H
#define NODE_LINK_CLAIMS_H

#include "node/http/http.h"
#include "node/http/parse/cmcd.h"
#include "node/link/fair_share.h"
#include "node/link/surplus.h"

/* The weight of a player whose buffer is low; no flow has more. */
#define CLAIMS_MAX_WEIGHT 2

/* A session whose surplus is larger than this can't have an empty buffer, unless its viewer has
 * skipped around. Our player buffers 3 min at most. */
#define CLAIMS_BUFFER_MS (3 * 60 * 1000)
/* An address whose sessions got this much more media as urgent than has been played since can't
 * consist of players that start: it is the first 30 s for 20 of them. So invented sessions bring no
 * more than that. */
#define CLAIMS_URGENT_MS (10 * 60 * 1000)

/* Deliveries of video and of sound, which a player fetches for the same time. Begins with zeros. */
struct claims_record {
    struct surplus video, sound;
};

/* Counts a delivery. session: all deliveries to it. urgent: those to all sessions of its address
 * whose rank was SHARE_URGENT; NULL if the rank is another one. speed_percent: see
 * claims_speed_percent(). now_ms: monotonic. */
void claims_note(struct claims_record *session, struct claims_record *urgent,
    const struct http_delivered *delivered, int speed_percent, int64_t now_ms);

/* The speed of playback that the player reports, but from 100 to 200. */
int claims_speed_percent(const struct cmcd *cmcd);

/* Whether the deliveries leave room for an empty buffer. */
bool claims_hold(const struct claims_record *session, const struct claims_record *urgent,
    int speed_percent, int64_t now_ms);

/* Returns the rank of a response. hold: as claims_hold() says. far_ahead: the address fetches this
 * rendition far ahead of playback. */
enum share_rank claims_rank(const struct http_flow *seen, bool hold, bool far_ahead);

/* Returns the weight of a flow. A player weighs more while its buffer is low, and less while its
 * buffer is full. */
double claims_weight(const struct cmcd *cmcd, bool hold);

#endif
