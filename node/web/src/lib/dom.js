// SPDX-License-Identifier: GPL-3.0-or-later
// Elements, requests, numbers for people.
import { language, switchLanguage, t } from './messages.js';

/** el('button.primary', {onclick, title}, 'text', child...): an element. */
export function el(what, attributes = {}, ...children) {
    const [tag, ...classes] = what.split('.');
    const element = document.createElement(tag || 'div');
    if (classes.length)
        element.className = classes.join(' ');
    for (const [key, value] of Object.entries(attributes)) {
        if (key.startsWith('on'))
            element.addEventListener(key.slice(2), value);
        else if (value === true)
            element.setAttribute(key, '');
        else if (value !== false && value !== null && value !== undefined)
            element.setAttribute(key, value);
    }
    element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
    return element;
}

/** An icon from a path in a 24x24 box. */
export function icon(d) {
    const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
    svg.setAttribute('viewBox', '0 0 24 24');
    svg.setAttribute('aria-hidden', 'true');
    const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
    path.setAttribute('d', d);
    svg.append(path);
    return svg;
}

let csrf = '';
export const csrfToken = () => csrf;

/** A JSON request; an error throws with a sentence in the reader's language. */
export async function api(path, { method = 'GET', body } = {}) {
    const headers = { Accept: 'application/json' };
    if (body !== undefined)
        headers['Content-Type'] = 'application/json';
    if (csrf)
        headers['X-CSRF-Token'] = csrf;
    let response;
    try {
        response = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
    } catch {
        throw Object.assign(new Error(t('serverDown')), { network: true });
    }
    const json = response.status === 204 ? null : await response.json().catch(() => null);
    if (!response.ok) {
        const said = json && json.error;
        throw Object.assign(new Error((said && said[language]) || `${t('error')} (${response.status})`), { status: response.status });
    }
    return json;
}

/** Who is logged in; sends strangers to the login page. */
export async function session() {
    try {
        const user = await api('/api/session');
        csrf = user.csrf;
        return user;
    } catch (error) {
        if (error.status === 401)
            location.reload(); // the server answers with the login page
        throw error;
    }
}

const number = (value, digits) => value.toLocaleString(language === 'zh' ? 'zh-CN' : 'en', { maximumFractionDigits: digits });

export function formatBytes(bytes) {
    const units = ['B', 'kB', 'MB', 'GB', 'TB'];
    let unit = 0;
    // Rounding decides on the unit: 999,500 bytes are shown as 1 MB, not as 1000 kB.
    while (bytes >= (unit ? 999.5 : 1000) && unit < units.length - 1) {
        bytes /= 1000;
        unit++;
    }
    return `${number(bytes, bytes < 10 ? 1 : 0)} ${units[unit]}`;
}

export function formatRate(bps) {
    return bps >= 1e6 ? `${number(bps / 1e6, bps < 1e7 ? 1 : 0)} Mbit/s` : `${number(bps / 1e3, 0)} kbit/s`;
}

/** 75 → "1:15". */
export function formatTime(s) {
    s = Math.max(0, Math.floor(s || 0));
    const two = (n) => String(n).padStart(2, '0');
    return s >= 3600 ? `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}` : `${Math.floor(s / 60)}:${two(s % 60)}`;
}

/** A length for people: "5 min". */
export function formatLength(s) {
    if (s < 60)
        return `${Math.round(s)} ${t('seconds')}`;
    if (s < 3600)
        return `${Math.round(s / 60)} ${t('minutes')}`;
    return `${number(s / 3600, 1)} ${t('hours')}`;
}

/** The bar at the top of every page. */
export function topBar({ page, user, extra = [] }) {
    const roles = { operator: ['admin', 'operator'], technician: ['admin', 'technician'] };
    const links = user ? [['terminal', '/'], ['operator', '/operator'], ['technician', '/technician']]
        .filter(([name]) => !roles[name] || roles[name].includes(user.role)) : [];
    return el('header.bar', {},
        el('a.brand', { href: '/' }, icon('M2 20h20M2 20v-5h7v-4h6V7h7'), t('brand')),
        el('nav', { 'aria-label': t('brand') }, links.map(([name, href]) => el(`a${name === page ? '.here' : ''}`, { href, 'aria-current': name === page ? 'page' : null }, t(name)))),
        el('.space'), ...extra,
        user ? el('button.plain', { onclick: async () => { await api('/api/logout', { method: 'POST' }); location.href = '/'; } }, t('logout'), el('span.who', {}, `\u00a0${user.name}`)) : null,
        el('button.plain.language', { onclick: switchLanguage, lang: language === 'zh' ? 'en' : 'zh' }, t('langOther')));
}
