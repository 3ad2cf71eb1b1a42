/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who is next: the rule by which lessons share the workers. Pure: no clock, no database; the same
 * state always gives the same choice. Any thread. "Work" is measured in the jobs' cost.
 *
 *  0. Extras, which their lesson is ready without, go behind all that others wait for, whosever and
 * of whatever priority; the rules below hold among them.
 *  1. Priority: a lesson of higher priority goes before all others.
 *  2. Submitters in turn, weighted by work (start-time fair queuing, Goyal, Vin and Cheng 1996).
 *     Each has a clock that runs on by the cost of what is begun for him; the one whose clock is
 *     lowest is next. The queue's own clock is where the last job began; whoever is behind it
 * counts as being there, so that nobody saves up turns while he has no work, and a newcomer's first
 *     job is next. Whether his jobs are small or large makes no difference to his share: of two
 *     submitters who always have work, neither gets ahead of the other by more than one job of
 * each. Equals: whose clock was lowest, then whose lesson is oldest.
 *  3. Within a submitter, the lesson with the least work left, so that a short one is not stuck
 *     behind a batch. One that has not been probed counts as having none: people want to see soon
 *     whether a file is all right.
 *  4. But of all that a submitter gets while lessons of his wait, at least one part in
 * FAIR_QUEUE_OLDEST_SHARE goes to the oldest of them: no stream of short lessons keeps a long one
 * from being done by the time that its submitter has got FAIR_QUEUE_OLDEST_SHARE times the work of
 * it and of what is older.
 */
#ifndef CATALOG_FAIR_QUEUE_H
#define CATALOG_FAIR_QUEUE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FAIR_QUEUE_OLDEST_SHARE 4

struct fair_queue_lesson {
    int64_t id;        /* a lower one is older */
    size_t submitter;  /* index into fair.submitters */
    int priority;      /* enum catalog_priority */
    bool probed;       /* whether work_left is known */
    bool optional;     /* nothing of it may be begun but optional jobs */
    int64_t work_left; /* cost of what is queued or leased until it is ready; optional: of optional
                          jobs */
    int position; /* out of fair_queue_forecast(), 0 before: who has one is not chosen any more */
};

struct fair_queue_submitter {
    char *name;
    int64_t clock; /* where his next job begins, if the queue's clock is not beyond it */
    int64_t aged;  /* above 0: the oldest lesson's turn has come (rule 4) */
};

/* All lessons that have a queued job and are not paused, in any order; their submitters. */
struct fair_queue {
    int64_t clock;
    struct fair_queue_submitter *submitters;
    size_t submitter_count;
    struct fair_queue_lesson *lessons;
    size_t lesson_count;
};

struct fair_queue_choice {
    size_t lesson;         /* index into fair.lessons */
    bool shortest, oldest; /* which it is among its submitter's; both if he has but one */
};

/* Whose job is next. False: nobody waits. */
bool fair_queue_choose(const struct fair_queue *fair, struct fair_queue_choice *out);
/* Books a job of that cost (> 0) to the lesson's submitter. */
void fair_queue_charge(
    struct fair_queue *fair, const struct fair_queue_choice *choice, int64_t cost);
/* A forecast: gives each lesson the position, from 1 up, in which it gets its next job, if each
 * then had all of its work done at once and nothing else came; 0 stays for those beyond `most`. The
 * first is exact: it is what fair_queue_choose() gives. The state is used up. Takes most times
 * lesson_count steps. */
void fair_queue_forecast(struct fair_queue *fair, int most);

#endif
