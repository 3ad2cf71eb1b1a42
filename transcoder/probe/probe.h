/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a source holds, measured rather than believed: its packets are all looked at, some are
 * decoded. */
#ifndef TRANSCODER_PROBE_PROBE_H
#define TRANSCODER_PROBE_PROBE_H
#include "transcoder/package/deliver.h"

/* Probes the source; where it can't be sought or lacks timestamps, writes a remuxed copy
 * (job->remux_name) that can, and describes that. Reports MESSAGE_PROBED. 0, or -1: failure set. */
int probe_run(const struct work *work, struct failure *failure);

#endif
