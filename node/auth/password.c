/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "node/auth/auth.h"

#define MIN_CHARACTERS 8
#define MAX_BYTES 1024

int auth_hash_password(const char *password, char *out)
{
    _Static_assert(crypto_pwhash_STRBYTES <= 128, "callers give 128 bytes");
    if (sodium_init() < 0)
        return -ENOMEM;
    int result = crypto_pwhash_str(out, password, strlen(password),
        crypto_pwhash_OPSLIMIT_INTERACTIVE, crypto_pwhash_MEMLIMIT_INTERACTIVE);
    return result == 0 ? 0 : -ENOMEM;
}

bool auth_password_acceptable(const char *password, const char **why_zh, const char **why_en)
{
    size_t characters = 0;
    for (const char *c = password; *c; c++)
        characters += ((unsigned char)*c & 0xc0) != 0x80; /* counts UTF-8 characters: all bytes
                                                           * except continuation bytes */
    if (characters < MIN_CHARACTERS) {
        *why_zh = "密码至少要 8 个字符。";
        *why_en = "A password needs at least 8 characters.";
        return false;
    }
    if (strlen(password) > MAX_BYTES) {
        *why_zh = "密码太长。";
        *why_en = "The password is too long.";
        return false;
    }
    return true;
}
