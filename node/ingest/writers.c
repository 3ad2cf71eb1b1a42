/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which request may write to the file of an upload. */
#include <string.h>

#include "node/ingest/ingest.h"
#include "node/ingest/ingest_internal.h"

bool writers_enter(struct ingest *ingest, struct upload_writer *writer)
{
    pthread_mutex_lock(&ingest->mutex);
    bool free_to_write = true;
    for (struct upload_writer *other = ingest->writers; other; other = other->next)
        if (strcmp(other->id, writer->id) == 0 && !other->superseded && other->writing)
            free_to_write = false;
    for (struct upload_writer *other = ingest->writers; free_to_write && other; other = other->next)
        if (strcmp(other->id, writer->id) == 0)
            other->superseded = true;
    if (free_to_write) {
        writer->next = ingest->writers;
        ingest->writers = writer;
    }
    pthread_mutex_unlock(&ingest->mutex);
    return free_to_write;
}

void writers_leave(struct ingest *ingest, struct upload_writer *writer)
{
    pthread_mutex_lock(&ingest->mutex);
    for (struct upload_writer **at = &ingest->writers; *at; at = &(*at)->next)
        if (*at == writer) {
            *at = writer->next;
            break;
        }
    pthread_mutex_unlock(&ingest->mutex);
}

bool writers_begin(struct ingest *ingest, struct upload_writer *writer)
{
    pthread_mutex_lock(&ingest->mutex);
    bool ours = !writer->superseded;
    writer->writing = ours;
    pthread_mutex_unlock(&ingest->mutex);
    return ours;
}

void writers_end(struct ingest *ingest, struct upload_writer *writer)
{
    pthread_mutex_lock(&ingest->mutex);
    writer->writing = false;
    pthread_mutex_unlock(&ingest->mutex);
}

bool writers_have(struct ingest *ingest, const char *id)
{
    bool found = false;
    pthread_mutex_lock(&ingest->mutex);
    for (const struct upload_writer *at = ingest->writers; at && !found; at = at->next)
        found = strcmp(at->id, id) == 0;
    pthread_mutex_unlock(&ingest->mutex);
    return found;
}
