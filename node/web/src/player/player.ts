// SPDX-License-Identifier: GPL-3.0-or-later
// The player. The terminal page loads this script when it is first needed.
import type Hls from 'hls.js';
import type { Lesson } from '../lib/api_types';
import { el, fill } from '../lib/dom';
import { formatTime } from '../lib/format';
import { t } from '../lib/language';
import { playerText, watchText } from '../lib/messages';
import { Choice } from './choice';
import { PLAYER_READY } from './contract';
import type { OpenPlayer, PlayerOptions } from './contract';
import { Controls, playIfAllowed } from './controls';
import { IdleHider } from './idle';
import { playerKeys } from './keyboard';
import { Notice } from './notice';
import { readPosition, storePosition } from './position';
import { SeekBar } from './seek_bar';
import { startStreaming } from './streaming';
import { SubtitleMenu } from './subtitles';

declare global {
    interface Window {
        /** The open player, for tests and for the browser's console. No page reads it. */
        terracePlayer?: { hls: Hls | null; video: HTMLVideoElement };
    }
}

/** The position is stored each time it has moved by so much. */
const STORE_STEP_S = 5;
/** So close to the start or to the end, the player does not offer to go on from there. */
const EDGE_S = 15;
/** From this bandwidth on, preview pictures do not take the link from the video. */
const PREVIEW_BPS = 150_000;

class Player {
    private readonly video: HTMLVideoElement;
    private readonly notice: Notice;
    private readonly controls: Controls;
    private readonly choice = new Choice();
    private readonly subtitles = new SubtitleMenu();
    private readonly idle: IdleHider;
    private readonly seekBar: SeekBar;
    private readonly onKey: (event: KeyboardEvent) => void;
    private readonly hls: Hls | null;
    private readonly lesson: Lesson;

    constructor(private readonly options: PlayerOptions) {
        const { stage, lesson, leave, linkBps } = options;
        this.lesson = lesson;
        const video = el('video', { playsinline: true, preload: 'auto', poster: lesson.poster });
        this.video = video;
        this.notice = new Notice(video);
        this.controls = new Controls(video, stage);
        this.idle = new IdleHider(stage, () => !video.paused && this.choice.closed);
        this.onKey = playerKeys(stage, this.controls, this.idle, leave);
        this.seekBar = new SeekBar(
            video,
            lesson,
            () => !this.hls || this.hls.bandwidthEstimate > PREVIEW_BPS,
        );
        this.fillStage();
        this.hls = startStreaming(lesson.hls ?? '', linkBps, {
            video,
            notice: this.notice,
            quality: this.controls.quality,
            subtitles: this.subtitles,
        });
        // eslint-disable-next-line no-restricted-syntax -- see the declaration above
        window.terracePlayer = { hls: this.hls, video };
        this.listen();
        this.begin();
        if (lesson.state !== 'ready') this.notice.say(t(playerText.growing));
    }

    close(): void {
        const { video } = this;
        this.idle.close();
        this.seekBar.close();
        document.removeEventListener('keydown', this.onKey);
        if (document.fullscreenElement) document.exitFullscreen().catch(() => undefined);
        if (video.currentTime > 0 && !video.ended) storePosition(this.lesson, video.currentTime);
        this.hls?.destroy();
        video.removeAttribute('src');
        video.load();
        this.options.stage.remove();
    }

    private fillStage(): void {
        const { controls, seekBar, lesson } = this;
        fill(
            this.options.stage,
            this.video,
            this.notice.element,
            this.choice.element,
            controls.start,
            controls.top(lesson.title, this.options.leave),
            controls.bottom(seekBar.element, seekBar.clock, this.subtitles.element),
        );
        document.title = lesson.title;
    }

    private on(names: string, handler: () => void): void {
        for (const name of names.split(' ')) this.video.addEventListener(name, handler);
    }

    private listen(): void {
        const { video, lesson, idle } = this;
        let stored = 0;
        this.on('playing waiting stalled canplay pause seeking', () => this.notice.update());
        this.on('play pause', () => idle.wake());
        this.on('timeupdate', () => {
            if (Math.abs(video.currentTime - stored) <= STORE_STEP_S) return;
            stored = video.currentTime;
            storePosition(lesson, stored);
        });
        this.on('ended', () => {
            storePosition(lesson, 0);
            const again = () => this.playFrom(0);
            this.choice.offer(
                [t(playerText.again), again],
                [t(watchText.back), this.options.leave],
            );
        });
        this.on('click', () => {
            if (idle.hidden) idle.wake();
            else this.controls.play.click();
        });
        document.addEventListener('keydown', this.onKey);
    }

    private playFrom(seconds: number): void {
        this.video.currentTime = seconds;
        playIfAllowed(this.video);
    }

    /** Starts to play, or asks first where to start. */
    private begin(): void {
        const { video, lesson } = this;
        const { start } = this.controls;
        const last = readPosition(lesson);
        if (last > EDGE_S && last < lesson.duration_s - EDGE_S) {
            start.hidden = true;
            this.choice.offer(
                [`${t(playerText.resumeFrom)} ${formatTime(last)}`, () => this.playFrom(last)],
                [t(playerText.fromStart), () => playIfAllowed(video)],
            );
        } else {
            start.focus();
            video.play().catch(() => {
                start.hidden = false;
            });
        }
    }
}

const openPlayer: OpenPlayer = (options) => {
    const player = new Player(options);
    return () => player.close();
};

document.currentScript?.dispatchEvent(new CustomEvent(PLAYER_READY, { detail: openPlayer }));
