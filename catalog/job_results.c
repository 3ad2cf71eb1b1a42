/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "catalog/job_results.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/db.h"
#include "catalog/events.h"
#include "catalog/lesson_state.h"

#define SHA256_TEXT_BYTES 65

/* ---- the plan ---- */

static enum catalog_error insert_rendition(struct catalog *cat, const struct job_lease *probe,
    const struct catalog_new_rendition *r, int position)
{
    return db_execute(cat, STATEMENT_RENDITION_INSERT, "lisiiiiiiiisliisi", probe->lesson_id,
        probe->revision, r->name, r->kind, position, r->width, r->height, r->fps_num, r->fps_den,
        r->channels, r->sample_rate, r->language, r->cap_bps, r->timescale, r->chunk_count,
        r->plan_text, r->optional);
}

static enum catalog_error insert_plan(
    struct catalog *cat, const struct job_lease *probe, const struct catalog_probe_result *result)
{
    int next_positions[CATALOG_LEGACY + 1] = {0};
    for (size_t i = 0; i < result->rendition_count; i++) {
        const struct catalog_new_rendition *rendition = &result->renditions[i];
        if ((unsigned)rendition->kind > CATALOG_LEGACY)
            return db_fail(cat, CATALOG_EINVAL, "rendition of kind %d", (int)rendition->kind);
        int position = next_positions[rendition->kind]++;
        enum catalog_error error = insert_rendition(cat, probe, rendition, position);
        if (error != CATALOG_OK)
            return error;
    }
    for (size_t i = 0; i < result->job_count; i++) {
        enum catalog_error error =
            job_insert(cat, probe->lesson_id, probe->revision, &result->jobs[i]);
        if (error != CATALOG_OK)
            return error;
    }
    return CATALOG_OK;
}

static enum catalog_error finish_probe(struct catalog *cat, int64_t job_id, const char *owner,
    const struct catalog_probe_result *result, int64_t now_ms)
{
    struct job_lease lease = {0};
    enum catalog_error error = job_check_lease(cat, job_id, owner, &lease);
    if (error != CATALOG_OK)
        return error;
    if (result->rendition_count == 0 || result->job_count == 0)
        return db_fail(cat, CATALOG_EINVAL, "a plan without renditions or jobs");
    error = job_set_state(cat, job_id, CATALOG_JOB_DONE, "", "");
    if (error == CATALOG_OK)
        error = db_execute(cat, STATEMENT_LESSON_SET_PROBED, "lssll", lease.lesson_id,
            result->info_text, result->title, result->duration_us, now_ms);
    if (error == CATALOG_OK)
        error = lesson_set_state(cat, lease.lesson_id, CATALOG_LESSON_WORKING, "", "", now_ms);
    if (error == CATALOG_OK && result->remuxed_file && result->remuxed_file[0])
        error = db_execute(cat, STATEMENT_SOURCE_SET_REMUXED, "lsl", lease.lesson_id,
            result->remuxed_file, result->remuxed_bytes);
    if (error == CATALOG_OK)
        error = insert_plan(cat, &lease, result);
    if (error == CATALOG_OK)
        error = event_insert(cat, lease.lesson_id, "probed", "", now_ms);
    return error;
}

enum catalog_error catalog_job_finish_probe(struct catalog *cat, int64_t job_id, const char *owner,
    const struct catalog_probe_result *result, int64_t now_ms)
{
    enum catalog_error error = db_begin(cat);
    return error ? error : db_end(cat, finish_probe(cat, job_id, owner, result, now_ms));
}

/* ---- other jobs ---- */

static enum catalog_error finish_job(
    struct catalog *cat, int64_t job_id, const char *owner, int64_t now_ms)
{
    struct job_lease lease = {0};
    enum catalog_error error = job_check_lease(cat, job_id, owner, &lease);
    if (error != CATALOG_OK)
        return error;
    if (lease.kind == CATALOG_JOB_PROBE)
        return db_fail(cat, CATALOG_EINVAL, "a probe ends with its findings");
    error = job_set_state(cat, job_id, CATALOG_JOB_DONE, "", "");
    if (error == CATALOG_OK)
        error = job_finish_lesson(cat, lease.lesson_id, lease.revision, now_ms);
    return error;
}

