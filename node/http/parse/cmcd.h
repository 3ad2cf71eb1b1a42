/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CMCD: what a player reports about itself with a request (CTA-5004, Common Media Client Data, and
 * some keys of its second edition). The report comes as the query parameter CMCD, or in the headers
 * CMCD-Request, CMCD-Object, CMCD-Status and CMCD-Session. Pure. */
#ifndef NODE_HTTP_PARSE_CMCD_H
#define NODE_HTTP_PARSE_CMCD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CMCD_TEXT_BYTES 65

/* A player's report. Numbers are -1 and texts are "" if the player did not report them. Rates are
 * in bit/s here; on the wire they are in kbit/s. The comments begin with the key, except that of
 * `said`. */
struct cmcd {
    bool said;                 /* the request had at least one known key */
    bool starved;              /* bs: the player's buffer ran empty since its previous request */
    bool startup;              /* su: the player can't start before this object arrives */
    int32_t buffer_ms;         /* bl: media in the player's buffer */
    int32_t deadline_ms;       /* dl: time until the player's buffer runs empty */
    int32_t object_ms;         /* d: duration of the requested object */
    int64_t encoded_bps;       /* br: encoded bitrate of the object */
    int64_t top_bps;           /* tb: highest bitrate that the player can use */
    int64_t throughput_bps;    /* mtp: throughput that the player measured */
    int64_t requested_max_bps; /* rtp: a higher rate than this does not help the player */
    int32_t rate_percent;      /* pr: playback rate in percent of normal speed; 0: paused */
    char object; /* ot: first letter of the value on the wire, such as 'm' manifest, 'a' audio, 'v'
                  * video, 'i' init segment; 'b' for "av", audio and video in one; '\0': not
                  * reported */
    char state;  /* sta: first letter of the value on the wire, such as 'p' playing, 'r'
                  * rebuffering */
    char session[CMCD_TEXT_BYTES]; /* sid: session */
    char content[CMCD_TEXT_BYTES]; /* cid: content */
};

/* Sets all members to "not reported". */
void cmcd_init(struct cmcd *cmcd);
/* Adds one list of keys to *cmcd, such as "bl=21300,bs,sid=\"...\"": the decoded value of the query
 * parameter, or the value of one header. A key replaces an earlier value of the same key. Unknown
 * keys are ignored, and so are numbers and texts that are malformed or out of range (CTA-5004
 * section 3.1). Of an inner list (second edition), the first number is used. */
void cmcd_parse(struct cmcd *cmcd, const char *text);

#endif
