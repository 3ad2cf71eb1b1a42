/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The catalog: what Terrace knows. Lessons, their sources, renditions and chunks, the jobs that
 * make them, uploads, users, and what the uplink carried.
 *
 * A `struct catalog` is one connection. It may be used by one thread at a time; threads that work
 * at the same time open one each (SQLite in WAL mode lets readers and one writer go on together).
 * Several processes on one host may have the same catalog open.
 *
 * Conventions, unless a function says otherwise:
 *  - It returns CATALOG_OK (0) or a negative `enum catalog_error`. On failure nothing was changed
 *    and nothing is handed to the caller; catalog_message() has a sentence for people.
 *  - Strings and buffers passed in are copied. Out-lists are allocated for the caller, who frees
 *    them with the matching *_free(), which accepts NULL and empty lists.
 *  - Strings inside out-structs are never NULL ("" where there is nothing), unless said so.
 *  - Times are milliseconds since the Unix epoch (`_ms`), as given by the caller: the catalog
 *    never looks at the clock, so that tests can set it.
 *  - Every writing function is one BEGIN IMMEDIATE transaction, durable on return
 *    (synchronous=FULL), except where it says that it may be lost in a power cut.
 */
#ifndef CATALOG_CATALOG_H
#define CATALOG_CATALOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct catalog;

enum catalog_error {
    CATALOG_OK = 0,
    CATALOG_ENOTFOUND = -1, /* no such row */
    CATALOG_EEXISTS = -2,   /* a row with that name is there already */
    CATALOG_ESTATE = -3,    /* the row is not in a state that allows this (lease lost, ...) */
    CATALOG_EINVAL = -4,    /* an argument is out of its range */
    CATALOG_EBUSY = -5,     /* another connection held the write lock too long: try again */
    CATALOG_EFULL = -6,     /* the disk is full */
    CATALOG_EIO = -7,       /* reading or writing failed */
    CATALOG_EPERM = -8,     /* the folder or the file can't be written */
    CATALOG_ECORRUPT = -9,  /* the file is damaged */
    CATALOG_EFOREIGN = -10, /* the file is not a Terrace catalog */
    CATALOG_ENEWER = -11,   /* the file was written by a newer Terrace */
    CATALOG_ENOMEM = -12,
};

/* The error's name in English for logs ("not found"); a static string. */
const char *catalog_error_name(int error);

typedef void (*catalog_log_fn)(void *ctx, const char *message);

struct catalog_params {
    const char *path;        /* the database file; created if it isn't there */
    bool must_exist;         /* fail with CATALOG_ENOTFOUND instead of creating or filling it */
    bool read_only;          /* no migration, no writes (terrace doctor) */
    int64_t busy_timeout_ms; /* 0: 10,000 */
    catalog_log_fn log;      /* may be NULL */
    void *log_ctx;
};

/*
 * Opens the catalog, creates or migrates it as needed. None but its owner and group may open its
 * files; unless must_exist is set, that is mended in old ones. On success *out is the caller's, to
 * be closed with catalog_close(). On failure *out is NULL and, if message is not NULL, up to
 * message_bytes of it hold one line for people, e.g. "FILE is not a Terrace catalog".
 * Errors: EFOREIGN, ENEWER, ECORRUPT, EPERM, EFULL, EIO, EBUSY, ENOTFOUND, ENOMEM.
 */
int catalog_open(
    struct catalog **out, const struct catalog_params *params, char *message, size_t message_bytes);

/* Closes, sets *catalog to NULL; accepts NULL. */
void catalog_close(struct catalog **catalog);

/* The last failure of this connection in plain words; valid until its next call. */
const char *catalog_message(const struct catalog *catalog);

/*
 * Copies the whole catalog into a new file with SQLite's backup API while others go on reading
 * and writing; written under a temporary name, synced, then renamed to path. Others can't open it.
 * Errors: EEXISTS (path is there), EPERM, EFULL, EIO.
 */
