/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Decides which files a worker may write and read, and opens them for it. The worker has read
 * untrusted media, so a request names one of its job's files, and never a path. */
#ifndef NODE_JOBS_JOB_FILES_H
#define NODE_JOBS_JOB_FILES_H

#include "node/jobs/worker_state.h"

/* Finds a rendition that this worker may make: one of its job's kind, or the legacy rendition in a
 * video job. NULL: there is none with this name. */
const struct catalog_rendition *job_files_rendition(const struct worker *worker, const char *name);
/* Returns whether the worker's job makes this chunk of the rendition. */
bool job_files_chunk(
    const struct worker *worker, const struct catalog_rendition *rendition, int chunk);
/* Returns the first rendition that is AAC-LC; NULL if the lesson has none, or none yet: the catalog
 * learns the codec only with the init segment. The legacy rendition copies its audio. */
const struct catalog_rendition *job_files_audio(const struct worker *worker);

/* Answers a MESSAGE_FILE. Errors of the disk go to the worker, which then reports them as the
 * reason of its failure. Returns 0; or -1 if the worker must be ended: its fate says that the node
 * is short of descriptors or memory; or it is still FATE_OWN, and then the file is not one of the
 * job's, or the worker has not read the previous reply. */
int job_files_answer(struct worker *worker, const struct message *message);

#endif
