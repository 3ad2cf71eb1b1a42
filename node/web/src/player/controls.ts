// SPDX-License-Identifier: GPL-3.0-or-later
// The player's buttons and menus, and what they do to the video.
import { el } from '../lib/dom';
import { t } from '../lib/language';
import { playerText, watchText } from '../lib/messages';
import { controlButton, playerIcon, setControl } from './control_button';

const SPEEDS = [0.75, 1, 1.25, 1.5, 2];

/**
 * Browsers may refuse to play with sound before the reader has touched the page; then it stays
 * paused.
 */
export function playIfAllowed(video: HTMLVideoElement): void {
    video.play().catch(() => undefined);
}

export class Controls {
    readonly play = controlButton('play', t(playerText.play), () => this.togglePlay());
    readonly mute = controlButton('sound', t(playerText.mute), () => this.toggleMute());
    readonly full = controlButton('full', t(playerText.fullscreen), () => this.toggleFullscreen());
    readonly quality = el(
        'select',
        { 'aria-label': t(playerText.quality) },
        el('option', { value: -1 }, t(playerText.auto)),
    );
    /** The large button in the middle, for browsers that refuse to start by themselves. */
    readonly start: HTMLButtonElement;
    private readonly volume = el('input.volume', {
        type: 'range',
        min: 0,
        max: 100,
        value: 100,
        'aria-label': t(playerText.volume),
    });

    constructor(
        private readonly video: HTMLVideoElement,
        private readonly stage: HTMLElement,
    ) {
        this.start = el(
            'button.start',
            { onclick: () => playIfAllowed(video), 'aria-label': t(playerText.play) },
            playerIcon('play'),
        );
        this.volume.addEventListener('input', () => {
            video.volume = Number(this.volume.value) / 100;
            video.muted = false;
        });
        video.addEventListener('volumechange', () => this.showVolume());
        for (const name of ['play', 'pause']) video.addEventListener(name, () => this.showPlay());
    }

    top(title: string, leave: () => void): HTMLElement {
        const back = controlButton('back', t(watchText.back), leave);
        return el('div.top', {}, back, el('h1', {}, title));
    }

    bottom(line: HTMLElement, clock: HTMLElement, subtitles: HTMLElement): HTMLElement {
        const row = el(
            'div.row',
            {},
            this.play,
            controlButton('rewind', t(playerText.rewind), () => this.jump(-10)),
            controlButton('forward', t(playerText.forward), () => this.jump(10)),
            this.mute,
            this.volume,
            clock,
            el('span.space'),
            subtitles,
            this.speedMenu(),
            this.quality,
            this.full,
        );
        return el('div.bottom', {}, line, row);
    }

    jump(seconds: number): void {
        const { video } = this;
        const wanted = Math.max(0, video.currentTime + seconds);
        video.currentTime = Math.min(wanted, video.duration || Infinity);
    }

    private speedMenu(): HTMLElement {
        const menu = el(
            'select',
            { 'aria-label': t(playerText.speed) },
            ...SPEEDS.map((speed) =>
                el('option', { value: speed, selected: speed === 1 }, `${speed}×`),
            ),
        );
        menu.addEventListener('change', () => {
            this.video.playbackRate = Number(menu.value);
        });
        return menu;
    }

    private togglePlay(): void {
        if (this.video.paused) playIfAllowed(this.video);
        else this.video.pause();
    }

    private toggleMute(): void {
        this.video.muted = !this.video.muted;
    }

    private toggleFullscreen(): void {
        if (document.fullscreenElement) void document.exitFullscreen();
        // Phones of some makers have no full screen for other elements than the video.
        else if ('requestFullscreen' in this.stage) void this.stage.requestFullscreen();
    }

    private showPlay(): void {
        const name = this.video.paused ? 'play' : 'pause';
        setControl(this.play, name, t(playerText[name]));
        this.start.hidden = true;
    }

    private showVolume(): void {
        const { muted, volume } = this.video;
        setControl(this.mute, muted ? 'mute' : 'sound', t(playerText.mute));
        this.volume.value = String(muted ? 0 : volume * 100);
    }
}
