/* SPDX-License-Identifier: GPL-3.0-or-later */
/* FNV-1a with 64 bits (Fowler, Noll, Vo), for hash tables, and to notice that our own texts or
 * headers differ. An attacker can make two texts with the same hash. So checksums of files are
 * SHA-256 instead. Pure. */
#ifndef TRANSCODER_TEXT_HASH_H
#define TRANSCODER_TEXT_HASH_H

#include <stddef.h>
#include <stdint.h>

/* The hash of no bytes. */
#define HASH_START UINT64_C(14695981039346656037)

/* Continues a hash with more bytes. Start with HASH_START. Returns the new hash. */
uint64_t hash_bytes(uint64_t hash, const void *data, size_t data_bytes);

/* Continues a hash with a text up to its NUL, which is not hashed. Returns the new hash. */
uint64_t hash_text(uint64_t hash, const char *text);

#endif
