// SPDX-License-Identifier: GPL-3.0-or-later
// What a lesson's row says about its state.
import type { OperatorLesson } from '../lib/api_types';
import { t } from '../lib/language';
import { operatorText } from '../lib/messages';

export type ShownState = 'queued' | 'working' | 'ready' | 'failed' | 'paused' | 'published';

/** Reasons that may be gone at the next try; what is wrong with a file stays wrong. */
const PASSING = ['disk_full', 'out_of_memory', 'timed_out', 'worker_crashed', 'internal'];

export const nameOf = (lesson: OperatorLesson): string => lesson.title || lesson.source.name;

/** Whether the lesson still waits for work without which it is not ready. */
export const isUnfinished = ({ state }: OperatorLesson): boolean =>
    state === 'queued' || state === 'working';

export function shownState(lesson: OperatorLesson): ShownState {
    if (lesson.paused && isUnfinished(lesson)) return 'paused';
    return lesson.state === 'ready' && lesson.published ? 'published' : lesson.state;
}

export const mayPassByRetry = ({ reason }: OperatorLesson): boolean =>
    reason !== null && PASSING.includes(reason.code);

/**
 * The state of the AV1 versions, which a lesson is ready without; '' if there is nothing to say.
 */
function extrasText({ state, paused, extras }: OperatorLesson): string {
    if (extras.failed) return t(operatorText.av1Failed);
    if (state !== 'ready' || !extras.jobs) return '';
    const percent = `AV1 ${Math.floor(extras.progress * 100)}%`;
    return paused ? `${percent} · ${t(operatorText.paused)}` : percent;
}

/** The lines below the state. */
export function stateNotes(lesson: OperatorLesson): string[] {
    const shown = shownState(lesson);
    const { position, running_jobs, state, playable, published } = lesson;
    const notes = [extrasText(lesson)];
    if (position && !running_jobs)
        notes.push(t(operatorText.inLine).replace('{n}', String(position)));
    if (state === 'working' && playable) notes.push(t(operatorText.playableNow));
    if (shown === 'paused' && running_jobs) notes.push(t(operatorText.runsToItsEnd));
    if (published && shown !== 'published' && shown !== 'failed')
        notes.push(t(playable ? operatorText.published : operatorText.publishOnceItPlays));
    return notes.filter(Boolean);
}
