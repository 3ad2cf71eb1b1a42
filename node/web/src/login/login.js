// SPDX-License-Identifier: GPL-3.0-or-later
import { api, el, topBar } from '../lib/dom.js';
import { t } from '../lib/messages.js';

/** Where to go afterwards: what was asked for, on this site only. */
function destination(role) {
    const next = new URLSearchParams(location.search).get('next');
    if (next) {
        try { // the browser's own reading, which skips tabs and takes \ for /
            const url = new URL(next, location.href);
            if (url.origin === location.origin)
                return url.href;
        } catch { /* no address at all */ }
    }
    if (location.pathname !== '/login')
        return location.pathname;
    return role === 'technician' ? '/technician' : '/operator';
}

const name = el('input', { name: 'name', autocomplete: 'username', required: true, autofocus: true, maxlength: 64 });
const password = el('input', { name: 'password', type: 'password', autocomplete: 'current-password', required: true });
const message = el('p.message', { role: 'alert' });
const button = el('button.primary', { type: 'submit' }, t('login'));

async function submit(event) {
    event.preventDefault();
    button.disabled = true;
    message.textContent = t('loggingIn');
    try {
        const { role } = await api('/api/login', { method: 'POST', body: { name: name.value.trim(), password: password.value } });
        location.href = destination(role);
    } catch (error) {
        message.textContent = error.message;
        button.disabled = false;
        password.select();
    }
}

/** Who is logged in already came to a page that is not for them. */
async function explain() {
    if (location.pathname === '/login')
        return;
    const user = await api('/api/session').catch(() => null);
    if (user)
        message.textContent = t('notYours').replace('{name}', user.name);
}

document.title = `${t('login')} · ${t('brand')}`;
document.getElementById('app').append(topBar({ page: 'login' }),
    el('main.narrow', {}, el('form.card', { onsubmit: submit }, el('h1', {}, t('login')), el('p.hint', {}, t('tagline')), el('p.hint', {}, t('loginHint')),
        el('label', {}, t('name'), name), el('label', {}, t('password'), password), message, button)));
name.focus();
explain();
