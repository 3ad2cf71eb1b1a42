/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From a leased job to what its worker needs. The scheduler's thread. */
#ifndef NODE_JOBS_ASSIGN_H
#define NODE_JOBS_ASSIGN_H

#include "node/jobs/spawn.h"
#include "node/jobs/worker_state.h"

/* Opens the job's text, source and output folder into *heritage; the caller closes them. Sets
 * worker->done if nothing is left to do. Returns 0; or -1 with worker->reason and detail set. */
int assign_work(struct worker *worker, struct heritage *heritage);

#endif
