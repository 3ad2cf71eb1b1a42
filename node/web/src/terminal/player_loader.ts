// SPDX-License-Identifier: GPL-3.0-or-later
// Loads the player's script, which is large, when it is first needed.
import { el } from '../lib/dom';
import { t } from '../lib/language';
import { commonText } from '../lib/messages';
import { PLAYER_READY } from '../player/contract';
import type { OpenPlayer } from '../player/contract';

/** The address of the script; build.mjs puts it in. */
declare const PLAYER_URL: string;

let loading: Promise<OpenPlayer> | null = null;

/** Loads the script once; after an error the next call tries again. */
export function loadPlayer(): Promise<OpenPlayer> {
    loading ??= new Promise((resolve, reject) => {
        const script = el('script', {
            src: PLAYER_URL,
            onerror: () => {
                loading = null;
                reject(new Error(t(commonText.serverDown)));
            },
        });
        script.addEventListener(PLAYER_READY, (event) => {
            resolve((event as CustomEvent<OpenPlayer>).detail);
        });
        document.head.append(script);
    });
    return loading;
}
