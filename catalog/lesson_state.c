/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "catalog/db.h"

static const char *const state_names[] = {
    [CATALOG_LESSON_QUEUED] = "queued",
    [CATALOG_LESSON_WORKING] = "working",
    [CATALOG_LESSON_READY] = "ready",
    [CATALOG_LESSON_FAILED] = "failed",
};
#define STATES ((int)(sizeof(state_names) / sizeof(state_names[0])))

/* Which state may follow which: [from][to]. */
static const bool legal[STATES][STATES] = {
    [CATALOG_LESSON_QUEUED] = {[CATALOG_LESSON_WORKING] = true, [CATALOG_LESSON_FAILED] = true},
    [CATALOG_LESSON_WORKING] = {[CATALOG_LESSON_READY] = true, [CATALOG_LESSON_FAILED] = true},
    [CATALOG_LESSON_FAILED] = {[CATALOG_LESSON_QUEUED] = true, [CATALOG_LESSON_WORKING] = true},
};

const char *catalog_lesson_state_name(int state)
{
    return state >= 0 && state < STATES ? state_names[state] : NULL;
}

int lesson_state(struct catalog *c, int64_t lesson_id, int *state)
{
    sqlite3_stmt *statement = db_bind(db_statement(c, STATEMENT_LESSON_STATE), "i", lesson_id);
    int row = db_row(c, statement);
    if (row <= 0)
        return row < 0
                   ? row
                   : db_fail(c, CATALOG_ENOTFOUND, "there is no lesson %lld", (long long)lesson_id);
    *state = sqlite3_column_int(statement, 0);
    db_done(statement);
    return CATALOG_OK;
}

int lesson_set_state(struct catalog *c, int64_t lesson_id, int state, const char *reason,
    const char *detail, int64_t now_ms)
{
    int from = 0;
    int error = lesson_state(c, lesson_id, &from);
    if (error != CATALOG_OK)
        return error;
    if (from < 0 || from >= STATES || !legal[from][state])
        return db_fail(c, CATALOG_ESTATE, "lesson %lld can't go from %s to %s",
            (long long)lesson_id, catalog_lesson_state_name(from), state_names[state]);
    return db_run(c,
        db_bind(db_statement(c, STATEMENT_LESSON_SET_STATE), "iissi", lesson_id, (int64_t)state,
            reason, detail, now_ms),
        NULL);
}
