/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/package/dts.h"

/* Spreads the decoding times of frames first to last - 1 evenly over the time after `after` and
 * up to `limit`. */
static int spread_run(int64_t *dts, size_t first, size_t last, int64_t after, int64_t limit)
{
    int64_t count = (int64_t)(last - first);
    if (limit - after < count)
        return -1;
    for (size_t i = first; i < last; i++)
        dts[i] = after + (limit - after) * (int64_t)(i - first + 1) / count;
    return 0;
}

/* Gives each frame the latest time that is possible. Frames that share one latest time are
 * spread evenly before it. */
static int spread_all(const int64_t *pts, int64_t *dts, size_t count)
{
    /* The latest time that this frame and all later ones allow. */
    dts[count - 1] = pts[count - 1];
    for (size_t i = count - 1; i > 0; i--)
        dts[i - 1] = pts[i - 1] < dts[i] ? pts[i - 1] : dts[i];
    if (dts[0] != pts[0] || (count > 1 && dts[1] == dts[0]))
        return -1;
    for (size_t first = 1; first < count;) {
        size_t last = first + 1;
        while (last < count && dts[last] == dts[first])
            last++;
        if (spread_run(dts, first, last, dts[first - 1], dts[first]) < 0)
            return -1;
        first = last;
    }
    return 0;
}

/* Returns the greatest number of positions by which a frame is decoded later than it is shown. */
static int64_t max_reordering(const int64_t *pts, size_t count, int64_t frame_ticks)
{
    int64_t max = 0;
    for (size_t i = 0; i < count; i++) {
        int64_t shown = (pts[i] - pts[0]) / frame_ticks;
        if ((int64_t)i - shown > max)
            max = (int64_t)i - shown;
    }
    return max;
}

int dts_spread(const int64_t *pts, int64_t *dts, size_t count, int64_t frame_ticks)
{
    if (count == 0)
        return 0;
    if (frame_ticks <= 0 || spread_all(pts, dts, count) < 0)
        return -1;
    int64_t late = max_reordering(pts, count, frame_ticks);
    for (int64_t i = 0; i < (int64_t)count - 2 * late - 1; i++)
        dts[i] = pts[0] + (i <= late ? i * frame_ticks / (late + 1) : (i - late) * frame_ticks);
    return 0;
}
