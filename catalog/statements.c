/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "catalog/db.h"

/* A lesson can be played once the first chunk of every kind of stream that it will have is there.
 */
#define HAS_FIRST(kind)                                                                            \
    "(NOT EXISTS (SELECT 1 FROM renditions r WHERE r.lesson_id = l.id AND r.revision = "           \
    "l.revision AND r.kind = " kind ") OR EXISTS (SELECT 1 FROM renditions r JOIN chunks c ON "    \
    "c.rendition_id = r.id AND c.number = 0 "                                                      \
    "WHERE r.lesson_id = l.id AND r.revision = l.revision AND r.kind = " kind "))"
#define PLAYABLE "(l.state IN (1, 2) AND " HAS_FIRST("0") " AND " HAS_FIRST("1") ")"

/* A legacy chunk takes its sound from the lesson's AAC chunks, so it waits until they are done. */
#define HELD_BACK                                                                                  \
    "(j.kind = 5 AND EXISTS (SELECT 1 FROM jobs s WHERE s.lesson_id = j.lesson_id AND s.kind = 1 " \
    "AND s.state <> 2))"

/* Of a job that its lesson is ready without, and of the others: OPTIONAL_RANK in jobs.c. */
#define OPTIONAL "rank >= 10"
#define NEEDED "rank < 10"

#define LESSON_SELECT_WITH(info)                                                                   \
    "SELECT l.id, l.revision, l.state, l.published, l.title, l.topic, l.description, l.language, " \
    "l.submitter, "                                                                                \
    "l.reason, l.reason_detail, l.duration_us, l.created_ms, l.updated_ms, l.poster_file, " info   \
    ", s.file, s.remuxed_file, s.name, "                                                           \
    "s.sha256, s.bytes, s.remuxed_bytes, " PLAYABLE ", "                                           \
    "(SELECT coalesce(sum(j.cost * j.progress_permille) / max(sum(j.cost), 1), 0) FROM jobs j "    \
    "WHERE j.lesson_id = l.id AND " NEEDED "), "                                                   \
    "(SELECT coalesce(sum(r.init_bytes), 0) FROM renditions r WHERE r.lesson_id = l.id) + "        \
    "(SELECT coalesce(sum(c.bytes), 0) FROM renditions r JOIN chunks c ON c.rendition_id = r.id "  \
    "WHERE r.lesson_id = l.id), l.priority, l.paused, l.queued_jobs, "                             \
    "(SELECT count(*) FROM jobs j WHERE j.state = 1 AND j.lesson_id = l.id), "                     \
    "l.storyboard_sheets, coalesce((SELECT r.name FROM renditions r WHERE r.lesson_id = l.id "     \
    "AND r.revision = l.revision AND r.kind = 3 AND l.state = 2), ''), l.extras_made, "            \
    "(SELECT count(*) FROM jobs j WHERE j.lesson_id = l.id AND " OPTIONAL                          \
    " AND j.state IN (0, 1)), "                                                                    \
    "(SELECT coalesce(sum(j.cost * j.progress_permille) / sum(j.cost), 1000) FROM jobs j "         \
    "WHERE j.lesson_id = l.id AND " OPTIONAL "), "                                                 \
    "l.state <> 3 AND EXISTS (SELECT 1 FROM jobs j WHERE j.lesson_id = l.id AND " OPTIONAL         \
    " AND j.state = 3), "                                                                          \
    "coalesce((SELECT e.detail FROM events e WHERE e.lesson_id = l.id AND e.code = 'salvaged' "    \
    "ORDER BY e.id DESC LIMIT 1), '') "                                                            \
    "FROM lessons l JOIN sources s ON s.lesson_id = l.id"

#define LESSON_SELECT LESSON_SELECT_WITH("l.info_text")
/* Findings are long, and nobody looks at those of all lessons. */
#define LESSON_LIST LESSON_SELECT_WITH("''")

#define JOB_SELECT                                                                                 \
    "SELECT j.id, j.lesson_id, j.revision, j.kind, j.state, j.chunk, j.cost, j.attempt, "          \
    "j.max_attempts, "                                                                             \
    "j.progress_permille, j.lease_until_ms, j.deadline_ms, j.owner, j.reason, j.reason_detail, "   \
    "l.title "                                                                                     \
    "FROM jobs j JOIN lessons l ON l.id = j.lesson_id"

