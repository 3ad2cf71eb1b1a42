/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The SQL statements of the catalog: their numbers, the columns that they return, and the numbers
 * of enums that stand in their text. The text itself is in statements.c.
 */
#ifndef CATALOG_STATEMENTS_H
#define CATALOG_STATEMENTS_H

enum statement {
    STATEMENT_BEGIN,
    STATEMENT_COMMIT,
    STATEMENT_ROLLBACK,
    STATEMENT_CHANGES,
    STATEMENT_LESSON_INSERT,
    STATEMENT_LESSONS_BEGIN_AFTER,
    STATEMENT_LESSONS_BEGIN_FIRST,
    STATEMENT_SOURCE_INSERT,
    STATEMENT_LESSONS,
    STATEMENT_LESSONS_PUBLISHED,
    STATEMENT_LESSONS_AT_WORK,
    STATEMENT_LESSONS_CHANGED,
    STATEMENT_LESSONS_REMOVED,
    STATEMENT_LESSON_GET,
    STATEMENT_LESSON_EDIT,
    STATEMENT_LESSON_STATE,
    STATEMENT_LESSON_SET_STATE,
    STATEMENT_LESSON_SET_PUBLISHED,
    STATEMENT_LESSON_SET_PRIORITY,
    STATEMENT_LESSON_SET_PAUSED,
    STATEMENT_LESSON_SET_PROBED,
    STATEMENT_LESSON_SET_POSTER,
    STATEMENT_LESSON_SET_STORYBOARD,
    STATEMENT_LESSON_REMOVE,
    STATEMENT_SOURCE_SET_REMUXED,
    STATEMENT_EVENT_INSERT,
    STATEMENT_EVENTS,
    STATEMENT_RENDITION_INSERT,
    STATEMENT_RENDITIONS,
    STATEMENT_RENDITION_OF_JOB,
    STATEMENT_RENDITION_WHOLE_OPTIONAL,
    STATEMENT_LESSON_ADD_OPTIONAL,
    STATEMENT_RENDITION_SET_INIT,
    STATEMENT_CHUNK_HASH,
    STATEMENT_CHUNK_INSERT,
    STATEMENT_CHUNKS,
    STATEMENT_JOB_INSERT,
    STATEMENT_JOBS_EXPIRE,
    STATEMENT_JOB_NEXT,
    STATEMENT_JOB_LEASE,
    STATEMENT_JOB_GET,
    STATEMENT_JOB_OWNED,
    STATEMENT_JOB_PROGRESS,
    STATEMENT_JOB_SET_STATE,
    STATEMENT_JOB_RELEASE,
    STATEMENT_JOBS_RECOVER,
    STATEMENT_JOBS_OF_OTHERS,
    STATEMENT_JOBS_FAIL_LESSON,
    STATEMENT_JOBS_FAIL_OPTIONAL,
    STATEMENT_JOBS_RETRY_LESSON,
    STATEMENT_JOBS_LEFT,
    STATEMENT_JOBS_OF_LESSON,
    STATEMENT_JOBS_ACTIVE,
    STATEMENT_QUEUE_CLOCK,
    STATEMENT_QUEUE_SET_CLOCK,
    STATEMENT_QUEUE_LESSONS,
    STATEMENT_QUEUE_CHARGE,
    STATEMENT_QUEUE_REFUND,
    STATEMENT_UPLOAD_INSERT,
    STATEMENT_UPLOAD_GET,
    STATEMENT_UPLOADS,
    STATEMENT_UPLOAD_TOUCH,
    STATEMENT_UPLOAD_COMPLETE,
    STATEMENT_UPLOADS_DISOWN,
    STATEMENT_UPLOAD_TOTALS,
    STATEMENT_UPLOADS_AGE,
    STATEMENT_UPLOADS_IDLE,
    STATEMENT_UPLOAD_EXPIRE,
    STATEMENT_UPLOAD_REMOVE,
    STATEMENT_UPLOADS_FORGET,
    STATEMENT_SOURCE_FILES,
    STATEMENT_USER_INSERT,
    STATEMENT_USER_SET_PASSWORD,
    STATEMENT_USER_GET,
    STATEMENT_USERS,
    STATEMENT_USER_REMOVE,
    STATEMENT_SESSIONS_END,
    STATEMENT_SESSION_INSERT,
    STATEMENT_SESSION_REMOVE,
    STATEMENT_SESSIONS_EXPIRE,
    STATEMENT_SESSIONS,
    STATEMENT_SESSIONS_TRIM,
    STATEMENT_SESSIONS_BOUND,
    STATEMENT_SESSIONS_REBASE,
    STATEMENT_NETWORK_NOTE,
    STATEMENT_NETWORKS_TRIM,
    STATEMENT_NETWORKS,
    STATEMENT_UPLINK_ADD,
    STATEMENT_UPLINK,
    STATEMENT_LINK,
    STATEMENT_LINK_SET,
    STATEMENT_SITES,
    STATEMENT_SITE_INSERT,
    STATEMENT_SITE_UPDATE,
    STATEMENT_SITE_SET_TOKEN,
    STATEMENT_SITE_REMOVE,
    STATEMENT_SITE_DAY_ADD,
    STATEMENT_COUNT,
};

