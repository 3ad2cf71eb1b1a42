// SPDX-License-Identifier: GPL-3.0-or-later
// The operator's page: uploads that go on after anything, the queue as it moves, publishing.
import { api, csrfToken, el, formatBytes, formatTime, session, topBar } from '../lib/dom.js';
import { language, t } from '../lib/messages.js';
import { uploadArea } from './uploads.js';

let lessons = [];
const table = el('div.lessons');
const live = el('span.live', { role: 'status' });
const unfinished = el('section.card', { hidden: true });

// What went wrong with an action, by lesson, until the next one.
const troubles = new Map();

// What another try may mend; what is wrong with a file stays wrong.
const passing = ['disk_full', 'out_of_memory', 'timed_out', 'worker_crashed', 'internal'];
const unfinishedStates = ['queued', 'working'];

function stateOf(lesson) {
    if (lesson.paused && unfinishedStates.includes(lesson.state))
        return 'paused';
    return lesson.state === 'ready' && lesson.published ? 'published' : lesson.state;
}

/** How it stands with the versions in AV1, which a lesson is ready without; '' where there is nothing to say. */
function extrasOf({ state, paused, extras }) {
    if (extras.failed)
        return t('av1Failed');
    if (state !== 'ready' || !extras.jobs)
        return '';
    return `AV1 ${Math.floor(extras.progress * 100)}%${paused ? ` · ${t('paused')}` : ''}`;
}

const nameOf = (lesson) => lesson.title || lesson.source.name;

function ask(question, yes) {
    return new Promise((resolve) => {
        const dialog = el('dialog.card', { onclose: () => { dialog.remove(); resolve(dialog.returnValue === 'yes'); } },
            el('form', { method: 'dialog' }, el('p', {}, question), el('div.buttons', {}, el('button', { value: 'no', autofocus: true }, t('keep')), el('button.danger', { value: 'yes' }, yes))));
        document.body.append(dialog);
        dialog.showModal();
    });
}

/** Runs an action of a lesson and says in its row what went wrong. Whether it went well. */
async function act(lesson, method, path, body) {
    troubles.delete(lesson.id);
    try {
        await api(`/api/operator/lessons/${lesson.id}${path}`, { method, body });
        return true;
    } catch (error) {
        troubles.set(lesson.id, error.message);
        const row = document.getElementById(`lesson-${lesson.id}`);
        if (row)
            row.querySelector('.message').textContent = error.message;
        return false;
    }
}

function editDialog(lesson) {
    const fields = { title: el('input', { value: lesson.title, maxlength: 200, required: true }), topic: el('input', { value: lesson.topic, maxlength: 100 }),
        language: el('input', { value: lesson.language, maxlength: 35, placeholder: 'zh' }), description: el('textarea', { rows: 4, maxlength: 5000 }, lesson.description) };
    const message = el('p.message', { role: 'alert' });
    const save = async (event) => {
        event.preventDefault();
        try {
            await api(`/api/operator/lessons/${lesson.id}`, { method: 'PATCH', body: Object.fromEntries(Object.entries(fields).map(([key, field]) => [key, field.value.trim()])) });
            dialog.close();
        } catch (error) {
            message.textContent = error.message;
        }
    };
    const dialog = el('dialog.card', { onclose: () => dialog.remove() }, el('form', { onsubmit: save }, el('h2', {}, nameOf(lesson)),
        Object.entries(fields).map(([key, field]) => el('label', {}, t(key), field)), message,
        el('div.buttons', {}, el('button', { type: 'button', onclick: () => dialog.close() }, t('close')), el('button.primary', {}, t('save')))));
    document.body.append(dialog);
    dialog.showModal();
}