#define UPLOAD_SELECT                                                                              \
    "SELECT id, user, filename, title, topic, description, language, publish, total_bytes, "       \
    "created_ms, updated_ms, "                                                                     \
    "lesson_id FROM uploads"

#define USER_SELECT "SELECT id, name, role, password_hash, created_ms FROM users"

const char *const statement_sql[STATEMENT_COUNT] = {
    [STATEMENT_BEGIN] = "BEGIN IMMEDIATE",
    [STATEMENT_COMMIT] = "COMMIT",
    [STATEMENT_ROLLBACK] = "ROLLBACK",
    [STATEMENT_TOUCH] = "UPDATE changes SET number = number + 1 WHERE id = 1",
    [STATEMENT_CHANGE_NUMBER] = "SELECT number FROM changes WHERE id = 1",
    [STATEMENT_LESSON_INSERT] = "INSERT INTO lessons (title, topic, description, language, "
                                "submitter, published, created_ms, updated_ms)"
                                " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)",
    [STATEMENT_SOURCE_INSERT] =
        "INSERT INTO sources (lesson_id, file, name, bytes, sha256) VALUES (?1, ?2, ?3, ?4, ?5)",
    [STATEMENT_LESSONS] = LESSON_LIST " WHERE l.id < ?1 ORDER BY l.id DESC LIMIT ?2",
    [STATEMENT_LESSONS_PUBLISHED] = LESSON_LIST " WHERE l.published = 1 AND l.id < ?1 AND " PLAYABLE
                                                " ORDER BY l.id DESC LIMIT ?2",
    [STATEMENT_LESSONS_AT_WORK] = LESSON_LIST " WHERE l.work_left > 0 ORDER BY +l.id",
    [STATEMENT_LESSON_GET] = LESSON_SELECT " WHERE l.id = ?1",
    [STATEMENT_LESSON_EDIT] = "UPDATE lessons SET title = CASE WHEN ?2 THEN ?3 ELSE title END, "
                              "topic = CASE WHEN ?4 THEN ?5 ELSE topic END,"
                              " description = CASE WHEN ?6 THEN ?7 ELSE description END, language "
                              "= CASE WHEN ?8 THEN ?9 ELSE language END,"
                              " updated_ms = ?10 WHERE id = ?1",
    [STATEMENT_LESSON_STATE] = "SELECT state, work_left FROM lessons WHERE id = ?1",
    [STATEMENT_LESSON_SET_STATE] = "UPDATE lessons SET state = ?2, reason = ?3, reason_detail = "
                                   "?4, updated_ms = ?5 WHERE id = ?1",
    [STATEMENT_LESSON_SET_PUBLISHED] =
        "UPDATE lessons SET published = ?2, updated_ms = ?3 WHERE id = ?1",
    [STATEMENT_LESSON_SET_PRIORITY] =
        "UPDATE lessons SET priority = ?2, updated_ms = ?3 WHERE id = ?1 AND priority <> ?2",
    [STATEMENT_LESSON_SET_PAUSED] =
        "UPDATE lessons SET paused = ?2, updated_ms = ?3 WHERE id = ?1 AND paused <> ?2",
    [STATEMENT_LESSON_SET_PROBED] = "UPDATE lessons SET info_text = ?2, title = CASE WHEN title = "
                                    "'' THEN ?3 ELSE title END, duration_us = ?4,"
                                    " updated_ms = ?5 WHERE id = ?1",
    [STATEMENT_LESSON_SET_POSTER] = "UPDATE lessons SET poster_file = ?2 WHERE id = ?1",
    [STATEMENT_LESSON_SET_STORYBOARD] = "UPDATE lessons SET storyboard_sheets = ?2 WHERE id = ?1",
    [STATEMENT_LESSON_REMOVE] = "DELETE FROM lessons WHERE id = ?1",
    [STATEMENT_SOURCE_SET_REMUXED] =
        "UPDATE sources SET remuxed_file = ?2, remuxed_bytes = ?3 WHERE lesson_id = ?1",
    [STATEMENT_EVENT_INSERT] =
        "INSERT INTO events (lesson_id, time_ms, code, detail) VALUES (?1, ?2, ?3, ?4)",
    [STATEMENT_EVENTS] =
        "SELECT id, lesson_id, time_ms, code, detail FROM"
        " (SELECT * FROM events WHERE lesson_id = ?1 ORDER BY id DESC LIMIT ?2) ORDER BY id",
    [STATEMENT_RENDITION_INSERT] =
        "INSERT INTO renditions (lesson_id, revision, name, kind, position, width, height, "
        "fps_num, fps_den, channels,"
        " sample_rate, language, cap_bps, timescale, chunk_count, plan_text, extra)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)",
    [STATEMENT_RENDITIONS] =
        "SELECT r.id, r.lesson_id, r.revision, r.name, r.kind, r.position, "
        "r.width, r.height, r.fps_num, r.fps_den,"
        " r.channels, r.sample_rate, r.language, r.cap_bps, r.timescale, "
        "r.chunk_count, r.plan_text, r.codecs, r.init_bytes,"
        " r.init_sha256, r.extra FROM lessons l JOIN renditions r ON r.lesson_id = "
        "l.id AND r.revision = l.revision"
        " WHERE l.id = ?1 ORDER BY r.kind, r.position",
    [STATEMENT_RENDITION_OF_JOB] = "SELECT r.init_sha256, r.chunk_count FROM renditions r WHERE "
                                   "r.id = ?1 AND r.lesson_id = ?2 AND r.revision = ?3",
    [STATEMENT_RENDITION_WHOLE_OPTIONAL] =
        "SELECT r.name FROM renditions r WHERE r.id = ?1 AND r.extra = 1 AND r.chunk_count = "
        "(SELECT count(*) FROM chunks c WHERE c.rendition_id = r.id)",
    [STATEMENT_LESSON_ADD_OPTIONAL] =
        "UPDATE lessons SET extras_made = extras_made + 1 WHERE id = ?1",
    [STATEMENT_RENDITION_SET_INIT] =
        "UPDATE renditions SET init_bytes = ?2, init_sha256 = ?3, codecs = ?4 WHERE id = ?1",
    [STATEMENT_CHUNK_HASH] = "SELECT sha256 FROM chunks WHERE rendition_id = ?1 AND number = ?2",
    [STATEMENT_CHUNK_INSERT] = "INSERT INTO chunks (rendition_id, number, bytes, sha256, segments) "
                               "VALUES (?1, ?2, ?3, ?4, ?5)",
    [STATEMENT_CHUNKS] = "SELECT rendition_id, number, bytes, sha256, segments FROM chunks WHERE "
                         "rendition_id = ?1 ORDER BY number",
    [STATEMENT_JOB_INSERT] = "INSERT INTO jobs (lesson_id, revision, kind, rank, chunk, cost) "
                             "VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    [STATEMENT_JOBS_EXPIRE] =
        "UPDATE jobs SET state = 0, owner = '' WHERE state = 1 AND lease_until_ms <= ?1",
    [STATEMENT_JOB_NEXT] =
        "SELECT id, attempt, max_attempts, revision, reason, reason_detail, "
        "cost, " OPTIONAL " FROM jobs j WHERE state = 0"
        " AND lesson_id = ?1 AND NOT " HELD_BACK " ORDER BY rank, chunk, id LIMIT 1",
    [STATEMENT_JOB_LEASE] = "UPDATE jobs SET state = 1, attempt = attempt + 1, owner = ?2, "
                            "lease_until_ms = ?3, deadline_ms = ?4,"
                            " progress_permille = 0 WHERE id = ?1",
    [STATEMENT_JOB_GET] = JOB_SELECT " WHERE j.id = ?1",
    [STATEMENT_JOB_OWNED] =
        "SELECT state, owner, lesson_id, revision, attempt, max_attempts, kind, " OPTIONAL
        " FROM jobs WHERE id = ?1",
    [STATEMENT_JOB_PROGRESS] =
        "UPDATE jobs SET progress_permille = ?2, lease_until_ms = ?3 WHERE id = ?1",
    [STATEMENT_JOB_SET_STATE] = "UPDATE jobs SET state = ?2, owner = '', reason = ?3, "
                                "reason_detail = ?4, progress_permille = ?5 WHERE id = ?1",
    [STATEMENT_JOB_RELEASE] = "UPDATE jobs SET state = 0, owner = '', attempt = max(attempt - 1, "
                              "0), progress_permille = 0 WHERE id = ?1",
    [STATEMENT_JOBS_RECOVER] = "UPDATE jobs SET state = 0, owner = '', attempt = max(attempt - 1, "
                               "0), progress_permille = 0"
                               " WHERE state = 1 AND owner <> ?1",
    [STATEMENT_JOBS_OF_OTHERS] = "SELECT j.id FROM jobs j WHERE j.state = 1 AND j.owner <> ?1",
    [STATEMENT_JOBS_FAIL_LESSON] =
        "UPDATE jobs SET state = 3, owner = '' WHERE lesson_id = ?1 AND state IN (0, 1)",
    [STATEMENT_JOBS_FAIL_OPTIONAL] =
        "UPDATE jobs SET state = 3, owner = '' WHERE lesson_id = ?1 AND " OPTIONAL
        " AND state IN (0, 1)",
    [STATEMENT_JOBS_RETRY_LESSON] = "UPDATE jobs SET state = 0, attempt = 0, progress_permille = "
                                    "0, reason = '', reason_detail = ''"
                                    " WHERE lesson_id = ?1 AND state = 3",
    [STATEMENT_JOBS_LEFT] = "SELECT count(*) FROM jobs WHERE lesson_id = ?1 AND " NEEDED
                            " AND revision = ?2 AND state <> 2",
    [STATEMENT_JOBS_OF_LESSON] = JOB_SELECT " WHERE j.lesson_id = ?1 ORDER BY j.rank, j.chunk",
    [STATEMENT_JOBS_ACTIVE] =
        JOB_SELECT " WHERE j.state IN (0, 1) ORDER BY j.lesson_id, j.rank, j.chunk",
    [STATEMENT_QUEUE_CLOCK] = "SELECT clock FROM queue WHERE id = 1",
    [STATEMENT_QUEUE_SET_CLOCK] = "UPDATE queue SET clock = ?1 WHERE id = 1",
    [STATEMENT_QUEUE_LESSONS] =
        "SELECT l.id, l.priority, l.state <> 0, NOT EXISTS (SELECT 1 FROM jobs j WHERE j.state = 0 "
        "AND j.lesson_id = l.id AND " NEEDED " AND NOT " HELD_BACK "), l.work_left, l.extra_left, "
        "l.submitter, coalesce(s.clock, 0), coalesce(s.aged, 0) FROM lessons l LEFT JOIN "
        "submitters s ON s.name = l.submitter"
        " WHERE l.work_left > 0 AND l.queued_jobs > 0 AND l.paused = 0 AND EXISTS "
        "(SELECT 1 FROM jobs j WHERE j.state = 0 AND j.lesson_id = l.id AND NOT " HELD_BACK ")"
        " ORDER BY l.submitter, l.id",
    [STATEMENT_QUEUE_CHARGE] = "INSERT INTO submitters (name, clock, aged) VALUES (?1, ?2, ?3) "
                               "ON CONFLICT (name) DO UPDATE SET clock = ?2, aged = ?3",
    [STATEMENT_QUEUE_REFUND] =
        "UPDATE submitters SET clock = clock - (SELECT cost FROM jobs WHERE id = ?1) WHERE name = "
        "(SELECT l.submitter FROM jobs j JOIN lessons l ON l.id = j.lesson_id WHERE j.id = ?1)",
    [STATEMENT_UPLOAD_INSERT] =
        "INSERT INTO uploads (id, user, filename, title, topic, description, language, publish, "
        "total_bytes, created_ms, updated_ms)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10)",
    [STATEMENT_UPLOAD_GET] = UPLOAD_SELECT " WHERE id = ?1",
    [STATEMENT_UPLOADS] = UPLOAD_SELECT
    " WHERE lesson_id = 0 AND (?1 = '' OR user = ?1) ORDER BY created_ms DESC, id",
    [STATEMENT_UPLOAD_TOUCH] = "UPDATE uploads SET updated_ms = ?2 WHERE id = ?1",
    [STATEMENT_UPLOAD_COMPLETE] =
        "UPDATE uploads SET lesson_id = ?2, updated_ms = ?3 WHERE id = ?1",
    [STATEMENT_UPLOAD_REMOVE] = "DELETE FROM uploads WHERE id = ?1",
    [STATEMENT_UPLOADS_FORGET] = "DELETE FROM uploads WHERE lesson_id = ?1",
    [STATEMENT_SOURCE_FILES] =
        "SELECT file FROM sources UNION SELECT remuxed_file FROM sources WHERE remuxed_file <> ''"
        " UNION SELECT id FROM uploads WHERE lesson_id = 0",
    [STATEMENT_USER_INSERT] =
        "INSERT INTO users (name, role, password_hash, created_ms) VALUES (?1, ?2, ?3, ?4)",
    [STATEMENT_USER_SET_PASSWORD] = "UPDATE users SET password_hash = ?2 WHERE name = ?1",
    [STATEMENT_USER_GET] = USER_SELECT " WHERE name = ?1",
    [STATEMENT_USERS] = USER_SELECT " ORDER BY name",
    [STATEMENT_USER_REMOVE] = "DELETE FROM users WHERE name = ?1",
    [STATEMENT_SESSIONS_END] =
        "DELETE FROM sessions WHERE user_id = (SELECT id FROM users WHERE name = ?1)",
    [STATEMENT_SESSION_INSERT] = "INSERT INTO sessions (token_sha256, user_id, csrf, expires_ms) "
                                 "SELECT ?1, id, ?3, ?4 FROM users WHERE name = ?2",
    [STATEMENT_SESSION_REMOVE] = "DELETE FROM sessions WHERE token_sha256 = ?1",
    [STATEMENT_SESSIONS_EXPIRE] = "DELETE FROM sessions WHERE expires_ms <= ?1",
    [STATEMENT_SESSIONS] = "SELECT s.token_sha256, s.csrf, u.name, u.role, s.expires_ms FROM "
                           "sessions s JOIN users u ON u.id = s.user_id"
                           " WHERE s.expires_ms > ?1",
    [STATEMENT_UPLINK_ADD] = "INSERT INTO uplink_minutes (minute, sent_bytes, requests) VALUES "
                             "(?1, ?2, ?3) ON CONFLICT (minute)"
                             " DO UPDATE SET sent_bytes = sent_bytes + excluded.sent_bytes, "
                             "requests = requests + excluded.requests",
    [STATEMENT_UPLINK] = "SELECT minute, sent_bytes, requests FROM uplink_minutes WHERE minute >= "
                         "?1 ORDER BY minute",
    [STATEMENT_LINK] = "SELECT cap_bps FROM link WHERE id = 1",
    [STATEMENT_LINK_SET] = "UPDATE link SET cap_bps = ?1 WHERE id = 1",
    [STATEMENT_SITES] = "SELECT s.id, s.name, s.ranges, s.token, s.cap_bps, s.terminal_cap_bps, "
                        "s.download_from_minute, s.download_to_minute, s.budget_bytes, "
                        "coalesce(d.sent_bytes, 0) FROM sites s LEFT JOIN site_days d "
                        "ON d.site_id = s.id AND d.day = ?1 ORDER BY s.name",
    [STATEMENT_SITE_INSERT] =
        "INSERT INTO sites (id, name, ranges, token, cap_bps, terminal_cap_bps, "
        "download_from_minute, download_to_minute, budget_bytes) "
        "VALUES (nullif(?9, 0), ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    [STATEMENT_SITE_UPDATE] =
        "UPDATE sites SET name = ?1, ranges = ?2, token = ?3, cap_bps = ?4, terminal_cap_bps = ?5, "
        "download_from_minute = ?6, download_to_minute = ?7, budget_bytes = ?8 WHERE id = ?9",
    [STATEMENT_SITE_REMOVE] = "DELETE FROM sites WHERE id = ?1",
    [STATEMENT_SITE_DAY_ADD] =
        "INSERT INTO site_days (site_id, day, sent_bytes) SELECT id, ?2, ?3 FROM sites "
        "WHERE id = ?1 ON CONFLICT (site_id, day) DO UPDATE SET sent_bytes = sent_bytes + "
        "excluded.sent_bytes",
};
