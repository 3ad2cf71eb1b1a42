/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tells the server how much media time a response carries. */
#ifndef NODE_HLS_MEDIA_TIME_H
#define NODE_HLS_MEDIA_TIME_H

#include "node/hls/media_index.h"
#include "node/http/http.h"

/* To be called before the response with `count` segments of the rendition, from number `first` on.
 * Subtitles carry no media time. */
void media_time_announce(
    struct http_request *req, const struct media_rendition *rendition, size_t first, size_t count);

#endif
