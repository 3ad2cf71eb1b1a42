/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of `terrace doctor` share. Each check prints a line when it is done, or one for
 * each finding. */
#ifndef NODE_CLI_DOCTOR_H
#define NODE_CLI_DOCTOR_H

#include "catalog/catalog.h"
#include "node/cli/progress.h"
#include "node/store/store.h"

struct doctor {
    const struct store *store;
    struct catalog *catalog; /* read-only */
    bool fast;               /* sizes only, no SHA-256 */
    bool bad;                /* something was */
    struct progress progress;
};

enum doctor_verdict { DOCTOR_OK = 0, DOCTOR_WARN = 1, DOCTOR_BAD = 2 };

/* Prints "ok", "WARN" or "BAD" and the text; keeps in mind that something was bad. */
void doctor_say(struct doctor *doctor, enum doctor_verdict verdict, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Lessons: sources, init segments, chunks, posters; then files that nobody knows. */
void doctor_check_media(struct doctor *doctor);
/* Disk, kernel, worker. */
void doctor_check_system(struct doctor *doctor);

#endif
