// SPDX-License-Identifier: GPL-3.0-or-later
import './upload_list.css';
import { t } from '../lib/language';
import { officeText, uploadText } from '../lib/messages';
import type { Upload } from './uploads';

function Buttons({ upload }: { upload: Upload }) {
    const refused = upload.phase === 'refused';
    if (upload.phase === 'done') return null;
    return (
        <div class="buttons">
            {!refused && (
                <button key="pause" onClick={() => upload.togglePause()}>
                    {t(upload.phase === 'paused' ? uploadText.resume : uploadText.pause)}
                </button>
            )}
            <button
                key="cancel"
                class={refused ? 'plain' : 'quiet'}
                onClick={() => upload.cancel()}
            >
                {t(refused ? officeText.close : officeText.cancel)}
            </button>
        </div>
    );
}

function Row({ upload }: { upload: Upload }) {
    const { file, phase, fraction, message } = upload;
    return (
        <div class="upload">
            <div class="what">
                <strong>{file.name}</strong>
                {phase !== 'refused' && (
                    <progress key="bar" max={1} value={fraction} aria-label={file.name} />
                )}
                <p key="message" class={phase === 'refused' ? 'message' : 'hint'} role="status">
                    {message}
                </p>
            </div>
            <Buttons upload={upload} />
        </div>
    );
}

export function UploadList({ uploads }: { uploads: readonly Upload[] }) {
    return (
        <div class="uploads">
            {uploads.map((upload) => (
                <Row key={upload.key} upload={upload} />
            ))}
        </div>
    );
}
