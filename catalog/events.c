/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "catalog/events.h"

#include <stdlib.h>

#include "catalog/db.h"
#include "catalog/lesson_state.h"

enum catalog_error event_insert(
    struct catalog *cat, int64_t lesson_id, const char *code, const char *detail, int64_t now_ms)
{
    return db_execute(cat, STATEMENT_EVENT_INSERT, "llss", lesson_id, now_ms, code, detail);
}

static enum catalog_error add_event(
    struct catalog *cat, int64_t lesson_id, const char *code, const char *detail, int64_t now_ms)
{
    enum catalog_lesson_state state = CATALOG_LESSON_QUEUED;
    enum catalog_error error = lesson_read_state(cat, lesson_id, &state);
    if (error == CATALOG_OK)
        error = event_insert(cat, lesson_id, code, detail, now_ms);
    return error;
}

enum catalog_error catalog_event_add(
    struct catalog *cat, int64_t lesson_id, const char *code, const char *detail, int64_t now_ms)
{
    enum catalog_error error = db_begin(cat);
    return error ? error : db_end(cat, add_event(cat, lesson_id, code, detail, now_ms));
}

static enum catalog_error fill_event(struct catalog *cat, sqlite3_stmt *row, void *item)
{
    struct catalog_event *event = item;
    event->id = sqlite3_column_int64(row, EVENT_ID);
    event->lesson_id = sqlite3_column_int64(row, EVENT_LESSON_ID);
    event->time_ms = sqlite3_column_int64(row, EVENT_TIME_MS);
    event->code = db_text(cat, row, EVENT_CODE);
    event->detail = db_text(cat, row, EVENT_DETAIL);
    return CATALOG_OK;
}

enum catalog_error catalog_events(
    struct catalog *cat, int64_t lesson_id, int limit, struct catalog_events *out)
{
    *out = (struct catalog_events){0};
    sqlite3_stmt *query =
        db_query(cat, STATEMENT_EVENTS, "li", lesson_id, limit > 0 ? limit : DB_NO_LIMIT);
    enum catalog_error error = db_read_all(
        cat, query, fill_event, sizeof(out->items[0]), (void **)&out->items, &out->count);
    if (error != CATALOG_OK)
        catalog_events_free(out);
    return error;
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
