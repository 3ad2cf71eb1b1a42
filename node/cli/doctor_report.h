/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The findings of `terrace doctor`, and how they are printed. */
#ifndef NODE_CLI_DOCTOR_REPORT_H
#define NODE_CLI_DOCTOR_REPORT_H

#include "catalog/catalog.h"
#include "node/cli/progress.h"
#include "node/store/store.h"

struct doctor {
    const struct store *store;
    struct catalog *catalog; /* read-only */
    bool fast;               /* compare sizes only, not SHA-256 */
    bool bad;                /* there was a finding of DOCTOR_BAD */
    struct progress progress;
};

enum doctor_verdict { DOCTOR_OK = 0, DOCTOR_WARN = 1, DOCTOR_BAD = 2 };

/* Prints "ok", "WARN" or "BAD" and a text. DOCTOR_BAD also sets doctor->bad. */
void doctor_say(struct doctor *doctor, enum doctor_verdict verdict, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
