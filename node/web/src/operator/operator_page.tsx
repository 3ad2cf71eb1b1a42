// SPDX-License-Identifier: GPL-3.0-or-later
// The operator page: uploads, the lessons with their progress, publishing.
import './operator_page.css';
import { useEffect, useMemo, useReducer, useState } from 'preact/hooks';
import { api, messageOf } from '../lib/api';
import type { LessonEvent, OperatorLesson, User } from '../lib/api_types';
import { t } from '../lib/language';
import { officeText, operatorText } from '../lib/messages';
import type { LessonActions } from './lesson_actions';
import { EditDialog, HistoryDialog, RemoveDialog } from './lesson_dialogs';
import { LessonFeed } from './lesson_feed';
import { LessonRow } from './lesson_row';
import { PendingUploads } from './pending_uploads';
import { UploadCard } from './upload_card';
import { UploadQueue } from './uploads';

/** The dialog that is open. */
type OpenDialog =
    | { kind: 'edit' | 'remove'; lesson: OperatorLesson }
    | { kind: 'history'; lesson: OperatorLesson; events: LessonEvent[] };

/** By lesson: what went wrong with the last action. */
type Problems = Record<number, string>;

const lessonPath = (lesson: OperatorLesson): string => `/api/operator/lessons/${lesson.id}`;

/** The lessons as they are now; the caller is rendered again whenever they change. */
function useFeed(): LessonFeed {
    const [, render] = useReducer((count: number) => count + 1, 0);
    const feed = useMemo(() => new LessonFeed(() => render(undefined)), []);
    useEffect(() => feed.start(), [feed]);
    return feed;
}

/** Runs actions on lessons, and keeps what went wrong with the last one of each. */
function useActions(open: (dialog: OpenDialog) => void) {
    const [problems, setProblems] = useState<Problems>({});
    const actions = useMemo(() => {
        const attempt = async (lesson: OperatorLesson, work: () => Promise<unknown>) => {
            const setProblem = (problem: string) =>
                setProblems((before) => ({ ...before, [lesson.id]: problem }));
            setProblem('');
            try {
                await work();
                return true;
            } catch (error) {
                setProblem(messageOf(error));
                return false;
            }
        };
        const showHistory = async (lesson: OperatorLesson) => {
            const { events } = await api<{ events: LessonEvent[] }>(lessonPath(lesson));
            open({ kind: 'history', lesson, events });
        };
        return {
            post: (lesson, path, body) =>
                attempt(lesson, () => api(lessonPath(lesson) + path, { method: 'POST', body })),
            edit: (lesson) => open({ kind: 'edit', lesson }),
            history: (lesson) => void attempt(lesson, () => showHistory(lesson)),
            remove: (lesson) => open({ kind: 'remove', lesson }),
            removeNow: (lesson) =>
                void attempt(lesson, () => api(lessonPath(lesson), { method: 'DELETE' })),
        } satisfies LessonActions & { removeNow: (lesson: OperatorLesson) => void };
    }, [open]);
    return { problems, actions };
}

interface DialogsProps {
    dialog: OpenDialog | null;
    onClose: () => void;
    onRemove: (lesson: OperatorLesson) => void;
}

function Dialogs({ dialog, onClose, onRemove }: DialogsProps) {
    switch (dialog?.kind) {
        case 'edit':
            return <EditDialog lesson={dialog.lesson} onClose={onClose} />;
        case 'history':
            return (
                <HistoryDialog lesson={dialog.lesson} events={dialog.events} onClose={onClose} />
            );
        case 'remove':
            return (
                <RemoveDialog
                    onClose={(confirmed) => {
                        onClose();
                        if (confirmed) onRemove(dialog.lesson);
                    }}
                />
            );
        case undefined:
            return null;
    }
}

/** The uploads of this page; the caller is rendered again whenever one changes. */
function useUploads(): UploadQueue {
    const uploads = useMemo(() => new UploadQueue(), []);
    const [, render] = useReducer((count: number) => count + 1, 0);
    useEffect(() => {
        uploads.setListener(() => render(undefined));
    }, [uploads]);
    return uploads;
}

export function OperatorPage({ user }: { user: User }) {
    const uploads = useUploads();
    const feed = useFeed();
    const [dialog, setDialog] = useState<OpenDialog | null>(null);
    const { problems, actions } = useActions(setDialog);
    const pending = feed.uploads.filter(
        (upload) => upload.user === user.name && !uploads.isActive(upload.id),
    );
    return (
        <>
            <UploadCard queue={uploads} />
            <PendingUploads uploads={pending} />
            <section class="card">
                <div class="headline">
                    <h2>{t(operatorText.queue)}</h2>
                    <span class="live" role="status">
                        {feed.connected ? '' : t(officeText.reconnecting)}
                    </span>
                    <input
                        type="search"
                        placeholder={t(operatorText.search)}
                        aria-label={t(operatorText.search)}
                        onInput={(event) => feed.find(event.currentTarget.value)}
                    />
                </div>
                <div class="lessons">
                    {feed.lessons?.map((lesson) => (
                        <LessonRow
                            key={lesson.id}
                            lesson={lesson}
                            problem={problems[lesson.id] ?? ''}
                            actions={actions}
                        />
                    ))}
                    {feed.lessons?.length === 0 && (
                        <p class="nothing">
                            {t(feed.search ? operatorText.noMatch : operatorText.empty)}
                        </p>
                    )}
                </div>
                {feed.next !== null && (
                    <p class="more">
                        <button onClick={() => void feed.more()}>{t(operatorText.more)}</button>
                    </p>
                )}
            </section>
            <Dialogs dialog={dialog} onClose={() => setDialog(null)} onRemove={actions.removeNow} />
        </>
    );
}
