/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/decode_times.h"

/* Pictures first to last - 1 must all be decoded by limit, and after `after`. */
static int spread(int64_t *dts, size_t first, size_t last, int64_t after, int64_t limit)
{
    int64_t count = (int64_t)(last - first);
    if (limit - after < count)
        return -1;
    for (size_t i = first; i < last; i++)
        dts[i] = after + (limit - after) * (int64_t)(i - first + 1) / count;
    return 0;
}

int decode_times_spread(const int64_t *pts, int64_t *dts, size_t count)
{
    if (count == 0)
        return 0;
    /* What each picture and all after it allow. */
    dts[count - 1] = pts[count - 1];
    for (size_t i = count - 1; i > 0; i--)
        dts[i - 1] = pts[i - 1] < dts[i] ? pts[i - 1] : dts[i];
    if (dts[0] != pts[0] || (count > 1 && dts[1] == dts[0]))
        return -1;
    for (size_t first = 1; first < count;) {
        size_t last = first + 1;
        while (last < count && dts[last] == dts[first])
            last++;
        if (spread(dts, first, last, dts[first - 1], dts[first]) < 0)
            return -1;
        first = last;
    }
    return 0;
}