/* The text of every statement, by number. A test checks the query plans. */
extern const char *const statement_sql[STATEMENT_COUNT];

/* ---- numbers that stand in SQL ---- */

/*
 * The preprocessor can't turn an enum's constant into text, so SQL needs these copies. The file
 * that has the enum compares them with it (_Static_assert).
 */
#define SQL_LESSON_QUEUED 0
#define SQL_LESSON_WORKING 1
#define SQL_LESSON_READY 2
#define SQL_LESSON_FAILED 3

#define SQL_JOB_QUEUED 0
#define SQL_JOB_LEASED 1
#define SQL_JOB_DONE 2
#define SQL_JOB_FAILED 3

#define SQL_JOB_AUDIO 1
#define SQL_JOB_LEGACY 5

#define SQL_MEDIA_VIDEO 0
#define SQL_MEDIA_AUDIO 1
#define SQL_MEDIA_LEGACY 3

/* Optional jobs have this rank or a higher one, needed jobs a lower one. Triggers in schema/ rely
 * on the number. */
#define SQL_OPTIONAL_RANK 10

/* ---- columns ---- */

/*
 * A list of columns makes two things: the text between SELECT and FROM, and the enum by which the
 * rows are read. So the two can't differ. Expressions in capitals are macros of statements.c.
 */
#define AS_ENUM(name, sql) name,

/* clang-format off */
/* A lesson. INFO: the expression for its findings. They are long, so lists leave them out. */
#define LESSON_COLUMNS(FIRST, NEXT, INFO) \
    FIRST(LESSON_ID, "l.id") \
    NEXT(LESSON_REVISION, "l.revision") \
    NEXT(LESSON_STATE, "l.state") \
    NEXT(LESSON_PUBLISHED, "l.published") \
    NEXT(LESSON_TITLE, "l.title") \
    NEXT(LESSON_TOPIC, "l.topic") \
    NEXT(LESSON_DESCRIPTION, "l.description") \
    NEXT(LESSON_LANGUAGE, "l.language") \
    NEXT(LESSON_SUBMITTER, "l.submitter") \
    NEXT(LESSON_REASON, "l.reason") \
    NEXT(LESSON_REASON_DETAIL, "l.reason_detail") \
    NEXT(LESSON_DURATION_US, "l.duration_us") \
    NEXT(LESSON_CREATED_MS, "l.created_ms") \
    NEXT(LESSON_UPDATED_MS, "l.updated_ms") \
    NEXT(LESSON_POSTER_FILE, "l.poster_file") \
    NEXT(LESSON_INFO_TEXT, INFO) \
    NEXT(LESSON_SOURCE_FILE, "s.file") \
    NEXT(LESSON_REMUXED_FILE, "s.remuxed_file") \
    NEXT(LESSON_SOURCE_NAME, "s.name") \
    NEXT(LESSON_SOURCE_SHA256, "s.sha256") \
    NEXT(LESSON_SOURCE_BYTES, "s.bytes") \
    NEXT(LESSON_REMUXED_BYTES, "s.remuxed_bytes") \
    NEXT(LESSON_PLAYABLE, IS_PLAYABLE) \
    NEXT(LESSON_PROGRESS_PERMILLE, NEEDED_PROGRESS) \
    NEXT(LESSON_MEDIA_BYTES, ALL_MEDIA_BYTES) \
    NEXT(LESSON_PRIORITY, "l.priority") \
    NEXT(LESSON_PAUSED, "l.paused") \
    NEXT(LESSON_QUEUED_JOBS, "l.queued_jobs") \
    NEXT(LESSON_RUNNING_JOBS, COUNT_OF_RUNNING) \
    NEXT(LESSON_STORYBOARD_SHEETS, "l.storyboard_sheets") \
    NEXT(LESSON_LEGACY_NAME, LEGACY_IF_READY) \
    NEXT(LESSON_OPTIONAL_MADE, "l.extras_made") \
    NEXT(LESSON_OPTIONAL_JOBS, COUNT_OF_OPTIONAL) \
    NEXT(LESSON_OPTIONAL_PERMILLE, OPTIONAL_PROGRESS) \
    NEXT(LESSON_OPTIONAL_FAILED, HAS_OPTIONAL_FAILURE) \
    NEXT(LESSON_SALVAGED, LAST_SALVAGE_DETAIL)
