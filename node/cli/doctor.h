/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The checks of `terrace doctor`. Each prints a line when it is done, or one for each finding. */
#ifndef NODE_CLI_DOCTOR_H
#define NODE_CLI_DOCTOR_H

#include "node/cli/doctor_report.h"

/* Lessons: sources, init segments, chunks, posters; then files that no lesson has. */
void doctor_check_media(struct doctor *doctor);

/* Uploads that have all their bytes but are not lessons yet. */
void doctor_check_uploads(struct doctor *doctor);

/* Disk, kernel, worker. */
void doctor_check_system(struct doctor *doctor);

#endif
