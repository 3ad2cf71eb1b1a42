/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/audio.h"

#include <stdlib.h>
#include <string.h>

#include "transcoder/sound.h"
#include "transcoder/sound_settle.h"

/* One rendition on its way from packets to chunks. */
struct track {
    const struct piece *piece;
    const struct plan *plan;
    const struct plan_rendition *rendition;
    struct sound_made made;
    AVPacket *packet;
    struct packager *packager;
    int chunk;
    int segment, chunk_end_segment;
    int64_t first_sample; /* lesson time, at the rendition's rate */
};

static int begin_chunk(struct track *t, struct failure *failure)
{
    struct packager_params params = {t->rendition, t->made.encoder, t->segment};
    int first;
    plan_chunk_segments(t->plan, &t->piece->job->options, t->chunk, &first, &t->chunk_end_segment);
    return packager_open(&t->packager, &params, failure);
}

static int end_chunk(struct track *t, struct failure *failure)
{
    if (packager_end_segment(t->packager, failure) < 0 ||
        piece_deliver(t->piece, t->rendition, t->chunk, t->packager, t->made.encoder, failure) < 0)
        return -1;
    packager_close(&t->packager);
    t->chunk++;
    return 0;
}

static int next_segment(struct track *t, struct failure *failure)
{
    if (packager_end_segment(t->packager, failure) < 0)
        return -1;
    if (++t->segment < t->chunk_end_segment)
        return 0;
    return end_chunk(t, failure) < 0 ? -1 : begin_chunk(t, failure);
}

static int add_packet(struct track *t, size_t index, size_t offset, struct failure *failure)
{
    int frame = t->made.encoder->frame_size;
    int64_t end =
        sound_segment_packet(t->plan, t->rendition, frame, t->first_sample, t->segment + 1);
    while ((int64_t)index >= end && t->segment + 1 < t->plan->segment_count) {
        if (next_segment(t, failure) < 0)
            return -1;
        end = sound_segment_packet(t->plan, t->rendition, frame, t->first_sample, t->segment + 1);
    }
    AVPacket *packet = t->packet;
    if (av_new_packet(packet, t->made.packets.sizes[index]) < 0)
        return failure_set(failure, REASON_OUT_OF_MEMORY, "packet");
    memcpy(packet->data, t->made.packets.bytes + offset, (size_t)packet->size);
    packet->pts = packet->dts = t->first_sample + (int64_t)index * frame;
    packet->duration = frame;
    packet->flags |= AV_PKT_FLAG_KEY;
    int result = packager_add(t->packager, packet, failure);
    av_packet_unref(packet);
    return result;
}

static int package(struct track *t, struct failure *failure)
{
    size_t offset = 0;
    t->packet = av_packet_alloc();
    if (!t->packet)
        return failure_set(failure, REASON_OUT_OF_MEMORY, "packet");
    if (begin_chunk(t, failure) < 0)
        return -1;
    for (size_t i = 0; i < t->made.packets.count; i++) {
        if (add_packet(t, i, offset, failure) < 0)
            return -1;
        offset += t->made.packets.sizes[i];
    }
    if (end_chunk(t, failure) < 0)
        return -1;
    return t->chunk == t->plan->chunk_count
               ? 0
               : failure_set(failure, REASON_INTERNAL, "%s: %d chunks instead of %d",
                     t->rendition->name, t->chunk, t->plan->chunk_count);
}

static int make_rendition(
    const struct piece *piece, const struct plan *plan, size_t index, struct failure *failure)
{
    struct track t = {.piece = piece, .plan = plan, .rendition = &piece->job->renditions[index]};
    t.first_sample = sound_first(&piece->job->info, t.rendition);
    int result = sound_settle(piece, plan, index, &t.made, failure);
    if (result == 0)
        result = package(&t, failure);
    packager_close(&t.packager);
    av_packet_free(&t.packet);
    sound_packets_clear(&t.made.packets);
    avcodec_free_context(&t.made.encoder);
    return result;
}

int audio_run(const struct piece *piece, struct failure *failure)
{
    struct plan *plan = av_malloc(sizeof(*plan));
    int result = plan && plan_make(&piece->job->info, &piece->job->options, plan) == 0
                     ? 0
                     : failure_set(failure, REASON_INTERNAL, "no plan");
    for (size_t i = 0; i < piece->job->rendition_count && result == 0; i++)
        result = make_rendition(piece, plan, i, failure);
    av_free(plan);
    return result;
}
