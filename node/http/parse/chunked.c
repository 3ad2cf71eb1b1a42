/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/http/parse/chunked.h"

#include <errno.h>
#include <llhttp/llhttp.h>
#include <stdlib.h>

enum { MAX_EXTENSION_BYTES = 4096 };

struct http_chunked {
    llhttp_t parser;
    llhttp_settings_t settings;
    size_t extension_bytes;
    void (*on_block)(void *ctx, const char *block, size_t block_bytes);
    void *ctx;
};

static int on_body(llhttp_t *parser, const char *at, size_t length)
{
    struct http_chunked *chunked = parser->data;
    chunked->on_block(chunked->ctx, at, length);
    return 0;
}

static int on_extension(llhttp_t *parser, const char *at, size_t length)
{
    struct http_chunked *chunked = parser->data;
    (void)at;
    chunked->extension_bytes += length;
    return chunked->extension_bytes > MAX_EXTENSION_BYTES ? HPE_USER : 0;
}

/* Trailers are refused: the node needs none, and a header in a trailer would bypass the checks that
 * were made on the head. */
static int on_trailer(llhttp_t *parser, const char *at, size_t length)
{
    (void)parser, (void)at, (void)length;
    return HPE_USER;
}

static int on_complete(llhttp_t *parser)
{
    (void)parser;
    return HPE_PAUSED;
}

struct http_chunked *http_chunked_new(void)
{
    /* llhttp decodes a body only as part of a message. So it gets this head first. */
    static const char head[] = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
    struct http_chunked *chunked = calloc(1, sizeof(*chunked));

    if (!chunked)
        return NULL;
    llhttp_settings_init(&chunked->settings);
    llhttp_init(&chunked->parser, HTTP_REQUEST, &chunked->settings);
    chunked->parser.data = chunked;
    llhttp_execute(&chunked->parser, head, sizeof(head) - 1);
    chunked->settings.on_body = on_body;
    chunked->settings.on_chunk_extension_name = on_extension;
    chunked->settings.on_chunk_extension_value = on_extension;
    chunked->settings.on_header_field = on_trailer;
    chunked->settings.on_message_complete = on_complete;
    return chunked;
}

void http_chunked_free(struct http_chunked *chunked)
{
    free(chunked);
}

int http_chunked_decode(struct http_chunked *chunked, const char *data, size_t data_bytes,
    size_t *taken_bytes, void (*on_block)(void *ctx, const char *block, size_t block_bytes),
    void *ctx)
{
    chunked->on_block = on_block;
    chunked->ctx = ctx;
    llhttp_errno_t error = llhttp_execute(&chunked->parser, data, data_bytes);
    *taken_bytes = data_bytes;
    if (error == HPE_OK)
        return 0;
    if (error != HPE_PAUSED)
        return -EBADMSG;
    *taken_bytes = (size_t)(llhttp_get_error_pos(&chunked->parser) - data);
    return 1;
}