enum lesson_column {
    LESSON_COLUMNS(AS_ENUM, AS_ENUM, "")
};

/* How far the changes are. */
#define CHANGES_COLUMNS(FIRST, NEXT) \
    FIRST(CHANGES_NUMBER, "number") \
    NEXT(CHANGES_FORGOTTEN, "forgotten")
enum changes_column {
    CHANGES_COLUMNS(AS_ENUM, AS_ENUM)
};

/* What the state machine and the queue need of a lesson. */
#define PRESENT_COLUMNS(FIRST, NEXT) \
    FIRST(PRESENT_STATE, "state") \
    NEXT(PRESENT_WORK_LEFT, "work_left")
enum present_column {
    PRESENT_COLUMNS(AS_ENUM, AS_ENUM)
};

/* An event. */
#define EVENT_COLUMNS(FIRST, NEXT) \
    FIRST(EVENT_ID, "id") \
    NEXT(EVENT_LESSON_ID, "lesson_id") \
    NEXT(EVENT_TIME_MS, "time_ms") \
    NEXT(EVENT_CODE, "code") \
    NEXT(EVENT_DETAIL, "detail")
enum event_column {
    EVENT_COLUMNS(AS_ENUM, AS_ENUM)
};

/* A rendition. */
#define RENDITION_COLUMNS(FIRST, NEXT) \
    FIRST(RENDITION_ID, "r.id") \
    NEXT(RENDITION_LESSON_ID, "r.lesson_id") \
    NEXT(RENDITION_REVISION, "r.revision") \
    NEXT(RENDITION_NAME, "r.name") \
    NEXT(RENDITION_KIND, "r.kind") \
    NEXT(RENDITION_POSITION, "r.position") \
    NEXT(RENDITION_WIDTH, "r.width") \
    NEXT(RENDITION_HEIGHT, "r.height") \
    NEXT(RENDITION_FPS_NUM, "r.fps_num") \
    NEXT(RENDITION_FPS_DEN, "r.fps_den") \
    NEXT(RENDITION_CHANNELS, "r.channels") \
    NEXT(RENDITION_SAMPLE_RATE, "r.sample_rate") \
    NEXT(RENDITION_LANGUAGE, "r.language") \
    NEXT(RENDITION_CAP_BPS, "r.cap_bps") \
    NEXT(RENDITION_TIMESCALE, "r.timescale") \
    NEXT(RENDITION_CHUNK_COUNT, "r.chunk_count") \
    NEXT(RENDITION_PLAN_TEXT, "r.plan_text") \
    NEXT(RENDITION_CODECS, "r.codecs") \
    NEXT(RENDITION_INIT_BYTES, "r.init_bytes") \
    NEXT(RENDITION_INIT_SHA256, "r.init_sha256") \
    NEXT(RENDITION_OPTIONAL, "r.extra")
enum rendition_column {
    RENDITION_COLUMNS(AS_ENUM, AS_ENUM)
};

/* What a job that writes to a rendition needs of it. */
#define TARGET_COLUMNS(FIRST, NEXT) \
    FIRST(TARGET_INIT_SHA256, "r.init_sha256") \
    NEXT(TARGET_CHUNK_COUNT, "r.chunk_count")
enum target_column {
    TARGET_COLUMNS(AS_ENUM, AS_ENUM)
};