enum catalog_error catalog_job_finish(
    struct catalog *cat, int64_t job_id, const char *owner, int64_t now_ms)
{
    enum catalog_error error = db_begin(cat);
    return error ? error : db_end(cat, finish_job(cat, job_id, owner, now_ms));
}

static enum catalog_error set_poster(
    struct catalog *cat, int64_t job_id, const char *owner, const char *poster_file)
{
    struct job_lease lease = {0};
    enum catalog_error error = job_check_lease(cat, job_id, owner, &lease);
    if (error == CATALOG_OK)
        error = db_execute(cat, STATEMENT_LESSON_SET_POSTER, "ls", lease.lesson_id, poster_file);
    return error;
}

enum catalog_error catalog_lesson_set_poster(
    struct catalog *cat, int64_t job_id, const char *owner, const char *poster_file)
{
    enum catalog_error error = db_begin(cat);
    return error ? error : db_end(cat, set_poster(cat, job_id, owner, poster_file));
}

static enum catalog_error set_storyboard(
    struct catalog *cat, int64_t job_id, const char *owner, int sheets)
{
    struct job_lease lease = {0};
    enum catalog_error error = job_check_lease(cat, job_id, owner, &lease);
    if (error == CATALOG_OK)
        error = db_execute(cat, STATEMENT_LESSON_SET_STORYBOARD, "li", lease.lesson_id, sheets);
    return error;
}

enum catalog_error catalog_lesson_set_storyboard(
    struct catalog *cat, int64_t job_id, const char *owner, int sheets)
{
    enum catalog_error error = db_begin(cat);
    return error ? error : db_end(cat, set_storyboard(cat, job_id, owner, sheets));
}

/* ---- init segments and chunks ---- */

/* What a job that writes to a rendition needs of it. */
struct target {
    char init_sha256[SHA256_TEXT_BYTES]; /* "" : it has no init segment yet */
    int chunk_count;
};

/* Reads the rendition that a job writes to. ENOTFOUND: it is not one of the job's lesson. */
static enum catalog_error read_target(
    struct catalog *cat, const struct job_lease *lease, int64_t rendition_id, struct target *out)
{
    sqlite3_stmt *query = db_query(
        cat, STATEMENT_RENDITION_OF_JOB, "lli", rendition_id, lease->lesson_id, lease->revision);
    int row = db_row(cat, query);
    if (row < 0)
        return row;
    if (row == 0)
        return db_fail(cat, CATALOG_ENOTFOUND, "rendition %lld is not of lesson %lld",
            (long long)rendition_id, (long long)lease->lesson_id);
    snprintf(out->init_sha256, sizeof(out->init_sha256), "%s",
        (const char *)sqlite3_column_text(query, TARGET_INIT_SHA256));
    out->chunk_count = sqlite3_column_int(query, TARGET_CHUNK_COUNT);
    db_done(query);
    return CATALOG_OK;
}

static enum catalog_error set_init(struct catalog *cat, int64_t job_id, const char *owner,
    int64_t rendition_id, int64_t bytes, const char *sha256, const char *codecs)
{
    struct job_lease lease = {0};
    enum catalog_error error = job_check_lease(cat, job_id, owner, &lease);
    if (error != CATALOG_OK)
        return error;
    struct target target = {0};
    error = read_target(cat, &lease, rendition_id, &target);
    if (error != CATALOG_OK)
        return error;
    if (!target.init_sha256[0])
        return db_execute(
            cat, STATEMENT_RENDITION_SET_INIT, "llss", rendition_id, bytes, sha256, codecs);
    if (strcmp(target.init_sha256, sha256) != 0)
        return db_fail(cat, CATALOG_EEXISTS, "rendition %lld has another init segment",
            (long long)rendition_id);
    return CATALOG_OK;
}

