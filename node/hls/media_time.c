/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/hls/media_time.h"

static int64_t duration_ms(const struct media_rendition *rendition, size_t first, size_t count)
{
    int64_t ticks = 0;
    for (size_t n = first; n < first + count; n++)
        ticks += rendition->segments[n].duration_ticks;
    return ticks * 1000 / rendition->timescale;
}

void media_time_announce(
    struct http_request *req, const struct media_rendition *rendition, size_t first, size_t count)
{
    if (rendition->kind == CATALOG_TEXT)
        return;
    http_response_media(req, &(struct http_media){
                                 .start_ms = duration_ms(rendition, 0, first),
                                 .duration_ms = duration_ms(rendition, first, count),
                                 .sound = rendition->kind == CATALOG_AUDIO,
                             });
}
