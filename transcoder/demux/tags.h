/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Texts out of containers, which may be in any encoding. */
#ifndef TRANSCODER_DEMUX_TAGS_H
#define TRANSCODER_DEMUX_TAGS_H

#include <stdbool.h>
#include <stddef.h>

/* Knows GB18030, which contains GBK and GB2312. To be opened outside the sandbox: the system's
 * tables for it are files. */
struct tags;

/* 0, or -1: the system doesn't know GB18030, or out of memory. */
int tags_open(struct tags **out);
/* Accepts NULL; sets *tags to NULL. */
void tags_close(struct tags **tags);

/*
 * Text as UTF-8 into out (always terminated, cut at a character): as it is where it is UTF-8, else
 * read as GB18030; "" if it is neither. GB2312 that something took for Latin-1 and made UTF-8 of
 * (ID3 readers do) is recognised as well. Control characters become spaces. One thread at a time.
 */
void tags_to_utf8(struct tags *tags, const char *text, char *out, size_t out_bytes);

/* Whether all of it is UTF-8. Pure. */
bool tags_is_utf8(const char *text, size_t text_bytes);
/*
 * Text of any length from GB18030 into UTF-8. Returns the bytes in out (not terminated), which
 * never are more than twice text_bytes, or -1: it isn't GB18030, or out is too small. One thread at
 * a time.
 */
long tags_from_gb18030(
    struct tags *tags, const char *text, size_t text_bytes, char *out, size_t out_bytes);

/* A container's language (ISO 639-2, or what people wrote there) as a BCP 47 tag; "" for none or
 * nonsense. Pure. */
void tags_to_bcp47(const char *language, char *out, size_t out_bytes);

#endif
