/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The job text tells a worker what to do. The node writes it, and the worker reads it to the end
 * from a descriptor. The text has sections of "key value" lines. job_parse() checks all limits. */
#ifndef TRANSCODER_PROTOCOL_JOB_H
#define TRANSCODER_PROTOCOL_JOB_H

#include "transcoder/protocol/rendition.h"

enum job_kind {
    JOB_PROBE = 0,
    JOB_AUDIO = 1,
    JOB_VIDEO = 2,
    JOB_POSTER = 3,
    JOB_TEXT = 4,
};

/* The descriptors that a worker inherits. Besides these it has 0 and 1, which are /dev/null, and
 * 2, which is a pipe for the log. */
enum job_fd {
    JOB_FD_TEXT = 3, /* the job text, read to its end */
    /* a socket: messages to the node (transcoder/protocol/message.h), and its replies
     * (transcoder/protocol/reply.h) */
    JOB_FD_MESSAGES = 4,
    JOB_FD_SOURCE = 5, /* the source file, read-only */
};

/* A worker ends at once with this exit code if the disk can't read the source. */
#define JOB_EXIT_SOURCE 74

/* The files that jobs write or read. A worker can't open a file by name. It asks the node for the
 * descriptor of one of these. */
enum job_file_kind {
    JOB_FILE_INIT = 1,       /* the init segment of a rendition */
    JOB_FILE_CHUNK = 2,      /* the chunk `number` of a rendition */
    JOB_FILE_POSTER = 3,     /* POSTER */
    JOB_FILE_SHEET = 4,      /* POSTER: the sheet `number` of the storyboard */
    JOB_FILE_STORYBOARD = 5, /* POSTER: the index of the sheets */
    JOB_FILE_REMUXED = 6,    /* PROBE: the remuxed copy, which is written if the source needs one */
};

struct job_file {
    enum job_file_kind kind;
    char rendition[RENDITION_NAME_BYTES]; /* INIT, CHUNK */
    int number;                           /* CHUNK, SHEET: from 0 */
};

#define JOB_TEXT_MAX_BYTES (256 * 1024)
#define JOB_PATH_BYTES 64
#define JOB_POSTER_NAME "poster.jpg"
#define JOB_STORYBOARD_INDEX "storyboard.vtt"

struct job {
    enum job_kind kind;
    int threads;            /* number of cores that this worker may keep busy */
    struct media_info info; /* all kinds but PROBE: the findings of the probe */
    /* All kinds but PROBE: the segment boundaries follow from plan_make(info, options). */
    struct plan_options options;
    int chunk; /* VIDEO: number of the chunk to make, from 0 */
    /* AUDIO, VIDEO, TEXT: the renditions to make now. A VIDEO job lists the rungs first and then
     * the legacy rendition; either may be missing. The AAC rendition that the legacy rendition
     * copies its audio from comes last. It is made already. A lesson without audio has none. */
    struct rendition renditions[PLAN_MAX_RENDITIONS];
    size_t rendition_count;
};

/* Writes the job as text. Returns the length in bytes, or -1 if out is too small. Pure. */
int job_format(const struct job *job, char *out, size_t out_bytes);
/* Reads a job text. Returns 0, or -1 if anything is malformed, missing or out of range. Pure. */
int job_parse(const char *text, size_t text_bytes, struct job *out);

/* Write the path of a chunk ("v400/00003.chunk") or of an init segment ("v400/init.mp4"),
 * relative to the media folder of the revision. Return the length, or -1 if out is too small. */
int job_chunk_path(const char *rendition, int chunk, char *out, size_t out_bytes);
int job_init_path(const char *rendition, char *out, size_t out_bytes);
/* Writes the name of a sheet of the storyboard, "storyboard-3.jpg". Sheets count from 0. The
 * index of the sheets is the file JOB_STORYBOARD_INDEX. Returns the length, or -1 if out is too
 * small. */
int job_sheet_path(int sheet, char *out, size_t out_bytes);
/* Writes the path of any file of a job, relative to the media folder of the revision. "remuxed" is
 * only for logs and tests: the node chooses the name of a remuxed copy. Returns the length, or -1
 * if out is too small. */
int job_file_path(const struct job_file *file, char *out, size_t out_bytes);

#endif
