/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * TLS 1.2 and 1.3 by OpenSSL: the certificate, and what connections need of the library. All loops
 * share one SSL_CTX and the keys of session tickets, so that a ticket is good on each of them, and
 * with the next certificate too; the keys change (ticket_keys.h).
 */
#ifndef NODE_HTTP_TRANSPORT_TLS_H
#define NODE_HTTP_TRANSPORT_TLS_H

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
/* libevent waits for the socket, although OpenSSL may hold bytes that it read ahead, or decrypted
 * when the bufferevent had no room: lets it look for them. To be called after the handshake, and
 * whenever room was made. */
void tls_read_on(struct bufferevent *bev);
/* For connections with such a bufferevent alone: encrypts and sends what is in the output, as far
 * as the socket takes it at once; what is left is libevent's to write (EV_WRITE). Not between that
 * and its end. False: the connection is broken. */
bool tls_write(struct bufferevent *bev);
/* Tells the peer that nothing was cut off (close_notify). */
void tls_say_goodbye(struct bufferevent *bev);
/* After a failed handshake: reads what the peer has sent, because closing over unread bytes would
 * take the alert away from it again. */
void tls_end_refused(struct bufferevent *bev);

#endif
