/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/monitor/terminals.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "node/monitor/rate.h"
#include "transcoder/text/hash.h"

enum { BUCKETS = 8192 };

/* A terminal that has fetched only audio for this long is taken to listen without video. It is
 * three times the longest segment. */
#define SOUND_ALONE_MS ((int64_t)60000)

struct terminal;

struct connection {
    LIST_ENTRY(connection) in_bucket;
    LIST_ENTRY(connection) in_terminal;
    struct terminal *terminal;
    uint64_t conn_id;
    uint32_t retransmits; /* at its previous sample */
    uint64_t media_bytes; /* media bytes sent, ever */
    int64_t sampled_ms;   /* monotonic */
};

LIST_HEAD(connection_list, connection);

struct terminal {
    LIST_ENTRY(terminal) in_bucket;
    TAILQ_ENTRY(terminal) in_order;
    struct connection_list connections;
    struct terminal_row row; /* its rate is filled in when it is copied */
    struct rate rate;        /* of media */
    /* Monotonic times: of its last sample, of its last media request, and of its last request for
     * pictures. Requests for subtitles or the multivariant playlist count as the last only if they
     * begin another lesson. */
    int64_t seen_ms, media_ms, picture_ms;
};

struct terminals {
    size_t max_terminals, count, connection_count;
    struct rate rate; /* of all terminals together */
    LIST_HEAD(, terminal) by_address[BUCKETS];
    struct connection_list by_id[BUCKETS];
    TAILQ_HEAD(terminal_order, terminal) order; /* the most recently seen first */
};

int terminals_open(struct terminals **out, size_t max_terminals)
{
    struct terminals *terminals = calloc(1, sizeof(*terminals));
    *out = terminals;
    if (!terminals)
        return -ENOMEM;
    terminals->max_terminals = max_terminals;
    TAILQ_INIT(&terminals->order);
    return 0;
}

/* ---- connections ---- */

static struct connection *find_connection(struct terminals *terminals, uint64_t conn_id)
{
    struct connection *connection;
    LIST_FOREACH (connection, &terminals->by_id[conn_id % BUCKETS], in_bucket)
        if (connection->conn_id == conn_id)
            break;
    return connection;
}

static struct connection *add_connection(
    struct terminals *terminals, struct terminal *terminal, uint64_t conn_id, int64_t now_ms)
{
    struct connection *connection = calloc(1, sizeof(*connection));
    if (!connection)
        return NULL;
    connection->terminal = terminal;
    connection->conn_id = conn_id;
    connection->sampled_ms = now_ms - RATE_SAMPLE_MS;
    LIST_INSERT_HEAD(&terminals->by_id[conn_id % BUCKETS], connection, in_bucket);
    LIST_INSERT_HEAD(&terminal->connections, connection, in_terminal);
    terminals->connection_count++;
    terminal->row.connections++;
    return connection;
}

static void remove_connection(struct terminals *terminals, struct connection *connection)
{
    LIST_REMOVE(connection, in_bucket);
    LIST_REMOVE(connection, in_terminal);
    terminals->connection_count--;
    connection->terminal->row.connections--;
    free(connection);
}

/* ---- terminals ---- */

static size_t bucket_of(const char *address)
{
    return hash_text(HASH_START, address) % BUCKETS;
}

static struct terminal *find_terminal(struct terminals *terminals, const char *address)
{
    struct terminal *terminal;
    LIST_FOREACH (terminal, &terminals->by_address[bucket_of(address)], in_bucket)
        if (strcmp(terminal->row.address, address) == 0)
            break;
    return terminal;
}

static void remove_terminal(struct terminals *terminals, struct terminal *terminal)
{
    struct connection *connection = LIST_FIRST(&terminal->connections);
    while (connection) {
        struct connection *next = LIST_NEXT(connection, in_terminal);
        remove_connection(terminals, connection);
        connection = next;
    }
    LIST_REMOVE(terminal, in_bucket);
    TAILQ_REMOVE(&terminals->order, terminal, in_order);
    terminals->count--;
    free(terminal);
}

void terminals_close(struct terminals **terminals)
{
    if (!*terminals)
        return;
    struct terminal *terminal = TAILQ_FIRST(&(*terminals)->order);
    while (terminal) {
        struct terminal *next = TAILQ_NEXT(terminal, in_order);
        remove_terminal(*terminals, terminal);
        terminal = next;
    }
    free(*terminals);
    *terminals = NULL;
}

