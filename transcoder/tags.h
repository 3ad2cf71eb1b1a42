/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Texts out of containers, which may be in any encoding. */
#ifndef TRANSCODER_TAGS_H
#define TRANSCODER_TAGS_H

#include <stddef.h>

/* Text as UTF-8 into out (always terminated, cut at a character): as it is where it is UTF-8, else
 * read as GB18030, which contains GBK and GB2312; "" if it is neither. Control characters become
 * spaces. Pure. */
void tags_to_utf8(const char *text, char *out, size_t out_bytes);

#endif
