/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Slows down password guessing without letting a guesser lock anybody else out. Failures are
 * counted in three ways:
 *
 *   for a name and a network  from 5 failures on, each makes the next try wait longer
 *   for a network             the same from 20 on; so one network can't try many names
 *   for a name                the same from 100 on; so many networks can't try one name
 *
 * A network is what http_request_network() says. If a user has logged in from a network before, only
 * the first way counts there. So guesses from elsewhere, or for other names from there, do not keep
 * the user out. A success of one user forgives nobody else.
 *
 * Any thread.
 */
#ifndef NODE_AUTH_GUESSES_H
#define NODE_AUTH_GUESSES_H

#include <stdbool.h>
#include <stdint.h>

struct guesses;

int guesses_open(struct guesses **out); /* Returns 0 or -ENOMEM. */
void guesses_close(struct guesses **guesses);

/* Asks for a try. Returns 0, and then the try counts as failed until guesses_succeeded() or
 * guesses_undo() is called, so that many tries at the same time do not avoid the wait. Otherwise
 * returns how long to wait, in ms. now_ms: monotonic. The wait is 2, 4, 8 s and so on up to 300 s;
 * after 15 min without a failure counting starts again. */
int64_t guesses_begin(
    struct guesses *guesses, const char *name, const char *network, int64_t now_ms);

/* The password was right: forgets the failures of this name from this network, and lets it pass in
 * future (see above). */
void guesses_succeeded(struct guesses *guesses, const char *name, const char *network);

/* The password was not checked, so the try was no failure. */
void guesses_undo(struct guesses *guesses, const char *name, const char *network);

/* Notes that the user has logged in from this network before. */
void guesses_know(struct guesses *guesses, const char *name, const char *network);

/* Whether that is known. */
bool guesses_known(struct guesses *guesses, const char *name, const char *network);

#endif
