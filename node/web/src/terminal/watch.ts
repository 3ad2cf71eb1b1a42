// SPDX-License-Identifier: GPL-3.0-or-later
// Opens one lesson in the player, over the list of lessons.
import { api, messageOf, RequestError } from '../lib/api';
import type { Lesson } from '../lib/api_types';
import { el, fill } from '../lib/dom';
import { t } from '../lib/language';
import { commonText, terminalText, watchText } from '../lib/messages';
import { loadPlayer } from './player_loader';

/**
 * What this terminal's link carries, as far as the node knows; null if it is unknown or the node
 * does not answer.
 */
async function fetchLinkBps(): Promise<number | null> {
    try {
        return (await api<{ link_bps: number | null }>('/api/terminal')).link_bps;
    } catch {
        return null;
    }
}

let closePlayer: (() => void) | null = null;

export const isWatching = (): boolean => document.body.classList.contains('watching');

/** known: the lesson, if the list has it already. leave: goes back to the list. */
export async function watch(
    id: number,
    known: Lesson | undefined,
    leave: () => void,
): Promise<void> {
    closePlayer?.();
    document.body.classList.add('watching');
    const notice = el('p.notice', { role: 'status' }, t(watchText.loading));
    const stage = el('div.stage', {}, notice);
    document.body.append(stage);
    closePlayer = () => stage.remove();
    try {
        const [openPlayer, lesson, linkBps] = await Promise.all([
            loadPlayer(),
            known ?? api<Lesson>(`/api/lessons/${id}`),
            fetchLinkBps(),
        ]);
        // The reader may have gone back meanwhile.
        if (stage.isConnected) closePlayer = openPlayer({ stage, lesson, leave, linkBps });
    } catch (error) {
        const gone = error instanceof RequestError && error.status === 404;
        fill(
            stage,
            el('p.notice', { role: 'alert' }, gone ? t(terminalText.gone) : messageOf(error)),
            el('button.primary', { onclick: leave, autofocus: true }, t(watchText.back)),
        );
    }
}

export function stopWatching(): void {
    closePlayer?.();
    closePlayer = null;
    document.body.classList.remove('watching');
    document.title = t(commonText.brand);
}
