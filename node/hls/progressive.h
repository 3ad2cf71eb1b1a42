/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A rendition as one MP4 file, which exists nowhere: a merged beginning made in memory, then the
 * segments of the picture and of its sound in turn, straight from the chunks' files.
 */
#ifndef NODE_HLS_PROGRESSIVE_H
#define NODE_HLS_PROGRESSIVE_H

#include "node/hls/media_index.h"
#include "node/http/http.h"
#include "node/store/store.h"

/* The sound that goes with a picture in a file: AAC of the first track, which every player takes.
 * NULL: none is there. */
const struct media_rendition *progressive_sound(const struct media_index *index);

/* Whether a rendition can be served so: it and its sound are complete. */
bool progressive_ready(const struct media_index *index, const struct media_rendition *rendition);

/*
 * Answers with a rendition that is progressive_ready(): 200, 206, 304, 416; 500 where files are
 * missing or no init segments. Holds a reference to index while it sends.
 */
void progressive_respond(struct http_request *req, const struct store *store,
    struct media_index *index, const struct media_rendition *rendition, const char *cache_control);

#endif