/* A chunk. */
#define CHUNK_COLUMNS(FIRST, NEXT) \
    FIRST(CHUNK_RENDITION_ID, "rendition_id") \
    NEXT(CHUNK_NUMBER, "number") \
    NEXT(CHUNK_BYTES, "bytes") \
    NEXT(CHUNK_SHA256, "sha256") \
    NEXT(CHUNK_SEGMENTS, "segments")
enum chunk_column {
    CHUNK_COLUMNS(AS_ENUM, AS_ENUM)
};

/* A job. */
#define JOB_COLUMNS(FIRST, NEXT) \
    FIRST(JOB_ID, "j.id") \
    NEXT(JOB_LESSON_ID, "j.lesson_id") \
    NEXT(JOB_REVISION, "j.revision") \
    NEXT(JOB_KIND, "j.kind") \
    NEXT(JOB_STATE, "j.state") \
    NEXT(JOB_CHUNK, "j.chunk") \
    NEXT(JOB_COST, "j.cost") \
    NEXT(JOB_ATTEMPT, "j.attempt") \
    NEXT(JOB_MAX_ATTEMPTS, "j.max_attempts") \
    NEXT(JOB_PROGRESS_PERMILLE, "j.progress_permille") \
    NEXT(JOB_LEASE_UNTIL_MS, "j.lease_until_ms") \
    NEXT(JOB_DEADLINE_MS, "j.deadline_ms") \
    NEXT(JOB_OWNER, "j.owner") \
    NEXT(JOB_REASON, "j.reason") \
    NEXT(JOB_REASON_DETAIL, "j.reason_detail") \
    NEXT(JOB_LESSON_TITLE, "l.title")
enum job_column {
    JOB_COLUMNS(AS_ENUM, AS_ENUM)
};

/* The next job of a lesson. */
#define NEXT_JOB_COLUMNS(FIRST, NEXT) \
    FIRST(NEXT_JOB_ID, "id") \
    NEXT(NEXT_JOB_ATTEMPT, "attempt") \
    NEXT(NEXT_JOB_MAX_ATTEMPTS, "max_attempts") \
    NEXT(NEXT_JOB_REVISION, "revision") \
    NEXT(NEXT_JOB_REASON, "reason") \
    NEXT(NEXT_JOB_REASON_DETAIL, "reason_detail") \
    NEXT(NEXT_JOB_COST, "cost") \
    NEXT(NEXT_JOB_OPTIONAL, IS_OPTIONAL)
enum next_job_column {
    NEXT_JOB_COLUMNS(AS_ENUM, AS_ENUM)
};

/* What is needed of a job to check its lease. */
#define LEASE_COLUMNS(FIRST, NEXT) \
    FIRST(LEASE_STATE, "state") \
    NEXT(LEASE_OWNER, "owner") \
    NEXT(LEASE_LESSON_ID, "lesson_id") \
    NEXT(LEASE_REVISION, "revision") \
    NEXT(LEASE_ATTEMPT, "attempt") \
    NEXT(LEASE_MAX_ATTEMPTS, "max_attempts") \
    NEXT(LEASE_KIND, "kind") \
    NEXT(LEASE_OPTIONAL, IS_OPTIONAL)
enum lease_column {
    LEASE_COLUMNS(AS_ENUM, AS_ENUM)
};

/* A lesson in the queue, with its submitter. */
#define WAITING_COLUMNS(FIRST, NEXT) \
    FIRST(WAITING_LESSON_ID, "l.id") \
    NEXT(WAITING_PRIORITY, "l.priority") \
    NEXT(WAITING_PROBED, IS_PROBED) \
    NEXT(WAITING_OPTIONAL, HAS_ONLY_OPTIONAL) \
    NEXT(WAITING_WORK_LEFT, "l.work_left") \
    NEXT(WAITING_OPTIONAL_LEFT, "l.extra_left") \
    NEXT(WAITING_SUBMITTER, "l.submitter") \
    NEXT(WAITING_CLOCK, "coalesce(s.clock, 0)") \
    NEXT(WAITING_AGED, "coalesce(s.aged, 0)")
enum waiting_column {
    WAITING_COLUMNS(AS_ENUM, AS_ENUM)
};

