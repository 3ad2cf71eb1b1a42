/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The reasons for which a file could not be processed. The worker or the node names a reason, the
 * catalog stores the name and a detail, and the node shows a text in the language of the reader. */
#ifndef TRANSCODER_PROTOCOL_REASON_H
#define TRANSCODER_PROTOCOL_REASON_H

enum reason {
    REASON_NONE = 0,
    REASON_EMPTY_FILE,        /* the file has no bytes */
    REASON_NOT_MEDIA,         /* no known audio or video container */
    REASON_PLAYLIST,          /* a playlist, which only lists other files */
    REASON_PICTURE,           /* a picture file, still or animated */
    REASON_SUBTITLES_ONLY,    /* text or subtitles only */
    REASON_CUT_SHORT,         /* the index is missing: an incomplete copy or upload */
    REASON_DAMAGED,           /* nothing in the file can be decoded */
    REASON_NO_STREAMS,        /* the file has neither usable audio nor usable video */
    REASON_UNKNOWN_CODEC,     /* detail: name of the codec */
    REASON_ENCRYPTED,         /* protected by DRM */
    REASON_TOO_SHORT,         /* under a tenth of a second or a single frame */
    REASON_TOO_LONG,          /* over a limit; detail: hours, or number of packets */
    REASON_MOSTLY_NOTHING,    /* for hours, there is neither picture nor sound; detail: hours */
    REASON_TOO_LARGE_PICTURE, /* detail: WxH */
    REASON_TOO_MANY_STREAMS,
    REASON_SOURCE_UNREADABLE, /* the disk can't read the source, or the file was changed */
    REASON_DISK_FULL,
    REASON_DISK_ERROR,
    REASON_OUT_OF_MEMORY,
    REASON_TIMED_OUT,      /* over the deadline or the processor time, or silent for too long */
    REASON_WORKER_CRASHED, /* detail: the signal or the exit code */
    REASON_SANDBOX,        /* killed by the sandbox; detail: the signal */
    /* an optional rendition would exceed its cap; detail: its name, the bytes of the segment that
     * is too large, and the limit of that segment */
    REASON_OVER_CAP,
    REASON_INTERNAL, /* a fault on our side; detail: for the log */
    REASON_COUNT,
};

enum reason_language { REASON_ZH = 0, REASON_EN = 1 };

/* Returns the stable name, such as "not_media", for the catalog, the API and tests. NULL if the
 * number is out of range. Any thread. */
const char *reason_name(enum reason reason);
/* Returns the reason with this name; REASON_INTERNAL for an unknown name. Any thread. */
enum reason reason_parse(const char *name);
/* Returns full sentences: what is wrong, and in most cases what the reader can do. The text is
 * static. Any thread. */
const char *reason_text(enum reason reason, enum reason_language language);

#endif
