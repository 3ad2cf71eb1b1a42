/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A rendition as one MP4 file. The file does not exist on disk: a beginning is made in memory, and
 * segments of video and audio follow in turn from the chunk files. */
#ifndef NODE_HLS_PROGRESSIVE_H
#define NODE_HLS_PROGRESSIVE_H

#include "node/hls/media_index.h"
#include "node/http/http.h"
#include "node/store/store.h"

/* The audio that goes into the file: AAC of the first track, which every player can play. NULL:
 * there is none. */
const struct media_rendition *progressive_sound(const struct media_index *index);

/* Whether a rendition can be served as a file. An audio rendition: if it is complete. A video
 * rendition: if it is complete, and the lesson either has no audio at all or has complete AAC audio
 * with the same number of segments. Other renditions, and those of a lesson that can't be played
 * yet: never. */
bool progressive_ready(const struct media_index *index, const struct media_rendition *rendition);

/* Answers with a rendition for which progressive_ready() is true: 200, 206, 304, 412 or 416; 500 if
 * the first files are missing or malformed, or if memory runs out. A file that can't be opened
 * later ends the connection. Holds a reference to index while sending. */
void progressive_respond(struct http_request *req, const struct store *store,
    struct media_index *index, const struct media_rendition *rendition, const char *cache_control);

#endif
