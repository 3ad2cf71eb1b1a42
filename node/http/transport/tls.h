/* SPDX-License-Identifier: GPL-3.0-or-later */
/* TLS 1.2 and 1.3 with OpenSSL: the certificate, and encrypted connections. All loops share one
 * SSL_CTX and the ticket keys. So a session ticket is good on every loop, and stays good after the
 * certificate changes. The ticket keys change regularly; see ticket_keys.h. */
#ifndef NODE_HTTP_TRANSPORT_TLS_H
#define NODE_HTTP_TRANSPORT_TLS_H

#include <stdbool.h>
#include <stddef.h>

struct tls;
struct http_conn;
struct bufferevent;
struct event_base;

struct tls_params {
    const char *certificate; /* a PEM file: the node's certificate, then the certificates between it
                              * and the root */
    const char *key;         /* a PEM file without a passphrase */
};

/* Loads the certificate and the key. The texts in params are kept by reference. Returns 0; or a
 * negative errno, with *out NULL and one line for people in message. */
int tls_open(
    struct tls **out, const struct tls_params *params, char *message, size_t message_bytes);
/* Loads both again. Existing connections keep the old ones. On failure the old ones stay, with the
 * result as above. Any thread. */
int tls_reload(struct tls *tls, char *message, size_t message_bytes);
/* Whether the certificate has expired. Any thread. */
bool tls_expired(struct tls *tls);
/* Frees everything and sets *tls to NULL. No connection may be open. Accepts NULL in *tls. */
void tls_close(struct tls **tls);

/* Returns a bufferevent that starts the server side of the handshake and owns fd. NULL: out of
 * memory, and fd stays the caller's. Any loop's thread. */
struct bufferevent *tls_accept(struct tls *tls, struct event_base *base, int fd);

/* ---- for connections with such a bufferevent; harmless for others ---- */

bool tls_is_used(const struct bufferevent *bev);
/* Makes libevent look for bytes that OpenSSL holds. OpenSSL may have read them ahead, or decrypted
 * them while the bufferevent had no room; the socket then does not become readable. To be called
 * after the handshake, and whenever room was made. */
void tls_read_on(struct bufferevent *bev);
/* Encrypts and sends the output as far as the socket takes it at once; nothing before the handshake
 * is done. libevent writes the rest (EV_WRITE); do not call this again before that is done. Only
 * for TLS bufferevents. Returns false if the connection is broken. */
bool tls_write(struct bufferevent *bev);
/* Sends close_notify, which tells the peer that nothing is missing. */
void tls_say_goodbye(struct bufferevent *bev);
/* To be called after a failed handshake: reads and discards up to 64 KiB that the peer has sent,
 * and ends the sending half. Closing with unread bytes would reset the connection, and the peer
 * would lose the TLS alert. */
void tls_end_refused(struct bufferevent *bev);

#endif
