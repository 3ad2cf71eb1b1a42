/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "catalog/statements.h"

/* The number behind a macro, as SQL text. */
#define TEXT_OF(number) #number
#define NUMBER(macro) TEXT_OF(macro)

/* "SELECT" with a list of columns of statements.h. */
#define FIRST_COLUMN(name, sql) sql
#define NEXT_COLUMN(name, sql) ", " sql
#define SELECT(columns) "SELECT " columns(FIRST_COLUMN, NEXT_COLUMN)

/* ---- conditions ---- */

/* The state of a job, for WHERE and for SET. */
#define STATE_QUEUED "state = " NUMBER(SQL_JOB_QUEUED)
#define STATE_LEASED "state = " NUMBER(SQL_JOB_LEASED)
#define STATE_DONE "state = " NUMBER(SQL_JOB_DONE)
#define STATE_FAILED "state = " NUMBER(SQL_JOB_FAILED)
#define IS_ACTIVE "state IN (" NUMBER(SQL_JOB_QUEUED) ", " NUMBER(SQL_JOB_LEASED) ")"

#define IS_OPTIONAL "rank >= " NUMBER(SQL_OPTIONAL_RANK)
#define IS_NEEDED "rank < " NUMBER(SQL_OPTIONAL_RANK)

/* A lesson is playable once the first chunk of every kind of stream that it will have exists. */
#define HAS_FIRST_CHUNK_OF(kind)                                                                   \
    "(NOT EXISTS (SELECT 1 FROM renditions r WHERE r.lesson_id = l.id "                            \
    "AND r.revision = l.revision AND r.kind = " kind ") "                                          \
    "OR EXISTS (SELECT 1 FROM renditions r JOIN chunks c ON c.rendition_id = r.id "                \
    "AND c.number = 0 WHERE r.lesson_id = l.id AND r.revision = l.revision AND r.kind = " kind     \
    "))"
#define IS_PLAYABLE                                                                                \
    "(l.state IN (" NUMBER(SQL_LESSON_WORKING) ", " NUMBER(                                        \
        SQL_LESSON_READY) ") "                                                                     \
                          "AND " HAS_FIRST_CHUNK_OF(                                               \
                              NUMBER(SQL_MEDIA_VIDEO)) " "                                         \
                                                       "AND " HAS_FIRST_CHUNK_OF(                  \
                                                           NUMBER(SQL_MEDIA_AUDIO)) ")"

/* Whether the texts of a lesson that everybody sees contain what is searched for. */
#define MATCHES                                                                                    \
    "l.title LIKE ?3 ESCAPE '\\' OR l.topic LIKE ?3 ESCAPE '\\' "                                  \
    "OR l.description LIKE ?3 ESCAPE '\\'"

/* Legacy chunks contain the lesson's AAC chunks, so they wait until these are done. */
#define IS_HELD_BACK                                                                               \
    "(j.kind = " NUMBER(SQL_JOB_LEGACY) " AND EXISTS (SELECT 1 FROM jobs s "                       \
                                        "WHERE s.lesson_id = j.lesson_id AND s.kind = " NUMBER(    \
                                            SQL_JOB_AUDIO) " AND NOT s." STATE_DONE "))"

/* ---- columns of a lesson that are computed ---- */

#define NEEDED_PROGRESS                                                                            \
    "(SELECT coalesce(sum(j.cost * j.progress_permille) / max(sum(j.cost), 1), 0) FROM jobs j "    \
    "WHERE j.lesson_id = l.id AND " IS_NEEDED ")"
#define OPTIONAL_PROGRESS                                                                          \
    "(SELECT coalesce(sum(j.cost * j.progress_permille) / sum(j.cost), 1000) FROM jobs j "         \
    "WHERE j.lesson_id = l.id AND " IS_OPTIONAL ")"
