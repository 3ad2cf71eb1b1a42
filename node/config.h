/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The options of a node. One table describes them; the command line, the configuration file,
 * `--help`, the manual page and the reference (`terrace config`) follow from it. Only config_load()
 * and config_print() use files.
 *
 * The configuration file is UTF-8 with lines "name = value". A '#' at the start of a line or after
 * white space begins a comment. Empty lines are ignored.
 */
#ifndef NODE_CONFIG_H
#define NODE_CONFIG_H

#include <stddef.h>
#include <stdio.h>

#include "node/config_table.h"

/* Enough for every message of these functions. A message with a long path is cut. */
#define CONFIG_MESSAGE_BYTES 512

/* All options in the order of the reference. The table is static. */
const struct config_option *config_options(size_t *count);
/* Returns the option with that name, or NULL. '-' and '_' are the same here. */
const struct config_option *config_find(const char *name);

/* Sets every option to its default. */
void config_defaults(struct config *config);

/* Sets one option from text. Returns 0; or -EINVAL, then nothing was changed, and message says what
 * is wrong, without a full stop ("workers: 999 is not within 0 to 256"). */
int config_set(struct config *config, const struct config_option *option, const char *text,
    char *message, size_t message_bytes);

/* Sets the options in the text of a file. A byte order mark and carriage returns are accepted,
 * since editors on Windows write them. Returns 0; or -EINVAL with one line in message that has
 * file_name and the line number, and config may then be partly set. */
int config_parse(struct config *config, const char *file_name, const char *text, size_t text_bytes,
    char *message, size_t message_bytes);
/* Reads a file of at most 256 KiB and parses it. Returns 0, or a negative errno with one line in
 * message. */
int config_load(struct config *config, const char *path, char *message, size_t message_bytes);

/* Writes the current value of an option into out[CONFIG_TEXT_BYTES], in the form that config_set()
 * accepts. */
void config_value(const struct config *config, const struct config_option *option, char *out);
/* Writes the reference with the current values. It is a valid configuration file. */
void config_print(FILE *file, const struct config *config);
/* Writes the allowed values in words into out[CONFIG_TEXT_BYTES]: "0 to 256", "yes or no". For
 * CONFIG_CHOICE that is only "one of"; the choices are in option->unit. */
void config_range(const struct config_option *option, char *out);

#endif
