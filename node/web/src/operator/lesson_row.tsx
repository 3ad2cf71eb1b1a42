// SPDX-License-Identifier: GPL-3.0-or-later
import '../lib/mark.css';
import './lesson_row.css';
import { Component, createRef } from 'preact';
import type { OperatorLesson } from '../lib/api_types';
import { formatBytes, formatTime } from '../lib/format';
import { language, t } from '../lib/language';
import { operatorText } from '../lib/messages';
import { LessonButtons } from './lesson_actions';
import type { LessonActions } from './lesson_actions';
import { isUnfinished, nameOf, shownState, stateNotes } from './lesson_state';

interface Props {
    lesson: OperatorLesson;
    /** What went wrong with the last action, or ''. */
    problem: string;
    actions: LessonActions;
}

function Progress({ lesson }: { lesson: OperatorLesson }) {
    if (!isUnfinished(lesson) || !(lesson.progress || lesson.running_jobs)) return null;
    // While the file is being looked at, nobody knows how far it is: the bar has no value.
    const unknown = lesson.state === 'queued' && lesson.running_jobs > 0 && !lesson.paused;
    const label = t(operatorText[shownState(lesson)]);
    return unknown ? (
        <progress key="unknown" max={1} aria-label={label} />
    ) : (
        <progress key="known" max={1} value={lesson.progress} aria-label={label} />
    );
}

function About({ lesson, problem }: { lesson: OperatorLesson; problem: string }) {
    const facts = [
        lesson.topic,
        lesson.duration_s ? formatTime(Math.round(lesson.duration_s)) : '',
        lesson.media_bytes ? formatBytes(lesson.media_bytes) : '',
        lesson.submitter,
    ];
    return (
        <div class="what">
            <h3>{nameOf(lesson)}</h3>
            <p class="hint">{facts.filter(Boolean).join(' · ')}</p>
            <p class="message">{problem || lesson.reason?.[language]}</p>
            {lesson.salvaged && <p class="warning">{lesson.salvaged[language]}</p>}
            <Progress lesson={lesson} />
        </div>
    );
}

function State({ lesson }: { lesson: OperatorLesson }) {
    const state = shownState(lesson);
    const percent = lesson.state === 'working' ? ` ${Math.floor(lesson.progress * 100)}%` : '';
    return (
        <div class="state">
            <span class={`mark ${state}`}>
                {t(operatorText[state])}
                {percent}
            </span>
            {stateNotes(lesson).map((note) => (
                <small key={note}>{note}</small>
            ))}
        </div>
    );
}

function Thumb({ lesson }: { lesson: OperatorLesson }) {
    return (
        <a
            class="thumb"
            href={lesson.hls === null ? undefined : `/watch/${lesson.id}`}
            tabIndex={-1}
            aria-hidden="true"
        >
            {lesson.poster && <img src={lesson.poster} alt="" loading="lazy" />}
        </a>
    );
}

/**
 * A lesson with its figures and buttons. A row is rendered again only if its lesson or its problem has changed.
 * If the focused button goes away, the one that takes its position gets the focus.
 */
export class LessonRow extends Component<Props> {
    private readonly row = createRef<HTMLElement>();

    override shouldComponentUpdate({ lesson, problem }: Props): boolean {
        return lesson !== this.props.lesson || problem !== this.props.problem;
    }

    override getSnapshotBeforeUpdate(): number {
        return this.controls().findIndex((control) => control === document.activeElement);
    }

    override componentDidUpdate(_props: Props, _state: unknown, focused: number): void {
        const controls = this.controls();
        if (focused >= 0 && !controls.some((control) => control === document.activeElement))
            controls[focused]?.focus();
    }

    private controls(): HTMLElement[] {
        return [...(this.row.current?.querySelectorAll<HTMLElement>('button, a, select') ?? [])];
    }

    render({ lesson, problem, actions }: Props) {
        return (
            <article class="row" id={`lesson-${lesson.id}`} ref={this.row}>
                <Thumb lesson={lesson} />
                <About lesson={lesson} problem={problem} />
                <State lesson={lesson} />
                <LessonButtons lesson={lesson} actions={actions} />
            </article>
        );
    }
}
