/* SPDX-License-Identifier: GPL-3.0-or-later */
/* FNV-1a with 64 bits (Fowler, Noll, Vo). It serves for the entity tags of our own texts, and
 * for hash tables whose keys are not under the control of an attacker. It does not serve for
 * checksums of files, which are SHA-256. Pure. */
#ifndef TRANSCODER_TEXT_HASH_H
#define TRANSCODER_TEXT_HASH_H

#include <stddef.h>
#include <stdint.h>

/* The hash of no bytes. */
#define HASH_START UINT64_C(14695981039346656037)

/* Continues a hash with more bytes. Start with HASH_START. Returns the new hash. */
uint64_t hash_bytes(uint64_t hash, const void *data, size_t data_bytes);

/* Does the same for a text up to its NUL, which is not hashed. */
uint64_t hash_text(uint64_t hash, const char *text);

#endif
