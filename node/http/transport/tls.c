/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/http/transport/tls.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/bufferevent_struct.h>
#include <event2/event.h>
#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509err.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "node/http/transport/ticket_keys.h"
#include "node/util/clock.h"

enum {
    /* Twelve hours, a school day: a terminal that comes back within it needs no full handshake. A
     * ticket key seals new tickets for that time and opens them for twice as long. */
    SESSION_S = 12 * 3600,
    RECORD_BYTES = 16 * 1024,  /* the most data of one TLS record */
    REFUSED_BYTES = 64 * 1024, /* read and discarded from a peer whose handshake failed */
};

struct tls {
    struct tls_params params;
    BIO_METHOD *sending;  /* a socket BIO whose writes go through write_record() */
    pthread_mutex_t lock; /* protects ctx and tickets */
    SSL_CTX *ctx;
    struct ticket_keys tickets; /* shared by every ctx, so that tickets outlive a certificate */
};

/* ---- tickets ---- */

/* Finds a ticket key. Returns what OpenSSL expects: -1 failed, 0 unknown key, 1 good, 2 good but
 * the ticket must be replaced. */
static int take_key(struct tls *tls, const unsigned char *name, bool seal, struct ticket_key *out)
{
    int64_t now_ms = clock_mono_ms();
    const struct ticket_key *now, *key;
    pthread_mutex_lock(&tls->lock);
    now = ticket_keys_now(&tls->tickets, now_ms);
    key = seal ? now : ticket_keys_find(&tls->tickets, name, now_ms);
    if (key)
        *out = *key;
    pthread_mutex_unlock(&tls->lock);
    if (!key)
        return seal ? -1 : 0;
    return key == now ? 1 : 2;
}

static bool set_up_ticket(const struct ticket_key *key, const unsigned char *iv,
    EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, bool seal)
{
    char digest[] = "SHA256";
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_octet_string(
            OSSL_MAC_PARAM_KEY, (void *)(uintptr_t)key->mac, sizeof(key->mac)),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };
    return EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), NULL, key->cipher, iv, seal) == 1 &&
           EVP_MAC_CTX_set_params(mac, params) == 1;
}

/* Seals a new ticket, or opens a ticket that a peer shows. */
static int on_ticket(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
    EVP_MAC_CTX *mac, int seal)
{
    struct tls *tls = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    struct ticket_key key;
    int error = take_key(tls, name, seal, &key);
    if (error <= 0)
        return error;
    if (seal)
        memcpy(name, key.name, sizeof(key.name));
    if (seal && RAND_bytes(iv, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) != 1)
        error = -1;
    if (error > 0 && !set_up_ticket(&key, iv, cipher, mac, seal))
        error = -1;
    OPENSSL_cleanse(&key, sizeof(key));
    return error;
}

/* ---- sending ---- */

/* Notes how many records tls_write() will still send through this BIO. */
static void expect_records(BIO *bio, size_t count)
{
    BIO_set_app_data(bio, (void *)(uintptr_t)count);
}

static size_t expected_records(BIO *bio)
{
    return (size_t)(uintptr_t)BIO_get_app_data(bio);
}

/* Writes one record. If another record follows at once, MSG_MORE makes the kernel wait for it.
 * Otherwise each record would end in a packet that is not full, and would wake the peer. */
static int write_record(BIO *bio, const char *data, int bytes)
{
    size_t expected = expected_records(bio);
    int flags = MSG_NOSIGNAL | (expected > 1 ? MSG_MORE : 0);
    ssize_t sent = send((int)BIO_get_fd(bio, NULL), data, (size_t)bytes, flags);
    BIO_clear_retry_flags(bio);
    if (sent < 0 && BIO_sock_should_retry((int)sent))
        BIO_set_retry_write(bio);
    if (sent == bytes && expected > 0)
        expect_records(bio, expected - 1);
    return (int)sent;
}