#define ALL_MEDIA_BYTES                                                                            \
    "(SELECT coalesce(sum(r.init_bytes), 0) FROM renditions r WHERE r.lesson_id = l.id) + "        \
    "(SELECT coalesce(sum(c.bytes), 0) FROM renditions r JOIN chunks c ON c.rendition_id = r.id "  \
    "WHERE r.lesson_id = l.id)"
#define COUNT_OF_RUNNING                                                                           \
    "(SELECT count(*) FROM jobs j WHERE j." STATE_LEASED " AND j.lesson_id = l.id)"
#define COUNT_OF_OPTIONAL                                                                          \
    "(SELECT count(*) FROM jobs j WHERE j.lesson_id = l.id AND " IS_OPTIONAL " AND j." IS_ACTIVE ")"
#define HAS_OPTIONAL_FAILURE                                                                       \
    "l.state <> " NUMBER(SQL_LESSON_FAILED) " AND EXISTS (SELECT 1 FROM jobs j "                   \
                                            "WHERE j.lesson_id = l.id AND " IS_OPTIONAL            \
                                            " AND j." STATE_FAILED ")"
#define LEGACY_IF_READY                                                                            \
    "coalesce((SELECT r.name FROM renditions r WHERE r.lesson_id = l.id "                          \
    "AND r.revision = l.revision AND r.kind = " NUMBER(                                            \
        SQL_MEDIA_LEGACY) " "                                                                      \
                          "AND l.state = " NUMBER(SQL_LESSON_READY) "), '')"
#define LAST_SALVAGE_DETAIL                                                                        \
    "coalesce((SELECT e.detail FROM events e WHERE e.lesson_id = l.id AND e.code = 'salvaged' "    \
    "ORDER BY e.id DESC LIMIT 1), '')"

/* ---- columns of a lesson in the queue that are computed ---- */

#define IS_PROBED "l.state <> " NUMBER(SQL_LESSON_QUEUED)
#define HAS_ONLY_OPTIONAL                                                                          \
    "NOT EXISTS (SELECT 1 FROM jobs j WHERE j." STATE_QUEUED " "                                   \
    "AND j.lesson_id = l.id AND " IS_NEEDED " AND NOT " IS_HELD_BACK ")"

/* ---- the beginnings of several statements ---- */

#define FROM_LESSONS " FROM lessons l JOIN sources s ON s.lesson_id = l.id"
#define SELECT_LESSON                                                                              \
    "SELECT " LESSON_COLUMNS(FIRST_COLUMN, NEXT_COLUMN, "l.info_text") FROM_LESSONS
#define SELECT_LESSON_FOR_LIST                                                                     \
    "SELECT " LESSON_COLUMNS(FIRST_COLUMN, NEXT_COLUMN, "''") FROM_LESSONS
#define SELECT_JOB SELECT(JOB_COLUMNS) " FROM jobs j JOIN lessons l ON l.id = j.lesson_id"
#define SELECT_UPLOAD SELECT(UPLOAD_COLUMNS) " FROM uploads"
#define SELECT_USER SELECT(USER_COLUMNS) " FROM users"

