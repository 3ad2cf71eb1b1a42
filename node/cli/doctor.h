/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The checks of `terrace doctor`. Each prints a line for what is in order and a line for each
 * finding. */
#ifndef NODE_CLI_DOCTOR_H
#define NODE_CLI_DOCTOR_H

#include "node/cli/doctor_report.h"

/* Checks the lessons' sources, init segments, chunks, posters and storyboards. Then looks for stray
 * files, which the catalog does not name. */
void doctor_check_media(struct doctor *doctor);

/* Looks for uploads that have all their bytes but are not lessons yet. */
void doctor_check_uploads(struct doctor *doctor);

/* Looks for sites whose token somebody made up. */
void doctor_check_sites(struct doctor *doctor);

/* Checks the free space of the disk, BBR in the kernel, and the worker with its sandbox. */
void doctor_check_system(struct doctor *doctor);

#endif
