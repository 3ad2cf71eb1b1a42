/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a reverse proxy says about the client behind it. Only a trusted proxy is believed: anybody
 * can send such a header. Pure. */
#ifndef NODE_HTTP_PARSE_FORWARDED_H
#define NODE_HTTP_PARSE_FORWARDED_H

#include <stdbool.h>
#include <stddef.h>

#include "node/http/parse/head.h"
#include "node/util/ranges.h"

enum { FORWARDED_ADDRESS_BYTES = 46 };

/* How the trusted proxies say who their client is. */
enum forwarded_by {
    FORWARDED_BY_X_HEADER, /* X-Forwarded-For and X-Forwarded-Proto */
    FORWARDED_BY_HEADER,   /* Forwarded (RFC 7239) */
    FORWARDED_BY_PROXY,    /* the PROXY protocol of HAProxy, version 1 or 2 */
};

struct forwarded {
    char client[FORWARDED_ADDRESS_BYTES]; /* numeric address, without the port */
    bool secure;                          /* the client uses TLS */
};

/*
 * Finds the client of a request from a trusted proxy: the last address in the list that is not
 * itself a trusted proxy. If an item is malformed or hidden ("unknown"), the proxy that reported it
 * counts as the client.
 * out: client holds the proxy's address when the function is called.
 */
void forwarded_read(const struct http_head *head, enum forwarded_by by,
    const struct ranges *trusted, struct forwarded *out);

/*
 * Reads the header of the PROXY protocol at the beginning of a connection. Returns its length; 0 if
 * more data is needed; -1 if it is none or malformed. The client stays as it is if the proxy speaks
 * for itself (LOCAL, UNKNOWN), and for other address families than IPv4 and IPv6.
 */
int forwarded_read_proxy(const char *data, size_t data_bytes, struct forwarded *out);

#endif
