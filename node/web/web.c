/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/web/web.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "node/http/gzip.h"
#include "node/web/assets.h"

/* Scripts and styles may only come from this server. hls.js passes media to the player as blobs and
 * runs its worker from a blob. Its empty text tracks, which it later fills with subtitles, are
 * data: URLs. */
static const char policy[] = "default-src 'self'; media-src 'self' blob: data:; worker-src 'self' "
                             "blob:; img-src 'self' data:; "
                             "object-src 'none'; base-uri 'none'; form-action 'self'; "
                             "frame-ancestors 'none'";

static const struct web_asset *find_asset(const char *url)
{
    for (size_t i = 0; i < web_asset_count; i++)
        if (strcmp(web_assets[i].url, url) == 0)
            return &web_assets[i];
    return NULL;
}

/* Responds without compression. Few clients do not accept gzip, so the assets are stored only once
 * and are decompressed for those clients. */
static void respond_plain(struct http_request *req, int status, const struct web_asset *asset)
{
    unsigned char *plain = malloc(asset->plain_bytes);
    z_stream stream = {.next_in = (unsigned char *)asset->gzip,
        .avail_in = (unsigned)asset->gzip_bytes,
        .next_out = plain,
        .avail_out = (unsigned)asset->plain_bytes};
    bool begun = plain && inflateInit2(&stream, 15 + 16) == Z_OK;
    bool done = begun && inflate(&stream, Z_FINISH) == Z_STREAM_END;
    if (begun)
        inflateEnd(&stream);
    if (done)
        http_respond(req, status, asset->type, plain, asset->plain_bytes);
    else
        http_respond_error(
            req, 503, "out_of_memory", "服务器内存不足。", "The server is short of memory.");
    free(plain);
}

static void respond_asset(struct http_request *req, int status, const struct web_asset *asset)
{
    http_response_header(req, "Vary", "Accept-Encoding");
    if (!http_accepts_gzip(http_request_header(req, "Accept-Encoding"))) {
        if (status == 200)
            http_response_etag(req, asset->etag);
        respond_plain(req, status, asset);
        return;
    }
    http_response_header(req, "Content-Encoding", "gzip");
    if (status == 200)
        http_respond_shared(req, &(struct http_shared_body){.data = asset->gzip,
                                     .bytes = asset->gzip_bytes,
                                     .content_type = asset->type,
                                     .etag = asset->gzip_etag});
    else
        http_respond(req, status, asset->type, asset->gzip, asset->gzip_bytes);
}

static void respond_page(struct http_request *req, int status, const char *name)
{
    http_response_header(req, "Content-Security-Policy", policy);
    http_response_header(req, "Cache-Control", status == 200 ? "no-cache" : "no-store");
    respond_asset(req, status, find_asset(name));
}

static void handle_terminal(struct http_request *req, void *ctx)
{
    (void)ctx;
    respond_page(req, 200, "/terminal");
}

static void handle_login(struct http_request *req, void *ctx)
{
    web_login_page(req, 200, ctx);
}

static void handle_code(struct http_request *req, void *ctx)
{
    (void)ctx;
    respond_page(req, 200, "/code");
}

static void handle_operator(struct http_request *req, void *ctx)
{
    (void)ctx;
    respond_page(req, 200, "/operator");
}

static void handle_technician(struct http_request *req, void *ctx)
{
    (void)ctx;
    respond_page(req, 200, "/technician");
}

void web_login_page(struct http_request *req, int status, void *ctx)
{
    (void)ctx;
    respond_page(req, status, "/login");
}

bool web_not_found(struct http_request *req)
{
    const char *accept = http_request_header(req, "Accept");
    bool looks = http_request_method(req) & (HTTP_GET | HTTP_HEAD);
    if (!looks || !accept || !strstr(accept, "text/html"))
        return false;
    respond_page(req, 404, "/not_found");
    return true;
}

static void handle_asset(struct http_request *req, void *ctx)
{
    (void)ctx;
    const struct web_asset *asset = find_asset(http_request_path(req));
    if (!asset) {
        http_respond_error(req, 404, "not_found", "没有这个文件。", "There is no such file.");
        return;
    }
    http_response_header(req, "Cache-Control", "public, max-age=31536000, immutable");
    respond_asset(req, 200, asset);
}

struct http_route_set web_routes(void)
{
    static const struct http_route routes[] = {
        {HTTP_GET, "/", HTTP_PUBLIC, HTTP_PAGE, handle_terminal, "lessons"},
        {HTTP_GET, "/watch/:id", HTTP_PUBLIC, HTTP_PAGE, handle_terminal, "one lesson"},
        {HTTP_GET, "/login", HTTP_PUBLIC, HTTP_PAGE, handle_login, "login"},
        {HTTP_GET, "/code", HTTP_PUBLIC, HTTP_PAGE, handle_code, "puts a terminal into a site"},
        {HTTP_GET, "/operator", HTTP_OPERATOR, HTTP_PAGE, handle_operator,
            "uploads, queue, publishing"},
        {HTTP_GET, "/technician", HTTP_TECHNICIAN, HTTP_PAGE, handle_technician,
            "terminals and uplink"},
        {HTTP_GET, "/assets/:file", HTTP_PUBLIC, 0, handle_asset, "scripts and styles"},
    };
    return (struct http_route_set){routes, sizeof(routes) / sizeof(routes[0]), NULL};
}
