// SPDX-License-Identifier: GPL-3.0-or-later
// The dialogs of a lesson: change its words, its history, delete it.
import './lesson_dialogs.css';
import { useState } from 'preact/hooks';
import { api, messageOf } from '../lib/api';
import type { LessonEvent, OperatorLesson } from '../lib/api_types';
import { closeDialogOf, Dialog } from '../lib/dialog';
import { formatBytes } from '../lib/format';
import { language, locale, t } from '../lib/language';
import { officeText, operatorText } from '../lib/messages';
import { nameOf } from './lesson_state';

interface LessonDialogProps {
    lesson: OperatorLesson;
    onClose: () => void;
}

/** The trimmed values of a form's fields by name. */
function formValues(form: HTMLFormElement): Record<string, string> {
    const values: Record<string, string> = {};
    for (const [name, value] of new FormData(form))
        if (typeof value === 'string') values[name] = value.trim();
    return values;
}

function EditFields({ lesson }: { lesson: OperatorLesson }) {
    return (
        <>
            <label>
                {t(officeText.title)}
                <input name="title" defaultValue={lesson.title} maxlength={200} required />
            </label>
            <label>
                {t(operatorText.topic)}
                <input name="topic" defaultValue={lesson.topic} maxlength={100} />
            </label>
            <label>
                {t(operatorText.language)}
                <input
                    name="language"
                    defaultValue={lesson.language}
                    maxlength={35}
                    placeholder="zh"
                />
            </label>
            <label>
                {t(operatorText.description)}
                <textarea
                    name="description"
                    rows={4}
                    maxlength={5000}
                    defaultValue={lesson.description}
                />
            </label>
        </>
    );
}

export function EditDialog({ lesson, onClose }: LessonDialogProps) {
    const [problem, setProblem] = useState('');
    const save = async (form: HTMLFormElement) => {
        const body = formValues(form);
        try {
            await api(`/api/operator/lessons/${lesson.id}`, { method: 'PATCH', body });
            closeDialogOf(form);
        } catch (error) {
            setProblem(messageOf(error));
        }
    };
    return (
        <Dialog onClose={onClose}>
            <form
                onSubmit={(event) => {
                    event.preventDefault();
                    void save(event.currentTarget);
                }}
            >
                <h2>{nameOf(lesson)}</h2>
                <EditFields lesson={lesson} />
                <p class="message" role="alert">
                    {problem}
                </p>
                <div class="buttons">
                    <button type="button" onClick={(event) => closeDialogOf(event.currentTarget)}>
                        {t(officeText.close)}
                    </button>
                    <button class="primary">{t(officeText.save)}</button>
                </div>
            </form>
        </Dialog>
    );
}

export function HistoryDialog({
    lesson,
    events,
    onClose,
}: LessonDialogProps & { events: LessonEvent[] }) {
    return (
        <Dialog onClose={onClose}>
            <h2>{nameOf(lesson)}</h2>
            <p class="hint">{`${lesson.source.name} · ${formatBytes(lesson.source.bytes)}`}</p>
            <ol class="history">
                {events.map((event, n) => (
                    <li key={n}>
                        <time>{new Date(event.time_ms).toLocaleString(locale)}</time>{' '}
                        {event[language]}
                    </li>
                ))}
            </ol>
            <form method="dialog">
                <div class="buttons">
                    <button>{t(officeText.close)}</button>
                </div>
            </form>
        </Dialog>
    );
}

/** Asks before a lesson is deleted. */
export function RemoveDialog({ onClose }: { onClose: (confirmed: boolean) => void }) {
    return (
        <Dialog onClose={(value) => onClose(value === 'yes')}>
            <form method="dialog">
                <p>{t(operatorText.confirmRemove)}</p>
                <div class="buttons">
                    <button value="no" autofocus>
                        {t(operatorText.keep)}
                    </button>
                    <button class="danger" value="yes">
                        {t(operatorText.yesRemove)}
                    </button>
                </div>
            </form>
        </Dialog>
    );
}