int catalog_backup(struct catalog *catalog, const char *path);

/* Runs SQLite's integrity and foreign key checks. ECORRUPT: catalog_message() has the finding. */
int catalog_check(struct catalog *catalog);

/* ---- lessons ------------------------------------------------------------------------------ */

/*
 *            probe done      all jobs but optional ones done
 *  QUEUED ------------> WORKING ----------------> READY
 *     \                    \
 *      `--------------------`-- a job gave up --> FAILED
 *
 * Extra jobs make what a lesson is READY without. They go on after that, and may be given up
 * without it.
 */
enum catalog_lesson_state {
    CATALOG_LESSON_QUEUED = 0,
    CATALOG_LESSON_WORKING = 1,
    CATALOG_LESSON_READY = 2,
    CATALOG_LESSON_FAILED = 3,
};
/* "queued", "working", "ready", "failed"; NULL for anything else. */
const char *catalog_lesson_state_name(int state);

/* Lessons of a higher priority go before all others. */
enum catalog_priority {
    CATALOG_PRIORITY_LOW = -1,
    CATALOG_PRIORITY_NORMAL = 0,
    CATALOG_PRIORITY_HIGH = 1,
};
/* "low", "normal", "high"; NULL for anything else. */
const char *catalog_priority_name(int priority);
/* False: name is none of these, *priority is untouched. */
bool catalog_priority_parse(const char *name, int *priority);

/* A new lesson with its source and its first job (probe), in one transaction. */
struct catalog_new_lesson {
    const char *title; /* UTF-8; "" lets the probe's tag title or the file name serve */
    const char *topic; /* NULL: "" here and below */
    const char *description;
    const char *language;    /* BCP 47, e.g. "zh"; "" unknown */
    const char *submitter;   /* who put it in: a user's name, "cli" */
    bool publish;            /* show it to terminals as soon as it plays */
    const char *source_file; /* its name inside DATA/sources */
    const char *source_name; /* what the user called the file, UTF-8, for people */
    int64_t source_bytes;
    const char *source_sha256; /* 64 hex digits, "" unknown */
    int64_t now_ms;
};

/* On success *lesson_id is the new lesson's number: from 1 up, never used twice. */
int catalog_lesson_create(
    struct catalog *catalog, const struct catalog_new_lesson *lesson, int64_t *lesson_id);

struct catalog_lesson {
    int64_t id;
    int revision; /* from 1 up; part of every media URL */
    int state;    /* enum catalog_lesson_state */
    bool published;
    bool playable; /* at least one chunk of every kind of stream it has is there */
    char *title, *topic, *description, *language, *submitter;
    char *reason;        /* FAILED: a name of transcoder/protocol/reason.h, else "" */
    char *reason_detail; /* e.g. the codec's name; "" */
    char *salvaged;      /* detail of its event "salvaged": the file is cut short; else "" */
    int64_t duration_us; /* 0 before the probe */
    int64_t created_ms, updated_ms;
    int progress_permille; /* of all its jobs but optional ones, weighted by their cost */
    char *source_file, *source_name, *source_sha256; /* what was handed in */
    int64_t source_bytes;
    char *remuxed_file; /* inside DATA/sources: the copy that workers read instead; "" none */
    int64_t remuxed_bytes;
    int64_t media_bytes; /* all its chunks and init segments */
    char *poster_file;   /* below the revision's folder, "" none */
    char *legacy_name;   /* the legacy rendition's, once the lesson is READY; "" none */
    char *info_text;     /* the findings: struct media_info as text; "" before, and in lists */
    int priority;        /* enum catalog_priority */
    bool paused;         /* nothing of it is begun */
    int queued_jobs, running_jobs; /* optional ones too */
    int optional_jobs;             /* how many of these are */
    int optional_permille;         /* of all its optional jobs; 1000: done, or it has none */
    bool optional_failed;          /* optional jobs were given up */
    int optional_made;             /* optional renditions that are whole */
    int position;                  /* filled in by catalog_queue_positions() alone, 0 before */
    int storyboard_sheets;         /* "storyboard-0.jpg" and on, beside "storyboard.vtt"; 0 none */
};

