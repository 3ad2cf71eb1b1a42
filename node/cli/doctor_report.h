/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the checks of `terrace doctor` find, and how it is printed. */
#ifndef NODE_CLI_DOCTOR_REPORT_H
#define NODE_CLI_DOCTOR_REPORT_H

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

#endif
