/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a player says of itself with a request (CTA-5004, Common Media Client Data, and its second
 * edition's keys), as a query parameter CMCD or as the headers CMCD-Request, CMCD-Object,
 * CMCD-Status and CMCD-Session. Pure.
 */
#ifndef NODE_HTTP_PARSE_CMCD_H
#define NODE_HTTP_PARSE_CMCD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CMCD_TEXT_BYTES 65

/* -1 and "": not said. Rates are in bit/s here, kbit/s on the wire. */
struct cmcd {
    bool said;                 /* anything at all */
    bool starved;              /* bs: the buffer ran dry since the request before */
    bool startup;              /* su: playback waits for this */
    int32_t buffer_ms;         /* bl */
    int32_t deadline_ms;       /* dl: until the buffer runs dry */
    int32_t object_ms;         /* d: how long the object plays */
    int64_t encoded_bps;       /* br */
    int64_t top_bps;           /* tb: the best that the player could take */
    int64_t throughput_bps;    /* mtp: as the player measured it */
    int64_t requested_max_bps; /* rtp: more than this helps the player nothing */
    int32_t rate_percent;      /* pr: of playing; 0: paused */
    char object; /* ot: 'm' text, 'a' audio, 'v' video, 'i' init; '\0': not said. "av" is 'b' */
    char state;  /* sta: its first letter: 'p' playing, 'r' rebuffering ... */
    char session[CMCD_TEXT_BYTES]; /* sid */
    char content[CMCD_TEXT_BYTES]; /* cid */
};

/* Nothing said. */
void cmcd_init(struct cmcd *cmcd);
/*
 * Takes up one list of keys ("bl=21300,bs,sid=\"...\""): the decoded value of the query parameter,
 * or of one header; what is there already stays unless it is said again. Keys that are unknown,
 * malformed or out of range are passed over (CTA-5004 section 3.1), the others count. Of an inner
 * list (second edition) the first number counts.
 */
void cmcd_parse(struct cmcd *cmcd, const char *text);

#endif