struct catalog_lessons {
    struct catalog_lesson *items;
    size_t count;
};

struct catalog_lesson_filter {
    bool published_only; /* published and playable: what terminals see */
    bool at_work;        /* alone: those with jobs queued or leased, all of them, oldest first */
    int64_t before_id;   /* 0: from the newest; else those with id < before_id */
    int limit;           /* 0: all */
};

/* Newest first. */
int catalog_lessons(struct catalog *catalog, const struct catalog_lesson_filter *filter,
    struct catalog_lessons *out);
/* One lesson as a list of one. ENOTFOUND. */
int catalog_lesson_get(struct catalog *catalog, int64_t lesson_id, struct catalog_lessons *out);
void catalog_lessons_free(struct catalog_lessons *lessons);

struct catalog_lesson_edit { /* NULL: leave as it is */
    const char *title, *topic, *description, *language;
};
int catalog_lesson_edit(struct catalog *catalog, int64_t lesson_id,
    const struct catalog_lesson_edit *edit, int64_t now_ms);

/* Publishing is a flag; terminals see a lesson once it is published and playable. Leaves an event.
 * Errors: ENOTFOUND, ESTATE (publishing a failed lesson). */
int catalog_lesson_set_published(
    struct catalog *catalog, int64_t lesson_id, bool published, const char *by, int64_t now_ms);

/* Pauses or resumes: of a paused lesson nothing is begun; what runs goes on to its end. Leaves an
 * event ("paused", "resumed") if that is a change. Errors: ENOTFOUND, ESTATE (no work is left). */
int catalog_lesson_set_paused(
    struct catalog *catalog, int64_t lesson_id, bool paused, const char *by, int64_t now_ms);
/* The same for enum catalog_priority, with "priority_low", "priority_normal", "priority_high".
 * EINVAL: no such priority. */
int catalog_lesson_set_priority(
    struct catalog *catalog, int64_t lesson_id, int priority, const char *by, int64_t now_ms);

/* Tries a failed lesson, or a lesson's failed optional jobs, again: the failed jobs are queued anew
 * with fresh attempts; what was finished stays; it is not paused any more. Leaves an event. Errors:
 * ENOTFOUND, ESTATE (nothing has failed). */
int catalog_lesson_retry(
    struct catalog *catalog, int64_t lesson_id, const char *by, int64_t now_ms);

/* Removes the lesson and all its rows. Its files are then rubbish: the node sweeps them. ENOTFOUND.
 */
int catalog_lesson_remove(struct catalog *catalog, int64_t lesson_id);

/* ---- what happened to a lesson ------------------------------------------------------------- */

struct catalog_event {
    int64_t id, lesson_id, time_ms;
    char *code;   /* "created", "probed", "chunk_retry", "completed", "published", "failed",
                     "salvaged", ... */
    char *detail; /* machine-made facts for the sentence, e.g. "user=li" or a reason's name */
};
struct catalog_events {
    struct catalog_event *items;
    size_t count;
};
int catalog_event_add(struct catalog *catalog, int64_t lesson_id, const char *code,
    const char *detail, int64_t now_ms);
/* Oldest first; at most limit of the newest (0: all). */
int catalog_events(
    struct catalog *catalog, int64_t lesson_id, int limit, struct catalog_events *out);
void catalog_events_free(struct catalog_events *events);

/* ---- renditions and chunks ----------------------------------------------------------------- */

enum catalog_media_kind {
    CATALOG_VIDEO = 0,
    CATALOG_AUDIO = 1,
    CATALOG_TEXT = 2,   /* subtitles; has no init segment */
    CATALOG_LEGACY = 3, /* picture and sound in one transport stream; has no init segment */
};

/* Whether renditions of a kind have an init segment beside their chunks. */
static inline bool catalog_has_init(int kind)
{
    return kind == CATALOG_VIDEO || kind == CATALOG_AUDIO;
}

