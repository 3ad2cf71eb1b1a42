/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Turns a leased job into what its worker needs. Runs on the scheduler's thread. */
#ifndef NODE_JOBS_ASSIGN_H
#define NODE_JOBS_ASSIGN_H

#include "node/jobs/spawn.h"
#include "node/jobs/worker_state.h"

/* Opens the job's text, source and output folder into *heritage; the caller closes them, on failure
 * too. Sets worker->done if nothing is left to do. Returns 0; or -1 with worker->reason and
 * worker->detail set, and with FATE_SHORT if the machine is short of something for now. */
int assign_work(struct worker *worker, struct heritage *heritage);

#endif
