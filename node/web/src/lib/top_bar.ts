// SPDX-License-Identifier: GPL-3.0-or-later
// The bar at the top of the pages. Only the page for unknown addresses has none.
import './top_bar.css';
import { el, icon } from './dom';
import { otherLanguage, switchLanguage, t } from './language';
import { commonText } from './messages';

/** links: to other pages. controls: what the page has at the right of the bar. */
export function topBar(links: HTMLElement[], controls: HTMLElement[]): HTMLElement {
    const brand = t(commonText.brand);
    return el(
        'header.bar',
        {},
        el('a.brand', { href: '/' }, icon('M2 20h20M2 20v-5h7v-4h6V7h7'), brand),
        el('nav', { 'aria-label': brand }, ...links),
        el('div.space'),
        ...controls,
        el(
            'button.plain.language',
            { onclick: switchLanguage, lang: otherLanguage },
            t(commonText.langOther),
        ),
    );
}
