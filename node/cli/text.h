/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Text for terminals: the width of wide characters, the user's language, sizes and times. Text from
 * files and users is shown without control characters, because these could control the terminal. */
#ifndef NODE_CLI_TEXT_H
#define NODE_CLI_TEXT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Sets LC_CTYPE from the environment. If that is not UTF-8, sets C.UTF-8, because Terrace's texts
 * are always UTF-8. To be called once at the start. */
void text_init(void);
/* Whether the user's language is Chinese: the first of LC_ALL, LC_MESSAGES and LANG that is set
 * begins with "zh". */
bool text_chinese(void);

/* The width of the terminal on standard output; 0 if it is not a terminal. */
int text_terminal_columns(void);
/* The columns that a UTF-8 text takes when text_print() prints it. */
int text_columns(const char *text);
/* Prints text in at most max_columns and pads it with spaces to pad_columns. max_columns 0: no
 * limit; otherwise "…" replaces the rest. Control characters and bytes that are not UTF-8 become
 * '?'. Returns the columns used. */
int text_print(FILE *file, const char *text, int max_columns, int pad_columns);

/* Returns a copy of text in UTF-8, which the caller frees. Valid UTF-8 stays; other text is read as
 * GB18030 (names from old Chinese machines); if it is neither, every byte beyond ASCII becomes '?'.
 * NULL: memory ran out. */
char *text_utf8(const char *text);

#define TEXT_SHORT_BYTES 32
/* Writes a size as the pages do: "812 B", "4.2 kB", "15 MB", "1.5 GB"; 1 kB is 1000 bytes.
 * out has TEXT_SHORT_BYTES; returns out. */
const char *text_size(int64_t bytes, char *out);
/* Writes a duration such as "0:07" or "1:02:30" into out[TEXT_SHORT_BYTES]. Returns out. */
const char *text_duration(int64_t duration_us, char *out);
/* Writes a local time such as "2026-11-24 10:05" into out[TEXT_SHORT_BYTES]. Returns out. */
const char *text_time(int64_t time_ms, char *out);

#endif
