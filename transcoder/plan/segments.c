/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/plan/segments.h"

/*
 * The choice of segment boundaries. On a slow link the bytes of a segment matter, and in still
 * content nearly all bytes are those of keyframes. So segments are long where little happens. They
 * begin where another slide or scene begins, because such a frame costs the bytes of a keyframe
 * anyway. A lesson starts with short segments, so that the first picture appears soon.
 */

#define US 1000000LL

/* The longest segment of each class, in seconds. */
static const int longest_s[] = {[MEDIA_SLIDES] = 20, [MEDIA_HEAD] = 16, [MEDIA_MOTION] = 10};
static const int ramp_s[] = {4, 6, 10};
#define RAMP ((int)(sizeof(ramp_s) / sizeof(ramp_s[0])))
/* A cut that comes earlier than this in a segment does not end the segment. In a short segment the
 * limit is half of its longest length. */
#define MIN_BEFORE_CUT_US (6 * US)
/* A remainder at the end that is shorter than this joins the segment before, or takes some of
 * its length. */
#define MIN_TAIL_US (2 * US)

/* The state while boundaries are chosen. Positions are in frames of the grid. */
struct walk {
    struct plan *plan;
    const struct media_info *info;
    int64_t longest_us; /* another limit besides that of the class; 0: none */
    int unit;
    int next_cut;
    int64_t end;
};

static int64_t to_frames(const struct plan *plan, int64_t us)
{
    return us * plan->grid_fps_num / (US * plan->grid_fps_den);
}

static enum media_class class_at(const struct media_info *info, int64_t at_us)
{
    enum media_class found = MEDIA_HEAD;
    for (int i = 0; i < info->stretch_count && info->stretches[i].start_us <= at_us; i++)
        found = info->stretches[i].media_class;
    return found;
}

static int64_t whole_units(const struct walk *w, int64_t frames)
{
    int64_t units = frames / w->unit;
    return (units < 1 ? 1 : units) * w->unit;
}

/* Returns the longest length of the segment that begins at start. */
static int64_t longest_at(const struct walk *w, int64_t start)
{
    int64_t start_us = start * US * w->plan->grid_fps_den / w->plan->grid_fps_num;
    int64_t longest_us = longest_s[class_at(w->info, start_us + w->plan->video_start_us)] * US;
    if (w->plan->segment_count < RAMP)
        longest_us = ramp_s[w->plan->segment_count] * US;
    if (w->longest_us > 0 && longest_us > w->longest_us)
        longest_us = w->longest_us;
    return whole_units(w, to_frames(w->plan, longest_us));
}

/* Returns the boundary at a cut: the first multiple of the unit at which all renditions show the
 * new content. */
static int64_t at_cut(const struct walk *w, int cut)
{
    int64_t after_us = w->info->cuts_us[cut] - w->plan->video_start_us;
    if (after_us < 0)
        return 0;
    int64_t scale = US * w->plan->grid_fps_den;
    int64_t frame = (after_us * w->plan->grid_fps_num + scale - 1) / scale;
    return (frame + w->unit - 1) / w->unit * w->unit;
}

/*
 * Returns the end of the segment that begins at start. This is the last cut within the longest
 * length that does not come too early.
 *
 * If there is none, the segment gets the longest length. But if the next cut follows so soon that
 * the next segment could not end there, the end is halfway to that cut.
 */
static int64_t end_of(struct walk *w, int64_t start)
{
    int64_t longest = longest_at(w, start), shortest = to_frames(w->plan, MIN_BEFORE_CUT_US);
    if (shortest > longest / 2)
        shortest = longest / 2;
    while (w->next_cut < w->info->cut_count && at_cut(w, w->next_cut) < start + shortest)
        w->next_cut++;
    int64_t best = 0, beyond = 0;
    for (int i = w->next_cut; i < w->info->cut_count && beyond == 0; i++) {
        int64_t cut = at_cut(w, i);
        if (cut <= start + longest)
            best = cut;
        else
            beyond = cut;
    }
    if (best > 0)
        return best;
    if (beyond > 0 && beyond < start + longest + shortest)
        return start + whole_units(w, (beyond - start) / 2);
    return start + longest;
}

int plan_segments(struct plan *plan, const struct media_info *info, int64_t longest_us, int unit)
{
    struct walk w = {.plan = plan, .info = info, .longest_us = longest_us, .unit = unit};
    w.end = plan->frame_count > 0
                ? plan->frame_count
                : (plan->duration_us * plan->grid_fps_num + US * plan->grid_fps_den - 1) /
                      (US * plan->grid_fps_den);
    int64_t min_tail = to_frames(plan, MIN_TAIL_US);
    plan->segment_starts[0] = 0;
    while (plan->segment_starts[plan->segment_count] < w.end) {
        if (plan->segment_count == PLAN_MAX_SEGMENTS)
            return -1;
        int64_t start = plan->segment_starts[plan->segment_count];
        int64_t end = end_of(&w, start);
        if (end > w.end || (w.end - end < min_tail && w.end - start <= longest_at(&w, start)))
            end = w.end;
        else if (w.end > end && w.end - end < min_tail)
            end = start + whole_units(&w, (w.end - start) / 2);
        plan->segment_starts[++plan->segment_count] = (int32_t)end;
    }
    return 0;
}