static void copy_text(char *out, size_t out_bytes, const char *text)
{
    size_t length = strnlen(text, out_bytes - 1);
    memcpy(out, text, length);
    out[length] = '\0';
}

/* Clients choose these bytes, and they are shown in JSON and on screens. So every byte that is not
 * printable ASCII becomes '?'. */
static void copy_printable(char *out, size_t out_bytes, const char *text)
{
    copy_text(out, out_bytes, text);
    for (; *out; out++)
        if (*out < ' ' || *out > '~')
            *out = '?';
}

static struct terminal *add_terminal(
    struct terminals *terminals, const char *address, const struct monitor_time *now)
{
    struct terminal *terminal = calloc(1, sizeof(*terminal));
    struct terminal *oldest = TAILQ_LAST(&terminals->order, terminal_order);
    if (!terminal)
        return NULL;
    if (oldest && terminals->count >= terminals->max_terminals)
        remove_terminal(terminals, oldest);
    copy_printable(terminal->row.address, sizeof(terminal->row.address), address);
    terminal->row.first_seen_ms = now->wall_ms;
    LIST_INSERT_HEAD(&terminals->by_address[bucket_of(terminal->row.address)], terminal, in_bucket);
    TAILQ_INSERT_HEAD(&terminals->order, terminal, in_order);
    terminals->count++;
    return terminal;
}

/* ---- samples ---- */

static const char *skip_number(const char *text, int64_t *number)
{
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 18)
        return NULL;
    *number = strtoll(text, NULL, 10);
    return text + digits;
}

/* Whether a path is media. Pages and the API are also requested while nothing plays, so they do not
 * count. */
static bool is_media(const char *path)
{
    return strncmp(path, "/v/", 3) == 0;
}

bool terminal_path_parse(
    const char *path, int64_t *lesson_id, char rendition[TERMINAL_RENDITION_BYTES])
{
    int64_t lesson;
    int64_t revision;
    if (!is_media(path) || !(path = skip_number(path + 3, &lesson)) || *path != '/')
        return false;
    if (!(path = skip_number(path + 1, &revision)) || *path != '/')
        return false;
    size_t part_bytes = strcspn(++path, "/");
    if (part_bytes == 0 || part_bytes >= TERMINAL_RENDITION_BYTES)
        return false;
    /* Of the files directly under a revision, only the multivariant playlist counts as watching.
     * Posters, for example, are also fetched for lists of lessons. */
    if (path[part_bytes] != '/' && strcmp(path, "master.m3u8") != 0)
        return false;
    *lesson_id = lesson;
    memcpy(rendition, path, part_bytes);
    /* Subtitles are fetched together with a video rendition, and that rendition is shown. */
    bool subtitles = path[0] == 's' && path[1] >= '0' && path[1] <= '9';
    rendition[path[part_bytes] == '/' && !subtitles ? part_bytes : 0] = '\0';
    return true;
}

static bool is_sound(const char *rendition)
{
    return (rendition[0] == 'a' || rendition[0] == 'o') && rendition[1] >= '0' &&
           rendition[1] <= '9';
}

/* Whether this audio rendition is fetched in turn with a video rendition. Then the video rendition
 * is shown. */
static bool is_beside_picture(
    const struct terminal *terminal, const char *rendition, int64_t now_ms)
{
    return is_sound(rendition) && terminal->row.rendition[0] &&
           !is_sound(terminal->row.rendition) && now_ms - terminal->picture_ms <= SOUND_ALONE_MS;
}

/* Notes what a terminal is watching. Only media requests count: a page or a poll in between does
 * not show whether the lesson continues. */
static void note_path(struct terminal *terminal, const char *path, int64_t now_ms)
{
    int64_t lesson_id;
    char rendition[TERMINAL_RENDITION_BYTES];
    if (!terminal_path_parse(path, &lesson_id, rendition))
        return;
    terminal->media_ms = now_ms;
    bool same_lesson = lesson_id == terminal->row.lesson_id;
    terminal->row.lesson_id = lesson_id;
    if (same_lesson && (!rendition[0] || is_beside_picture(terminal, rendition, now_ms)))
        return;
    if (!is_sound(rendition))
        terminal->picture_ms = now_ms;
    copy_printable(terminal->row.rendition, sizeof(terminal->row.rendition), rendition);
}

/* Returns the time in which the sampled bytes were sent. After a pause, they were sent within the
 * last sampling interval. */
