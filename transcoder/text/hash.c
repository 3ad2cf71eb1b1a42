/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/text/hash.h"

static const uint64_t prime = UINT64_C(1099511628211);

uint64_t hash_bytes(uint64_t hash, const void *data, size_t data_bytes)
{
    const unsigned char *bytes = data;
    for (size_t i = 0; i < data_bytes; i++)
        hash = (hash ^ bytes[i]) * prime;
    return hash;
}

uint64_t hash_text(uint64_t hash, const char *text)
{
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * prime;
    return hash;
}
