// SPDX-License-Identifier: GPL-3.0-or-later
// The terminal's page: lessons as cards, and the player, which is loaded when it is first needed.
import { api, el, formatLength, topBar } from '../lib/dom.js';
import { moveFocus } from '../lib/focus.js';
import { t } from '../lib/messages.js';

const PAGE = 60;
const RETRY_MS = 5000;
const app = document.getElementById('app');
let lessons = [], complete = false, shown = PAGE, closePlayer = null;

/** A box that is opened once with ?site=TOKEN belongs to that site from then on. */
const site = new URLSearchParams(location.search).get('site');
if (site)
    document.cookie = `site=${encodeURIComponent(site)}; path=/; max-age=31536000; samesite=lax`;

/** The player's script, once. */
function loadPlayer() {
    if (!loadPlayer.promise)
        loadPlayer.promise = new Promise((resolve, reject) => {
            const script = el('script', { src: PLAYER_URL, onload: () => resolve(window.terraceOpenPlayer), onerror: () => { loadPlayer.promise = null; reject(new Error(t('serverDown'))); } });
            document.head.append(script);
        });
    return loadPlayer.promise;
}

function card(lesson) {
    const picture = lesson.poster ? el('img', { src: lesson.poster, alt: '', loading: 'lazy', decoding: 'async' }) : el('span.tile', {}, [...lesson.title][0] || '·');
    const about = [lesson.topic, lesson.duration_s ? formatLength(lesson.duration_s) : ''].filter(Boolean).join(' · ');
    return el('a.lesson', { href: `/watch/${lesson.id}`, onclick: (event) => { if (!event.metaKey && !event.ctrlKey) { event.preventDefault(); open(lesson.id); } } },
        el('span.picture', {}, picture, lesson.state === 'ready' ? null : el('span.badge', {}, t('working'))),
        el('span.title', {}, lesson.title), el('span.about', {}, about));
}

const search = el('input', { type: 'search', placeholder: t('search'), 'aria-label': t('search'), oninput: () => { shown = PAGE; show(); } });
const grid = el('main.grid', { 'aria-label': t('lessons') });
const status = el('p.status', { role: 'status' });
const more = el('button', { onclick: () => { shown += PAGE; show(); } }, t('more'));

function show() {
    const wanted = search.value.trim().toLowerCase();
    const found = wanted ? lessons.filter((l) => `${l.title} ${l.topic} ${l.description}`.toLowerCase().includes(wanted)) : lessons;
    grid.replaceChildren(...found.slice(0, shown).map(card));
    more.hidden = found.length <= shown;
    if (complete && !found.length)
        grid.replaceChildren(el('div.nothing', {}, el('h2', {}, wanted ? t('noMatch') : t('noLessons')), wanted ? null : el('p', {}, t('noLessonsHint'))));
}

/** All lessons, page after page; tries again until the server answers. */
async function load() {
    try {
        const list = [];
        for (let before = 0; ;) {
            const { lessons: page } = await api(`/api/lessons?limit=500${before ? `&before=${before}` : ''}`);
            list.push(...page);
            if (page.length < 500)
                break;
            before = page[page.length - 1].id;
        }
        lessons = list;
        complete = true;
        status.replaceChildren();
        show();
    } catch {
        status.replaceChildren(t('offline'), el('button', { onclick: load }, t('retryNow')));
        setTimeout(() => { if (!complete) load(); }, RETRY_MS);
    }
}

async function open(id, push = true) {
    if (push)
        history.pushState({}, '', `/watch/${id}`);
    if (closePlayer)
        closePlayer();
    document.body.classList.add('watching');
    const stage = el('div.stage', {}, el('p.notice', { role: 'status' }, t('loading')));
    document.body.append(stage);
    closePlayer = () => stage.remove();
    try {
        const [openPlayer, lesson, terminal] = await Promise.all([loadPlayer(), lessons.find((l) => l.id === id) || api(`/api/lessons/${id}`),
            api('/api/terminal').catch(() => ({}))]);
        if (stage.isConnected)
            closePlayer = openPlayer({ stage, lesson, leave, link_bps: terminal.link_bps });
    } catch (error) {
        stage.replaceChildren(el('p.notice', { role: 'alert' }, error.status === 404 ? t('gone') : error.message), el('button.primary', { onclick: leave, autofocus: true }, t('back')));
    }
}

function close() {
    if (closePlayer)
        closePlayer();
    closePlayer = null;
    document.body.classList.remove('watching');
    document.title = t('brand');
    const opened = grid.querySelector('a.lesson');
    if (opened)
        opened.focus({ preventScroll: true });
}

function leave() {
    history.pushState({}, '', '/');
    close();
}

function route() {
    const watch = location.pathname.match(/^\/watch\/(\d+)$/);
    if (watch)
        open(Number(watch[1]), false);
    else
        close();
}

document.title = t('brand');
app.append(topBar({ page: 'terminal', extra: [search, el('a.plain.staff', { href: '/login' }, t('login'))] }), status, grid, el('div.more', {}, more));
more.hidden = true;
window.addEventListener('popstate', route);
document.addEventListener('keydown', (event) => { if (!document.body.classList.contains('watching')) moveFocus(event, app); });
load().then(() => {
    // Nobody waits for the player's script now: it comes while people choose.
    if (!document.body.classList.contains('watching'))
        setTimeout(() => loadPlayer().catch(() => {}), 1500);
});
if (location.pathname !== '/')
    route();
