// SPDX-License-Identifier: GPL-3.0-or-later
// Uploads by tus: each goes on after a lost line, a closed tab, a restarted node.
import * as tus from 'tus-js-client';
import { csrfToken, el, formatBytes, formatTime } from '../lib/dom.js';
import { t } from '../lib/messages.js';

// A piece is what a broken line can cost at worst.
const PIECE_BYTES = 5 * 1024 * 1024;
const RETRY_MS = [0, 1000, 3000, 5000, 10_000, 20_000, 30_000];

/** The upload part of the page: {element, isActive(id)}. */
export function uploadArea() {
    const active = new Set();
    const list = el('div.uploads');
    const fields = { title: el('input', { maxlength: 200, placeholder: t('titleHint') }), topic: el('input', { maxlength: 100 }), language: el('input', { maxlength: 35, placeholder: 'zh' }) };
    const publish = el('input', { type: 'checkbox' });
    const input = el('input', { type: 'file', multiple: true, hidden: true, accept: 'video/*,audio/*,.rm,.rmvb,.wmv,.flv,.mpg,.ts,.mkv,.avi,.vob,.dat,.3gp', onchange: () => { begin(input.files); input.value = ''; } });

    function begin(files) {
        const details = { title: files.length === 1 ? fields.title.value.trim() : '', topic: fields.topic.value.trim(), language: fields.language.value.trim(), publish: publish.checked ? '1' : '' };
        for (const file of files)
            start(file, details);
        fields.title.value = '';
    }

    function start(file, details) {
        const bar = el('progress', { max: 1, value: 0, 'aria-label': file.name });
        const message = el('p.hint', { role: 'status' });
        const pause = el('button', {}, t('paused'));
        const cancel = el('button.quiet', {}, t('cancel'));
        const entry = el('div.upload', {}, el('div.what', {}, el('strong', {}, file.name), bar, message), el('div.buttons', {}, pause, cancel));
        list.append(entry);
        let began = Date.now(), beganAt = null, running = true, id = null;

        const upload = new tus.Upload(file, {
            endpoint: '/api/uploads', chunkSize: PIECE_BYTES, retryDelays: RETRY_MS, removeFingerprintOnSuccess: true,
            metadata: Object.fromEntries(Object.entries({ filename: file.name, ...details }).filter(([, value]) => value)),
            onBeforeRequest: (request) => request.setHeader('X-CSRF-Token', csrfToken()),
            // The line may be gone for an evening: whatever isn't a refusal is tried again, for as long as the tab is open.
            onShouldRetry: (error) => { const status = error.originalResponse ? error.originalResponse.getStatus() : 0; return !status || status === 409 || status === 423 || status >= 500; },
            onUploadUrlAvailable: () => { id = upload.url.split('/').pop(); active.add(id); },
            onProgress: (sent, total) => {
                if (beganAt === null)
                    [began, beganAt] = [Date.now(), sent];
                const rate = (sent - beganAt) / Math.max(1, (Date.now() - began) / 1000);
                bar.value = sent / total;
                message.textContent = `${t('uploading')} ${formatBytes(sent)} / ${formatBytes(total)}${rate > 0 ? ` · ${formatBytes(rate)}/s · ${t('remaining')} ${formatTime((total - sent) / rate)}` : ''}`;
                if (sent === total)
                    message.textContent = t('checking');
            },
            onError: (error) => {
                const response = error.originalResponse;
                if (response && response.getStatus() < 500 && response.getStatus() !== 423) {
                    const said = (() => { try { return JSON.parse(response.getBody()).error[document.documentElement.lang]; } catch { return ''; } })();
                    message.textContent = `${t('uploadFailed')} · ${said || response.getStatus()}`;
                    active.delete(id);
                    refused();
                } else if (running) {
                    message.textContent = t('uploadWaiting');
                    setTimeout(() => running && upload.start(), RETRY_MS[RETRY_MS.length - 1]);
                }
            },
            onSuccess: () => { running = false; active.delete(id); message.textContent = t('uploadDone'); bar.value = 1; entry.querySelector('.buttons').remove(); setTimeout(() => entry.remove(), 8000); },
        });
        // There is nothing to pause or go on with.
        const refused = () => {
            running = false;
            message.className = 'message';
            bar.remove();
            pause.remove();
            cancel.textContent = t('close');
            cancel.className = 'plain';
        };
        const go = () => upload.findPreviousUploads().then((previous) => {
            if (previous.length)
                upload.resumeFromPreviousUpload(previous[0]);
            upload.start();
        });
        pause.textContent = t('pause');
        pause.addEventListener('click', () => {
            running = !running;
            pause.textContent = running ? t('pause') : t('resume');
            if (running) {
                beganAt = null;
                upload.start();
            } else {
                upload.abort();
                message.textContent = t('paused');
            }
        });
        cancel.addEventListener('click', () => { running = false; upload.abort(true).catch(() => {}); active.delete(id); entry.remove(); });
        go();
    }

    const area = el('div.drop', {
        ondragover: (event) => { event.preventDefault(); area.classList.add('over'); },
        ondragleave: () => area.classList.remove('over'),
        ondrop: (event) => { event.preventDefault(); area.classList.remove('over'); begin(event.dataTransfer.files); },
    }, el('p', {}, t('dropHere')), el('button.primary', { onclick: () => input.click() }, t('chooseFiles')), input);
    const element = el('section.card', {}, el('h2', {}, t('upload')),
        el('div.fields', {}, Object.entries(fields).map(([key, field]) => el('label', {}, t(key), field)), el('label.check', {}, publish, t('publishOnceItPlays'), el('small', {}, t('publishHint')))),
        area, list);
    // What leaves the page now would only be taken up again when the file is chosen anew: worth a question.
    window.addEventListener('beforeunload', (event) => { if (active.size) event.preventDefault(); });
    return { element, isActive: (wanted) => active.has(wanted) };
}
