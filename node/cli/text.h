/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Text for terminals: display width of wide characters, the reader's language, sizes and times.
 * What comes from files and users is shown without its control characters, which could drive the
 * terminal.
 */
#ifndef NODE_CLI_TEXT_H
#define NODE_CLI_TEXT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Sets LC_CTYPE from the environment, or to C.UTF-8 where that isn't UTF-8: Terrace's texts always
 * are. Once, at start. */
void text_init(void);
/* Whether the reader's language is Chinese: LC_ALL, LC_MESSAGES, LANG, the first that is set,
 * begins with "zh". */
bool text_chinese(void);

/* Columns of the terminal that standard output is; 0: it is none. */
int text_terminal_columns(void);
/* Columns that a UTF-8 text takes on a terminal, as text_print() shows it. */
int text_columns(const char *text);
/*
 * Prints text in at most max_columns (0: no limit; the rest becomes "…"), with '?' for control
 * characters and for bytes that are not UTF-8, padded with blanks to pad_columns. Returns the
 * columns used.
 */
int text_print(FILE *file, const char *text, int max_columns, int pad_columns);

/* A copy of text in UTF-8, for the caller to free: as it is if it is valid, else read as GB18030
 * (names from old Chinese machines), else with '?' for each bad byte. NULL: out of memory. */
char *text_utf8(const char *text);

#define TEXT_SHORT_BYTES 32
/* Writes a size as the pages do: "812 B", "4.2 kB", "15 MB", "1.5 GB"; 1 kB is 1000 bytes.
 * out has TEXT_SHORT_BYTES; returns out. */
const char *text_size(int64_t bytes, char *out);
/* "0:07", "1:02:30" into out[TEXT_SHORT_BYTES]; returns out. */
const char *text_duration(int64_t duration_us, char *out);
/* "2026-11-24 10:05" in local time into out[TEXT_SHORT_BYTES]; returns out. */
const char *text_time(int64_t time_ms, char *out);

#endif
