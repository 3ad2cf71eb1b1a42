/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * FNV-1a, 64 bits (Fowler, Noll, Vo). For entity tags of our own texts, and for tables whose keys
 * nobody chooses in order to make them collide; not for checksums of files, which are SHA-256.
 * Pure.
 */
#ifndef TRANSCODER_TEXT_HASH_H
#define TRANSCODER_TEXT_HASH_H
#include <stddef.h>
#include <stdint.h>

/* The hash of no bytes. */
#define HASH_START UINT64_C(14695981039346656037)

/* Returns the hash of what was hashed before, followed by these bytes. */
uint64_t hash_bytes(uint64_t hash, const void *data, size_t data_bytes);

/* The same for a text up to its NUL. */
uint64_t hash_text(uint64_t hash, const char *text);

#endif
