/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * TLS 1.2 and 1.3 by OpenSSL: the certificate, and what connections need of the library. All loops
 * share one SSL_CTX and the keys of session tickets, so that a ticket is good on each of them, and
 * with the next certificate too; the keys change (ticket_keys.h).
 */
#ifndef NODE_HTTP_TLS_H
#define NODE_HTTP_TLS_H

#include <stdbool.h>
#include <stddef.h>

struct tls;
struct http_conn;
struct bufferevent;
struct event_base;

struct tls_params {
    const char *certificate; /* a PEM file: the node's, then those between it and the root */
    const char *key;         /* a PEM file without a passphrase */
};

/* Loads both. params' texts are kept by reference. 0; on failure *out is NULL, a negative errno is
 * returned, and message holds one line for people. */
int tls_open(
    struct tls **out, const struct tls_params *params, char *message, size_t message_bytes);
/* Loads them anew; connections that are there keep what they began with. On failure, as above, the
 * old ones stay. Any thread. */
int tls_reload(struct tls *tls, char *message, size_t message_bytes);
/* Whether the certificate's time is over. Any thread. */
bool tls_expired(struct tls *tls);
/* No connection may be open. Accepts NULL. */
void tls_close(struct tls **tls);

/* A bufferevent that begins with the server's side of the handshake, and takes fd over; NULL: no
 * memory, and fd is still the caller's. Any loop's thread. */
struct bufferevent *tls_accept(struct tls *tls, struct event_base *base, int fd);

/* ---- for connections with such a bufferevent; harmless for others ---- */

bool tls_is_used(const struct bufferevent *bev);
/* libevent waits for the socket, although OpenSSL may hold decrypted bytes that the bufferevent had
 * no room for before: lets it look for them. To be called whenever room was made. */
void tls_read_on(struct bufferevent *bev);
/* Joins what is small at the output's start, so that head and body share a record. Not between a
 * write that is pending and its end. */
void tls_join_output(struct bufferevent *bev);
/* Tells the peer that nothing was cut off (close_notify). */
void tls_say_goodbye(struct bufferevent *bev);
/* After a failed handshake: reads what the peer has sent, because closing over unread bytes would
 * take the alert away from it again. */
void tls_end_refused(struct bufferevent *bev);

#endif
