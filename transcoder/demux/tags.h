/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Converts texts from containers, which may be in any encoding. */
#ifndef TRANSCODER_DEMUX_TAGS_H
#define TRANSCODER_DEMUX_TAGS_H

#include <stddef.h>

struct gb18030;

/*
 * Writes text to out as UTF-8. The result ends with NUL and is cut at a character.
 * Text in UTF-8 stays as it is; other text is read as GB18030; if it is neither, the result is "".
 * Some readers, such as those of ID3, take GB2312 for Latin-1 and convert it to UTF-8; this is
 * undone. Control characters become spaces. One thread at a time.
 */
void tags_to_utf8(struct gb18030 *gb18030, const char *text, char *out, size_t out_bytes);

/* Converts the language of a container (ISO 639-2, or free text) to a BCP 47 tag. The result is
 * "" for none or for nonsense. Pure. */
void tags_to_bcp47(const char *language, char *out, size_t out_bytes);

#endif