/* An upload. */
#define UPLOAD_COLUMNS(FIRST, NEXT) \
    FIRST(UPLOAD_ID, "id") \
    NEXT(UPLOAD_USER, "user") \
    NEXT(UPLOAD_FILENAME, "filename") \
    NEXT(UPLOAD_TITLE, "title") \
    NEXT(UPLOAD_TOPIC, "topic") \
    NEXT(UPLOAD_DESCRIPTION, "description") \
    NEXT(UPLOAD_LANGUAGE, "language") \
    NEXT(UPLOAD_PUBLISH, "publish") \
    NEXT(UPLOAD_TOTAL_BYTES, "total_bytes") \
    NEXT(UPLOAD_CREATED_MS, "created_ms") \
    NEXT(UPLOAD_UPDATED_MS, "updated_ms") \
    NEXT(UPLOAD_LESSON_ID, "lesson_id") \
    NEXT(UPLOAD_IDLE_MS, "idle_ms") \
    NEXT(UPLOAD_SYNCED_BYTES, "received_bytes")
enum upload_column {
    UPLOAD_COLUMNS(AS_ENUM, AS_ENUM)
};

/* Sums over unfinished uploads. */
#define UPLOAD_TOTALS_COLUMNS(FIRST, NEXT) \
    FIRST(UPLOAD_TOTALS_COUNT, "count(*)") \
    NEXT(UPLOAD_TOTALS_BYTES, "coalesce(sum(total_bytes), 0)") \
    NEXT(UPLOAD_TOTALS_LEFT_BYTES, "coalesce(sum(total_bytes - received_bytes), 0)")
enum upload_totals_column {
    UPLOAD_TOTALS_COLUMNS(AS_ENUM, AS_ENUM)
};

/* A user. */
#define USER_COLUMNS(FIRST, NEXT) \
    FIRST(USER_ID, "id") \
    NEXT(USER_NAME, "name") \
    NEXT(USER_ROLE, "role") \
    NEXT(USER_PASSWORD_HASH, "password_hash") \
    NEXT(USER_CREATED_MS, "created_ms")
enum user_column {
    USER_COLUMNS(AS_ENUM, AS_ENUM)
};

/* A session. */
#define SESSION_COLUMNS(FIRST, NEXT) \
    FIRST(SESSION_TOKEN_SHA256, "s.token_sha256") \
    NEXT(SESSION_CSRF, "s.csrf") \
    NEXT(SESSION_USER, "u.name") \
    NEXT(SESSION_ROLE, "u.role") \
    NEXT(SESSION_EXPIRES_MS, "s.expires_ms")
enum session_column {
    SESSION_COLUMNS(AS_ENUM, AS_ENUM)
};

/* A network from which a user has logged in. */
#define NETWORK_COLUMNS(FIRST, NEXT) \
    FIRST(NETWORK_USER, "u.name") \
    NEXT(NETWORK_NETWORK, "n.network")
enum network_column {
    NETWORK_COLUMNS(AS_ENUM, AS_ENUM)
};

/* A minute of the uplink. */
#define MINUTE_COLUMNS(FIRST, NEXT) \
    FIRST(MINUTE_NUMBER, "minute") \
    NEXT(MINUTE_SENT_BYTES, "sent_bytes") \
    NEXT(MINUTE_REQUESTS, "requests")
enum minute_column {
    MINUTE_COLUMNS(AS_ENUM, AS_ENUM)
};

/* A site. */
#define SITE_COLUMNS(FIRST, NEXT) \
    FIRST(SITE_ID, "s.id") \
    NEXT(SITE_NAME, "s.name") \
    NEXT(SITE_RANGES, "s.ranges") \
    NEXT(SITE_TOKEN, "s.token") \
    NEXT(SITE_GENERATED_TOKEN, "s.generated_token") \
    NEXT(SITE_CAP_BPS, "s.cap_bps") \
    NEXT(SITE_TERMINAL_CAP_BPS, "s.terminal_cap_bps") \
    NEXT(SITE_DOWNLOAD_FROM_MINUTE, "s.download_from_minute") \
    NEXT(SITE_DOWNLOAD_TO_MINUTE, "s.download_to_minute") \
    NEXT(SITE_BUDGET_BYTES, "s.budget_bytes") \
    NEXT(SITE_TODAY_BYTES, "coalesce(d.sent_bytes, 0)")
enum site_column {
    SITE_COLUMNS(AS_ENUM, AS_ENUM)
};
/* clang-format on */

#endif
