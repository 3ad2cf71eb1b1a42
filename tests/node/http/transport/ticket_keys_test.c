/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How long a session ticket is valid, with handshakes of OpenSSL's own client and a clock that the
 * test moves. */
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "node/http/transport/ticket_keys.h"
#include "node/http/transport/tls.h"
#include "node/util/clock.h"

#define HOUR_MS (3600 * 1000LL)

static int64_t now_ms = 1;

int64_t __wrap_clock_mono_ms(void); /* NOLINT(bugprone-reserved-identifier): the linker's name */
int64_t __wrap_clock_mono_ms(void)  /* NOLINT(bugprone-reserved-identifier) */
{
    return now_ms;
}

/* ---- the keys by themselves ---- */

static const struct ticket_key *copy_now(struct ticket_keys *keys, struct ticket_key *out)
{
    const struct ticket_key *key = ticket_keys_now(keys, now_ms);
    *out = *key;
    return key;
}

static void test_keys_change_every_period(void **state)
{
    struct ticket_keys keys = {.period_ms = 100};
    struct ticket_key first, second;
    (void)state;
    now_ms = 1000;
    copy_now(&keys, &first);
    now_ms = 1099;
    assert_memory_equal(copy_now(&keys, &second), &first, sizeof(first));
    now_ms = 1100;
    copy_now(&keys, &second);
    assert_memory_not_equal(second.name, first.name, sizeof(first.name));
    assert_memory_not_equal(second.cipher, first.cipher, sizeof(first.cipher));
    assert_memory_not_equal(second.mac, first.mac, sizeof(first.mac));
    assert_memory_equal(ticket_keys_find(&keys, first.name, 1199), &first, sizeof(first));
    assert_null(ticket_keys_find(&keys, first.name, 1200));
    assert_memory_equal(ticket_keys_find(&keys, second.name, 1299), &second, sizeof(second));
    assert_null(ticket_keys_find(&keys, second.name, 1300));
    ticket_keys_wipe(&keys);
}

/* Old keys are wiped from memory even if no connection comes that needs a new key. */
static void test_old_keys_are_wiped_without_use(void **state)
{
    struct ticket_keys keys = {.period_ms = 100};
    const struct ticket_key none = {0};
    struct ticket_key only;
    (void)state;
    now_ms = 5000;
    copy_now(&keys, &only);
    assert_memory_equal(ticket_keys_find(&keys, only.name, 5199), &only, sizeof(only));
    assert_null(ticket_keys_find(&keys, only.name, 5200));
    assert_memory_equal(&keys.now, &none, sizeof(none));
    assert_memory_equal(&keys.before, &none, sizeof(none));
}

/* ---- handshakes ---- */

static char certificate[] = "/tmp/terrace-cert-XXXXXX", key_file[] = "/tmp/terrace-key-XXXXXX";

static void write_pem(char *path, EVP_PKEY *key, X509 *x509)
{
    FILE *file = fdopen(mkstemp(path), "w");
    assert_non_null(file);
    assert_true(x509 ? PEM_write_X509(file, x509)
                     : PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL));
    fclose(file);
}

static int make_certificate(void **state)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *x509 = X509_new();
    (void)state;
    X509_gmtime_adj(X509_getm_notBefore(x509), 0);
    X509_gmtime_adj(X509_getm_notAfter(x509), 3600);
    X509_set_pubkey(x509, key);
    assert_true(X509_sign(x509, key, EVP_sha256()) > 0);
    write_pem(certificate, NULL, x509);
    write_pem(key_file, key, NULL);
    X509_free(x509);
    EVP_PKEY_free(key);
    return 0;
}

static int remove_certificate(void **state)
{
    (void)state;
    unlink(certificate);
    unlink(key_file);
    return 0;
}

static SSL_CTX *new_client(int version)
{
    SSL_CTX *client = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_min_proto_version(client, version);
    SSL_CTX_set_max_proto_version(client, version);
    return client;
}

/* Opens one connection that shows a ticket or none. Returns whether the ticket was accepted.
 * `given`, which may be NULL, gets the ticket for the next time. */
