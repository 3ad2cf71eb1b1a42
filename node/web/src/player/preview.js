// SPDX-License-Identifier: GPL-3.0-or-later
// Small pictures over the seek bar, out of the lesson's storyboard: sheets of tiles, and a WebVTT index of them.
import { el, formatTime } from '../lib/dom.js';

const LINGER_MS = 1500;

const seconds = (text) => text.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);

/** [{end_s, url, x, y, w, h}] in order. */
function parseIndex(text, base) {
    const cues = text.split('\n\n').map((cue) => cue.trim().match(/^[\d:.]+ --> ([\d:.]+)\n(\S+)#xywh=(\d+),(\d+),(\d+),(\d+)$/)).filter(Boolean);
    return cues.map(([, end, file, x, y, w, h]) => ({ end_s: seconds(end), url: new URL(file, base).href, x: Number(x), y: Number(y), w: Number(w), h: Number(h) }));
}

/**
 * Shows what is at a place of the lesson while somebody points at the seek bar or moves it. length() is the lesson's,
 * in seconds; wanted() says whether the link bears a sheet (some 50 KB) beside the video: if not, the time alone shows.
 */
export function createPreview({ storyboard, seek, line, length, wanted }) {
    const picture = el('span.tile', { hidden: true });
    const time = el('span.time');
    const box = el('div.preview', { hidden: true, 'aria-hidden': 'true' }, picture, time);
    const sheets = new Map(); // URL: null while it comes, else the image
    let tiles = null, timer = 0, shown_s = null;

    const load = async () => {
        tiles = [];
        try {
            const response = await fetch(storyboard);
            if (response.ok)
                tiles = parseIndex(await response.text(), response.url);
            else
                tiles = null;
        } catch {
            tiles = null; // the next time, then
        }
        draw();
    };
    const fetchSheet = (url) => {
        const image = new Image();
        sheets.set(url, null);
        image.onload = () => { sheets.set(url, image); draw(); };
        image.onerror = () => sheets.delete(url);
        image.src = url;
    };
    function draw() {
        if (shown_s === null)
            return;
        const tile = tiles && (tiles.find(({ end_s }) => shown_s < end_s) || tiles[tiles.length - 1]);
        if (tile && !sheets.has(tile.url) && wanted())
            fetchSheet(tile.url);
        picture.hidden = !(tile && sheets.get(tile.url));
        if (!picture.hidden)
            Object.assign(picture.style, { width: `${tile.w}px`, height: `${tile.h}px`, background: `url("${tile.url}") -${tile.x}px -${tile.y}px` });
        // Over the place, but within the line.
        const half = box.offsetWidth / 2, width = line.clientWidth;
        box.style.left = `${Math.max(half, Math.min(width - half, (shown_s / length()) * width))}px`;
    }
    const hide = () => {
        clearTimeout(timer);
        shown_s = null;
        box.hidden = true;
    };
    const show = (part) => {
        if (!length())
            return;
        clearTimeout(timer);
        shown_s = part * length();
        time.textContent = formatTime(shown_s);
        box.hidden = false;
        if (storyboard && !tiles && wanted())
            load();
        draw();
    };

    line.append(box);
    line.addEventListener('pointermove', (event) => {
        const { left, width } = seek.getBoundingClientRect();
        show(Math.max(0, Math.min(1, (event.clientX - left) / width)));
        if (event.pointerType !== 'mouse')
            timer = setTimeout(hide, LINGER_MS);
    });
    line.addEventListener('pointerleave', hide);
    // A finger that drags, and the arrows of a remote control.
    seek.addEventListener('input', () => {
        show(seek.value / 1000);
        timer = setTimeout(hide, LINGER_MS);
    });
    seek.addEventListener('blur', hide);
    return { close: hide };
}
