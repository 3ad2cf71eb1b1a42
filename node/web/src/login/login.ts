// SPDX-License-Identifier: GPL-3.0-or-later
import '../lib/page.css';
import '../lib/card.css';
import '../lib/form.css';
import { api, messageOf } from '../lib/api';
import type { User } from '../lib/api_types';
import { appElement, el } from '../lib/dom';
import { t } from '../lib/language';
import { commonText, loginText } from '../lib/messages';
import { topBar } from '../lib/top_bar';

/** Where to go after the login: the page that was asked for, if it is on this site. */
function destination(role: User['role']): string {
    const next = new URLSearchParams(location.search).get('next');
    if (next) {
        try {
            // The URL is read by the browser's own rules, which skip tabs and take \ for /.
            const url = new URL(next, location.href);
            if (url.origin === location.origin) return url.href;
        } catch {
            // It is not an address.
        }
    }
    if (location.pathname !== '/login') return location.pathname;
    return role === 'technician' ? '/technician' : '/operator';
}

const name = el('input', {
    name: 'name',
    autocomplete: 'username',
    required: true,
    autofocus: true,
    maxlength: 64,
});
const password = el('input', {
    name: 'password',
    type: 'password',
    autocomplete: 'current-password',
    required: true,
});
const message = el('p.message', { role: 'alert' });
const button = el('button.primary', { type: 'submit' }, t(loginText.login));

async function logIn(): Promise<void> {
    button.disabled = true;
    message.textContent = t(loginText.loggingIn);
    try {
        const body = { name: name.value.trim(), password: password.value };
        const { role } = await api<User>('/api/login', { method: 'POST', body });
        location.href = destination(role);
    } catch (error) {
        message.textContent = messageOf(error);
        button.disabled = false;
        password.select();
    }
}

/** Tells a user who is logged in that the page is not for their role. */
async function explainRefusal(): Promise<void> {
    if (location.pathname === '/login') return;
    const user = await api<User>('/api/session').catch(() => null);
    if (user) message.textContent = t(loginText.notYours).replace('{name}', user.name);
}

const onsubmit = (event: Event) => {
    event.preventDefault();
    void logIn();
};

document.title = `${t(loginText.login)} · ${t(commonText.brand)}`;
const form = el(
    'form.card',
    { onsubmit },
    el('h1', {}, t(loginText.login)),
    el('p.hint', {}, t(loginText.tagline)),
    el('p.hint', {}, t(loginText.loginHint)),
    el('label', {}, t(loginText.name), name),
    el('label', {}, t(loginText.password), password),
    message,
    button,
);
appElement().append(topBar([], []), el('main.narrow', {}, form));
name.focus();
void explainRefusal();
