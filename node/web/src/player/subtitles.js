// SPDX-License-Identifier: GPL-3.0-or-later
// The switch for subtitles: hls.js's tracks, or the browser's own. Cues are drawn by the browser.
import { el } from '../lib/dom.js';
import { t } from '../lib/messages.js';

const KEY = 'terrace.subtitles';
const OFF = '-1';
const kept = () => { try { return localStorage.getItem(KEY) || ''; } catch { return ''; } };
const keep = (name) => { try { localStorage.setItem(KEY, name); } catch { /* private mode */ } };

/** A menu that shows itself once there are tracks; what was chosen last is chosen in the next lesson too. */
export function createSubtitles() {
    const menu = el('select.subtitles', { 'aria-label': t('subtitles'), title: t('subtitles'), hidden: true });
    let choose = () => {};

    const offer = (names) => {
        const wanted = names.indexOf(kept());
        menu.replaceChildren(el('option', { value: OFF }, t('noSubtitles')), ...names.map((name, n) => el('option', { value: n }, name === t('subtitles') ? name : `${t('subtitles')} · ${name}`)));
        menu.hidden = !names.length;
        menu.value = String(wanted);
        choose(wanted);
    };
    let names = [];
    menu.addEventListener('change', () => {
        keep(menu.value === OFF ? '' : names[menu.value]);
        choose(Number(menu.value));
    });

    return {
        menu,
        /** With hls.js. */
        follow(hls, Hls) {
            choose = (n) => {
                hls.subtitleDisplay = n >= 0;
                hls.subtitleTrack = n;
            };
            hls.on(Hls.Events.SUBTITLE_TRACKS_UPDATED, (_, { subtitleTracks }) => offer(names = subtitleTracks.map(({ name }) => name)));
        },
        /** With a browser that plays HLS itself. */
        followNative(video) {
            const tracks = () => [...video.textTracks].filter(({ kind }) => kind === 'subtitles' || kind === 'captions');
            choose = (n) => tracks().forEach((track, i) => { track.mode = i === n ? 'showing' : 'disabled'; });
            video.textTracks.addEventListener('addtrack', () => offer(names = tracks().map(({ label, language }) => label || language)));
        },
    };
}
