// SPDX-License-Identifier: GPL-3.0-or-later
import type { Terminal } from '../lib/api_types';

export type Condition = 'good' | 'slow' | 'lossy' | 'far';

const PACKET_BYTES = 1400;
/** Below so many packets the share of lost ones says nothing. */
const MIN_PACKETS = 100;
const MAX_LOSS = 0.03;
const MAX_RTT_MS = 500;
const MIN_LINK_BPS = 48_000;

/** The condition of a terminal's link; null while the terminal watches nothing. */
export function linkCondition(terminal: Terminal): Condition | null {
    if (!terminal.lesson) return null;
    const packets = terminal.sent_bytes / PACKET_BYTES;
    if (packets > MIN_PACKETS && terminal.retransmits / packets > MAX_LOSS) return 'lossy';
    if ((terminal.rtt_ms ?? 0) > MAX_RTT_MS) return 'far';
    // rate_bps would say less: it is low for a low rendition, and zero between two segments.
    return (terminal.link_bps ?? MIN_LINK_BPS) < MIN_LINK_BPS ? 'slow' : 'good';
}
