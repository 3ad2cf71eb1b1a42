/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/util/decimal.h"

#include <string.h>

char *decimal_write(char *out, int64_t value)
{
    char digits[DECIMAL_BYTES], *at = digits + sizeof(digits);
    do
        *--at = (char)('0' + value % 10);
    while (value /= 10);
    size_t bytes = (size_t)(digits + sizeof(digits) - at);
    memcpy(out, at, bytes);
    out[bytes] = '\0';
    return out + bytes;
}