async function historyDialog(lesson) {
    const { events } = await api(`/api/operator/lessons/${lesson.id}`);
    const dialog = el('dialog.card', { onclose: () => dialog.remove() }, el('h2', {}, nameOf(lesson)),
        el('p.hint', {}, `${lesson.source.name} · ${formatBytes(lesson.source.bytes)}`),
        el('ol.history', {}, events.map((event) => el('li', {}, el('time', {}, new Date(event.time_ms).toLocaleString(language === 'zh' ? 'zh-CN' : 'en')), ' ', event[language]))),
        el('form', { method: 'dialog' }, el('div.buttons', {}, el('button', {}, t('close')))));
    document.body.append(dialog);
    dialog.showModal();
}

function priorityChoice(lesson) {
    const choose = async () => {
        if (!await act(lesson, 'POST', '/priority', { priority: select.value }))
            select.value = lesson.priority;
    };
    const select = el('select', { onchange: choose, 'aria-label': t('priority') }, [['high', 'priorityHigh'], ['normal', 'priorityNormal'], ['low', 'priorityLow']]
        .map(([value, word]) => el('option', { value, selected: value === lesson.priority }, t(word))));
    return select;
}

function row(lesson) {
    const state = stateOf(lesson), unfinished = unfinishedStates.includes(lesson.state), extras = extrasOf(lesson);
    const latest = () => lessons.find(({ id }) => id === lesson.id) || lesson;
    const button = (label, onclick, style = '') => el(`button${style}`, { onclick }, t(label));
    const about = [lesson.topic, lesson.duration_s ? formatTime(Math.round(lesson.duration_s)) : '', lesson.media_bytes ? formatBytes(lesson.media_bytes) : '', lesson.submitter].filter(Boolean).join(' · ');
    return el('article.row', { id: `lesson-${lesson.id}` },
        el('a.thumb', { href: lesson.hls ? `/watch/${lesson.id}` : null, tabindex: -1, 'aria-hidden': 'true' }, lesson.poster ? el('img', { src: lesson.poster, alt: '', loading: 'lazy' }) : null),
        el('div.what', {}, el('h3', {}, nameOf(lesson)), el('p.hint', {}, about),
            el('p.message', {}, troubles.get(lesson.id) || (lesson.reason ? lesson.reason[language] : '')),
            lesson.salvaged ? el('p.warning', {}, lesson.salvaged[language]) : null,
            unfinished && (lesson.progress || lesson.running_jobs) ? el('progress', { max: 1, value: lesson.state === 'queued' && lesson.running_jobs && !lesson.paused ? null : lesson.progress, 'aria-label': t(state) }) : null),
        el('div.state', {}, el(`span.mark.${state}`, {}, t(state), lesson.state === 'working' ? ` ${Math.floor(lesson.progress * 100)}%` : ''),
            extras ? el('small', {}, extras) : null,
            lesson.position && !lesson.running_jobs ? el('small', {}, t('inLine').replace('{n}', lesson.position)) : null,
            lesson.state === 'working' && lesson.playable ? el('small', {}, t('playableNow')) : null,
            state === 'paused' && lesson.running_jobs ? el('small', {}, t('runsToItsEnd')) : null,
            lesson.published && state !== 'published' && state !== 'failed' ? el('small', {}, t(lesson.playable ? 'published' : 'publishOnceItPlays')) : null),
        el('div.actions', {}, el('div.buttons', {}, lesson.hls ? el('a.button', { href: `/watch/${lesson.id}` }, t('preview')) : null,
            state === 'failed' || lesson.extras.failed ? button('retry', () => act(lesson, 'POST', '/retry'), state === 'failed' && passing.includes(lesson.reason.code) ? '.primary' : '') : null,
            state !== 'failed' && lesson.published ? button('unpublish', () => act(lesson, 'POST', '/unpublish')) : null,
            state !== 'failed' && !lesson.published ? button(lesson.playable ? 'publish' : 'publishOnceItPlays', () => act(lesson, 'POST', '/publish'), '.primary') : null,
            button('edit', () => editDialog(latest())), button('history', () => historyDialog(latest())),
            button('remove', async () => { if (await ask(t('confirmRemove'), t('yesRemove'))) act(lesson, 'DELETE', ''); }, '.quiet')),
        unfinished || lesson.extras.jobs ? el('div.buttons', {}, button(lesson.paused ? 'resumeWork' : 'pauseWork', () => act(lesson, 'POST', lesson.paused ? '/resume' : '/pause')), priorityChoice(lesson)) : null));
}

