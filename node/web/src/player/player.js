// SPDX-License-Identifier: GPL-3.0-or-later
// The player: hls.js tuned for slow and broken links, where there is MSE; the browser's own HLS elsewhere.
import Hls from 'hls.js';
import { el, formatTime, icon } from '../lib/dom.js';
import { moveFocus } from '../lib/focus.js';
import { t } from '../lib/messages.js';
import { createPreview } from './preview.js';
import { createSubtitles } from './subtitles.js';

const icons = {
    play: 'M7 4v16l13-8z', pause: 'M6 4h4v16H6zM14 4h4v16h-4z', back: 'M15 4l-8 8 8 8', rewind: 'M11 6l-8 6 8 6zM21 6l-8 6 8 6z', forward: 'M3 6l8 6-8 6zM13 6l8 6-8 6z',
    sound: 'M4 9v6h4l5 5V4L8 9zM16 8a5 5 0 0 1 0 8', mute: 'M4 9v6h4l5 5V4L8 9zM16 9l6 6M22 9l-6 6', full: 'M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5',
};
const SPEEDS = [0.75, 1, 1.25, 1.5, 2];
const HIDE_MS = 4000;

/** Retries that go on for as long as somebody may still be waiting: a village link comes back. */
const patient = (firstByte_ms, whole_ms) => ({
    default: {
        maxTimeToFirstByteMs: firstByte_ms, maxLoadTimeMs: whole_ms,
        timeoutRetry: { maxNumRetry: 1000, retryDelayMs: 1000, maxRetryDelayMs: 15000, backoff: 'exponential' },
        errorRetry: { maxNumRetry: 1000, retryDelayMs: 1000, maxRetryDelayMs: 15000, backoff: 'exponential' },
    },
});

const tuning = {
    // Begin with the lowest rung, at once, without the transfer that hls.js would waste on measuring.
    startLevel: 0, testBandwidth: false, abrEwmaDefaultEstimate: 100_000, abrBandWidthUpFactor: 0.6, abrBandWidthFactor: 0.85,
    maxBufferLength: 120, maxMaxBufferLength: 180, backBufferLength: 60, maxBufferHole: 0.2, capLevelToPlayerSize: false,
    manifestLoadPolicy: patient(30_000, 60_000), playlistLoadPolicy: patient(30_000, 60_000), fragLoadPolicy: patient(30_000, 300_000),
};

/** Where the node knows from earlier transfers what this terminal's link carries, it begins with what suits that. */
const tuningFor = (link_bps) => ({ ...tuning, ...link_bps && { startLevel: -1, abrEwmaDefaultEstimate: link_bps } });

const remember = {
    key: (lesson) => `terrace.position.${lesson.id}.${lesson.revision}`,
    get(lesson) { try { return Number(localStorage.getItem(this.key(lesson))) || 0; } catch { return 0; } },
    set(lesson, s) { try { localStorage.setItem(this.key(lesson), String(Math.floor(s))); } catch { /* private mode */ } },
};

const isAv1 = (level) => Boolean(level) && (level.videoCodec || '').startsWith('av01');

/**
 * hls.js keeps to the codec that it began with, and AV1 has the lowest rungs alone: the level of the other codec that it should go on with, or -1.
 * Up only where there is as much to spare as hls.js itself wants; down where it has come down to what AV1 does better.
 */
function otherCodec({ levels, level, estimate }) {
    const now = levels[level];
    if (!now)
        return -1;
    const others = levels.map((other, n) => ({ other, n })).filter(({ other }) => isAv1(other) !== isAv1(now) && other.audioCodec === now.audioCodec);
    const best = (fits) => others.filter(({ other }) => fits(other)).reduce((found, { other, n }) => (found < 0 || other.bitrate > levels[found].bitrate ? n : found), -1);
    const top = Math.max(...levels.map((one) => (isAv1(one) ? one.bitrate : 0)));
    if (!isAv1(now))
        return now.bitrate > top * 1.05 ? -1 : best((other) => other.bitrate <= now.bitrate * 1.05);
    return best((other) => other.bitrate > top * 1.05 && other.bitrate <= estimate * tuning.abrBandWidthUpFactor);
}