static BIO_METHOD *new_sending(void)
{
    const BIO_METHOD *socket = BIO_s_socket();
    BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOCKET, "records");
    if (method && BIO_meth_set_write(method, write_record) == 1 &&
        BIO_meth_set_read(method, BIO_meth_get_read(socket)) == 1 &&
        BIO_meth_set_ctrl(method, BIO_meth_get_ctrl(socket)) == 1 &&
        BIO_meth_set_create(method, BIO_meth_get_create(socket)) == 1 &&
        BIO_meth_set_destroy(method, BIO_meth_get_destroy(socket)) == 1)
        return method;
    BIO_meth_free(method);
    return NULL;
}

/* ---- the certificate ---- */

/* Refuses keys with a passphrase, since OpenSSL would ask for it at the terminal. */
static int no_passphrase(char *out, int bytes, int writing, void *ctx)
{
    (void)out, (void)bytes, (void)writing, (void)ctx;
    return -1;
}

/* Selects HTTP/1.1, the only protocol of this server (RFC 7301 section 3.2). */
static int select_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_bytes,
    const unsigned char *offered, unsigned offered_bytes, void *ctx)
{
    static const unsigned char ours[] = "\x08http/1.1";
    unsigned char *selected;
    int error =
        SSL_select_next_proto(&selected, out_bytes, ours, sizeof(ours) - 1, offered, offered_bytes);
    (void)ssl, (void)ctx;
    *out = selected;
    return error == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

static SSL_CTX *new_context(struct tls *tls)
{
    static const unsigned char name[] = "terrace";
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    if (!ctx)
        return NULL;
    SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
    /* Only ciphers with forward secrecy and authenticated encryption. TLS 1.3 has no others. */
    SSL_CTX_set_cipher_list(ctx, "ECDHE+AESGCM:ECDHE+CHACHA20");
    /* PRIORITIZE_CHACHA: phones without AES hardware prefer ChaCha20. IGNORE_UNEXPECTED_EOF: if
     * a connection ends without close_notify, the lengths in HTTP show whether something is
     * missing. */
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                 SSL_OP_PRIORITIZE_CHACHA | SSL_OP_IGNORE_UNEXPECTED_EOF);
    /* Most connections are idle, so their buffers are released. Reading ahead gets a request in one
     * read instead of first the header of its record. */
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_read_ahead(ctx, 1);
    /* Sessions live only in tickets. So the loops share no session cache, and none can grow. */
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_session_id_context(ctx, name, sizeof(name) - 1);
    SSL_CTX_set_timeout(ctx, SESSION_S);
    SSL_CTX_set_app_data(ctx, tls);
    SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx, on_ticket);
    SSL_CTX_set_alpn_select_cb(ctx, select_protocol, NULL);
    SSL_CTX_set_default_passwd_cb(ctx, no_passphrase);
    return ctx;
}

static int load_certificate(
    SSL_CTX *ctx, const char *certificate, char *message, size_t message_bytes)
{
    if (access(certificate, R_OK) < 0) {
        snprintf(message, message_bytes, "tls_certificate: %s can't be read: %s", certificate,
            strerror(errno));
        return -EINVAL;
    }
    if (SSL_CTX_use_certificate_chain_file(ctx, certificate) == 1)
        return 0;
    snprintf(message, message_bytes,
        "tls_certificate: %s holds no certificate in PEM form that is strong enough", certificate);
    return -EINVAL;
}

static bool is_mismatch(unsigned long error)
{
    return ERR_GET_LIB(error) == ERR_LIB_X509 &&
           (ERR_GET_REASON(error) == X509_R_KEY_VALUES_MISMATCH ||
               ERR_GET_REASON(error) == X509_R_KEY_TYPE_MISMATCH);
}

