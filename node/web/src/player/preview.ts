// SPDX-License-Identifier: GPL-3.0-or-later
// Small pictures above the seek bar, from the lesson's storyboard: sheets of tiles, and a WebVTT
// index that says which tile belongs to which time.
import { el } from '../lib/dom';
import { formatTime } from '../lib/format';

/** After a touch or a key nothing says that the interest has ended: the preview goes by itself. */
const LINGER_MS = 1500;

interface Tile {
    endS: number;
    url: string;
    x: number;
    y: number;
    width: number;
    height: number;
}

const parseSeconds = (text: string): number =>
    text.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);

/** Reads the index; the tiles come in the order of time. Cues of another form are left out. */
function parseIndex(text: string, base: string): Tile[] {
    const form = /^[\d:.]+ --> ([\d:.]+)\n(\S+)#xywh=(\d+),(\d+),(\d+),(\d+)$/;
    const tiles: Tile[] = [];
    for (const cue of text.split('\n\n')) {
        const [, end, file, x, y, width, height] = form.exec(cue.trim()) ?? [];
        if (end && file)
            tiles.push({
                endS: parseSeconds(end),
                url: new URL(file, base).href,
                x: Number(x),
                y: Number(y),
                width: Number(width),
                height: Number(height),
            });
    }
    return tiles;
}

interface PreviewOptions {
    storyboard: string | null;
    seek: HTMLInputElement;
    /** The element that the preview is placed in, as wide as the seek bar. */
    line: HTMLElement;
    /** The length of the lesson in seconds. */
    length: () => number;
    /** Whether the link has room for a sheet (about 50 kB); if not, none is loaded. */
    bearsPreview: () => boolean;
}

export class Preview {
    private readonly picture = el('span.tile', { hidden: true });
    private readonly time = el('span.time');
    private readonly box = el(
        'div.preview',
        { hidden: true, 'aria-hidden': 'true' },
        this.picture,
        this.time,
    );
    /** Sheets by URL: false while a sheet is loading, true when it is there. */
    private readonly sheets = new Map<string, boolean>();
    private tiles: Tile[] | null = null;
    private timer = 0;
    private shownS: number | null = null;

    constructor(private readonly options: PreviewOptions) {
        const { line, seek } = options;
        line.append(this.box);
        line.addEventListener('pointermove', (event) => {
            const { left, width } = seek.getBoundingClientRect();
            this.show(Math.max(0, Math.min(1, (event.clientX - left) / width)));
            if (event.pointerType !== 'mouse') this.hideSoon();
        });
        line.addEventListener('pointerleave', () => this.hide());
        // A finger that drags, and the arrows of a remote control.
        seek.addEventListener('input', () => {
            this.show(Number(seek.value) / 1000);
            this.hideSoon();
        });
        seek.addEventListener('blur', () => this.hide());
    }

    hide(): void {
        clearTimeout(this.timer);
        this.shownS = null;
        this.box.hidden = true;
    }

    private hideSoon(): void {
        this.timer = setTimeout(() => this.hide(), LINGER_MS);
    }

    /** part: 0 is the start of the lesson, 1 its end. */
    private show(part: number): void {
        const { length, storyboard, bearsPreview } = this.options;
        if (!length()) return;
        clearTimeout(this.timer);
        this.shownS = part * length();
        this.time.textContent = formatTime(this.shownS);
        this.box.hidden = false;
        if (storyboard && !this.tiles && bearsPreview()) void this.load(storyboard);
        this.draw();
    }

    private async load(storyboard: string): Promise<void> {
        this.tiles = []; // so that it is loaded once
        try {
            const response = await fetch(storyboard);
            this.tiles = response.ok ? parseIndex(await response.text(), response.url) : null;
        } catch {
            this.tiles = null; // the next pointer move tries again
        }
        this.draw();
    }

    private loadSheet(url: string): void {
        const image = new Image();
        this.sheets.set(url, false);
        image.onload = () => {
            this.sheets.set(url, true);
            this.draw();
        };
        image.onerror = () => this.sheets.delete(url);
        image.src = url;
    }

    private draw(): void {
        const { shownS, picture, box } = this;
        if (shownS === null) return;
        const tiles = this.tiles ?? [];
        const tile = tiles.find(({ endS }) => shownS < endS) ?? tiles[tiles.length - 1];
        if (tile && !this.sheets.has(tile.url) && this.options.bearsPreview())
            this.loadSheet(tile.url);
        picture.hidden = true;
        if (tile && this.sheets.get(tile.url)) {
            picture.hidden = false;
            picture.style.width = `${tile.width}px`;
            picture.style.height = `${tile.height}px`;
            picture.style.background = `url("${tile.url}") -${tile.x}px -${tile.y}px`;
        }
        // The box stands above the position, but does not leave the line.
        const half = box.offsetWidth / 2;
        const width = this.options.line.clientWidth;
        const center = (shownS / this.options.length()) * width;
        box.style.left = `${Math.max(half, Math.min(width - half, center))}px`;
    }
}
