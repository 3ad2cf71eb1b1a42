/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Converts GB18030 to UTF-8. GB18030 contains GBK and GB2312. Names and subtitles from older
 * systems use these encodings. */
#ifndef TRANSCODER_TEXT_GB18030_H
#define TRANSCODER_TEXT_GB18030_H

#include <stddef.h>

/* A converter. One thread at a time. */
struct gb18030;

/* Opens a converter. This loads a library, so a worker must do it before it enters the sandbox.
 * Returns 0; or -1, and then *out is NULL. */
int gb18030_open(struct gb18030 **out);

/* Frees the converter and sets *converter to NULL. Accepts NULL in *converter. */
void gb18030_close(struct gb18030 **converter);

/* Writes text as UTF-8 to out, without a NUL. Twice text_bytes is always enough room. Returns the
 * length in bytes; or -1 if text is not GB18030, or if out is too small. */
long gb18030_to_utf8(
    struct gb18030 *converter, const char *text, size_t text_bytes, char *out, size_t out_bytes);

#endif
