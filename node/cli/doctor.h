/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The checks of `terrace doctor`. Each prints a line when it is done, or a line for each
 * finding. */
#ifndef NODE_CLI_DOCTOR_H
#define NODE_CLI_DOCTOR_H

#include "node/cli/doctor_report.h"

/* Checks the lessons' sources, init segments, chunks and posters; then looks for files that belong
 * to no lesson. */
void doctor_check_media(struct doctor *doctor);

/* Looks for uploads that have all their bytes but are not lessons yet. */
void doctor_check_uploads(struct doctor *doctor);

/* Checks the disk, the kernel and the worker. */
void doctor_check_system(struct doctor *doctor);

#endif
