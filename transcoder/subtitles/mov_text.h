/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Timed text of MP4 files (3GPP TS 26.245, 5.17): a length, the text, and boxes with its styles.
 * Pure. */
#ifndef TRANSCODER_SUBTITLES_MOV_TEXT_H
#define TRANSCODER_SUBTITLES_MOV_TEXT_H

#include <libavcodec/packet.h>
#include <libavutil/intreadwrite.h>

/* Returns the text inside a packet, *text_bytes long. An empty text is a pause. */
static inline const char *mov_text_find(const AVPacket *packet, size_t *text_bytes)
{
    size_t stated = packet->size >= 2 ? AV_RB16(packet->data) : 0;
    size_t there = packet->size >= 2 ? (size_t)packet->size - 2 : 0;
    *text_bytes = stated < there ? stated : there;
    return (const char *)packet->data + (packet->size >= 2 ? 2 : 0);
}

#endif
