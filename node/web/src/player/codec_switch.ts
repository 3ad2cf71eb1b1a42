// SPDX-License-Identifier: GPL-3.0-or-later
// hls.js keeps to the codec that it began with, but only the lowest levels are there in AV1. This
// part decides when to change between H.264 and AV1.
import type { Level } from 'hls.js';
import { UP_FACTOR } from './tuning';

/** Bit rates that differ by less than this factor count as equal. */
const TOLERANCE = 1.05;

export const isAv1 = (level: Level): boolean => Boolean(level.videoCodec?.startsWith('av01'));

/**
 * Returns the number of the level in the other codec that is better now, or -1. From AV1 to H.264
 * it goes only above the best AV1 level, and only with the spare bandwidth that hls.js wants too.
 * From H.264 to AV1 it goes when hls.js has come down to the bit rates that AV1 has.
 */
export function otherCodecLevel(levels: Level[], current: number, estimateBps: number): number {
    const now = levels[current];
    if (!now) return -1;
    const topAv1 = Math.max(...levels.map((level) => (isAv1(level) ? level.bitrate : 0)));
    const fits = (bitrate: number) =>
        isAv1(now)
            ? bitrate > topAv1 * TOLERANCE && bitrate <= estimateBps * UP_FACTOR
            : now.bitrate <= topAv1 * TOLERANCE && bitrate <= now.bitrate * TOLERANCE;
    let best = -1;
    levels.forEach((level, n) => {
        const other = isAv1(level) !== isAv1(now) && level.audioCodec === now.audioCodec;
        if (other && fits(level.bitrate) && level.bitrate > (levels[best]?.bitrate ?? -1)) best = n;
    });
    return best;
}
