/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What happened to a lesson, in Chinese and English. Pure. */
#ifndef NODE_API_EVENT_TEXT_H
#define NODE_API_EVENT_TEXT_H

#include <jansson.h>

#include "catalog/catalog.h"

/* {"code", "detail", "zh", "en"} for a reason's name. A new reference, or NULL: out of memory. */
json_t *sentences_reason(const char *name, const char *detail);
/* A code's sentence with its detail, {"detail", "zh", "en"}; NULL: out of memory. */
json_t *sentences_of(const char *code, const char *detail);
/* {"time_ms", "code", "detail", "zh", "en"}. An unknown code (of a newer node) is shown as it is.
 */
json_t *sentences_event(const struct catalog_event *event);

#endif
