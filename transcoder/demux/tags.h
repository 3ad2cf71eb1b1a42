/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Texts out of containers, which may be in any encoding. */
#ifndef TRANSCODER_DEMUX_TAGS_H
#define TRANSCODER_DEMUX_TAGS_H
#include <stddef.h>

struct gb18030;

/*
 * Writes text to out as UTF-8, always terminated and cut at a character. Text that is UTF-8 stays;
 * other text is read as GB18030; "" if it is neither. Also recognises GB2312 that a reader took for
 * Latin-1 and made UTF-8 of, as ID3 readers do. Control characters become spaces. One thread at a
 * time.
 */
void tags_to_utf8(struct gb18030 *gb18030, const char *text, char *out, size_t out_bytes);

/* A container's language (ISO 639-2, or what people wrote there) as a BCP 47 tag; "" for none or
 * nonsense. Pure. */
void tags_to_bcp47(const char *language, char *out, size_t out_bytes);

#endif