function openPlayer({ stage, lesson, leave, link_bps }) {
    const video = el('video', { playsinline: true, preload: 'auto', poster: lesson.poster });
    const notice = el('p.notice', { role: 'status' });
    const button = (name, label, onclick) => el('button.control', { onclick, 'aria-label': label, title: label }, icon(icons[name]));
    const setIcon = (control, name, label) => { control.replaceChildren(icon(icons[name])); control.setAttribute('aria-label', label); control.title = label; };

    const playButton = button('play', t('play'), () => (video.paused ? video.play().catch(() => {}) : video.pause()));
    const muteButton = button('sound', t('mute'), () => { video.muted = !video.muted; });
    const jump = (s) => { video.currentTime = Math.min(Math.max(0, video.currentTime + s), video.duration || Infinity); };
    const seek = el('input.seek', { type: 'range', min: 0, max: 1000, step: 1, value: 0, 'aria-label': t('seek') });
    const loaded = el('canvas.loaded', { width: 1000, height: 1, 'aria-hidden': 'true' });
    const clock = el('span.clock', {}, '0:00');
    const volume = el('input.volume', { type: 'range', min: 0, max: 100, value: 100, 'aria-label': t('volume'), oninput: () => { video.volume = volume.value / 100; video.muted = false; } });
    const quality = el('select', { 'aria-label': t('quality') }, el('option', { value: -1 }, t('auto')));
    const speed = el('select', { 'aria-label': t('speed'), onchange: () => { video.playbackRate = Number(speed.value); } }, SPEEDS.map((s) => el('option', { value: s, selected: s === 1 }, `${s}×`)));
    const full = button('full', t('fullscreen'), () => (document.fullscreenElement ? document.exitFullscreen() : stage.requestFullscreen && stage.requestFullscreen()));
    const start = el('button.start', { onclick: () => video.play().catch(() => {}), 'aria-label': t('play') }, icon(icons.play));
    const choice = el('div.choice', { hidden: true });
    const subtitles = createSubtitles();
    const line = el('div.line', {}, loaded, seek);
    const top = el('div.top', {}, button('back', t('back'), leave), el('h1', {}, lesson.title));
    const bottom = el('div.bottom', {}, line,
        el('div.row', {}, playButton, button('rewind', t('rewind'), () => jump(-10)), button('forward', t('forward'), () => jump(10)), muteButton, volume, clock, el('span.space'), subtitles.menu, speed, quality, full));
    stage.replaceChildren(video, notice, choice, start, top, bottom);
    document.title = lesson.title;

    /* ---- what people are told ---- */
    let connected = true;
    const say = (text) => { notice.textContent = text; };
    const tell = () => {
        if (!connected)
            say(t('lost'));
        else if (!video.paused && video.readyState < 3 && !video.ended)
            say(video.currentTime > 0 ? t('waiting') : t('loading'));
        else
            say('');
    };

    /* ---- hls.js, or the browser ---- */
    let hls = null;
    if (Hls.isSupported()) {
        hls = new Hls(tuningFor(link_bps));
        hls.on(Hls.Events.MANIFEST_PARSED, (_, { levels }) => {
            // Each picture is there with each codec of sound that the browser plays; the cheapest level has the cheaper one.
            const choices = levels.flatMap((level, n) => (level.audioCodec === levels[0].audioCodec ? [[level, n]] : []));
            quality.append(...choices.map(([level, n]) => el('option', { value: n }, level.height ? `${level.height}p · ${Math.round(level.bitrate / 1000)}k${isAv1(level) ? ' · AV1' : ''}` : `${t('audioOnly')} · ${Math.round(level.bitrate / 1000)}k`)).reverse());
        });
        hls.on(Hls.Events.FRAG_LOADED, () => { connected = true; tell(); });
        hls.on(Hls.Events.FRAG_BUFFERED, () => {
            const other = hls.autoLevelEnabled ? otherCodec({ levels: hls.levels, level: hls.loadLevel, estimate: hls.bandwidthEstimate }) : -1;
            if (other >= 0)
                hls.nextLoadLevel = other;
        });
        hls.on(Hls.Events.ERROR, (_, data) => {
            const network = data.type === Hls.ErrorTypes.NETWORK_ERROR;
            if (network) {
                connected = false;
                tell();
            }
            if (!data.fatal)
                return;
            if (network)
                setTimeout(() => hls && hls.startLoad(), 3000);
            else if (data.type === Hls.ErrorTypes.MEDIA_ERROR)
                hls.recoverMediaError();
            else
                say(t('unplayable'));
        });
        subtitles.follow(hls, Hls);
        quality.addEventListener('change', () => { hls.currentLevel = Number(quality.value); });
        hls.loadSource(lesson.hls);
        hls.attachMedia(video);
    } else if (video.canPlayType('application/vnd.apple.mpegurl')) {
        quality.hidden = true;
        subtitles.followNative(video);
        video.src = lesson.hls;
    } else {
        say(t('unplayable'));
    }
    window.terracePlayer = { hls, video };

    /* ---- where it is ---- */
    const drawLoaded = () => {
        const pen = loaded.getContext('2d');
        pen.clearRect(0, 0, 1000, 1);
        pen.fillStyle = 'rgba(255, 255, 255, .45)';
        for (let i = 0; i < video.buffered.length; i++)
            pen.fillRect((video.buffered.start(i) / video.duration) * 1000, 0, ((video.buffered.end(i) - video.buffered.start(i)) / video.duration) * 1000, 1);
    };
    // A sheet of pictures must not take the link from the video.
    const preview = createPreview({ storyboard: lesson.storyboard, seek, line, length: () => video.duration || lesson.duration_s, wanted: () => !hls || hls.bandwidthEstimate > 150_000 });
    let seeking = false;
    const tick = () => {
        const length = video.duration || lesson.duration_s;
        if (!seeking && length)
            seek.value = (video.currentTime / length) * 1000;
        clock.textContent = `${formatTime(video.currentTime)} / ${formatTime(length)}`;
        seek.setAttribute('aria-valuetext', clock.textContent);
        drawLoaded();
    };
    seek.addEventListener('input', () => { seeking = true; });
    seek.addEventListener('change', () => { seeking = false; if (video.duration) video.currentTime = (seek.value / 1000) * video.duration; });

    let kept = 0;
    const on = (names, handler) => names.split(' ').forEach((name) => video.addEventListener(name, handler));
    on('timeupdate durationchange progress seeked', tick);
    on('playing waiting stalled canplay pause seeking', tell);
    on('play pause', () => { setIcon(playButton, video.paused ? 'play' : 'pause', t(video.paused ? 'play' : 'pause')); start.hidden = true; wake(); });
    on('volumechange', () => { setIcon(muteButton, video.muted ? 'mute' : 'sound', t('mute')); volume.value = video.muted ? 0 : video.volume * 100; });
    on('timeupdate', () => { if (Math.abs(video.currentTime - kept) > 5) remember.set(lesson, kept = video.currentTime); });
    on('ended', () => {
        remember.set(lesson, 0);
        offer([[t('again'), () => { video.currentTime = 0; video.play().catch(() => {}); }], [t('back'), leave]]);
    });

    function offer(options) {
        choice.replaceChildren(...options.map(([label, act]) => el('button.primary', { onclick: () => { choice.hidden = true; act(); } }, label)));
        choice.hidden = false;
        choice.firstChild.focus();
    }

    /* ---- controls hide while nobody uses them ---- */
    let timer = 0;
    function wake() {
        stage.classList.remove('calm');
        clearTimeout(timer);
        timer = setTimeout(() => { if (!video.paused && choice.hidden) stage.classList.add('calm'); }, HIDE_MS);
    }
    const keys = {
        ' ': () => playButton.click(), k: () => playButton.click(), f: () => full.click(), m: () => muteButton.click(), j: () => jump(-10), l: () => jump(10),
        MediaPlayPause: () => playButton.click(), MediaRewind: () => jump(-10), MediaFastForward: () => jump(10),
        Escape: () => { if (!document.fullscreenElement) leave(); }, GoBack: leave, BrowserBack: leave,
    };
    function onKey(event) {
        const calm = stage.classList.contains('calm');
        wake();
        const inControl = document.activeElement && document.activeElement.matches('select, input');
        // With the controls hidden the arrows are for the video; once they show, for them.
        if (calm && (event.key === 'ArrowLeft' || event.key === 'ArrowRight')) {
            jump(event.key === 'ArrowLeft' ? -10 : 10);
            event.preventDefault();
        } else if (calm && event.key === 'Enter') {
            playButton.focus();
            playButton.click();
            event.preventDefault();
        } else if (keys[event.key] && !(event.key === ' ' && document.activeElement && document.activeElement.matches('button, select')) && !(inControl && event.key.length === 1 && event.key !== ' ')) {
            keys[event.key]();
            event.preventDefault();
        } else {
            moveFocus(event, stage);
        }
    }
    const onPointer = () => wake();
    video.addEventListener('click', () => (stage.classList.contains('calm') ? wake() : playButton.click()));
    document.addEventListener('keydown', onKey);
    for (const name of ['pointermove', 'pointerdown', 'touchstart'])
        stage.addEventListener(name, onPointer, { passive: true });

    const before = remember.get(lesson);
    if (before > 15 && before < lesson.duration_s - 15) {
        start.hidden = true;
        offer([[`${t('resumeFrom')} ${formatTime(before)}`, () => { video.currentTime = before; video.play().catch(() => {}); }], [t('fromStart'), () => video.play().catch(() => {})]]);
    } else {
        start.focus();
        video.play().catch(() => { start.hidden = false; });
    }
    if (lesson.state !== 'ready')
        say(t('growing'));
    tick();

    return () => {
        clearTimeout(timer);
        preview.close();
        document.removeEventListener('keydown', onKey);
        if (document.fullscreenElement)
            document.exitFullscreen().catch(() => {});
        if (video.currentTime > 0 && !video.ended)
            remember.set(lesson, video.currentTime);
        if (hls)
            hls.destroy();
        hls = null;
        video.removeAttribute('src');
        video.load();
        stage.remove();
    };
}

window.terraceOpenPlayer = openPlayer;
