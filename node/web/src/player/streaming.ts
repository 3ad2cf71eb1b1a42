// SPDX-License-Identifier: GPL-3.0-or-later
// Plays the lesson's HLS: with hls.js where there are Media Source Extensions, otherwise with the
// browser's own player.
import Hls from 'hls.js';
import type { ErrorData, Level } from 'hls.js';
import { el } from '../lib/dom';
import { t } from '../lib/language';
import { playerText } from '../lib/messages';
import { isAv1, otherCodecLevel } from './codec_switch';
import type { Notice } from './notice';
import type { SubtitleMenu } from './subtitles';
import { hlsTuning } from './tuning';

const RESTART_MS = 3000;
/** So often a choice is repeated that an append has undone. */
const MAX_REPEATS = 5;

interface StreamingParts {
    video: HTMLVideoElement;
    notice: Notice;
    quality: HTMLSelectElement;
    subtitles: SubtitleMenu;
}

function levelText(level: Level): string {
    const rate = `${Math.round(level.bitrate / 1000)}k`;
    if (!level.height) return `${t(playerText.audioOnly)} · ${rate}`;
    return `${level.height}p · ${rate}${isAv1(level) ? ' · AV1' : ''}`;
}

/** Fills the menu, best level first. */
function offerLevels(quality: HTMLSelectElement, levels: Level[]): void {
    // There is a level for each video rendition with each audio codec that the browser plays. The
    // menu needs only one codec.
    const audioCodec = levels[0]?.audioCodec;
    const options = levels.map((level, n) =>
        level.audioCodec === audioCodec ? [el('option', { value: n }, levelText(level))] : [],
    );
    for (const [option] of options.reverse()) if (option) quality.append(option);
}

/**
 * Plays the level that the reader chooses. If an append of the old level is still under way, the
 * first one of the new level may fail, and hls.js then goes back to choosing by itself. So the
 * choice is repeated, a few times.
 */
function followMenu(hls: Hls, quality: HTMLSelectElement): void {
    let repeats = 0;
    const choose = () => {
        hls.currentLevel = Number(quality.value);
    };
    quality.addEventListener('change', () => {
        repeats = MAX_REPEATS;
        choose();
    });
    hls.on(Hls.Events.ERROR, (_, { details, fatal }) => {
        if (details !== Hls.ErrorDetails.BUFFER_APPEND_ERROR || fatal || repeats === 0) return;
        repeats--;
        choose();
    });
}

function recover(hls: Hls, { type, fatal }: ErrorData, notice: Notice): void {
    const network = type === Hls.ErrorTypes.NETWORK_ERROR;
    if (network) notice.setConnected(false);
    if (!fatal) return;
    if (network) setTimeout(() => hls.media && hls.startLoad(), RESTART_MS);
    else if (type === Hls.ErrorTypes.MEDIA_ERROR) hls.recoverMediaError();
    else notice.say(t(playerText.unplayable));
}

function startHls(
    url: string,
    linkBps: number | null,
    { video, notice, quality, subtitles }: StreamingParts,
): Hls {
    const hls = new Hls(hlsTuning(linkBps));
    hls.on(Hls.Events.MANIFEST_PARSED, (_, { levels }) => offerLevels(quality, levels));
    hls.on(Hls.Events.FRAG_LOADED, () => notice.setConnected(true));
    hls.on(Hls.Events.FRAG_BUFFERED, () => {
        if (!hls.autoLevelEnabled) return;
        const other = otherCodecLevel(hls.levels, hls.loadLevel, hls.bandwidthEstimate);
        if (other >= 0) hls.nextLoadLevel = other;
    });
    hls.on(Hls.Events.ERROR, (_, data) => recover(hls, data, notice));
    subtitles.followHls(hls, Hls.Events.SUBTITLE_TRACKS_UPDATED);
    followMenu(hls, quality);
    hls.loadSource(url);
    hls.attachMedia(video);
    return hls;
}

/** Starts to load the lesson. Returns hls.js's object, or null if it is not used. */
export function startStreaming(
    url: string,
    linkBps: number | null,
    parts: StreamingParts,
): Hls | null {
    if (Hls.isSupported()) return startHls(url, linkBps, parts);
    if (parts.video.canPlayType('application/vnd.apple.mpegurl')) {
        parts.quality.hidden = true;
        parts.subtitles.followNative(parts.video);
        parts.video.src = url;
    } else {
        parts.notice.say(t(playerText.unplayable));
    }
    return null;
}