struct catalog_rendition {
    int64_t id, lesson_id;
    int revision;
    char *name;                          /* "v400", "a24": also the folder and the URL part */
    int kind;                            /* enum catalog_media_kind */
    int position;                        /* 0 is the lowest rung of its kind */
    int width, height, fps_num, fps_den; /* video */
    int channels, sample_rate;           /* audio */
    char *language;                      /* audio, text: BCP 47 or "" */
    int64_t cap_bps;                     /* the rung's cap on the wire */
    int timescale;                       /* ticks a second of its segments' durations */
    int chunk_count;                     /* how many chunks it will have */
    char *plan_text; /* the planner's parameters: goes into job texts unchanged */
    /* known once the first chunk is there; text has no init segment and no codecs: */
    char *codecs;       /* RFC 6381, e.g. "avc1.4D401F"; "" before */
    int64_t init_bytes; /* 0 before */
    char *init_sha256;
    bool optional; /* its lesson is READY without it */
};
struct catalog_renditions {
    struct catalog_rendition *items;
    size_t count;
};
/* Of the lesson's present revision; video first, each kind by position. */
int catalog_renditions(struct catalog *catalog, int64_t lesson_id, struct catalog_renditions *out);
void catalog_renditions_free(struct catalog_renditions *renditions);

/* One segment inside a chunk file. */
struct catalog_segment {
    int64_t offset_bytes;
    int32_t length_bytes;
    int32_t duration_ticks; /* in the rendition's timescale */
    int32_t iframe_bytes; /* video: from the segment's start to the end of its first IDR; audio 0 */
};

struct catalog_chunk {
    int64_t rendition_id;
    int number; /* from 0 */
    int64_t bytes;
    char *sha256;
    struct catalog_segment *segments;
    size_t segment_count;
};
struct catalog_chunks {
    struct catalog_chunk *items;
    size_t count;
};
/* All finished chunks of a rendition by number. */
int catalog_chunks(struct catalog *catalog, int64_t rendition_id, struct catalog_chunks *out);
void catalog_chunks_free(struct catalog_chunks *chunks);

/* ---- jobs ---------------------------------------------------------------------------------- */

/*
 *  QUEUED --lease--> LEASED --finish--> DONE
 *    ^                 |  \
 *    |  lease ran out, |   `--give up, or attempts used up--> FAILED (and the lesson with it;
 *    |                 |                                       optional: all optional jobs of it)
 *    `-- worker died --'
 */
enum catalog_job_state {
    CATALOG_JOB_QUEUED = 0,
    CATALOG_JOB_LEASED = 1,
    CATALOG_JOB_DONE = 2,
    CATALOG_JOB_FAILED = 3,
};
const char *catalog_job_state_name(int state);

enum catalog_job_kind {
    CATALOG_JOB_PROBE = 0,  /* look at the source, measure it; remux it where it can't be sought */
    CATALOG_JOB_AUDIO = 1,  /* all chunks of all audio renditions, in one run */
    CATALOG_JOB_VIDEO = 2,  /* piece `chunk` of the planner's: a chunk of some video renditions */
    CATALOG_JOB_POSTER = 3, /* the poster, then the storyboard */
    CATALOG_JOB_TEXT = 4,   /* all chunks of all text renditions, in one run */
    CATALOG_JOB_LEGACY = 5, /* chunk `chunk` of the legacy rendition, from the finished sound */
};
const char *catalog_job_kind_name(int kind);

struct catalog_job {
    int64_t id, lesson_id;
    int revision;
    int kind, state;
    int chunk;   /* VIDEO: which piece; LEGACY: which; else 0 */
    int cost;    /* weight in the lesson's progress */
    int attempt; /* how often it was leased, the present lease included */
    int max_attempts;
    int progress_permille;
    int64_t lease_until_ms,
        deadline_ms;              /* LEASED: renewed by progress; the hard end of this attempt */
    char *owner;                  /* LEASED: who */
    char *reason, *reason_detail; /* of the last failure, "" none */
    char *lesson_title;
};
struct catalog_jobs {
    struct catalog_job *items;
    size_t count;
};

