// SPDX-License-Identifier: GPL-3.0-or-later
// The lessons as cards, with a search.
import './lesson_list.css';
import { api } from '../lib/api';
import type { Lesson } from '../lib/api_types';
import { el, fill } from '../lib/dom';
import { t } from '../lib/language';
import { terminalText } from '../lib/messages';
import { lessonCard } from './lesson_card';

/** Cards that are shown at first, and how many more the button shows. */
const STEP = 60;
/** Lessons in one answer of the API, at most. */
const ANSWER_LESSONS = 500;
const RETRY_MS = 5000;

async function fetchLessons(): Promise<Lesson[]> {
    const lessons: Lesson[] = [];
    for (let before = ''; ;) {
        const path = `/api/lessons?limit=${ANSWER_LESSONS}${before}`;
        const answer = (await api<{ lessons: Lesson[] }>(path)).lessons;
        lessons.push(...answer);
        const last = answer[ANSWER_LESSONS - 1];
        if (!last) return lessons;
        before = `&before=${last.id}`;
    }
}

export class LessonList {
    readonly search = el('input', {
        type: 'search',
        placeholder: t(terminalText.search),
        'aria-label': t(terminalText.search),
        oninput: () => {
            this.shown = STEP;
            this.show();
        },
    });
    readonly grid = el('main.grid', { 'aria-label': t(terminalText.lessons) });
    readonly status = el('p.status', { role: 'status' });
    private readonly moreButton = el(
        'button',
        {
            hidden: true,
            onclick: () => {
                this.shown += STEP;
                this.show();
            },
        },
        t(terminalText.more),
    );
    readonly more = el('div.more', {}, this.moreButton);
    private lessons: Lesson[] = [];
    private complete = false;
    private shown = STEP;

    constructor(private readonly open: (id: number) => void) {}

    find(id: number): Lesson | undefined {
        return this.lessons.find((lesson) => lesson.id === id);
    }

    /** Fetches all lessons; tries again until the node answers. */
    async load(): Promise<void> {
        try {
            this.lessons = await fetchLessons();
            this.complete = true;
            fill(this.status);
            this.show();
        } catch {
            const again = () => void this.load();
            fill(
                this.status,
                t(terminalText.offline),
                el('button', { onclick: again }, t(terminalText.retryNow)),
            );
            setTimeout(() => {
                if (!this.complete) again();
            }, RETRY_MS);
        }
    }

    /** Puts the focus on a card, for remote controls. */
    focus(): void {
        this.grid.querySelector<HTMLElement>('a.lesson')?.focus({ preventScroll: true });
    }

    private show(): void {
        const wanted = this.search.value.trim().toLowerCase();
        const found = this.lessons.filter((lesson) =>
            `${lesson.title} ${lesson.topic} ${lesson.description}`.toLowerCase().includes(wanted),
        );
        const cards = found
            .slice(0, this.shown)
            .map((lesson) => lessonCard(lesson, () => this.open(lesson.id)));
        fill(this.grid, ...cards);
        this.moreButton.hidden = found.length <= this.shown;
        if (this.complete && !found.length)
            this.grid.append(
                el(
                    'div.nothing',
                    {},
                    el('h2', {}, t(wanted ? terminalText.noMatch : terminalText.noLessons)),
                    wanted ? null : el('p', {}, t(terminalText.noLessonsHint)),
                ),
            );
    }
}
