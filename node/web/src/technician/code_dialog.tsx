// SPDX-License-Identifier: GPL-3.0-or-later
// The dialog that shows a code for one terminal of a site.
import { useEffect, useState } from 'preact/hooks';
import { api, messageOf } from '../lib/api';
import type { Site, SiteCode } from '../lib/api_types';
import { closeDialogOf, Dialog } from '../lib/dialog';
import { t } from '../lib/language';
import { officeText, siteText } from '../lib/messages';

/** "12345678" as "1234 5678", which is easier to read from one screen to another. */
const spaced = (code: string): string => code.replace(/^(....)/, '$1 ');

interface CodeDialogProps {
    site: Site;
    onClose: () => void;
}

export function CodeDialog({ site, onClose }: CodeDialogProps) {
    const [code, setCode] = useState('');
    const [message, setMessage] = useState('');
    const path = `/api/technician/sites/${site.id}`;
    const attempt = async (work: () => Promise<string>) => {
        setMessage('');
        try {
            setMessage(await work());
        } catch (error) {
            setMessage(messageOf(error));
        }
    };
    const fetchCode = () =>
        attempt(async () => {
            setCode((await api<SiteCode>(`${path}/code`, { method: 'POST' })).code);
            return '';
        });
    const expel = () =>
        attempt(async () => {
            await api(`${path}/terminals`, { method: 'DELETE' });
            return t(siteText.expelled);
        });
    useEffect(() => void fetchCode(), []);
    return (
        <Dialog onClose={onClose}>
            <h2>{t(siteText.codeFor).replace('{name}', () => site.name)}</h2>
            <p class="code">{spaced(code)}</p>
            <p>{t(siteText.codeUse).replace('{address}', `${location.origin}/code`)}</p>
            <p class="message" role="alert">
                {message}
            </p>
            <div class="buttons">
                <button
                    class="danger"
                    onClick={() => {
                        if (window.confirm(t(siteText.confirmExpel))) void expel();
                    }}
                >
                    {t(siteText.expelTerminals)}
                </button>
                <button onClick={() => void fetchCode()}>{t(siteText.anotherCode)}</button>
                <button class="primary" onClick={(event) => closeDialogOf(event.currentTarget)}>
                    {t(officeText.close)}
                </button>
            </div>
        </Dialog>
    );
}
