// SPDX-License-Identifier: GPL-3.0-or-later
// Uploads that were begun earlier and are not complete.
import './pending_uploads.css';
import { csrfToken } from '../lib/api';
import type { PendingUpload } from '../lib/api_types';
import { formatBytes } from '../lib/format';
import { t } from '../lib/language';
import { officeText, uploadText } from '../lib/messages';

/** The list changes with the event that follows; a failed request leaves it as it is. */
function removeUpload(id: string): void {
    const headers = { 'Tus-Resumable': '1.0.0', 'X-CSRF-Token': csrfToken() };
    fetch(`/api/uploads/${id}`, { method: 'DELETE', headers }).catch(() => undefined);
}

export function PendingUploads({ uploads }: { uploads: PendingUpload[] }) {
    if (!uploads.length) return null;
    return (
        <section class="card">
            <h2>{t(uploadText.unfinished)}</h2>
            <p class="hint">{t(uploadText.chooseAgain)}</p>
            {uploads.map(({ id, filename, offset_bytes, total_bytes }) => (
                <p class="left" key={id}>
                    <strong>{filename}</strong>
                    {` ${formatBytes(offset_bytes)} / ${formatBytes(total_bytes)} `}
                    <button class="quiet" onClick={() => removeUpload(id)}>
                        {t(officeText.cancel)}
                    </button>
                </p>
            ))}
        </section>
    );
}
