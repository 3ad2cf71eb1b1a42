// SPDX-License-Identifier: GPL-3.0-or-later
// What the terminal page and the player's script, which it loads later, agree on.
import type { Lesson } from '../lib/api_types';

export interface PlayerOptions {
    /** The element that the player fills. */
    stage: HTMLElement;
    lesson: Lesson;
    /** Goes back to the list of lessons. */
    leave: () => void;
    /** What this terminal's link carries, if the node knows it from earlier transfers. */
    linkBps: number | null;
}

/** Opens the player and returns the function that closes it. */
export type OpenPlayer = (options: PlayerOptions) => () => void;

/** The event that the script sends to its own <script> element; the detail is an OpenPlayer. */
export const PLAYER_READY = 'terrace-player';
