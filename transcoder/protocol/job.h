/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The job text: what the node tells a worker to do, on a descriptor that the worker reads to its
 * end. Sections of "key value" lines; written by the node, parsed by the worker; limits are checked
 * on parsing.
 */
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

/* The descriptors that a worker inherits, besides 0, 1 and 2 (/dev/null, /dev/null, a log pipe). */
enum job_fd {
    JOB_FD_TEXT = 3,     /* the job text, read to its end */
    JOB_FD_MESSAGES = 4, /* to the node: transcoder/protocol/message.h */
    JOB_FD_SOURCE = 5,   /* the source, read-only */
    JOB_FD_OUTPUT = 6,   /* a folder: the revision's media folder, or for a probe DATA/sources */
};

#define JOB_TEXT_MAX_BYTES (256 * 1024)
#define JOB_PATH_BYTES 64
#define JOB_STORYBOARD_INDEX "storyboard.vtt"

struct job {
    enum job_kind kind;
    int threads;                      /* cores that this worker may keep busy */
    char remux_name[JOB_PATH_BYTES];  /* PROBE: the file to write if the source can't be sought */
    char poster_name[JOB_PATH_BYTES]; /* POSTER */
    struct media_info info;           /* all but PROBE */
    struct plan_options options; /* all but PROBE: plan_make(info, options) gives the boundaries */
    int chunk;                   /* VIDEO */
    /* AUDIO, VIDEO, TEXT: those to be made now. VIDEO: rungs, or the legacy rendition, or it behind
     * them; behind that the AAC rendition, already made, whose sound it takes (none in a lesson
     * without sound). */
    struct rendition renditions[PLAN_MAX_RENDITIONS];
    size_t rendition_count;
};

/* Returns the length, or -1 if out is too small. Pure. */
int job_format(const struct job *job, char *out, size_t out_bytes);
/* Returns 0, or -1 for anything malformed, missing or out of range. Pure. */
int job_parse(const char *text, size_t text_bytes, struct job *out);

/* "v400/00003.chunk": where a chunk lies below the revision's folder; "v400/init.mp4". Return the
 * length or -1. */
int job_chunk_path(const char *rendition, int chunk, char *out, size_t out_bytes);
int job_init_path(const char *rendition, char *out, size_t out_bytes);
/* "storyboard-3.jpg": a sheet of the storyboard, from 0; its index is JOB_STORYBOARD_INDEX. */
int job_sheet_path(int sheet, char *out, size_t out_bytes);

#endif
