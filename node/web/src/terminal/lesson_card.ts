// SPDX-License-Identifier: GPL-3.0-or-later
import './lesson_card.css';
import type { Lesson } from '../lib/api_types';
import { el } from '../lib/dom';
import { formatLength } from '../lib/format';
import { t } from '../lib/language';
import { terminalText } from '../lib/messages';

/** A lesson as a card. onOpen is called instead of following the link in this tab. */
export function lessonCard(lesson: Lesson, onOpen: () => void): HTMLElement {
    const picture = lesson.poster
        ? el('img', { src: lesson.poster, alt: '', loading: 'lazy', decoding: 'async' })
        : el('span.tile', {}, Array.from(lesson.title)[0] ?? '·');
    const length = lesson.duration_s ? formatLength(lesson.duration_s) : '';
    const onclick = (event: MouseEvent) => {
        if (event.metaKey || event.ctrlKey) return;
        event.preventDefault();
        onOpen();
    };
    return el(
        'a.lesson',
        { href: `/watch/${lesson.id}`, onclick },
        el(
            'span.picture',
            {},
            picture,
            lesson.state === 'ready' ? null : el('span.badge', {}, t(terminalText.working)),
        ),
        el('span.title', {}, lesson.title),
        el('span.about', {}, [lesson.topic, length].filter(Boolean).join(' · ')),
    );
}
