// SPDX-License-Identifier: GPL-3.0-or-later
// The menu of the subtitles. The browser draws the cues, from hls.js's tracks or from its own.
import type Hls from 'hls.js';
import type { Events } from 'hls.js';
import { el, fill } from '../lib/dom';
import { t } from '../lib/language';
import { playerText } from '../lib/messages';
import { readStored, store } from '../lib/storage';

const KEY = 'terrace.subtitles';
const OFF = -1;

const optionText = (name: string): string => {
    const subtitles = t(playerText.subtitles);
    return name === subtitles ? name : `${subtitles} · ${name}`;
};

/** The menu shows once there are tracks. The last choice counts for the next lesson too. */
export class SubtitleMenu {
    readonly element = el('select.subtitles', {
        'aria-label': t(playerText.subtitles),
        title: t(playerText.subtitles),
        hidden: true,
    });
    private names: string[] = [];
    /** Shows a track by its number, or none for OFF. */
    private choose: (n: number) => void = () => undefined;

    constructor() {
        this.element.addEventListener('change', () => {
            const n = Number(this.element.value);
            store(KEY, this.names[n] ?? '');
            this.choose(n);
        });
    }

    followHls(hls: Hls, updated: Events.SUBTITLE_TRACKS_UPDATED): void {
        this.choose = (n) => {
            hls.subtitleDisplay = n !== OFF;
            hls.subtitleTrack = n;
        };
        hls.on(updated, (_, { subtitleTracks }) => this.offer(subtitleTracks.map((t) => t.name)));
    }

    /** For a browser that plays HLS itself. */
    followNative({ textTracks }: HTMLVideoElement): void {
        const tracks = () =>
            [...textTracks].filter(({ kind }) => kind === 'subtitles' || kind === 'captions');
        this.choose = (n) => {
            tracks().forEach((track, i) => {
                track.mode = i === n ? 'showing' : 'disabled';
            });
        };
        textTracks.addEventListener('addtrack', () =>
            this.offer(tracks().map(({ label, language }) => label || language)),
        );
    }

    private offer(names: string[]): void {
        this.names = names;
        const wanted = names.indexOf(readStored(KEY));
        fill(
            this.element,
            el('option', { value: OFF }, t(playerText.noSubtitles)),
            ...names.map((name, n) => el('option', { value: n }, optionText(name))),
        );
        this.element.hidden = !names.length;
        this.element.value = String(wanted);
        this.choose(wanted);
    }
}