static bool connect_once(
    struct tls *tls, SSL_CTX *client, const SSL_SESSION *shown, SSL_SESSION **given)
{
    struct event_base *base = event_base_new();
    SSL *ssl = SSL_new(client);
    char byte;
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
    struct bufferevent *bev = tls_accept(tls, base, pair[0]);
    assert_non_null(bev);
    bufferevent_enable(bev, EV_READ | EV_WRITE);
    bufferevent_write(bev, "x", 1); /* TLS 1.3 sends its tickets before this byte */
    SSL_set_fd(ssl, pair[1]);
    SSL_set_connect_state(ssl);
    if (shown) {
        /* OpenSSL invalidates a session when another replaces it, so a copy is used. */
        SSL_SESSION *copy = SSL_SESSION_dup(shown);

        SSL_set_session(ssl, copy);
        SSL_SESSION_free(copy);
    }
    while (SSL_read(ssl, &byte, 1) != 1)
        event_base_loop(base, EVLOOP_NONBLOCK);
    bool reused = SSL_session_reused(ssl);
    if (given)
        *given = SSL_get1_session(ssl);
    SSL_shutdown(ssl);
    SSL_free(ssl);
    close(pair[1]);
    bufferevent_free(bev);
    event_base_loop(
        base, EVLOOP_NONBLOCK); /* libevent closes the descriptor in a later turn of the loop */
    event_base_free(base);
    return reused;
}

static void check_tickets(int version)
{
    const struct tls_params params = {certificate, key_file};
    SSL_CTX *client = new_client(version);
    SSL_SESSION *early, *late;
    struct tls *tls;
    char message[256];
    now_ms = 1;
    assert_int_equal(tls_open(&tls, &params, message, sizeof(message)), 0);
    connect_once(tls, client, NULL, &early);
    assert_true(connect_once(tls, client, early, NULL));
    /* The certificate is loaded again. Tickets from before must still be accepted. */
    assert_int_equal(tls_reload(tls, message, sizeof(message)), 0);
    assert_true(connect_once(tls, client, early, NULL));
    now_ms += 11 * HOUR_MS;
    connect_once(tls, client, NULL, &late);
    now_ms += 12 * HOUR_MS; /* another key is current now */
    assert_true(connect_once(tls, client, early, NULL));
    assert_true(connect_once(tls, client, late, NULL));
    now_ms += HOUR_MS;
    assert_false(connect_once(tls, client, early, NULL));
    assert_false(connect_once(tls, client, late, NULL));
    SSL_SESSION_free(early);
    SSL_SESSION_free(late);
    SSL_CTX_free(client);
    tls_close(&tls);
}

static void test_tls_1_2_sessions_resume(void **state)
{
    (void)state;
    check_tickets(TLS1_2_VERSION);
}

static void test_tls_1_3_sessions_resume(void **state)
{
    (void)state;
    check_tickets(TLS1_3_VERSION);
}

/* A client that shows a ticket of an expiring key gets a new ticket. */
static void test_an_old_ticket_is_renewed(void **state)
{
    const struct tls_params params = {certificate, key_file};
    SSL_CTX *client = new_client(TLS1_2_VERSION);
    SSL_SESSION *old, *renewed;
    struct tls *tls;
    char message[256];
    (void)state;
    now_ms = 1;
    assert_int_equal(tls_open(&tls, &params, message, sizeof(message)), 0);
    connect_once(tls, client, NULL, &old);
    now_ms += 13 * HOUR_MS;
    assert_true(connect_once(tls, client, old, &renewed));
    now_ms += 12 * HOUR_MS;
    assert_false(connect_once(tls, client, old, NULL));
    assert_true(connect_once(tls, client, renewed, NULL));
    SSL_SESSION_free(old);
    SSL_SESSION_free(renewed);
    SSL_CTX_free(client);
    tls_close(&tls);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys_change_every_period),
        cmocka_unit_test(test_old_keys_are_wiped_without_use),
        cmocka_unit_test(test_tls_1_2_sessions_resume),
        cmocka_unit_test(test_tls_1_3_sessions_resume),
        cmocka_unit_test(test_an_old_ticket_is_renewed),
    };
    return cmocka_run_group_tests(tests, make_certificate, remove_certificate);
}
