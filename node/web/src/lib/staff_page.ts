// SPDX-License-Identifier: GPL-3.0-or-later
// Starts a page for users who are logged in: session, title, top bar, and the page's component.
import './office.css';
import { render } from 'preact';
import type { VNode } from 'preact';
import { messageOf, session } from './api';
import type { User } from './api_types';
import { appElement, el } from './dom';
import { t } from './language';
import { commonText, staffText } from './messages';
import { staffBar } from './staff_bar';
import type { StaffPage } from './staff_bar';

export function openStaffPage(page: StaffPage, view: (user: User) => VNode): void {
    const app = appElement();
    session().then(
        (user) => {
            document.title = `${t(staffText[page])} · ${t(commonText.brand)}`;
            const main = el('main.wide');
            app.append(staffBar(user, page), main);
            render(view(user), main);
        },
        (error: unknown) => app.append(el('p.notice', {}, messageOf(error))),
    );
}