const char *const statement_sql[STATEMENT_COUNT] = {
    [STATEMENT_BEGIN] = "BEGIN IMMEDIATE",
    [STATEMENT_COMMIT] = "COMMIT",
    [STATEMENT_ROLLBACK] = "ROLLBACK",
    [STATEMENT_CHANGES] = SELECT(CHANGES_COLUMNS) " FROM changes WHERE id = 1",
    [STATEMENT_LESSON_INSERT] = "INSERT INTO lessons (title, topic, description, language, "
                                "submitter, published, created_ms, updated_ms)"
                                " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)",
    [STATEMENT_LESSONS_BEGIN_AFTER] =
        "UPDATE sqlite_sequence SET seq = ?1 WHERE name = 'lessons' AND seq < ?1",
    [STATEMENT_LESSONS_BEGIN_FIRST] =
        "INSERT INTO sqlite_sequence (name, seq) SELECT 'lessons', ?1 "
        "WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'lessons')",
    [STATEMENT_SOURCE_INSERT] =
        "INSERT INTO sources (lesson_id, file, name, bytes, sha256) VALUES (?1, ?2, ?3, ?4, ?5)",
    [STATEMENT_LESSONS] = SELECT_LESSON_FOR_LIST " WHERE l.id < ?1 AND (?3 = '' OR " MATCHES
                                                 " OR s.name LIKE ?3 ESCAPE '\\' OR l.submitter "
                                                 "LIKE ?3 ESCAPE '\\') ORDER BY l.id DESC LIMIT ?2",
    [STATEMENT_LESSONS_PUBLISHED] =
        SELECT_LESSON_FOR_LIST " WHERE l.published = 1 AND l.id < ?1 AND (?3 = '' OR " MATCHES
                               ") AND " IS_PLAYABLE " ORDER BY l.id DESC LIMIT ?2",
    [STATEMENT_LESSONS_AT_WORK] = SELECT_LESSON_FOR_LIST " WHERE l.work_left > 0 ORDER BY +l.id",
    [STATEMENT_LESSONS_CHANGED] =
        SELECT_LESSON_FOR_LIST " WHERE l.change > ?1 ORDER BY l.change LIMIT ?2",
    [STATEMENT_LESSONS_REMOVED] =
        "SELECT lesson_id FROM removed_lessons WHERE change > ?1 ORDER BY change LIMIT ?2",
    [STATEMENT_LESSON_GET] = SELECT_LESSON " WHERE l.id = ?1",
    [STATEMENT_LESSON_EDIT] = "UPDATE lessons SET title = CASE WHEN ?2 THEN ?3 ELSE title END, "
                              "topic = CASE WHEN ?4 THEN ?5 ELSE topic END,"
                              " description = CASE WHEN ?6 THEN ?7 ELSE description END, language "
                              "= CASE WHEN ?8 THEN ?9 ELSE language END,"
                              " updated_ms = ?10 WHERE id = ?1",
    [STATEMENT_LESSON_STATE] = SELECT(PRESENT_COLUMNS) " FROM lessons WHERE id = ?1",
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
    [STATEMENT_EVENTS] = SELECT(EVENT_COLUMNS) " FROM (SELECT * FROM events WHERE lesson_id = ?1 "
                                               "ORDER BY id DESC LIMIT ?2) ORDER BY id",
    [STATEMENT_RENDITION_INSERT] =
        "INSERT INTO renditions (lesson_id, revision, name, kind, position, width, height, "
        "fps_num, fps_den, channels,"
        " sample_rate, language, cap_bps, timescale, chunk_count, plan_text, extra)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)",
    [STATEMENT_RENDITIONS] = SELECT(
        RENDITION_COLUMNS) " FROM lessons l JOIN renditions r ON r.lesson_id = l.id AND r.revision "
                           "= l.revision WHERE l.id = ?1 ORDER BY r.kind, r.position",
    [STATEMENT_RENDITION_OF_JOB] = SELECT(TARGET_COLUMNS) " FROM renditions r WHERE r.id = ?1 AND "
                                                          "r.lesson_id = ?2 AND r.revision = ?3",
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
    [STATEMENT_CHUNKS] =
        SELECT(CHUNK_COLUMNS) " FROM chunks WHERE rendition_id = ?1 ORDER BY number",
    [STATEMENT_JOB_INSERT] = "INSERT INTO jobs (lesson_id, revision, kind, rank, chunk, cost) "
                             "VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    [STATEMENT_JOBS_EXPIRE] = "UPDATE jobs SET " STATE_QUEUED ", owner = '' WHERE " STATE_LEASED
                              " AND lease_until_ms <= ?1",
    [STATEMENT_JOB_NEXT] = SELECT(NEXT_JOB_COLUMNS) " FROM jobs j WHERE " STATE_QUEUED
                                                    " AND lesson_id = ?1 AND NOT " IS_HELD_BACK
                                                    " ORDER BY rank, chunk, id LIMIT 1",
    [STATEMENT_JOB_LEASE] =
        "UPDATE jobs SET " STATE_LEASED ", attempt = attempt + 1, owner = ?2, lease_until_ms = ?3, "
        "deadline_ms = ?4, progress_permille = 0 WHERE id = ?1",
    [STATEMENT_JOB_GET] = SELECT_JOB " WHERE j.id = ?1",
    [STATEMENT_JOB_OWNED] = SELECT(LEASE_COLUMNS) " FROM jobs WHERE id = ?1",
    [STATEMENT_JOB_PROGRESS] =
        "UPDATE jobs SET progress_permille = ?2, lease_until_ms = ?3 WHERE id = ?1",
    [STATEMENT_JOB_SET_STATE] = "UPDATE jobs SET state = ?2, owner = '', reason = ?3, "
                                "reason_detail = ?4, progress_permille = ?5 WHERE id = ?1",
    [STATEMENT_JOB_RELEASE] =
        "UPDATE jobs SET " STATE_QUEUED
        ", owner = '', attempt = max(attempt - 1, 0), progress_permille = 0 WHERE id = ?1",
    [STATEMENT_JOBS_RECOVER] =
        "UPDATE jobs SET " STATE_QUEUED
        ", owner = '', attempt = max(attempt - 1, 0), progress_permille = 0 WHERE " STATE_LEASED
        " AND owner <> ?1",
    [STATEMENT_JOBS_OF_OTHERS] =
        "SELECT j.id FROM jobs j WHERE j." STATE_LEASED " AND j.owner <> ?1",
    [STATEMENT_JOBS_FAIL_LESSON] =
        "UPDATE jobs SET " STATE_FAILED ", owner = '' WHERE lesson_id = ?1 AND " IS_ACTIVE,
    [STATEMENT_JOBS_FAIL_OPTIONAL] =
        "UPDATE jobs SET " STATE_FAILED ", owner = '' WHERE lesson_id = ?1 AND " IS_OPTIONAL
        " AND " IS_ACTIVE,
    [STATEMENT_JOBS_RETRY_LESSON] =
        "UPDATE jobs SET " STATE_QUEUED ", attempt = 0, progress_permille = 0, reason = '', "
        "reason_detail = '' WHERE lesson_id = ?1 AND " STATE_FAILED,
    [STATEMENT_JOBS_LEFT] = "SELECT count(*) FROM jobs WHERE lesson_id = ?1 AND " IS_NEEDED
                            " AND revision = ?2 AND NOT " STATE_DONE,
    [STATEMENT_JOBS_OF_LESSON] = SELECT_JOB " WHERE j.lesson_id = ?1 ORDER BY j.rank, j.chunk",
    [STATEMENT_JOBS_ACTIVE] =
        SELECT_JOB " WHERE j." IS_ACTIVE " ORDER BY j.lesson_id, j.rank, j.chunk",
    [STATEMENT_QUEUE_CLOCK] = "SELECT clock FROM queue WHERE id = 1",
    [STATEMENT_QUEUE_SET_CLOCK] = "UPDATE queue SET clock = ?1 WHERE id = 1",
    [STATEMENT_QUEUE_LESSONS] =
        SELECT(WAITING_COLUMNS) " FROM lessons l LEFT JOIN submitters s ON s.name = l.submitter "
                                "WHERE l.work_left > 0 AND l.queued_jobs > 0 AND l.paused = 0 AND "
                                "EXISTS (SELECT 1 FROM jobs j WHERE j." STATE_QUEUED
                                " AND j.lesson_id = l.id AND NOT " IS_HELD_BACK
                                ") ORDER BY l.submitter, l.id",
    [STATEMENT_QUEUE_CHARGE] = "INSERT INTO submitters (name, clock, aged) VALUES (?1, ?2, ?3) "
                               "ON CONFLICT (name) DO UPDATE SET clock = ?2, aged = ?3",
    [STATEMENT_QUEUE_REFUND] =
        "UPDATE submitters SET clock = clock - (SELECT cost FROM jobs WHERE id = ?1) WHERE name = "
        "(SELECT l.submitter FROM jobs j JOIN lessons l ON l.id = j.lesson_id WHERE j.id = ?1)",
    [STATEMENT_UPLOAD_INSERT] =
        "INSERT INTO uploads (id, user, filename, title, topic, description, language, publish, "
        "total_bytes, created_ms, updated_ms)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10)",
    [STATEMENT_UPLOAD_GET] = SELECT_UPLOAD " WHERE id = ?1",
    [STATEMENT_UPLOADS] = SELECT_UPLOAD
    " WHERE lesson_id = 0 AND (?1 = '' OR user = ?1) ORDER BY created_ms DESC, id",
    [STATEMENT_UPLOAD_TOUCH] =
        "UPDATE uploads SET updated_ms = ?2, received_bytes = ?3, idle_ms = 0 WHERE id = ?1",
    [STATEMENT_UPLOAD_COMPLETE] =
        "UPDATE uploads SET lesson_id = ?2, updated_ms = ?3 WHERE id = ?1",
    [STATEMENT_UPLOADS_DISOWN] = "UPDATE uploads SET user = '' WHERE user = ?1",
    [STATEMENT_UPLOAD_TOTALS] = SELECT(UPLOAD_TOTALS_COLUMNS) " FROM uploads WHERE lesson_id = 0 "
                                                              "AND (?1 = '' OR user = ?1) "
                                                              "AND (?2 = 0 OR idle_ms < ?2)",
    [STATEMENT_UPLOADS_AGE] = "UPDATE uploads SET idle_ms = idle_ms + ?1 WHERE lesson_id = 0",
    [STATEMENT_UPLOADS_IDLE] = SELECT_UPLOAD " WHERE lesson_id = 0 AND idle_ms >= ?1",
    [STATEMENT_UPLOAD_EXPIRE] =
        "DELETE FROM uploads WHERE id = ?1 AND lesson_id = 0 AND idle_ms >= ?2",
    [STATEMENT_UPLOAD_REMOVE] = "DELETE FROM uploads WHERE id = ?1",
    [STATEMENT_UPLOADS_FORGET] = "DELETE FROM uploads WHERE lesson_id = ?1",
    [STATEMENT_SOURCE_FILES] =
        "SELECT file FROM sources UNION SELECT remuxed_file FROM sources WHERE remuxed_file <> ''"
        " UNION SELECT id FROM uploads WHERE lesson_id = 0",
    [STATEMENT_USER_INSERT] =
        "INSERT INTO users (name, role, password_hash, created_ms) VALUES (?1, ?2, ?3, ?4)",
    [STATEMENT_USER_SET_PASSWORD] = "UPDATE users SET password_hash = ?2 WHERE name = ?1",
    [STATEMENT_USER_GET] = SELECT_USER " WHERE name = ?1",
    [STATEMENT_USERS] = SELECT_USER " ORDER BY name",
    [STATEMENT_USER_REMOVE] = "DELETE FROM users WHERE name = ?1",
    [STATEMENT_SESSIONS_END] =
        "DELETE FROM sessions WHERE user_id = (SELECT id FROM users WHERE name = ?1)",
    [STATEMENT_SESSION_INSERT] =
        "INSERT OR REPLACE INTO sessions (token_sha256, user_id, csrf, expires_ms) "
        "SELECT ?1, id, ?3, ?4 FROM users WHERE name = ?2",
    [STATEMENT_SESSION_REMOVE] = "DELETE FROM sessions WHERE token_sha256 = ?1",
    [STATEMENT_SESSIONS_EXPIRE] = "DELETE FROM sessions WHERE expires_ms <= ?1",
    [STATEMENT_SESSIONS] = SELECT(SESSION_COLUMNS) " FROM sessions s JOIN users u ON u.id = "
                                                   "s.user_id WHERE s.expires_ms > ?1",
    [STATEMENT_SESSIONS_TRIM] =
        "DELETE FROM sessions WHERE user_id = (SELECT id FROM users WHERE name = ?1) "
        "AND token_sha256 NOT IN (SELECT s.token_sha256 FROM sessions s JOIN users u "
        "ON u.id = s.user_id WHERE u.name = ?1 ORDER BY s.expires_ms DESC LIMIT ?2)",
    [STATEMENT_SESSIONS_BOUND] = "UPDATE sessions SET expires_ms = ?1 WHERE expires_ms > ?1",
    [STATEMENT_SESSIONS_REBASE] = "UPDATE sessions SET expires_ms = expires_ms + ?3 "
                                  "WHERE expires_ms > ?1 AND expires_ms <= ?2",
    [STATEMENT_NETWORK_NOTE] =
        "INSERT INTO user_networks (user_id, network, last_ms) "
        "SELECT id, ?2, ?3 FROM users WHERE name = ?1 "
        "ON CONFLICT (user_id, network) DO UPDATE SET last_ms = excluded.last_ms",
    [STATEMENT_NETWORKS_TRIM] =
        "DELETE FROM user_networks WHERE user_id = (SELECT id FROM users WHERE name = ?1) "
        "AND network NOT IN (SELECT n.network FROM user_networks n JOIN users u ON u.id = "
        "n.user_id "
        "WHERE u.name = ?1 ORDER BY n.last_ms DESC LIMIT ?2)",
    [STATEMENT_NETWORKS] = SELECT(NETWORK_COLUMNS) " FROM user_networks n JOIN users u ON u.id = "
                                                   "n.user_id ORDER BY n.last_ms",
    [STATEMENT_UPLINK_ADD] = "INSERT INTO uplink_minutes (minute, sent_bytes, requests) VALUES "
                             "(?1, ?2, ?3) ON CONFLICT (minute)"
                             " DO UPDATE SET sent_bytes = sent_bytes + excluded.sent_bytes, "
                             "requests = requests + excluded.requests",
    [STATEMENT_UPLINK] =
        SELECT(MINUTE_COLUMNS) " FROM uplink_minutes WHERE minute >= ?1 ORDER BY minute",
    [STATEMENT_LINK] = "SELECT cap_bps FROM link WHERE id = 1",
    [STATEMENT_LINK_SET] = "UPDATE link SET cap_bps = ?1 WHERE id = 1",
    [STATEMENT_SITES] = SELECT(SITE_COLUMNS) " FROM sites s LEFT JOIN site_days d ON d.site_id = "
                                             "s.id AND d.day = ?1 ORDER BY s.name",
    [STATEMENT_SITE_INSERT] =
        "INSERT INTO sites (id, name, ranges, token, cap_bps, terminal_cap_bps, "
        "download_from_minute, download_to_minute, budget_bytes) "
        "VALUES (nullif(?9, 0), ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    [STATEMENT_SITE_UPDATE] =
        "UPDATE sites SET name = ?1, ranges = ?2, token = ?3, cap_bps = ?4, terminal_cap_bps = ?5, "
        "download_from_minute = ?6, download_to_minute = ?7, budget_bytes = ?8 WHERE id = ?9",
    [STATEMENT_SITE_SET_TOKEN] = "UPDATE sites SET generated_token = ?2 WHERE id = ?1",
    [STATEMENT_SITE_REMOVE] = "DELETE FROM sites WHERE id = ?1",
    [STATEMENT_SITE_DAY_ADD] =
        "INSERT INTO site_days (site_id, day, sent_bytes) SELECT id, ?2, ?3 FROM sites "
        "WHERE id = ?1 ON CONFLICT (site_id, day) DO UPDATE SET sent_bytes = sent_bytes + "
        "excluded.sent_bytes",
};