/* What the planner decided: one rendition to be. */
struct catalog_new_rendition {
    const char *name;
    int kind, width, height, fps_num, fps_den, channels, sample_rate;
    const char *language;
    int64_t cap_bps;
    int timescale, chunk_count;
    const char *plan_text;
    bool optional; /* the lesson is READY without it: made by optional jobs alone */
};
struct catalog_new_job {
    int kind, chunk, cost;
    bool optional; /* makes what the lesson is READY without: after all else of it, and of others */
};

/*
 * Takes the next job that may run. Lessons share the workers fairly: higher priority first, among
 * equals the submitters in turn by the work they have had, within a submitter the lesson with the
 * least work left, but a quarter of the work for his oldest (catalog/fair_queue.h has the rules and
 * their bounds); within a lesson by kind (probe, audio, text, poster, video, legacy) and chunk,
 * optional jobs after all others of whatever lesson.
 * Paused lessons wait, and so do legacy chunks until their lesson's sound is done: a lesson that
 * has nothing else lets the others go on. What a lease costs its submitter is in the catalog as
 * well, so that a crash doesn't change whose turn it is; it is taken back by catalog_job_release()
 * and catalog_jobs_recover(). Jobs whose lease has run out count as queued. A job whose attempts
 * are used up is marked FAILED with its last reason, its lesson too (or its lesson's other optional
 * jobs, if it is one), and the next is looked at. On
 * success *out holds one job, LEASED to owner. ENOTFOUND: nothing to do.
 */
int catalog_job_lease(struct catalog *catalog, const char *owner, int64_t now_ms, int64_t lease_ms,
    int64_t deadline_ms, struct catalog_jobs *out);
/* Sets progress and renews the lease. May be lost in a power cut. ESTATE: the lease is no longer
 * owner's (also when the lesson was removed: ENOTFOUND); the worker must be stopped. */
int catalog_job_progress(struct catalog *catalog, int64_t job_id, const char *owner,
    int progress_permille, int64_t now_ms, int64_t lease_ms);
/* Gives a job back. retry: queued again (or FAILED when the attempts are used up); else FAILED at
 * once and the lesson with it (its other jobs too); with an optional job its lesson's other
 * optional jobs alone (event "extras_failed"). Leaves an event. ESTATE, ENOTFOUND as above. */
int catalog_job_give_back(struct catalog *catalog, int64_t job_id, const char *owner, bool retry,
    const char *reason, const char *reason_detail, int64_t now_ms);
/* Gives back without counting the attempt (the node is stopping). */
int catalog_job_release(struct catalog *catalog, int64_t job_id, const char *owner);
/* At start: every job leased to another owner becomes queued again (its node is known to be dead:
 * the caller holds the jobs lock). */
int catalog_jobs_recover(struct catalog *catalog, const char *owner);

/* Ends a probe: keeps its findings, makes renditions and jobs, lesson goes WORKING. ESTATE,
 * ENOTFOUND. title: used if the lesson has none. remuxed_file: "" or the name of the seekable copy
 * in DATA/sources, which workers read from then on. */
struct catalog_probe_result {
    const char *info_text;
    const char *title;
    int64_t duration_us;
    const char *remuxed_file;
    int64_t remuxed_bytes;
    const struct catalog_new_rendition *renditions;
    size_t rendition_count;
    const struct catalog_new_job *jobs;
    size_t job_count;
};
int catalog_job_finish_probe(struct catalog *catalog, int64_t job_id, const char *owner,
    const struct catalog_probe_result *result, int64_t now_ms);

/* Records a rendition's init segment. Repeating it with the same hash is fine; EEXISTS with
 * another. */
int catalog_rendition_set_init(struct catalog *catalog, int64_t job_id, const char *owner,
    int64_t rendition_id, int64_t bytes, const char *sha256, const char *codecs);
