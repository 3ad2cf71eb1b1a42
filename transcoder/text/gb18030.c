/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/text/gb18030.h"

#include <iconv.h>
#include <stdint.h>
#include <stdlib.h>

struct gb18030 {
    iconv_t to_utf8;
};

int gb18030_open(struct gb18030 **out)
{
    *out = malloc(sizeof(**out));
    if (!*out)
        return -1;
    (*out)->to_utf8 = iconv_open("UTF-8", "GB18030");
    if ((*out)->to_utf8 != (iconv_t)-1)
        return 0;
    free(*out);
    *out = NULL;
    return -1;
}

void gb18030_close(struct gb18030 **converter)
{
    if (!*converter)
        return;
    iconv_close((*converter)->to_utf8);
    free(*converter);
    *converter = NULL;
}

long gb18030_to_utf8(
    struct gb18030 *converter, const char *text, size_t text_bytes, char *out, size_t out_bytes)
{
    /* iconv's prototype lacks a const; it does not write to its input. */
    char *in = (char *)(uintptr_t)text, *to = out;
    size_t in_left = text_bytes, to_left = out_bytes;
    /* resets the state that an earlier failure left */
    iconv(converter->to_utf8, NULL, NULL, NULL, NULL);
    size_t result = iconv(converter->to_utf8, &in, &in_left, &to, &to_left);
    return result == (size_t)-1 ? -1 : (long)(to - out);
}
