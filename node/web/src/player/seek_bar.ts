// SPDX-License-Identifier: GPL-3.0-or-later
// The seek bar: the position, the buffered parts behind it, and the preview above it.
import type { Lesson } from '../lib/api_types';
import { el } from '../lib/dom';
import { formatTime } from '../lib/format';
import { t } from '../lib/language';
import { playerText } from '../lib/messages';
import { Preview } from './preview';

/** Steps of the bar, and pixels of the picture of the buffered parts. */
const STEPS = 1000;

export class SeekBar {
    readonly clock = el('span.clock', {}, '0:00');
    readonly element: HTMLElement;
    private readonly input = el('input.seek', {
        type: 'range',
        min: 0,
        max: STEPS,
        step: 1,
        value: 0,
        'aria-label': t(playerText.seek),
    });
    private readonly loaded = el('canvas.loaded', {
        width: STEPS,
        height: 1,
        'aria-hidden': 'true',
    });
    private readonly preview: Preview;
    private dragging = false;

    /** bearsPreview: whether the link has room for preview pictures beside the video. */
    constructor(
        private readonly video: HTMLVideoElement,
        private readonly lesson: Lesson,
        bearsPreview: () => boolean,
    ) {
        const { input, loaded } = this;
        this.element = el('div.line', {}, loaded, input);
        this.preview = new Preview({
            storyboard: lesson.storyboard,
            seek: input,
            line: this.element,
            length: () => this.length(),
            bearsPreview,
        });
        input.addEventListener('input', () => {
            this.dragging = true;
        });
        input.addEventListener('change', () => {
            this.dragging = false;
            if (video.duration) video.currentTime = (Number(input.value) / STEPS) * video.duration;
        });
        for (const name of ['timeupdate', 'durationchange', 'progress', 'seeked'])
            video.addEventListener(name, () => this.update());
        this.update();
    }

    close(): void {
        this.preview.hide();
    }

    private length(): number {
        return this.video.duration || this.lesson.duration_s;
    }

    private update(): void {
        const { input, clock, video } = this;
        const length = this.length();
        if (!this.dragging && length) input.value = String((video.currentTime / length) * STEPS);
        clock.textContent = `${formatTime(video.currentTime)} / ${formatTime(length)}`;
        input.setAttribute('aria-valuetext', clock.textContent);
        this.drawLoaded();
    }

    private drawLoaded(): void {
        const { buffered, duration } = this.video;
        const pen = this.loaded.getContext('2d');
        if (!pen) return;
        pen.clearRect(0, 0, STEPS, 1);
        pen.fillStyle = 'rgba(255, 255, 255, .45)';
        for (let i = 0; i < buffered.length; i++) {
            const from = (buffered.start(i) / duration) * STEPS;
            pen.fillRect(from, 0, (buffered.end(i) / duration) * STEPS - from, 1);
        }
    }
}
