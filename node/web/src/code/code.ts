// SPDX-License-Identifier: GPL-3.0-or-later
// The page on which a terminal enters the code of its site. The node answers with a cookie.
import '../lib/page.css';
import '../lib/card.css';
import '../lib/form.css';
import { api, messageOf } from '../lib/api';
import { appElement, el, fill } from '../lib/dom';
import { moveFocus } from '../lib/focus';
import { t } from '../lib/language';
import { codeText, commonText } from '../lib/messages';
import { topBar } from '../lib/top_bar';

interface Terminal {
    site: string | null;
}

const given = new URLSearchParams(location.search).get('code');
const code = el('input', {
    name: 'code',
    value: given,
    inputmode: 'numeric',
    autocomplete: 'off',
    required: true,
    maxlength: 20,
});
const message = el('p.message', { role: 'alert' });
const site = el('p.hint', { role: 'status' });
const button = el('button.primary', { type: 'submit' }, t(codeText.confirmCode));

/** Shows the site of the terminal, if it has one. */
function showSite(name: string | null): void {
    fill(site, name && t(codeText.belongsTo).replace('{name}', () => name));
}

/** The digits of what was entered; input methods may write them in their wide form. */
const digits = (): string => code.value.normalize('NFKC').replace(/\D/g, '');

async function sendCode(): Promise<void> {
    button.disabled = true;
    message.textContent = t(codeText.checkingCode);
    try {
        const body = { code: digits() };
        showSite((await api<Terminal>('/api/terminal/site', { method: 'POST', body })).site);
        message.textContent = '';
        const lessons = el('a', { href: '/' }, t(codeText.toLessons));
        form.replaceWith(el('div.card', {}, site, lessons));
        lessons.focus();
    } catch (error) {
        message.textContent = messageOf(error);
        button.disabled = false;
        code.focus();
        code.select();
    }
}

const onsubmit = (event: Event) => {
    event.preventDefault();
    void sendCode();
};

document.title = `${t(codeText.siteCode)} · ${t(commonText.brand)}`;
const form = el(
    'form.card',
    { onsubmit },
    el('h1', {}, t(codeText.siteCode)),
    el('p.hint', {}, t(codeText.siteCodeHint)),
    site,
    el('label', {}, t(codeText.siteCode), code),
    message,
    button,
);
const app = appElement();
app.append(topBar([], []), el('main.narrow', {}, form));
document.addEventListener('keydown', (event) => moveFocus(event, app));
(given ? button : code).focus();
api<Terminal>('/api/terminal').then(
    (terminal) => showSite(terminal.site),
    () => null,
);
