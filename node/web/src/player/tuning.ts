// SPDX-License-Identifier: GPL-3.0-or-later
// How hls.js is set for slow and broken links.
import type { HlsConfig, LoadPolicy } from 'hls.js';

/** hls.js goes a level up if the level takes at most this part of the estimated bandwidth. */
export const UP_FACTOR = 0.6;

/** Retries go on for as long as somebody may still be waiting: a village link comes back. */
function patientPolicy(maxTimeToFirstByteMs: number, maxLoadTimeMs: number): LoadPolicy {
    const retry = {
        maxNumRetry: 1000,
        retryDelayMs: 1000,
        maxRetryDelayMs: 15000,
        backoff: 'exponential' as const,
    };
    return {
        default: { maxTimeToFirstByteMs, maxLoadTimeMs, timeoutRetry: retry, errorRetry: retry },
    };
}

/**
 * Without an earlier measurement it begins with the lowest level at once. testBandwidth would
 * spend a transfer on measuring first. With linkBps it begins with the level that suits the link.
 */
export function hlsTuning(linkBps: number | null): Partial<HlsConfig> {
    const list = patientPolicy(30_000, 60_000);
    return {
        startLevel: linkBps ? -1 : 0,
        testBandwidth: false,
        abrEwmaDefaultEstimate: linkBps ?? 100_000,
        abrBandWidthUpFactor: UP_FACTOR,
        abrBandWidthFactor: 0.85,
        maxBufferLength: 120,
        maxMaxBufferLength: 180,
        backBufferLength: 60,
        maxBufferHole: 0.2,
        capLevelToPlayerSize: false,
        manifestLoadPolicy: list,
        playlistLoadPolicy: list,
        fragLoadPolicy: patientPolicy(30_000, 300_000),
    };
}