static int load_key(
    SSL_CTX *ctx, const struct tls_params *params, char *message, size_t message_bytes)
{
    if (access(params->key, R_OK) < 0) {
        snprintf(
            message, message_bytes, "tls_key: %s can't be read: %s", params->key, strerror(errno));
        return -EINVAL;
    }
    ERR_clear_error();
    bool loaded = SSL_CTX_use_PrivateKey_file(ctx, params->key, SSL_FILETYPE_PEM) == 1;
    if (loaded && SSL_CTX_check_private_key(ctx) == 1)
        return 0;
    if (loaded || is_mismatch(ERR_peek_last_error()))
        snprintf(message, message_bytes, "tls_key: %s is not the key of the certificate %s",
            params->key, params->certificate);
    else
        snprintf(message, message_bytes,
            "tls_key: %s holds no private key in PEM form without a passphrase", params->key);
    return -EINVAL;
}

static int load(struct tls *tls, SSL_CTX **out, char *message, size_t message_bytes)
{
    const struct tls_params *params = &tls->params;
    SSL_CTX *ctx = new_context(tls);
    *out = NULL;
    if (!ctx) {
        snprintf(message, message_bytes, "TLS can't be set up: out of memory");
        return -ENOMEM;
    }
    int error = load_certificate(ctx, params->certificate, message, message_bytes);
    if (error == 0)
        error = load_key(ctx, params, message, message_bytes);
    ERR_clear_error();
    if (error == 0)
        *out = ctx;
    else
        SSL_CTX_free(ctx);
    return error;
}

int tls_open(struct tls **out, const struct tls_params *params, char *message, size_t message_bytes)
{
    struct tls *tls = calloc(1, sizeof(*tls));
    *out = NULL;
    if (!tls) {
        snprintf(message, message_bytes, "TLS can't be set up: out of memory");
        return -ENOMEM;
    }
    tls->params = *params;
    pthread_mutex_init(&tls->lock, NULL);
    tls->tickets.period_ms = SESSION_S * 1000LL;
    tls->sending = new_sending();
    int error = tls->sending ? load(tls, &tls->ctx, message, message_bytes) : -ENOMEM;
    if (!tls->sending)
        snprintf(message, message_bytes, "TLS can't be set up: out of memory");
    if (error < 0)
        tls_close(&tls);
    *out = tls;
    return error;
}

int tls_reload(struct tls *tls, char *message, size_t message_bytes)
{
    SSL_CTX *ctx, *old;
    int error = load(tls, &ctx, message, message_bytes);
    if (error < 0)
        return error;
    pthread_mutex_lock(&tls->lock);
    old = tls->ctx;
    tls->ctx = ctx;
    pthread_mutex_unlock(&tls->lock);
    SSL_CTX_free(old); /* existing connections keep a reference */
    return 0;
}

bool tls_expired(struct tls *tls)
{
    pthread_mutex_lock(&tls->lock);
    bool expired =
        X509_cmp_current_time(X509_get0_notAfter(SSL_CTX_get0_certificate(tls->ctx))) < 0;
    pthread_mutex_unlock(&tls->lock);
    return expired;
}

void tls_close(struct tls **tls)
{
    if (!*tls)
        return;
    SSL_CTX_free((*tls)->ctx);
    BIO_meth_free((*tls)->sending);
    ticket_keys_wipe(&(*tls)->tickets);
    pthread_mutex_destroy(&(*tls)->lock);
    free(*tls);
    *tls = NULL;
}

/* ---- connections ---- */

static SSL *new_ssl(struct tls *tls, int fd)
{
    BIO *bio = BIO_new(tls->sending);
    if (!bio)
        return NULL;
    BIO_set_fd(bio, fd, BIO_NOCLOSE);
    pthread_mutex_lock(&tls->lock);
    SSL *ssl = SSL_new(tls->ctx);
    pthread_mutex_unlock(&tls->lock);
    if (ssl)
        SSL_set_bio(ssl, bio, bio);
    else
        BIO_free(bio);
    return ssl;
}

