/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Why something could not be done with a file, in plain words. The worker names a reason, the
 * catalog keeps its name and a detail, the node shows the sentence in the reader's language.
 */
#ifndef TRANSCODER_PROTOCOL_REASON_H
#define TRANSCODER_PROTOCOL_REASON_H

enum reason {
    REASON_NONE = 0,
    REASON_EMPTY_FILE,        /* the file has no bytes */
    REASON_NOT_MEDIA,         /* no known audio or video container */
    REASON_PLAYLIST,          /* a playlist or a list of files, not media itself */
    REASON_PICTURE,           /* a still picture */
    REASON_SUBTITLES_ONLY,    /* text or subtitles only */
    REASON_CUT_SHORT,         /* the index is missing: an incomplete copy or upload */
    REASON_DAMAGED,           /* nothing in it can be decoded */
    REASON_NO_STREAMS,        /* neither usable audio nor usable video */
    REASON_UNKNOWN_CODEC,     /* detail: the codec's name */
    REASON_ENCRYPTED,         /* DRM */
    REASON_TOO_SHORT,         /* under a tenth of a second or a single frame */
    REASON_TOO_LONG,          /* over the limit; detail: hours */
    REASON_TOO_LARGE_PICTURE, /* detail: WxH */
    REASON_TOO_MANY_STREAMS,
    REASON_DISK_FULL,
    REASON_OUT_OF_MEMORY,
    REASON_TIMED_OUT,      /* a piece of work took longer than its deadline */
    REASON_WORKER_CRASHED, /* detail: the signal */
    REASON_SANDBOX,        /* killed by a limit of the sandbox; detail: which */
    REASON_OVER_CAP,       /* an extra rendition would pass its cap; detail: its name */
    REASON_INTERNAL,       /* ours: detail for the log */
    REASON_COUNT,
};

enum reason_language { REASON_ZH = 0, REASON_EN = 1 };

/* The stable name ("not_media"), for the catalog, the API and tests; NULL if out of range. Any
 * thread. */
const char *reason_name(enum reason reason);
/* The reason with that name; REASON_INTERNAL for an unknown one. Any thread. */
enum reason reason_parse(const char *name);
/* A full sentence that says what is wrong and what to do about it; static. Any thread. */
const char *reason_text(enum reason reason, enum reason_language language);

#endif
