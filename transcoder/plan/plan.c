/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/plan/plan.h"

#define US 1000000LL

static int64_t chunk_length_us(const struct plan_options *options)
{
    return options->chunk_us > 0 ? options->chunk_us : 60 * US;
}

/* Returns the chunk in which a segment begins. The first chunk is a quarter as long as the others,
 * so that the lesson can be watched soon. */
static int chunk_of(const struct plan *plan, const struct plan_options *options, int segment)
{
    int64_t start_us = plan_segment_start_us(plan, segment) - plan_segment_start_us(plan, 0);
    int64_t length_us = chunk_length_us(options);
    return (int)((start_us + length_us - length_us / 4) / length_us);
}

/* Returns the first segment that begins in the chunk or in a later one. */
static int first_of_chunk(const struct plan *plan, const struct plan_options *options, int chunk)
{
    int low = 0, high = plan->segment_count;
    while (low < high) {
        int middle = low + (high - low) / 2;
        if (chunk_of(plan, options, middle) < chunk)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void plan_chunk_segments(
    const struct plan *plan, const struct plan_options *options, int chunk, int *first, int *end)
{
    *first = first_of_chunk(plan, options, chunk);
    *end = chunk + 1 < plan->chunk_count ? first_of_chunk(plan, options, chunk + 1)
                                         : plan->segment_count;
}

int plan_count_chunks(const struct plan *plan, const struct plan_options *options)
{
    return chunk_of(plan, options, plan->segment_count - 1) + 1;
}

struct plan_work plan_work(const struct plan *plan, int work)
{
    return (struct plan_work){.chunk = work % plan->chunk_count, .group = work / plan->chunk_count};
}

int plan_divisor(const struct plan *plan, const struct rendition *rendition)
{
    return (int)((int64_t)plan->grid_fps_num * rendition->fps_den /
                 ((int64_t)plan->grid_fps_den * rendition->fps_num));
}

int64_t plan_segment_start_frame(const struct plan *plan, int64_t segment)
{
    return plan->segment_starts[segment < plan->segment_count ? segment : plan->segment_count];
}

int64_t plan_segment_start_us(const struct plan *plan, int64_t segment)
{
    if (plan->frame_count == 0 && segment >= plan->segment_count)
        return plan->duration_us;
    int64_t frame = plan_segment_start_frame(plan, segment);
    return plan->video_start_us +
           (frame * US * plan->grid_fps_den + plan->grid_fps_num / 2) / plan->grid_fps_num;
}
