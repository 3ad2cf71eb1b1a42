/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fuzzes the decoder of messages from a worker. The worker has read untrusted media. What the
 * decoder accepts must encode to the same bytes. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "transcoder/protocol/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct message message;
    uint8_t *encoded;
    size_t encoded_bytes;
    long used = message_decode(data, bytes, &message);
    if (used <= 0)
        return 0;
    if ((size_t)used > bytes || message_encode(&message, &encoded, &encoded_bytes) < 0)
        abort();
    /* Two types may encode to other bytes. PROBED holds a text that can be written in several ways.
     * FAILED holds the name of a reason, which we may not know. */
    if (message.type != MESSAGE_PROBED && message.type != MESSAGE_FAILED &&
        (encoded_bytes != (size_t)used || memcmp(encoded, data, encoded_bytes) != 0))
        abort();
    free(encoded);
    message_clear(&message);
    return 0;
}