struct bufferevent *tls_accept(struct tls *tls, struct event_base *base, int fd)
{
    SSL *ssl = new_ssl(tls, fd);
    struct bufferevent *bev = ssl ? bufferevent_openssl_socket_new(base, fd, ssl,
                                        BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE)
                                  : NULL;
    if (!bev)
        SSL_free(ssl);
    return bev;
}

static SSL *ssl_of(const struct bufferevent *bev)
{
    return bufferevent_openssl_get_ssl((struct bufferevent *)(uintptr_t)bev);
}

bool tls_is_used(const struct bufferevent *bev)
{
    return ssl_of(bev) != NULL;
}

void tls_read_on(struct bufferevent *bev)
{
    SSL *ssl = ssl_of(bev);
    if (ssl && SSL_has_pending(ssl))
        event_active(&bev->ev_read, EV_READ, 0);
}

/* Returns the length of the contiguous data at the start of the output. Small pieces are joined
 * first, so that a head and its body share a record. */
static size_t contiguous(struct evbuffer *output, unsigned char **data)
{
    size_t bytes = evbuffer_get_length(output), whole = evbuffer_get_contiguous_space(output);
    if (whole < bytes && whole < RECORD_BYTES) {
        whole = bytes < RECORD_BYTES ? bytes : RECORD_BYTES;
        *data = evbuffer_pullup(output, (ev_ssize_t)whole);
        return *data ? evbuffer_get_contiguous_space(output) : 0;
    }
    *data = evbuffer_pullup(output, 1);
    return *data ? whole : 0;
}

/* Returns whether writing can continue later; false if the connection is broken. */
static bool may_go_on(SSL *ssl, int result)
{
    int error = SSL_get_error(ssl, result);
    ERR_clear_error();
    return error == SSL_ERROR_WANT_WRITE || error == SSL_ERROR_WANT_READ;
}

/* Writes the contiguous data at the start of the output. Returns what SSL_write() returned. */
static int write_some(SSL *ssl, struct evbuffer *output)
{
    unsigned char *data;
    size_t bytes = contiguous(output, &data), left = evbuffer_get_length(output) - bytes;
    if (bytes > INT_MAX)
        bytes = INT_MAX;
    expect_records(SSL_get_wbio(ssl), (bytes + RECORD_BYTES - 1) / RECORD_BYTES + (left > 0));
    ERR_clear_error();
    int error = SSL_write(ssl, data, (int)bytes);
    if (error > 0)
        evbuffer_drain(output, (size_t)error);
    return error;
}

bool tls_write(struct bufferevent *bev)
{
    SSL *ssl = ssl_of(bev);
    struct evbuffer *output = bufferevent_get_output(bev);
    int error = 1;
    if (!SSL_is_init_finished(ssl))
        return true;
    while (error > 0 && evbuffer_get_length(output) > 0)
        error = write_some(ssl, output);
    expect_records(SSL_get_wbio(ssl), 0);
    if (error > 0) {
        /* libevent began to wait for the socket when the output was filled. There is nothing to
         * wait for. */
        bufferevent_disable(bev, EV_WRITE);
        return true;
    }
    return may_go_on(ssl, error);
}

void tls_say_goodbye(struct bufferevent *bev)
{
    SSL *ssl = ssl_of(bev);
    if (!ssl || !SSL_is_init_finished(ssl))
        return;
    SSL_shutdown(ssl); /* if the socket is full, the peer gets no close_notify */
    ERR_clear_error();
}

void tls_end_refused(struct bufferevent *bev)
{
    SSL *ssl = ssl_of(bev);
    int fd = bufferevent_getfd(bev);
    char rest[4096];
    int left_bytes = REFUSED_BYTES;
    if (!ssl || SSL_is_init_finished(ssl))
        return;
    while (left_bytes > 0) {
        ssize_t got = recv(fd, rest, sizeof(rest), MSG_DONTWAIT);
        if (got <= 0)
            break;
        left_bytes -= (int)got;
    }
    shutdown(fd, SHUT_WR);
}
