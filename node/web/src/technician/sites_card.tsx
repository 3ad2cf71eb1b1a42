// SPDX-License-Identifier: GPL-3.0-or-later
// The limits that a technician sets: of the county's uplink, and of each site.
import './sites_card.css';
import './table.css';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { api, messageOf } from '../lib/api';
import type { Link, Site } from '../lib/api_types';
import { formatBytes, formatRate } from '../lib/format';
import { t } from '../lib/language';
import { officeText, siteText } from '../lib/messages';
import type { Message } from '../lib/messages';
import { CodeDialog } from './code_dialog';
import { KBPS, SiteDialog } from './site_dialog';

const limitText = (bps: number): string => (bps ? formatRate(bps) : t(siteText.unlimited));

function todayText({ today_bytes, budget_bytes }: Site): string {
    const today = formatBytes(today_bytes);
    return budget_bytes ? `${today} / ${formatBytes(budget_bytes)}` : today;
}

const columns: [label: Message, cell: (site: Site) => string][] = [
    [siteText.siteName, (site) => site.name],
    [siteText.siteRanges, (site) => site.ranges || '—'],
    [siteText.siteCap, (site) => limitText(site.cap_bps)],
    [siteText.siteTerminalCap, (site) => limitText(site.terminal_cap_bps)],
    [
        siteText.downloads,
        ({ download_from, download_to }) =>
            download_from === download_to ? t(siteText.always) : `${download_from}–${download_to}`,
    ],
    [siteText.today, todayText],
    [
        siteText.sitesNow,
        ({ responses, given_bps }) => (responses ? `${responses} · ${limitText(given_bps)}` : '—'),
    ],
];

function Cell({ label, children }: { label: Message; children: ComponentChildren }) {
    return <td data-label={t(label)}>{children}</td>;
}

interface SiteTableProps {
    sites: Site[];
    onEdit: (site: Site) => void;
    onCode: (site: Site) => void;
}

function SiteTable({ sites, onEdit, onCode }: SiteTableProps) {
    const labels = [...columns.map(([label]) => label), officeText.actions];
    return (
        <div class="scroll">
            <table class="rows">
                <thead>
                    <tr>
                        {labels.map((label) => (
                            <th key={label} scope="col">
                                {t(label)}
                            </th>
                        ))}
                    </tr>
                </thead>
                <tbody>
                    {sites.map((site) => (
                        <tr key={site.id}>
                            {columns.map(([label, cell]) => (
                                <Cell key={label} label={label}>
                                    {cell(site)}
                                </Cell>
                            ))}
                            <Cell label={officeText.actions}>
                                <button onClick={() => onCode(site)}>{t(siteText.code)}</button>
                                <button onClick={() => onEdit(site)}>{t(officeText.edit)}</button>
                            </Cell>
                        </tr>
                    ))}
                </tbody>
            </table>
        </div>
    );
}

interface LinkProps {
    link: Link | null;
    onLink: (link: Link) => void;
}

/** The limit of the uplink. While the field has the focus, what the node says does not replace its text. */
function UplinkForm({ link, onLink }: LinkProps) {
    const input = useRef<HTMLInputElement>(null);
    const [problem, setProblem] = useState('');
    const [saved, setSaved] = useState(false);
    useEffect(() => {
        if (link && input.current && document.activeElement !== input.current)
            input.current.value = String(link.uplink_bps / KBPS || '');
    }, [link]);
    const save = async () => {
        const uplink_bps = Math.round(Number(input.current?.value) * KBPS);
        input.current?.blur();
        setSaved(false);
        setProblem('');
        try {
            const body = { uplink_bps };
            onLink(await api<Link>('/api/technician/link', { method: 'PUT', body }));
            setSaved(true);
        } catch (error) {
            setProblem(messageOf(error));
        }
    };
    return (
        <form
            class="inline"
            onSubmit={(event) => {
                event.preventDefault();
                void save();
            }}
        >
            <label for="uplink">{t(siteText.uplinkCap)}</label>
            <input
                ref={input}
                id="uplink"
                type="number"
                min={0}
                step={1}
                placeholder={t(siteText.unlimited)}
            />
            <button>{t(officeText.save)}</button>
            <span class="hint" role="status">
                {saved && t(siteText.saved)}
            </span>
            <p class="message" role="alert">
                {problem}
            </p>
        </form>
    );
}

/** link: as the node stated it last; null until it did. */
export function SitesCard({ link, onLink }: LinkProps) {
    const [edited, setEdited] = useState<{ site: Site | null } | null>(null);
    const [coded, setCoded] = useState<Site | null>(null);
    const sites = link?.sites ?? [];
    /** A new site gets a code at once, so that its first terminal can join. */
    const onChange = (next: Link) => {
        onLink(next);
        if (edited?.site) return;
        setCoded(next.sites.find(({ id }) => !sites.some((site) => site.id === id)) ?? null);
    };
    return (
        <section class="card">
            <div class="headline">
                <h2>{t(siteText.links)}</h2>
                <button onClick={() => setEdited({ site: null })}>{t(siteText.addSite)}</button>
            </div>
            <UplinkForm link={link} onLink={onLink} />
            <SiteTable sites={sites} onEdit={(site) => setEdited({ site })} onCode={setCoded} />
            <p class="hint" role="status">
                {link && !sites.length && t(siteText.noSites)}
            </p>
            {edited && (
                <SiteDialog site={edited.site} onLink={onChange} onClose={() => setEdited(null)} />
            )}
            {coded && <CodeDialog site={coded} onClose={() => setCoded(null)} />}
        </section>
    );
}
