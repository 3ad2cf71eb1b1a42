/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fuzzes a whole HTTP connection. The input is what the peer sends. In it, a byte 0xff and the byte
 * after it stand for something else that happens (the first enum below). The answers must be
 * well-formed, and there must be no more of them than requests. They must be the same however the
 * requests are cut. At the end, nothing of the connection may be left.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "h1.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

enum { CUT, WORK, READ, HALF_CLOSE, LEAVE, WAIT, DRAIN, LITERAL, ACTIONS };
enum { ESCAPE = 0xff, READ_BYTES = 4096, IDLE_TURNS = 4, MAX_TURNS = 20000 };

struct play {
    int peer; /* -1: the peer has left */
    bool cut, abrupt, closed_half, ended, reset;
    char *said, *heard;
    size_t said_bytes, waiting_bytes; /* bytes said in all; those of them that are not sent yet */
    size_t heard_bytes, heard_room;
};

/* ---- the peer ---- */

static bool hear(struct play *play, size_t most)
{
    if (play->peer < 0 || play->ended)
        return false;
    if (play->heard_room - play->heard_bytes < most) {
        play->heard_room = 2 * play->heard_room + most;
        play->heard = realloc(play->heard, play->heard_room);
    }
    ssize_t got = recv(play->peer, play->heard + play->heard_bytes, most, 0);
    if (got > 0)
        play->heard_bytes += (size_t)got;
    play->ended = got == 0 || (got < 0 && errno != EAGAIN);
    play->reset |= got < 0 && errno == ECONNRESET;
    return got > 0;
}

/* Sends the bytes that wait. If the socket's buffer is full, reads answers meanwhile. */
static void send_all(struct play *play)
{
    for (int turn = 0; play->waiting_bytes > 0 && play->peer >= 0 && !play->closed_half; turn++) {
        const char *from = play->said + play->said_bytes - play->waiting_bytes;
        ssize_t sent = send(play->peer, from, play->waiting_bytes, 0);
        if (sent < 0 && errno != EAGAIN)
            break; /* the node has closed the connection */
        h1_require(turn < MAX_TURNS, "the node reads what is sent, or hangs up");
        play->waiting_bytes -= sent > 0 ? (size_t)sent : 0;
        h1_turn();
        if (sent < 0) {
            hear(play, READ_BYTES);
            h1_work();
        }
    }
    play->waiting_bytes = 0;
    h1_turn();
}

static void leave(struct play *play)
{
    if (play->peer >= 0)
        close(play->peer);
    play->peer = -1;
    h1_turn();
}

static void half_close(struct play *play)
{
    play->closed_half = true;
    if (play->peer >= 0)
        shutdown(play->peer, SHUT_WR);
    h1_turn();
}

static void act(struct play *play, int action)
{
    send_all(play);
    play->cut = true;
    play->abrupt |= action >= HALF_CLOSE;
    if (action == WORK)
        h1_work();
    else if (action == READ)
        hear(play, READ_BYTES);
    else if (action == HALF_CLOSE)
        half_close(play);
    else if (action == LEAVE)
        leave(play);
    else if (action == WAIT)
        h1_wait();
    else if (action == DRAIN)
        h1_drain();
}

/* Runs the server until nothing more happens without new input. */
static void settle(struct play *play)
{
    int turns = 0;
    for (int idle = 0; idle < IDLE_TURNS; idle++) {
        h1_require(turns++ < MAX_TURNS, "the node comes to rest");
        h1_turn();
        if (hear(play, READ_BYTES) || h1_work())
            idle = 0;
    }
}

/* ---- one connection ---- */

static void begin(struct play *play, size_t max_bytes)
{
    *play = (struct play){.said = malloc(max_bytes + 1), .heard = malloc(1)};
    play->peer = h1_open();
}

static void end(struct play *play)
{
    send_all(play);
    settle(play);
    half_close(play);
    settle(play);
    h1_require(!h1_connected(), "the connection ends with its peer");
    /* If the node closes a socket with unread input, the peer gets a reset and may lose the answer
     * (RFC 9112 section 9.6). */
    h1_require(play->abrupt || !play->reset, "no answer is lost by a reset");
    h1_require(play->abrupt || h1_sent_bytes() == play->heard_bytes, "what was sent is reported");
    leave(play);
    h1_close();
}

static void say(struct play *play, const uint8_t *data, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        uint8_t byte = data[i];
        int action = byte == ESCAPE && i + 1 < bytes ? data[++i] % ACTIONS : LITERAL;
        if (action == LITERAL) {
            play->said[play->said_bytes++] = (char)byte;
            play->waiting_bytes++;
        } else {
            act(play, action);
        }
    }
}

static size_t count(const struct play *play, const char *text)
{
    size_t found = 0;
    for (size_t i = 0; i + strlen(text) <= play->said_bytes; i++)
        found += strncasecmp(play->said + i, text, strlen(text)) == 0;
    return found;
}

static struct h1_answers check(const struct play *play)
{
    const struct h1_asked asked = {
        .heads = count(play, "\r\n\r\n"),
        .methods = count(play, "HEAD "),
        .continues = count(play, "100-continue"),
        .whole = h1_count_requests(play->said, play->said_bytes),
    };
    struct h1_answers answers;
    h1_check_answers(play->heard, play->heard_bytes, &asked, !play->abrupt, &answers);
    return answers;
}

static void forget(struct play *play)
{
    free(play->said);
    free(play->heard);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct play cut, whole;
    struct h1_answers answers, same;
    begin(&cut, bytes);
    say(&cut, data, bytes);
    end(&cut);
    answers = check(&cut);
    if (cut.cut && !cut.abrupt) {
        begin(&whole, cut.said_bytes);
        memcpy(whole.said, cut.said, cut.said_bytes);
        whole.said_bytes = whole.waiting_bytes = cut.said_bytes;
        end(&whole);
        same = check(&whole);
        h1_require(same.count == answers.count && same.hash == answers.hash,
            "the same answers, however the requests are cut");
        forget(&whole);
    }
    forget(&cut);
    return 0;
}