enum catalog_error catalog_rendition_set_init(struct catalog *cat, int64_t job_id,
    const char *owner, int64_t rendition_id, int64_t bytes, const char *sha256, const char *codecs)
{
    enum catalog_error error = db_begin(cat);
    return error ? error
                 : db_end(cat, set_init(cat, job_id, owner, rendition_id, bytes, sha256, codecs));
}

/* Looks for a chunk. EEXISTS: it exists with another hash. */
static enum catalog_error find_chunk(
    struct catalog *cat, const struct catalog_chunk *chunk, bool *found)
{
    sqlite3_stmt *query =
        db_query(cat, STATEMENT_CHUNK_HASH, "li", chunk->rendition_id, chunk->number);
    int row = db_row(cat, query);
    if (row < 0)
        return row;
    *found = row > 0;
    if (row == 0)
        return CATALOG_OK;
    const char *sha256 = (const char *)sqlite3_column_text(query, DB_ONLY_COLUMN);
    bool same = strcmp(sha256, chunk->sha256) == 0;
    db_done(query);
    if (!same)
        return db_fail(cat, CATALOG_EEXISTS, "chunk %d of rendition %lld is there with other bytes",
            chunk->number, (long long)chunk->rendition_id);
    return CATALOG_OK;
}

static enum catalog_error insert_chunk(struct catalog *cat, const struct catalog_chunk *chunk)
{
    uint8_t *packed;
    size_t packed_bytes;
    enum catalog_error error = segment_table_pack(chunk, &packed, &packed_bytes);
    if (error != CATALOG_OK)
        return db_fail(cat, error, "the segments of chunk %d don't add up", chunk->number);
    error = db_execute(cat, STATEMENT_CHUNK_INSERT, "lilsb", chunk->rendition_id, chunk->number,
        chunk->bytes, chunk->sha256, packed, packed_bytes);
    free(packed);
    return error;
}

/* Players are offered an optional rendition once it has all its chunks. Then the lesson counts it,
 * and an event tells it. */
static enum catalog_error count_if_optional_and_whole(
    struct catalog *cat, const struct job_lease *lease, int64_t rendition_id, int64_t now_ms)
{
    sqlite3_stmt *query = db_query(cat, STATEMENT_RENDITION_WHOLE_OPTIONAL, "l", rendition_id);
    int row = db_row(cat, query);
    if (row <= 0)
        return row;
    char *name = db_text(cat, query, DB_ONLY_COLUMN);
    db_done(query);
    if (!name)
        return db_out_of_memory(cat);
    enum catalog_error error =
        db_execute(cat, STATEMENT_LESSON_ADD_OPTIONAL, "l", lease->lesson_id);
    if (error == CATALOG_OK)
        error = event_insert(cat, lease->lesson_id, "extra_added", name, now_ms);
    free(name);
    return error;
}

static enum catalog_error add_chunk(struct catalog *cat, int64_t job_id, const char *owner,
    const struct catalog_chunk *chunk, int64_t now_ms)
{
    struct job_lease lease = {0};
    enum catalog_error error = job_check_lease(cat, job_id, owner, &lease);
    if (error != CATALOG_OK)
        return error;
    struct target target = {0};
    error = read_target(cat, &lease, chunk->rendition_id, &target);
    if (error != CATALOG_OK)
        return error;
    if (chunk->number < 0 || chunk->number >= target.chunk_count)
        return db_fail(cat, CATALOG_EINVAL, "chunk %d of %d", chunk->number, target.chunk_count);
    bool found = false;
    error = find_chunk(cat, chunk, &found);
    if (error == CATALOG_OK && !found)
        error = insert_chunk(cat, chunk);
    if (error == CATALOG_OK && !found)
        error = count_if_optional_and_whole(cat, &lease, chunk->rendition_id, now_ms);
    return error;
}

enum catalog_error catalog_chunk_add(struct catalog *cat, int64_t job_id, const char *owner,
    const struct catalog_chunk *chunk, int64_t now_ms)
{
    enum catalog_error error = db_begin(cat);
    return error ? error : db_end(cat, add_chunk(cat, job_id, owner, chunk, now_ms));
}