/* Records a finished chunk (its file is already in place and synced). Repeating it with the same
 * hash is fine; EEXISTS with another hash: determinism is broken. The one that makes an optional
 * rendition whole leaves an event ("extra_added", its name). ESTATE, ENOTFOUND. */
int catalog_chunk_add(struct catalog *catalog, int64_t job_id, const char *owner,
    const struct catalog_chunk *chunk, int64_t now_ms);
int catalog_lesson_set_poster(
    struct catalog *catalog, int64_t job_id, const char *owner, const char *poster_file);
int catalog_lesson_set_storyboard(
    struct catalog *catalog, int64_t job_id, const char *owner, int sheets);
/* Ends a job other than PROBE; the lesson's last one that is not optional makes it READY (event
 * "completed"). */
int catalog_job_finish(struct catalog *catalog, int64_t job_id, const char *owner, int64_t now_ms);

/* Jobs of one lesson in the order in which they run; 0: all that are queued or leased, lesson by
 * lesson. */
int catalog_jobs(struct catalog *catalog, int64_t lesson_id, struct catalog_jobs *out);
void catalog_jobs_free(struct catalog_jobs *jobs);

/* Fills in when each of these lessons gets its next job: position 1 is next, as things stand, then
 * 2, ...: a forecast, since others may come in between. 0: it has none queued, is paused, or is
 * beyond the thousandth. */
int catalog_queue_positions(struct catalog *catalog, struct catalog_lessons *lessons);

/* A number that changes whenever anything that people watch (lessons, jobs, uploads) was changed,
 * by any process: cheap to poll. */
int catalog_change_number(struct catalog *catalog, int64_t *out);

/* ---- uploads (tus) -------------------------------------------------------------------------- */

struct catalog_upload {
    char *id;   /* 32 hex digits; also the file's name inside DATA/sources */
    char *user; /* who may go on with it */
    char *filename, *title, *topic, *description, *language;
    bool publish;
    int64_t total_bytes;
    int64_t created_ms, updated_ms;
    int64_t lesson_id; /* 0 until it is complete */
};
struct catalog_uploads {
    struct catalog_upload *items;
    size_t count;
};
int catalog_upload_create(struct catalog *catalog, const struct catalog_upload *upload);
int catalog_upload_get(struct catalog *catalog, const char *id, struct catalog_uploads *out);
/* All unfinished, newest first (user NULL: everybody's). */
int catalog_uploads(struct catalog *catalog, const char *user, struct catalog_uploads *out);
int catalog_upload_touch(struct catalog *catalog, const char *id, int64_t now_ms);
/* Makes the lesson and marks the upload complete in one transaction; if it was complete already,
 * gives the same lesson again. */
int catalog_upload_complete(struct catalog *catalog, const char *id, const char *sha256,
    int64_t now_ms, int64_t *lesson_id);
/* Forgets an upload. *complete says, as of the same transaction, whether its file is a lesson's
 * source by now; if not, the file is the caller's to remove. */
int catalog_upload_remove(struct catalog *catalog, const char *id, bool *complete);
void catalog_uploads_free(struct catalog_uploads *uploads);

/* Names of all files inside DATA/sources that the catalog knows (sources and unfinished uploads):
 * the rest is rubbish. *out: a NULL-terminated array, freed with catalog_names_free(). */
int catalog_source_files(struct catalog *catalog, char ***out, size_t *count);
void catalog_names_free(char **names);

/* ---- users and sessions ---------------------------------------------------------------------- */

enum catalog_role {
    CATALOG_ROLE_ADMIN = 0,
    CATALOG_ROLE_OPERATOR = 1,
    CATALOG_ROLE_TECHNICIAN = 2
};
/* "admin", "operator", "technician"; -1 / NULL for anything else. */
int catalog_role_parse(const char *name);
const char *catalog_role_name(int role);

