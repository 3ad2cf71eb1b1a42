/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "catalog/fair_queue.h"

/* Where the next job of this submitter would begin. */
static int64_t start_clock(
    const struct fair_queue *queue, const struct fair_queue_submitter *submitter)
{
    return submitter->clock > queue->clock ? submitter->clock : queue->clock;
}

/* Rules 0 to 2: by these lessons, does a's submitter come before b's? */
static bool comes_before(const struct fair_queue *queue, const struct fair_queue_lesson *a,
    const struct fair_queue_lesson *b)
{
    if (a->optional != b->optional)
        return b->optional;
    if (a->priority != b->priority)
        return a->priority > b->priority;
    const struct fair_queue_submitter *of_a = &queue->submitters[a->submitter];
    const struct fair_queue_submitter *of_b = &queue->submitters[b->submitter];
    if (start_clock(queue, of_a) != start_clock(queue, of_b))
        return start_clock(queue, of_a) < start_clock(queue, of_b);
    if (of_a->clock != of_b->clock)
        return of_a->clock < of_b->clock;
    return a->id < b->id;
}

/* Rule 3: does a come before b, of the same submitter? */
static bool is_shorter(const struct fair_queue_lesson *a, const struct fair_queue_lesson *b)
{
    if (a->probed != b->probed)
        return !a->probed;
    if (a->work_left != b->work_left)
        return a->work_left < b->work_left;
    return a->id < b->id;
}

/* Returns the first lesson by rules 0 to 2. Its submitter is next. NULL: no lesson waits. */
static const struct fair_queue_lesson *find_first(const struct fair_queue *queue)
{
    const struct fair_queue_lesson *first = NULL;
    for (size_t i = 0; i < queue->lesson_count; i++) {
        const struct fair_queue_lesson *lesson = &queue->lessons[i];
        if (lesson->position == 0 && (!first || comes_before(queue, lesson, first)))
            first = lesson;
    }
    return first;
}

bool fair_queue_choose(const struct fair_queue *queue, struct fair_queue_choice *out)
{
    const struct fair_queue_lesson *first = find_first(queue);
    if (!first)
        return false;
    const struct fair_queue_lesson *shortest = first, *oldest = first;
    for (size_t i = 0; i < queue->lesson_count; i++) {
        const struct fair_queue_lesson *lesson = &queue->lessons[i];
        if (lesson->position > 0 || lesson->submitter != first->submitter ||
            lesson->optional != first->optional || lesson->priority != first->priority)
            continue;
        if (is_shorter(lesson, shortest))
            shortest = lesson;
        if (lesson->id < oldest->id)
            oldest = lesson;
    }
    bool oldest_is_due = queue->submitters[first->submitter].aged > 0;
    const struct fair_queue_lesson *chosen = oldest_is_due ? oldest : shortest;
    *out = (struct fair_queue_choice){.lesson = (size_t)(chosen - queue->lessons),
        .shortest = chosen == shortest,
        .oldest = chosen == oldest};
    return true;
}

void fair_queue_charge(
    struct fair_queue *queue, const struct fair_queue_choice *choice, int64_t cost)
{
    struct fair_queue_submitter *submitter =
        &queue->submitters[queue->lessons[choice->lesson].submitter];
    queue->clock = start_clock(queue, submitter);
    submitter->clock = queue->clock + cost;
    /* Rule 4: a short lesson's turn makes the oldest lesson more due, and the oldest lesson's own
     * turn pays for that. */
    if (!choice->oldest)
        submitter->aged += cost;
    else if (!choice->shortest)
        submitter->aged -= (FAIR_QUEUE_OLDEST_SHARE - 1) * cost;
}

void fair_queue_forecast(struct fair_queue *queue, int max_positions)
{
    struct fair_queue_choice choice;
    for (int position = 1; position <= max_positions && fair_queue_choose(queue, &choice);
         position++) {
        struct fair_queue_lesson *lesson = &queue->lessons[choice.lesson];
        fair_queue_charge(queue, &choice, lesson->work_left);
        lesson->position = position;
    }
}
