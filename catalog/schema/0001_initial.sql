-- The first form of the catalog. Times are milliseconds since the Unix epoch (_ms). Durations of media are microseconds (_us).
-- Never change the SQL of a migration: catalogs that have it would differ. Comments may change.

-- One row. It counts the changes of lessons, jobs and uploads, by all processes.
CREATE TABLE changes (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    number INTEGER NOT NULL
);
INSERT INTO changes VALUES (1, 0);

CREATE TABLE lessons (
    id INTEGER PRIMARY KEY AUTOINCREMENT,    -- never used twice: media URLs contain it, and caches keep those forever
    revision INTEGER NOT NULL DEFAULT 1,     -- media URLs contain it too; grows when the media are made again
    state INTEGER NOT NULL DEFAULT 0,        -- enum catalog_lesson_state
    published INTEGER NOT NULL DEFAULT 0,    -- 1: terminals see it as soon as it is playable
    title TEXT NOT NULL,                     -- UTF-8; from the submitter, or from the file
    topic TEXT NOT NULL DEFAULT '',
    description TEXT NOT NULL DEFAULT '',
    language TEXT NOT NULL DEFAULT '',       -- BCP 47; '' unknown
    submitter TEXT NOT NULL DEFAULT '',      -- a user's name, or 'cli'
    reason TEXT NOT NULL DEFAULT '',         -- FAILED: a name of transcoder/protocol/reason.h
    reason_detail TEXT NOT NULL DEFAULT '',  -- facts for that reason's sentence
    duration_us INTEGER NOT NULL DEFAULT 0,  -- 0 before the probe
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL,
    poster_file TEXT NOT NULL DEFAULT '',    -- below the revision's folder; '' none
    info_text TEXT NOT NULL DEFAULT ''       -- struct media_info as text
);
CREATE INDEX lessons_published ON lessons (published, id);

CREATE TABLE sources (
    lesson_id INTEGER PRIMARY KEY REFERENCES lessons (id) ON DELETE CASCADE,
    file TEXT NOT NULL UNIQUE,               -- the file that was handed in: its name in DATA/sources
    name TEXT NOT NULL,                      -- the name that the submitter's file had
    bytes INTEGER NOT NULL,
    sha256 TEXT NOT NULL DEFAULT '',         -- '' unknown
    remuxed_file TEXT NOT NULL DEFAULT '',   -- the copy that workers read instead of the file; '' none
    remuxed_bytes INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE renditions (
    id INTEGER PRIMARY KEY,
    lesson_id INTEGER NOT NULL REFERENCES lessons (id) ON DELETE CASCADE,
    revision INTEGER NOT NULL,
    name TEXT NOT NULL,                      -- also its folder, and a part of its URLs
    kind INTEGER NOT NULL,                   -- enum catalog_media_kind
    position INTEGER NOT NULL,               -- within its kind; 0 is the lowest rung
    width INTEGER NOT NULL, height INTEGER NOT NULL,        -- video, else 0
    fps_num INTEGER NOT NULL, fps_den INTEGER NOT NULL,     -- video, else 0
    channels INTEGER NOT NULL, sample_rate INTEGER NOT NULL, -- audio, else 0
    language TEXT NOT NULL DEFAULT '',
    cap_bps INTEGER NOT NULL,                -- the rung's cap on the wire
    timescale INTEGER NOT NULL,              -- ticks per second of its segments' durations
    chunk_count INTEGER NOT NULL,            -- how many chunks it will have
    plan_text TEXT NOT NULL,                 -- struct rendition as text
    codecs TEXT NOT NULL DEFAULT '',         -- RFC 6381; '' until the init segment exists
    init_bytes INTEGER NOT NULL DEFAULT 0,
    init_sha256 TEXT NOT NULL DEFAULT '',
    UNIQUE (lesson_id, revision, name)
);

CREATE TABLE chunks (
    rendition_id INTEGER NOT NULL REFERENCES renditions (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,                 -- from 0
    bytes INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    segments BLOB NOT NULL,                  -- 16-byte records, little-endian: length, ticks, I-frame bytes, 0 (segment_table.h)
    PRIMARY KEY (rendition_id, number)
) WITHOUT ROWID;

CREATE TABLE jobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    lesson_id INTEGER NOT NULL REFERENCES lessons (id) ON DELETE CASCADE,
    revision INTEGER NOT NULL,
    kind INTEGER NOT NULL,                   -- enum catalog_job_kind
    rank INTEGER NOT NULL,                   -- order within a lesson; 10 and above: optional (since 0005)
    chunk INTEGER NOT NULL,                  -- see enum catalog_job_kind; else 0
    state INTEGER NOT NULL DEFAULT 0,        -- enum catalog_job_state
    cost INTEGER NOT NULL,                   -- its weight in the lesson's progress
    attempt INTEGER NOT NULL DEFAULT 0,      -- how often it was leased
    max_attempts INTEGER NOT NULL DEFAULT 3,
    progress_permille INTEGER NOT NULL DEFAULT 0,
    lease_until_ms INTEGER NOT NULL DEFAULT 0,
    deadline_ms INTEGER NOT NULL DEFAULT 0,
    owner TEXT NOT NULL DEFAULT '',          -- who has the lease; '' nobody
    reason TEXT NOT NULL DEFAULT '',         -- of the last failure; '' none
    reason_detail TEXT NOT NULL DEFAULT ''
);
CREATE INDEX jobs_queue ON jobs (state, lesson_id, rank, chunk);
CREATE INDEX jobs_of_lesson ON jobs (lesson_id, rank, chunk);

CREATE TABLE events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    lesson_id INTEGER NOT NULL REFERENCES lessons (id) ON DELETE CASCADE,
    time_ms INTEGER NOT NULL,
    code TEXT NOT NULL,                      -- what happened; the node has a sentence for each code
    detail TEXT NOT NULL                     -- facts for that sentence
);
CREATE INDEX events_of_lesson ON events (lesson_id, id);

CREATE TABLE uploads (
    id TEXT PRIMARY KEY,                     -- 32 hex digits; also the name of the file in DATA/sources
    user TEXT NOT NULL,                      -- who may continue it
    filename TEXT NOT NULL,
    title TEXT NOT NULL, topic TEXT NOT NULL, description TEXT NOT NULL, language TEXT NOT NULL,
    publish INTEGER NOT NULL,
    total_bytes INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL,
    lesson_id INTEGER NOT NULL DEFAULT 0     -- the lesson that it became; 0 until then
) WITHOUT ROWID;
CREATE INDEX uploads_unfinished ON uploads (lesson_id, created_ms);

CREATE TABLE users (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    role INTEGER NOT NULL,                   -- enum catalog_role
    password_hash TEXT NOT NULL,             -- argon2id, in libsodium's text form
    created_ms INTEGER NOT NULL
);

CREATE TABLE sessions (
    token_sha256 TEXT PRIMARY KEY,           -- only the user's cookie holds the token itself
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    csrf TEXT NOT NULL,
    expires_ms INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX sessions_of_user ON sessions (user_id);
CREATE INDEX sessions_expiry ON sessions (expires_ms);

-- What the uplink carried: one row per minute. Nothing else depends on it.
CREATE TABLE uplink_minutes (
    minute INTEGER PRIMARY KEY,              -- minutes since the epoch
    sent_bytes INTEGER NOT NULL,
    requests INTEGER NOT NULL
);