static int64_t sample_interval_ms(const struct connection *connection, int64_t now_ms)
{
    int64_t interval_ms = now_ms - connection->sampled_ms;
    if (interval_ms > RATE_SAMPLE_MS)
        return RATE_SAMPLE_MS;
    return interval_ms > 0 ? interval_ms : 1;
}

static void note_media(struct terminal *terminal, struct connection *connection,
    const struct http_conn_sample *sample, int64_t interval_ms, int64_t now_ms)
{
    rate_add(&terminal->rate, sample->sent_bytes, interval_ms, now_ms);
    connection->media_bytes += sample->sent_bytes;
    if (connection->media_bytes >= TERMINAL_LINK_BYTES && sample->delivery_rate_bps > 0)
        terminal->row.link_bps = sample->delivery_rate_bps;
}

static void note_connection(struct terminals *terminals, struct terminal *terminal,
    struct connection *connection, const struct http_conn_sample *sample, int64_t now_ms)
{
    int64_t interval_ms = sample_interval_ms(connection, now_ms);
    if (sample->sent_bytes > 0) {
        if (is_media(sample->path))
            note_media(terminal, connection, sample, interval_ms, now_ms);
        rate_add(&terminals->rate, sample->sent_bytes, interval_ms, now_ms);
    }
    if (sample->retransmits > connection->retransmits)
        terminal->row.retransmits += sample->retransmits - connection->retransmits;
    connection->retransmits = sample->retransmits;
    connection->sampled_ms = now_ms;
}

static void note_terminal(struct terminals *terminals, struct terminal *terminal,
    const struct http_conn_sample *sample, const struct monitor_time *now)
{
    terminal->row.sent_bytes += sample->sent_bytes;
    terminal->row.requests += sample->requests;
    if (sample->rtt_us > 0)
        terminal->row.rtt_us = sample->rtt_us;
    if (sample->user_agent[0])
        copy_printable(
            terminal->row.user_agent, sizeof(terminal->row.user_agent), sample->user_agent);
    /* The last sample of a connection still has the path of its last request, so a sample without
     * news is ignored. */
    if (sample->sent_bytes > 0 || sample->requests > 0)
        note_path(terminal, sample->path, now->mono_ms);
    terminal->row.last_seen_ms = now->wall_ms;
    terminal->seen_ms = now->mono_ms;
    TAILQ_REMOVE(&terminals->order, terminal, in_order);
    TAILQ_INSERT_HEAD(&terminals->order, terminal, in_order);
}

void terminals_observe(struct terminals *terminals, const struct http_conn_sample *sample,
    const struct monitor_time *now)
{
    struct connection *connection = find_connection(terminals, sample->conn_id);
    struct terminal *terminal =
        connection ? connection->terminal : find_terminal(terminals, sample->peer);
    if (!terminal)
        terminal = add_terminal(terminals, sample->peer, now);
    if (!terminal)
        return;
    if (!connection)
        connection = add_connection(terminals, terminal, sample->conn_id, now->mono_ms);
    note_terminal(terminals, terminal, sample, now);
    if (!connection)
        return;
    note_connection(terminals, terminal, connection, sample, now->mono_ms);
    if (sample->closed)
        remove_connection(terminals, connection);
}

/* ---- looking ---- */

size_t terminals_count(const struct terminals *terminals)
{
    return terminals->count;
}

size_t terminals_connections(const struct terminals *terminals)
{
    return terminals->connection_count;
}

int64_t terminals_bytes_per_second(const struct terminals *terminals, int64_t now_mono_ms)
{
    return rate_now(&terminals->rate, now_mono_ms);
}

size_t terminals_active(const struct terminals *terminals, int64_t since_mono_ms)
{
    const struct terminal *terminal;
    size_t count = 0;
    TAILQ_FOREACH (terminal, &terminals->order, in_order) {
        if (terminal->seen_ms < since_mono_ms)
            break;
        count++;
    }
    return count;
}

size_t terminals_copy(const struct terminals *terminals, const struct monitor_time *now,
    struct terminal_row *rows, size_t max)
{
    const struct terminal *terminal;
    size_t count = 0;
    TAILQ_FOREACH (terminal, &terminals->order, in_order) {
        if (count == max)
            break;
        rows[count] = terminal->row;
        rows[count].rate_bps = 8 * rate_now(&terminal->rate, now->mono_ms);
        if (now->mono_ms - terminal->media_ms > TERMINAL_WATCHING_MS) {
            rows[count].lesson_id = rows[count].link_bps = 0;
            rows[count].rendition[0] = '\0';
        }
        count++;
    }
    return count;
}
