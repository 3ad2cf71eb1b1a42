// SPDX-License-Identifier: GPL-3.0-or-later
// The dialog in which a technician adds, changes or removes a site.
import { useState } from 'preact/hooks';
import type { JSX } from 'preact';
import { api, messageOf } from '../lib/api';
import type { Link, Site, SiteSettings } from '../lib/api_types';
import { closeDialogOf, Dialog } from '../lib/dialog';
import { t } from '../lib/language';
import { officeText, siteText } from '../lib/messages';
import type { Message } from '../lib/messages';

export const KBPS = 1000;
const MB = 1_000_000;

export const newSite: SiteSettings = {
    name: '',
    ranges: '',
    token: '',
    cap_bps: 0,
    terminal_cap_bps: 0,
    download_from: '00:00',
    download_to: '00:00',
    budget_bytes: 0,
};

interface Field {
    label: Message;
    name: keyof SiteSettings;
    input: JSX.IntrinsicElements['input'];
    hint?: Message;
    /** For numbers: people write them in this unit; an empty field is 0, not limited. */
    unit?: { name: string; scale: number };
}

const limit = { type: 'number', min: 0, step: 1, placeholder: t(siteText.unlimited) } as const;
const kbps = { name: 'kbit/s', scale: KBPS };

const fields: Field[] = [
    { label: siteText.siteName, name: 'name', input: { required: true, maxlength: 33 } },
    {
        label: siteText.siteRanges,
        name: 'ranges',
        input: { placeholder: '10.1.0.0/16, 10.9.0.7' },
    },
    {
        label: siteText.siteToken,
        name: 'token',
        input: { maxlength: 33 },
        hint: siteText.siteTokenHint,
    },
    {
        label: siteText.siteBudget,
        name: 'budget_bytes',
        input: limit,
        unit: { name: 'MB', scale: MB },
    },
    { label: siteText.siteCap, name: 'cap_bps', input: limit, unit: kbps },
    { label: siteText.siteTerminalCap, name: 'terminal_cap_bps', input: limit, unit: kbps },
    { label: siteText.downloadFrom, name: 'download_from', input: { type: 'time' } },
    { label: siteText.downloadTo, name: 'download_to', input: { type: 'time' } },
];

function fieldText(value: string | number, { unit }: Field): string {
    return unit ? String(Number(value) / unit.scale || '') : String(value);
}

function fieldValue(text: string, { name, unit }: Field): string | number {
    return unit ? Math.round(Number(text) * unit.scale) : text || newSite[name];
}

function FieldInput({ field, site }: { field: Field; site: SiteSettings }) {
    const { label, name, input, hint, unit } = field;
    return (
        <label>
            {unit ? `${t(label)} (${unit.name})` : t(label)}
            <input type="text" {...input} name={name} defaultValue={fieldText(site[name], field)} />
            {hint && <small>{t(hint)}</small>}
        </label>
    );
}

/** Nobody should make up new tokens, so the field is only there for a token that exists. */
const fieldsOf = (site: Site | null): Field[] =>
    fields.filter(({ name }) => name !== 'token' || site?.token);

/** Reads the form; the result is the body of the request. */
function readForm(form: HTMLFormElement, site: Site | null): Record<string, string | number> {
    const data = new FormData(form);
    const body: Record<string, string | number> = {};
    for (const field of fieldsOf(site)) {
        const text = data.get(field.name);
        body[field.name] = fieldValue(typeof text === 'string' ? text : '', field);
    }
    return body;
}

function Buttons({ onRemove }: { onRemove: ((button: HTMLElement) => void) | null }) {
    return (
        <div class="buttons">
            {onRemove && (
                <button
                    type="button"
                    class="danger"
                    onClick={(event) => onRemove(event.currentTarget)}
                >
                    {t(officeText.remove)}
                </button>
            )}
            <button type="button" onClick={(event) => closeDialogOf(event.currentTarget)}>
                {t(officeText.cancel)}
            </button>
            <button class="primary">{t(officeText.save)}</button>
        </div>
    );
}

interface SiteDialogProps {
    /** null: a new site. */
    site: Site | null;
    /** Called with the node's answer after each change. */
    onLink: (link: Link) => void;
    onClose: () => void;
}

export function SiteDialog({ site, onLink, onClose }: SiteDialogProps) {
    const [problem, setProblem] = useState('');
    const path = site ? `/api/technician/sites/${site.id}` : '/api/technician/sites';
    const change = async (element: HTMLElement, request: Promise<Link>) => {
        setProblem('');
        try {
            onLink(await request);
            closeDialogOf(element);
        } catch (error) {
            setProblem(messageOf(error));
        }
    };
    const save = (form: HTMLFormElement) =>
        change(
            form,
            api<Link>(path, { method: site ? 'PUT' : 'POST', body: readForm(form, site) }),
        );
    const remove = (button: HTMLElement) => {
        if (window.confirm(t(siteText.confirmRemoveSite)))
            void change(button, api<Link>(path, { method: 'DELETE' }));
    };
    return (
        <Dialog onClose={onClose}>
            <form
                class="pairs"
                onSubmit={(event) => {
                    event.preventDefault();
                    void save(event.currentTarget);
                }}
            >
                <h2>{site ? site.name : t(siteText.addSite)}</h2>
                {fieldsOf(site).map((field) => (
                    <FieldInput key={field.name} field={field} site={site ?? newSite} />
                ))}
                <p class="message" role="alert">
                    {problem}
                </p>
                <Buttons onRemove={site ? remove : null} />
            </form>
        </Dialog>
    );
}
