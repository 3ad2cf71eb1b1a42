/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include "catalog/db.h"

int event_insert(
    struct catalog *c, int64_t lesson_id, const char *code, const char *detail, int64_t now_ms)
{
    return db_run(c,
        db_bind(db_statement(c, STATEMENT_EVENT_INSERT), "iiss", lesson_id, now_ms, code, detail),
        NULL);
}

int catalog_event_add(
    struct catalog *c, int64_t lesson_id, const char *code, const char *detail, int64_t now_ms)
{
    int state = 0;
    int error = db_begin(c);
    if (error == CATALOG_OK)
        error = lesson_state(c, lesson_id, &state);
    if (error == CATALOG_OK)
        error = event_insert(c, lesson_id, code, detail, now_ms);
    if (error == CATALOG_OK)
        error = db_touch(c);
    return db_end(c, error);
}

int catalog_events(struct catalog *c, int64_t lesson_id, int most, struct catalog_events *out)
{
    int row;
    *out = (struct catalog_events){0};
    sqlite3_stmt *s = db_bind(
        db_statement(c, STATEMENT_EVENTS), "ii", lesson_id, (int64_t)(most > 0 ? most : -1));
    while ((row = db_row(c, s)) > 0) {
        struct catalog_event *event = db_grow((void **)&out->items, &out->count, sizeof(*event));
        if (event) {
            event->id = sqlite3_column_int64(s, 0);
            event->lesson_id = sqlite3_column_int64(s, 1);
            event->time_ms = sqlite3_column_int64(s, 2);
            event->code = db_text(s, 3);
            event->detail = db_text(s, 4);
        }
        if (!event || !event->code || !event->detail) {
            row = db_fail(c, CATALOG_ENOMEM, "out of memory");
            break;
        }
    }
    db_done(s);
    if (row < 0)
        catalog_events_free(out);
    return row;
}

void catalog_events_free(struct catalog_events *events)
{
    if (!events)
        return;
    for (size_t i = 0; i < events->count; i++) {
        free(events->items[i].code);
        free(events->items[i].detail);
    }
    free(events->items);
    *events = (struct catalog_events){0};
}
