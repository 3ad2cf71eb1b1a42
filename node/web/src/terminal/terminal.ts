// SPDX-License-Identifier: GPL-3.0-or-later
// The terminal page: the list of lessons, and the player over it.
import '../lib/page.css';
// The player's styles come with the page, so that its first picture waits for the script alone.
import '../player/player.css';
import { appElement, el } from '../lib/dom';
import { moveFocus } from '../lib/focus';
import { t } from '../lib/language';
import { loginText, terminalText } from '../lib/messages';
import { topBar } from '../lib/top_bar';
import { LessonList } from './lesson_list';
import { loadPlayer } from './player_loader';
import { isWatching, stopWatching, watch } from './watch';

/** The script of the player is loaded so long after the list, while the reader chooses. */
const PRELOAD_MS = 1500;

const app = appElement();
const list = new LessonList((id) => {
    history.pushState({}, '', `/watch/${id}`);
    route();
});

function leave(): void {
    history.pushState({}, '', '/');
    route();
}

/** Shows what the address names. */
function route(): void {
    const id = Number(/^\/watch\/(\d+)$/.exec(location.pathname)?.[1]);
    if (id) {
        void watch(id, list.find(id), leave);
        return;
    }
    stopWatching();
    list.focus();
}

/**
 * A box that is opened once with ?site=TOKEN, a token made by hand, belongs to that site for a year.
 * A token that the box got for a code stays: scripts can't replace its cookie.
 */
function rememberSite(): void {
    const site = new URLSearchParams(location.search).get('site');
    if (site)
        document.cookie = `site=${encodeURIComponent(site)}; path=/; max-age=31536000; samesite=lax`;
}

rememberSite();
const login = el('a.plain.staff', { href: '/login' }, t(loginText.login));
const code = el('div.more', {}, el('a.plain', { href: '/code' }, t(terminalText.enterSiteCode)));
app.append(topBar([], [list.search, login]), list.status, list.grid, list.more, code);
window.addEventListener('popstate', route);
document.addEventListener('keydown', (event) => {
    if (!isWatching()) moveFocus(event, app);
});
void list.load().then(() => {
    // While somebody waits for the player already, route() has begun to load it.
    if (!isWatching()) setTimeout(() => void loadPlayer().catch(() => null), PRELOAD_MS);
});
route();
