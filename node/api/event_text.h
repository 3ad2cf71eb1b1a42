/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Events of a lesson as sentences in Chinese and English. Pure. */
#ifndef NODE_API_EVENT_TEXT_H
#define NODE_API_EVENT_TEXT_H

#include <jansson.h>

#include "catalog/catalog.h"

/* Returns {"code", "detail", "zh", "en"} for the name of a reason. A new reference; NULL: memory
 * ran out. */
json_t *sentences_reason(const char *name, const char *detail);
/* Returns the sentence of a code with its detail: {"detail", "zh", "en"}. The sentence of an
 * unknown code, from a newer node, is the code and the detail. A new reference; NULL: memory ran
 * out. */
json_t *sentences_of(const char *code, const char *detail);
/* Returns {"time_ms", "code", "detail", "zh", "en"}, with the sentences of sentences_of(). A new
 * reference; NULL: memory ran out. */
json_t *sentences_event(const struct catalog_event *event);

#endif
