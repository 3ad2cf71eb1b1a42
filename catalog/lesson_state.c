/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "catalog/lesson_state.h"

#include <stdbool.h>
#include <stddef.h>

#include "catalog/db.h"

_Static_assert(CATALOG_LESSON_QUEUED == SQL_LESSON_QUEUED, "SQL uses another number");
_Static_assert(CATALOG_LESSON_WORKING == SQL_LESSON_WORKING, "SQL uses another number");
_Static_assert(CATALOG_LESSON_READY == SQL_LESSON_READY, "SQL uses another number");
_Static_assert(CATALOG_LESSON_FAILED == SQL_LESSON_FAILED, "SQL uses another number");

static const char *const state_names[] = {
    [CATALOG_LESSON_QUEUED] = "queued",
    [CATALOG_LESSON_WORKING] = "working",
    [CATALOG_LESSON_READY] = "ready",
    [CATALOG_LESSON_FAILED] = "failed",
};
#define STATE_COUNT ((int)(sizeof(state_names) / sizeof(state_names[0])))

/* may_follow[from][to] */
static const bool may_follow[STATE_COUNT][STATE_COUNT] = {
    [CATALOG_LESSON_QUEUED] = {[CATALOG_LESSON_WORKING] = true, [CATALOG_LESSON_FAILED] = true},
    [CATALOG_LESSON_WORKING] = {[CATALOG_LESSON_READY] = true, [CATALOG_LESSON_FAILED] = true},
    [CATALOG_LESSON_FAILED] = {[CATALOG_LESSON_QUEUED] = true, [CATALOG_LESSON_WORKING] = true},
};

const char *catalog_lesson_state_name(int state)
{
    return state >= 0 && state < STATE_COUNT ? state_names[state] : NULL;
}

enum catalog_error lesson_read_state(
    struct catalog *cat, int64_t lesson_id, enum catalog_lesson_state *state)
{
    sqlite3_stmt *query = db_query(cat, STATEMENT_LESSON_STATE, "l", lesson_id);
    int row = db_row(cat, query);
    if (row < 0)
        return row;
    if (row == 0)
        return db_fail(cat, CATALOG_ENOTFOUND, "there is no lesson %lld", (long long)lesson_id);
    *state = sqlite3_column_int(query, PRESENT_STATE);
    db_done(query);
    return CATALOG_OK;
}

enum catalog_error lesson_set_state(struct catalog *cat, int64_t lesson_id,
    enum catalog_lesson_state state, const char *reason, const char *detail, int64_t now_ms)
{
    enum catalog_lesson_state from = CATALOG_LESSON_QUEUED;
    enum catalog_error error = lesson_read_state(cat, lesson_id, &from);
    if (error != CATALOG_OK)
        return error;
    const char *from_name = catalog_lesson_state_name((int)from);
    if (!from_name || !may_follow[from][state])
        return db_fail(cat, CATALOG_ESTATE, "lesson %lld can't go from %s to %s",
            (long long)lesson_id, from_name ? from_name : "an unknown state", state_names[state]);
    return db_execute(
        cat, STATEMENT_LESSON_SET_STATE, "lissl", lesson_id, state, reason, detail, now_ms);
}
