// SPDX-License-Identifier: GPL-3.0-or-later
// The line over the picture that says why nothing moves.
import { el } from '../lib/dom';
import { t } from '../lib/language';
import { playerText, watchText } from '../lib/messages';

export class Notice {
    readonly element = el('p.notice', { role: 'status' });
    private connected = true;

    constructor(private readonly video: HTMLVideoElement) {}

    say(text: string): void {
        this.element.textContent = text;
    }

    /** Says that the network is there, or that it is gone. */
    setConnected(connected: boolean): void {
        this.connected = connected;
        this.update();
    }

    /** Says what the state of the video is. */
    update(): void {
        const { paused, ended, readyState, currentTime } = this.video;
        if (!this.connected) this.say(t(playerText.lost));
        else if (!paused && !ended && readyState < HTMLMediaElement.HAVE_FUTURE_DATA)
            this.say(t(currentTime > 0 ? playerText.waiting : watchText.loading));
        else this.say('');
    }
}
