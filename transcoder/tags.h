/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Texts out of containers, which may be in any encoding. */
#ifndef TRANSCODER_TAGS_H
#define TRANSCODER_TAGS_H

#include <stddef.h>

/* Text as UTF-8 into out (always terminated, cut at a character): as it is where it is UTF-8, else
 * read as GB18030, which contains GBK and GB2312; "" if it is neither. Control characters become
 * spaces. Pure. */
void tags_to_utf8(const char *text, char *out, size_t out_bytes);

/* A container's language (ISO 639-2, or what people wrote there) as a BCP 47 tag; "" for none or
 * nonsense. out_bytes: at least 4. Pure. */
void tags_to_bcp47(const char *language, char *out, size_t out_bytes);

#endif
