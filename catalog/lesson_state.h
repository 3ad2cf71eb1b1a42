/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The state of a lesson, and which state may follow which.
 *
 *            probe done      all needed jobs done
 *  QUEUED ------------> WORKING ----------------> READY
 *     \                    \
 *      `--------------------`-- a job gave up --> FAILED --retry--> QUEUED or WORKING
 *
 * Optional jobs make what a lesson does not need to be READY. They go on after that, and they may
 * fail while the lesson stays READY.
 */
#ifndef CATALOG_LESSON_STATE_H
#define CATALOG_LESSON_STATE_H

#include <stdint.h>

#include "catalog/errors.h"

enum catalog_lesson_state {
    CATALOG_LESSON_QUEUED = 0,
    CATALOG_LESSON_WORKING = 1,
    CATALOG_LESSON_READY = 2,
    CATALOG_LESSON_FAILED = 3,
};

/*
 * Returns a state's name: "queued", "working", "ready", "failed".
 * state: any number. Returns NULL if it is no state.
 */
const char *catalog_lesson_state_name(int state);

/* ---- for the other files of catalog/, inside a transaction ---- */

/* Reads a lesson's state. ENOTFOUND. */
enum catalog_error lesson_read_state(
    struct catalog *cat, int64_t lesson_id, enum catalog_lesson_state *state);

/*
 * Sets a lesson's state.
 * reason, detail: of a failure, else "".
 * Errors: ENOTFOUND; ESTATE: this state may not follow the current one.
 */
enum catalog_error lesson_set_state(struct catalog *cat, int64_t lesson_id,
    enum catalog_lesson_state state, const char *reason, const char *detail, int64_t now_ms);

#endif
