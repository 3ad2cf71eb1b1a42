/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "catalog/fair_queue.h"

/* Where a job of this submitter's would begin. */
static int64_t begin(const struct fair_queue *fair, const struct fair_queue_submitter *submitter)
{
    return submitter->clock > fair->clock ? submitter->clock : fair->clock;
}

/* Rules 0 to 2: whether a's submitter comes before b's, by these lessons. */
static bool comes_before(const struct fair_queue *fair, const struct fair_queue_lesson *a,
    const struct fair_queue_lesson *b)
{
    const struct fair_queue_submitter *of_a = &fair->submitters[a->submitter];
    const struct fair_queue_submitter *of_b = &fair->submitters[b->submitter];
    if (a->optional != b->optional)
        return b->optional;
    if (a->priority != b->priority)
        return a->priority > b->priority;
    if (begin(fair, of_a) != begin(fair, of_b))
        return begin(fair, of_a) < begin(fair, of_b);
    if (of_a->clock != of_b->clock)
        return of_a->clock < of_b->clock;
    return a->id < b->id;
}

/* Rule 3. */
static bool is_shorter(const struct fair_queue_lesson *a, const struct fair_queue_lesson *b)
{
    if (a->probed != b->probed)
        return !a->probed;
    if (a->work_left != b->work_left)
        return a->work_left < b->work_left;
    return a->id < b->id;
}

/* What comes first by rules 0 to 2, and with it the submitter whose turn it is; NULL: nothing. */
static const struct fair_queue_lesson *first_of_all(const struct fair_queue *fair)
{
    const struct fair_queue_lesson *first = NULL;
    for (size_t i = 0; i < fair->lesson_count; i++) {
        const struct fair_queue_lesson *lesson = &fair->lessons[i];
        if (lesson->position == 0 && (!first || comes_before(fair, lesson, first)))
            first = lesson;
    }
    return first;
}

bool fair_queue_choose(const struct fair_queue *fair, struct fair_queue_choice *out)
{
    const struct fair_queue_lesson *first = first_of_all(fair), *shortest = first, *oldest = first;
    if (!first)
        return false;
    for (size_t i = 0; i < fair->lesson_count; i++) {
        const struct fair_queue_lesson *lesson = &fair->lessons[i];
        if (lesson->position > 0 || lesson->submitter != first->submitter ||
            lesson->optional != first->optional || lesson->priority != first->priority)
            continue;
        if (is_shorter(lesson, shortest))
            shortest = lesson;
        if (lesson->id < oldest->id)
            oldest = lesson;
    }
    const struct fair_queue_lesson *chosen =
        fair->submitters[first->submitter].aged > 0 ? oldest : shortest;
    *out = (struct fair_queue_choice){.lesson = (size_t)(chosen - fair->lessons),
        .shortest = chosen == shortest,
        .oldest = chosen == oldest};
    return true;
}

void fair_queue_charge(
    struct fair_queue *fair, const struct fair_queue_choice *choice, int64_t cost)
{
    struct fair_queue_submitter *submitter =
        &fair->submitters[fair->lessons[choice->lesson].submitter];
    fair->clock = begin(fair, submitter);
    submitter->clock = fair->clock + cost;
    if (!choice->oldest)
        submitter->aged += cost;
    else if (!choice->shortest)
        submitter->aged -= (FAIR_QUEUE_OLDEST_SHARE - 1) * cost;
}

void fair_queue_forecast(struct fair_queue *fair, int most)
{
    struct fair_queue_choice choice;
    for (int position = 1; position <= most && fair_queue_choose(fair, &choice); position++) {
        struct fair_queue_lesson *lesson = &fair->lessons[choice.lesson];
        fair_queue_charge(fair, &choice, lesson->work_left);
        lesson->position = position;
    }
}
