/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The rules by which lessons share the workers. They decide which lesson gets the next job.
 *
 * Pure: it reads neither the time nor the database. The same state always gives the same choice.
 * Any thread. The unit of work is the cost of the jobs.
 *
 *  0. Optional jobs come after all needed jobs, whatever the submitter and the priority. The rules
 *     below apply among optional jobs too.
 *  1. Priority: a lesson of higher priority comes before all others.
 *  2. Submitters take turns, weighted by work (start-time fair queuing; Goyal, Vin and Cheng 1996).
 *     Each submitter has a clock. A job that starts moves it forward by the job's cost. The
 *     submitter with the lowest clock is next.
 *     The queue has a clock too: it stands where the last job began. A submitter whose clock is
 *     behind it counts as being there. So nobody saves up turns while having no work, and the first
 *     job of a new submitter is next.
 *     The size of the jobs does not change a submitter's share: of two submitters that always have
 *     work, neither gets ahead of the other by more than one job of each.
 *     If clocks are equal, the lower real clock decides, then the older lesson.
 *  3. Within a submitter, the lesson with the least work left is next, so a short lesson does not
 *     wait behind a batch. A lesson that was not probed counts as having no work left, because
 *     people want to know soon whether a file is usable.
 *  4. But while lessons of a submitter wait, at least one part in FAIR_QUEUE_OLDEST_SHARE of the
 *     submitter's work goes to the oldest of them. So a stream of short lessons can't delay a long
 *     one forever: it is done once the submitter got FAIR_QUEUE_OLDEST_SHARE times the work of it
 *     and of all older lessons.
 */
#ifndef CATALOG_FAIR_QUEUE_H
#define CATALOG_FAIR_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FAIR_QUEUE_OLDEST_SHARE 4

struct fair_queue_lesson {
    int64_t id;        /* a lower one is older */
    size_t submitter;  /* index into fair_queue.submitters */
    int priority;      /* enum catalog_priority; a number here, so that this file needs no other */
    bool probed;       /* work_left is known */
    bool optional;     /* only optional jobs of it can start */
    int64_t work_left; /* cost of its queued and leased jobs: the needed ones, or, if `optional`,
                          the optional ones */
    int position;      /* set by fair_queue_forecast(), 0 before; a lesson that has one is not
                          chosen any more */
};

struct fair_queue_submitter {
    char *name;
    int64_t clock; /* the next job begins here, or at the queue's clock if that is later */
    int64_t aged;  /* above 0: the next job goes to the oldest lesson (rule 4) */
};

/* All lessons that have a job that can start now, in any order, and their submitters. */
struct fair_queue {
    int64_t clock;
    struct fair_queue_submitter *submitters;
    size_t submitter_count;
    struct fair_queue_lesson *lessons;
    size_t lesson_count;
};

struct fair_queue_choice {
    size_t lesson;         /* index into fair_queue.lessons */
    bool shortest, oldest; /* among the lessons of its submitter; both if there is only one */
};

/* Chooses the lesson that gets the next job. Returns false if no lesson waits. */
bool fair_queue_choose(const struct fair_queue *queue, struct fair_queue_choice *out);

/* Books a job to the submitter of the chosen lesson. cost: above 0. */
void fair_queue_charge(
    struct fair_queue *queue, const struct fair_queue_choice *choice, int64_t cost);

/*
 * Forecasts the order in which lessons get their next job.
 * It assumes that each chosen lesson has all of its work done at once, and that no lesson comes
 * later. Position 1 is exact: it is what fair_queue_choose() gives.
 * max_positions: lessons beyond it keep position 0. The time grows with max_positions times
 * lesson_count. queue: its clocks are changed, so it can't be used for choosing after this.
 */
void fair_queue_forecast(struct fair_queue *queue, int max_positions);

#endif
