// SPDX-License-Identifier: GPL-3.0-or-later
// The lessons as cards, page by page, with a search. The node searches: a slow link carries only
// what is shown.
import './lesson_list.css';
import { api } from '../lib/api';
import type { Lesson, Page } from '../lib/api_types';
import { el, fill } from '../lib/dom';
import { t } from '../lib/language';
import { terminalText } from '../lib/messages';
import { lessonCard } from './lesson_card';

const RETRY_MS = 5000;
/** The search begins when the reader has stopped typing for so long. */
const SEARCH_PAUSE_MS = 400;

const pagePath = (search: string, before: number | null): string => {
    const query = [
        ...(search ? [`q=${encodeURIComponent(search)}`] : []),
        ...(before ? [`before=${before}`] : []),
    ];
    return `/api/lessons${query.length ? `?${query.join('&')}` : ''}`;
};

export class LessonList {
    readonly search = el('input', {
        type: 'search',
        placeholder: t(terminalText.search),
        'aria-label': t(terminalText.search),
        oninput: () => {
            clearTimeout(this.searchTimer);
            this.searchTimer = window.setTimeout(() => void this.load(), SEARCH_PAUSE_MS);
        },
    });
    readonly grid = el('main.grid', { 'aria-label': t(terminalText.lessons) });
    readonly status = el('p.status', { role: 'status' });
    private readonly moreButton = el(
        'button',
        { hidden: true, onclick: () => void this.loadPage(this.next) },
        t(terminalText.more),
    );
    readonly more = el('div.more', {}, this.moreButton);
    private lessons: Lesson[] = [];
    private next: number | null = null;
    private searchTimer = 0;
    private retryTimer = 0;
    /** Counts what was asked for. An answer to an older question is dropped. */
    private question = 0;

    constructor(private readonly open: (id: number) => void) {}

    find(id: number): Lesson | undefined {
        return this.lessons.find((lesson) => lesson.id === id);
    }

    /** Fetches the first page of what is searched for; tries again until the node answers. */
    load(): Promise<void> {
        return this.loadPage(null);
    }

    /** Puts the focus on a card, for remote controls. */
    focus(): void {
        this.grid.querySelector<HTMLElement>('a.lesson')?.focus({ preventScroll: true });
    }

    /** before: where the page begins; null: it is the first one. */
    private async loadPage(before: number | null): Promise<void> {
        const question = ++this.question;
        const search = this.search.value.trim();
        clearTimeout(this.retryTimer);
        try {
            const page = await api<Page<Lesson>>(pagePath(search, before));
            if (question !== this.question) return;
            fill(this.status);
            this.show(page, before !== null, search);
        } catch {
            if (question !== this.question) return;
            const again = () => void this.loadPage(before);
            fill(
                this.status,
                t(terminalText.offline),
                el('button', { onclick: again }, t(terminalText.retryNow)),
            );
            this.retryTimer = window.setTimeout(again, RETRY_MS);
        }
    }

    private show(page: Page<Lesson>, added: boolean, search: string): void {
        this.lessons = added ? [...this.lessons, ...page.lessons] : page.lessons;
        this.next = page.next;
        const cards = page.lessons.map((lesson) => lessonCard(lesson, () => this.open(lesson.id)));
        if (added) this.grid.append(...cards);
        else fill(this.grid, ...cards);
        // The button may go away. A reader with a remote control goes on at the first new card.
        if (added && document.activeElement === this.moreButton) cards[0]?.focus();
        this.moreButton.hidden = page.next === null;
        if (!this.lessons.length)
            this.grid.append(
                el(
                    'div.nothing',
                    {},
                    el('h2', {}, t(search ? terminalText.noMatch : terminalText.noLessons)),
                    search ? null : el('p', {}, t(terminalText.noLessonsHint)),
                ),
            );
    }
}