struct catalog_user {
    int64_t id;
    char *name;
    int role;
    char *password_hash; /* argon2id, as libsodium writes it */
    int64_t created_ms;
};
struct catalog_users {
    struct catalog_user *items;
    size_t count;
};
int catalog_user_add(struct catalog *catalog, const char *name, int role, const char *password_hash,
    int64_t now_ms); /* EEXISTS */
int catalog_user_set_password(struct catalog *catalog, const char *name, const char *password_hash,
    int64_t now_ms); /* ends the user's sessions as well; ENOTFOUND */
int catalog_user_get(struct catalog *catalog, const char *name, struct catalog_users *out);
int catalog_users(struct catalog *catalog, struct catalog_users *out);
int catalog_user_remove(struct catalog *catalog, const char *name); /* sessions too; ENOTFOUND */
void catalog_users_free(struct catalog_users *users);

struct catalog_session {
    char token_sha256[65]; /* hex: the token itself is only in the cookie */
    char csrf[65];
    char user[65];
    int role;
    int64_t expires_ms;
};
struct catalog_sessions {
    struct catalog_session *items;
    size_t count;
};
/* Removes those that have run out as well. */
int catalog_session_add(
    struct catalog *catalog, const struct catalog_session *session, int64_t now_ms);
int catalog_session_remove(struct catalog *catalog, const char *token_sha256);
/* All that have not run out. Writes nothing: a full disk ends no session. */
int catalog_sessions(struct catalog *catalog, int64_t now_ms, struct catalog_sessions *out);
void catalog_sessions_free(struct catalog_sessions *sessions);

/* ---- the uplink, minute by minute -------------------------------------------------------------
 */

struct catalog_uplink_minute {
    int64_t minute; /* minutes since the epoch */
    int64_t sent_bytes, requests;
};
struct catalog_uplink {
    struct catalog_uplink_minute *items;
    size_t count;
};
/* Adds to that minute's row. May be lost in a power cut. */
int catalog_uplink_add(struct catalog *catalog, const struct catalog_uplink_minute *minute);
/* From `from` (inclusive), oldest first. */
int catalog_uplink(struct catalog *catalog, int64_t from_minute, struct catalog_uplink *out);
void catalog_uplink_free(struct catalog_uplink *uplink);

/* ---- sites, and what they may take ------------------------------------------------------------
 */

#define CATALOG_DAY_MINUTES 1440

struct catalog_site {
    int64_t id;
    char *name;                        /* at most 100 bytes */
    char *ranges;                      /* of addresses, as people write them; at most 1000 bytes */
    char *token;                       /* "" none; at most 100 bytes */
    int64_t cap_bps, terminal_cap_bps; /* of all terminals together, of each; 0: not limited */
    /* Minutes of the day, local time: downloads are let through from the one on and up to the
     * other; alike: at any time. */
    int download_from_minute, download_to_minute;
    int64_t budget_bytes; /* a day; 0: not limited */
    int64_t today_bytes;  /* that it has taken on that day; not to be put */
};
struct catalog_sites {
    struct catalog_site *items;
    size_t count;
    int64_t uplink_bps; /* the county's; 0: not limited */
};
/* All sites in the order of their names. day: yyyymmdd, local time. */
int catalog_sites(struct catalog *catalog, int day, struct catalog_sites *out);
void catalog_sites_free(struct catalog_sites *sites);
/* Adds the site (its id is 0) or changes it; *id is then the site's. EINVAL; EEXISTS: another has
 * the name or the token; ENOTFOUND. */
int catalog_site_put(struct catalog *catalog, const struct catalog_site *site, int64_t *id);
int catalog_site_remove(struct catalog *catalog, int64_t id);   /* ENOTFOUND */
int catalog_link_set(struct catalog *catalog, int64_t cap_bps); /* 0: not limited; EINVAL */
/* Adds to what a site has taken on a day. May be lost in a power cut. */
int catalog_site_day_add(struct catalog *catalog, int64_t site_id, int day, int64_t sent_bytes);

#endif