const controls = 'button, a, select';

/** A row whose controls are the same gets new figures only: a transcode moves every second, and must not take a button from
 * under a finger or close an open choice. */
function renew(old, fresh) {
    if (['.thumb', '.actions'].some((part) => old.querySelector(part).outerHTML !== fresh.querySelector(part).outerHTML))
        return false;
    for (const part of ['.what', '.state'])
        old.querySelector(part).replaceWith(fresh.querySelector(part));
    return true;
}

/** Makes these the table's rows. What stays is not moved: an element that is taken out loses the focus. */
function place(rows) {
    for (const child of [...table.children])
        if (!rows.includes(child))
            child.remove();
    rows.forEach((element, i) => {
        if (table.children[i] !== element)
            table.insertBefore(element, table.children[i] || null);
    });
}

/** Rows that have not changed stay as they are, so that the focus stays too. */
function show() {
    const known = new Map([...table.children].map((element) => [element.id, element]));
    const rows = lessons.map((lesson) => {
        const text = JSON.stringify(lesson);
        const old = known.get(`lesson-${lesson.id}`);
        if (old && old.dataset.text === text)
            return old;
        const fresh = row(lesson);
        if (old && renew(old, fresh)) {
            old.dataset.text = text;
            return old;
        }
        fresh.dataset.text = text;
        const focused = old && old.contains(document.activeElement) ? [...old.querySelectorAll(controls)].indexOf(document.activeElement) : -1;
        if (focused >= 0)
            setTimeout(() => { const again = fresh.querySelectorAll(controls)[focused]; if (again) again.focus(); });
        return fresh;
    });
    place(rows.length ? rows : [el('p.nothing', {}, t('empty'))]);
}

function showUnfinished(uploads, mine, active) {
    const left = uploads.filter((upload) => upload.user === mine && !active(upload.id));
    unfinished.hidden = !left.length;
    unfinished.replaceChildren(el('h2', {}, t('unfinished')), el('p.hint', {}, t('chooseAgain')),
        ...left.map((upload) => el('p.left', {}, el('strong', {}, upload.filename), ` ${formatBytes(upload.offset_bytes)} / ${formatBytes(upload.total_bytes)} `,
            el('button.quiet', { onclick: () => fetch(`/api/uploads/${upload.id}`, { method: 'DELETE', headers: { 'Tus-Resumable': '1.0.0', 'X-CSRF-Token': csrfToken() } }) }, t('cancel')))));
}

function listen(user, uploads) {
    const events = new EventSource('/api/operator/events');
    events.addEventListener('open', () => { live.textContent = ''; });
    events.addEventListener('queue', (event) => {
        const queue = JSON.parse(event.data);
        lessons = queue.lessons;
        live.textContent = '';
        show();
        showUnfinished(queue.uploads, user.name, uploads.isActive);
    });
    events.addEventListener('error', () => {
        live.textContent = t('reconnecting');
        // A refusal (the session is over, the node restarts) closes it for good: begin again.
        if (events.readyState === EventSource.CLOSED)
            setTimeout(() => session().then(() => listen(user, uploads)).catch(() => listen(user, uploads)), 3000);
    });
}

session().then((user) => {
    document.title = `${t('operator')} · ${t('brand')}`;
    const uploads = uploadArea();
    document.getElementById('app').append(topBar({ page: 'operator', user }), el('main.wide', {}, uploads.element, unfinished,
        el('section.card', {}, el('div.headline', {}, el('h2', {}, t('queue')), live), table)));
    listen(user, uploads);
}).catch((error) => document.getElementById('app').append(el('p.notice', {}, error.message)));
