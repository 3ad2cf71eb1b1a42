/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/hls/media_number.h"

#include <string.h>

int64_t media_number_parse(const char *text, const char *suffix)
{
    size_t digits = strspn(text, "0123456789");
    int64_t number = 0;
    if (digits == 0 || digits > 9 || (digits > 1 && text[0] == '0') ||
        strcmp(text + digits, suffix) != 0)
        return -1;
    for (size_t i = 0; i < digits; i++)
        number = number * 10 + (text[i] - '0');
    return number;
}
