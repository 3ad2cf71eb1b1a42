// SPDX-License-Identifier: GPL-3.0-or-later
// Keys of keyboards and of remote controls.
import { moveFocus } from '../lib/focus';
import type { Controls } from './controls';
import type { IdleHider } from './idle';

const JUMP_S = 10;

function keyActions(controls: Controls, leave: () => void): Map<string, () => void> {
    const play = () => controls.play.click();
    const back = () => controls.jump(-JUMP_S);
    const forward = () => controls.jump(JUMP_S);
    const escape = () => {
        // In full screen the browser uses the key to end it.
        if (!document.fullscreenElement) leave();
    };
    return new Map([
        [' ', play],
        ['k', play],
        ['MediaPlayPause', play],
        ['j', back],
        ['MediaRewind', back],
        ['l', forward],
        ['MediaFastForward', forward],
        ['m', () => controls.mute.click()],
        ['f', () => controls.full.click()],
        ['Escape', escape],
        ['GoBack', leave],
        ['BrowserBack', leave],
    ]);
}

/** Whether the focused control needs the key itself: Space presses, letters choose and type. */
function belongsToControl(key: string): boolean {
    const focused = document.activeElement;
    if (key === ' ') return Boolean(focused?.matches('button, select'));
    return key.length === 1 && Boolean(focused?.matches('select, input'));
}

/** While the controls are hidden, the left and right arrows and Enter act on the video. */
function actWhileHidden(key: string, controls: Controls): boolean {
    if (key === 'ArrowLeft') controls.jump(-JUMP_S);
    else if (key === 'ArrowRight') controls.jump(JUMP_S);
    else if (key === 'Enter') {
        controls.play.focus();
        controls.play.click();
    } else return false;
    return true;
}

/** Returns the handler of keydown events. */
export function playerKeys(
    stage: HTMLElement,
    controls: Controls,
    idle: IdleHider,
    leave: () => void,
): (event: KeyboardEvent) => void {
    const actions = keyActions(controls, leave);
    return (event) => {
        const wasHidden = idle.hidden;
        idle.wake();
        const { key } = event;
        const action = actions.get(key);
        if (wasHidden && actWhileHidden(key, controls)) event.preventDefault();
        else if (action && !belongsToControl(key)) {
            action();
            event.preventDefault();
        } else moveFocus(event, stage);
    };
}
