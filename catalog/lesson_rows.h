/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading lessons. */
#ifndef CATALOG_LESSON_ROWS_H
#define CATALOG_LESSON_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "catalog/errors.h"
#include "catalog/lesson_state.h"

/* Lessons of a higher priority go first, but optional jobs come after all needed jobs. */
enum catalog_priority {
    CATALOG_PRIORITY_LOW = -1,
    CATALOG_PRIORITY_NORMAL = 0,
    CATALOG_PRIORITY_HIGH = 1,
};

struct catalog_lesson {
    int64_t id;
    int revision; /* from 1 up; part of every media URL */
    enum catalog_lesson_state state;
    bool published;
    bool playable; /* WORKING or READY, and the first chunk of its video and of its audio exists */
    char *title, *topic, *description, *language, *submitter;
    char *reason;        /* FAILED: a name of transcoder/protocol/reason.h, else "" */
    char *reason_detail; /* e.g. the codec's name; "" */
    char *salvaged;      /* the detail of its event "salvaged": the file is cut short; else "" */
    int64_t duration_us; /* 0 before the probe */
    int64_t created_ms, updated_ms;
    int progress_permille; /* of all its needed jobs, weighted by their cost */
    char *source_file, *source_name, *source_sha256; /* of the file that was handed in */
    int64_t source_bytes;
    char *remuxed_file; /* in DATA/sources: the copy that workers read instead; "" none */
    int64_t remuxed_bytes;
    int64_t media_bytes; /* all its chunks and init segments */
    char *poster_file;   /* below the revision's folder; "" none */
    char *legacy_name;   /* name of the legacy rendition once the lesson is READY; "" none */
    char *info_text;     /* what the probe found, as text; "" before it, and in lists */
    enum catalog_priority priority;
    bool paused;                   /* no job of it starts */
    int queued_jobs, running_jobs; /* of all its jobs, optional ones too */
    int optional_jobs;             /* how many of these are optional */
    int optional_permille;         /* progress of its optional jobs; 1000: done, or it has none */
    bool optional_failed;          /* optional jobs failed, but not the lesson */
    int optional_made;             /* optional renditions that have all their chunks */
    int position;          /* 0, until catalog_queue_positions() (queue.h) has filled it in */
    int storyboard_sheets; /* "storyboard-0.jpg" and on, beside "storyboard.vtt"; 0 none */
};

struct catalog_lessons {
    struct catalog_lesson *items;
    size_t count;
};

struct catalog_lesson_filter {
    bool published_only; /* published and playable: what terminals see */
    bool at_work;        /* all lessons with queued or leased jobs, oldest first; the other members
                            do not count then */
    int64_t before_id;   /* only lessons with a lower id; 0: all */
    int limit;           /* at most this many; 0: all */
    const char *search;  /* only lessons whose texts contain this; large and small Latin letters are
                            the same; "" or NULL: all. Unless published_only is set, also looks at
                            the source's name and the submitter. */
};

/* Reads lessons, newest first unless at_work is set. */
enum catalog_error catalog_lessons(struct catalog *catalog,
    const struct catalog_lesson_filter *filter, struct catalog_lessons *out);

/* Reads lessons that changed after the change `since` (changes.h), those that changed first first. */
enum catalog_error catalog_lessons_changed(
    struct catalog *catalog, int64_t since, int limit, struct catalog_lessons *out);

/* Reads one lesson, as a list of one. ENOTFOUND. */
enum catalog_error catalog_lesson_get(
    struct catalog *catalog, int64_t lesson_id, struct catalog_lessons *out);

void catalog_lessons_free(struct catalog_lessons *lessons);

#endif
