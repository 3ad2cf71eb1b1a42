// SPDX-License-Identifier: GPL-3.0-or-later
// Uploads with the tus protocol. Each goes on after a lost connection, a closed tab, or a restart
// of the node. There is no markup here: upload_list.tsx shows the uploads.
import * as tus from 'tus-js-client';
import { csrfToken, errorSentence } from '../lib/api';
import { formatBytes, formatTime } from '../lib/format';
import { t } from '../lib/language';
import { operatorText, uploadText } from '../lib/messages';

/** A broken connection costs one piece at worst. */
const PIECE_BYTES = 5 * 1024 * 1024;
const RETRY_MS = [0, 1000, 3000, 5000, 10_000, 20_000];
const LAST_RETRY_MS = 30_000;
/** So long a complete upload stays in the list. */
const DONE_MS = 8000;

/** What the operator states about the lesson: tus metadata (docs/http-api.md). */
export interface UploadDetails {
    title: string;
    topic: string;
    language: string;
    publish: string;
}

type Phase = 'running' | 'paused' | 'refused' | 'done';

/** The answer that an error came with. */
const answerOf = (error: Error): tus.HttpResponse | null =>
    error instanceof tus.DetailedError ? error.originalResponse : null;

/** Whether another try may help: no answer, a conflict or lock that passes, an error of the node. */
function mayPass(answer: tus.HttpResponse | null): boolean {
    const status = answer?.getStatus() ?? 0;
    return !status || status === 409 || status === 423 || status >= 500;
}

function refusalText(answer: tus.HttpResponse): string {
    let sentence = '';
    try {
        sentence = errorSentence(JSON.parse(answer.getBody()));
    } catch {
        // The answer is no JSON.
    }
    return `${t(uploadText.uploadFailed)} · ${sentence || answer.getStatus()}`;
}

let uploadsMade = 0;

/** One file on its way to the node. */
export class Upload {
    /** Tells the uploads of this page apart; two may have files of the same name. */
    readonly key = uploadsMade++;
    phase: Phase = 'running';
    fraction = 0;
    message = '';
    /** The node's id of the upload, once it has one. */
    id: string | null = null;
    private readonly tusUpload: tus.Upload;
    /** When and where the rate is measured from. */
    private measured: { time: number; bytes: number } | null = null;

    constructor(
        readonly file: File,
        details: UploadDetails,
        private readonly owner: UploadQueue,
    ) {
        const metadata: Record<string, string> = { filename: file.name };
        for (const [key, value] of Object.entries(details))
            if (value) metadata[key] = String(value);
        this.tusUpload = new tus.Upload(file, {
            endpoint: '/api/uploads',
            chunkSize: PIECE_BYTES,
            retryDelays: [...RETRY_MS, LAST_RETRY_MS],
            removeFingerprintOnSuccess: true,
            metadata,
            onBeforeRequest: (request) => request.setHeader('X-CSRF-Token', csrfToken()),
            // The connection may be gone for an evening: all but refusals are tried again.
            onShouldRetry: (error) => mayPass(answerOf(error)),
            onUploadUrlAvailable: () => {
                this.id = this.tusUpload.url?.split('/').pop() ?? null;
                this.changed();
            },
            onProgress: (sent, total) => this.showProgress(sent, total),
            onError: (error) => this.onError(error),
            onSuccess: () => this.onSuccess(),
        });
        void this.begin();
    }

    togglePause(): void {
        if (this.phase === 'running') {
            this.phase = 'paused';
            void this.tusUpload.abort();
            this.message = t(operatorText.paused);
        } else {
            this.phase = 'running';
            this.measured = null;
            this.tusUpload.start();
        }
        this.changed();
    }

    /** Ends the upload and removes its bytes from the node. */
    cancel(): void {
        this.phase = 'refused';
        this.tusUpload.abort(true).catch(() => undefined);
        this.owner.remove(this);
    }

    /** Goes on with the upload of the same file that an earlier page began, or else begins a new one. */
    private async begin(): Promise<void> {
        const [previous] = await this.tusUpload.findPreviousUploads();
        if (previous) this.tusUpload.resumeFromPreviousUpload(previous);
        this.tusUpload.start();
    }

    private changed(): void {
        this.owner.changed();
    }

    private showProgress(sent: number, total: number): void {
        this.measured ??= { time: Date.now(), bytes: sent };
        const seconds = Math.max(1, (Date.now() - this.measured.time) / 1000);
        const rate = (sent - this.measured.bytes) / seconds;
        this.fraction = sent / total;
        this.message = `${t(uploadText.uploading)} ${formatBytes(sent)} / ${formatBytes(total)}`;
        if (rate > 0) {
            const left = formatTime((total - sent) / rate);
            this.message += ` · ${formatBytes(rate)}/s · ${t(uploadText.remaining)} ${left}`;
        }
        if (sent === total) this.message = t(uploadText.checking);
        this.changed();
    }

    private onError(error: Error): void {
        const answer = answerOf(error);
        if (answer && answer.getStatus() < 500 && answer.getStatus() !== 423) {
            this.phase = 'refused';
            this.id = null;
            this.message = refusalText(answer);
        } else if (this.phase === 'running') {
            this.message = t(uploadText.uploadWaiting);
            setTimeout(() => {
                if (this.phase === 'running') this.tusUpload.start();
            }, LAST_RETRY_MS);
        }
        this.changed();
    }

    private onSuccess(): void {
        this.phase = 'done';
        this.id = null;
        this.fraction = 1;
        this.message = t(uploadText.uploadDone);
        this.changed();
        setTimeout(() => this.owner.remove(this), DONE_MS);
    }
}

/** The uploads of this page. */
export class UploadQueue {
    uploads: readonly Upload[] = [];
    private listener: () => void = () => undefined;

    constructor() {
        // After the page is left, the upload goes on only when the file is chosen again.
        window.addEventListener('beforeunload', (event) => {
            if (this.uploads.some(({ id }) => id !== null)) event.preventDefault();
        });
    }

    add(file: File, details: UploadDetails): void {
        this.uploads = [...this.uploads, new Upload(file, details, this)];
        this.changed();
    }

    remove(upload: Upload): void {
        this.uploads = this.uploads.filter((other) => other !== upload);
        this.changed();
    }

    /** Whether this page is sending the upload that has this id on the node. */
    isActive(id: string): boolean {
        return this.uploads.some((upload) => upload.id === id);
    }

    /** The listener is called after each change. */
    setListener(listener: () => void): void {
        this.listener = listener;
    }

    changed(): void {
        this.listener();
    }
}
