// SPDX-License-Identifier: GPL-3.0-or-later
// The top bar for users who are logged in: links to the pages of their role, and the way out.
import { api } from './api';
import type { User } from './api_types';
import { el } from './dom';
import { t } from './language';
import { commonText, staffText } from './messages';
import { topBar } from './top_bar';

export type StaffPage = 'operator' | 'technician';

function pageLink(name: keyof typeof staffText, href: string, here: StaffPage): HTMLElement {
    const current = name === here;
    return el(
        `a${current ? '.here' : ''}`,
        { href, 'aria-current': current ? 'page' : null },
        t(staffText[name]),
    );
}

async function logOut(): Promise<void> {
    await api('/api/logout', { method: 'POST' });
    location.href = '/';
}

export function staffBar(user: User, here: StaffPage): HTMLElement {
    const links = [pageLink('terminal', '/', here)];
    if (user.role !== 'technician') links.push(pageLink('operator', '/operator', here));
    if (user.role !== 'operator') links.push(pageLink('technician', '/technician', here));
    const logout = el(
        'button.plain',
        { onclick: () => void logOut() },
        t(commonText.logout),
        el('span.who', {}, `\u00a0${user.name}`),
    );
    return topBar(links, [logout]);
}
