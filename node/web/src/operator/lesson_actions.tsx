// SPDX-License-Identifier: GPL-3.0-or-later
// The buttons of a lesson's row. Each has a key, so that a button which stays keeps its element,
// and with it the focus and a press that has begun.
import { useEffect, useState } from 'preact/hooks';
import type { OperatorLesson, Priority } from '../lib/api_types';
import { t } from '../lib/language';
import { officeText, operatorText } from '../lib/messages';
import type { Message } from '../lib/messages';
import { isUnfinished, mayPassByRetry } from './lesson_state';

/** What a row asks of the page. */
export interface LessonActions {
    /** Sends POST /api/operator/lessons/ID/PATH; whether it went well. */
    post: (lesson: OperatorLesson, path: string, body?: unknown) => Promise<boolean>;
    edit: (lesson: OperatorLesson) => void;
    history: (lesson: OperatorLesson) => void;
    remove: (lesson: OperatorLesson) => void;
}

interface Props {
    lesson: OperatorLesson;
    actions: LessonActions;
}

const priorities: [Priority, Message][] = [
    ['high', operatorText.priorityHigh],
    ['normal', operatorText.priorityNormal],
    ['low', operatorText.priorityLow],
];

function PriorityMenu({ lesson, actions }: Props) {
    // The choice shows at once. The node's answer comes with the next event, or as a refusal.
    const [chosen, setChosen] = useState<Priority | null>(null);
    const known = lesson.priority;
    useEffect(() => {
        setChosen(null);
    }, [known]);
    const choose = async (priority: Priority) => {
        setChosen(priority);
        if (!(await actions.post(lesson, '/priority', { priority }))) setChosen(null);
    };
    return (
        <select
            aria-label={t(operatorText.priority)}
            value={chosen ?? known}
            onChange={(event) => choose(event.currentTarget.value as Priority)}
        >
            {priorities.map(([value, text]) => (
                // defaultSelected is the attribute "selected", which says what the node knows.
                <option key={value} value={value} {...{ defaultSelected: value === known }}>
                    {t(text)}
                </option>
            ))}
        </select>
    );
}

/** Retry, and publish or withdraw: what there is depends on the lesson's state. */
function StateButtons({ lesson, actions }: Props) {
    const failed = lesson.state === 'failed';
    const post = (path: string) => () => actions.post(lesson, path);
    return (
        <>
            {(mayPassByRetry(lesson) || lesson.extras.failed) && (
                <button key="retry" class={failed ? 'primary' : undefined} onClick={post('/retry')}>
                    {t(operatorText.retry)}
                </button>
            )}
            {!failed && lesson.published && (
                <button key="unpublish" onClick={post('/unpublish')}>
                    {t(operatorText.unpublish)}
                </button>
            )}
            {!failed && !lesson.published && (
                <button key="publish" class="primary" onClick={post('/publish')}>
                    {t(lesson.playable ? operatorText.publish : operatorText.publishOnceItPlays)}
                </button>
            )}
        </>
    );
}

/** While work is left: pause or resume it, and its priority. */
function WorkControls({ lesson, actions }: Props) {
    const [path, text] = lesson.paused
        ? (['/resume', operatorText.resumeWork] as const)
        : (['/pause', operatorText.pauseWork] as const);
    return (
        <div class="buttons">
            <button key={path} onClick={() => actions.post(lesson, path)}>
                {t(text)}
            </button>
            <PriorityMenu lesson={lesson} actions={actions} />
        </div>
    );
}

export function LessonButtons({ lesson, actions }: Props) {
    return (
        <div class="actions">
            <div class="buttons">
                {lesson.hls !== null && (
                    <a key="preview" class="button" href={`/watch/${lesson.id}`}>
                        {t(operatorText.preview)}
                    </a>
                )}
                <StateButtons lesson={lesson} actions={actions} />
                <button key="edit" onClick={() => actions.edit(lesson)}>
                    {t(officeText.edit)}
                </button>
                <button key="history" onClick={() => actions.history(lesson)}>
                    {t(operatorText.history)}
                </button>
                <button key="remove" class="quiet" onClick={() => actions.remove(lesson)}>
                    {t(officeText.remove)}
                </button>
            </div>
            {(isUnfinished(lesson) || lesson.extras.jobs > 0) && (
                <WorkControls lesson={lesson} actions={actions} />
            )}
        </div>
    );
}
