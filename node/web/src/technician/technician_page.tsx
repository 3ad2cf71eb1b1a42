// SPDX-License-Identifier: GPL-3.0-or-later
// The technician page: which terminal takes what now, the uplink over the last hour, the sites.
import './technician_page.css';
import { useEffect, useState } from 'preact/hooks';
import { api, messageOf, RequestError } from '../lib/api';
import type { Link, Terminals, Uplink } from '../lib/api_types';
import { formatBytes, formatRate } from '../lib/format';
import { t } from '../lib/language';
import { officeText, technicianText } from '../lib/messages';
import type { Message } from '../lib/messages';
import { SitesCard } from './sites_card';
import { downloadCsv } from './terminal_csv';
import { STALE_MS, TerminalTable } from './terminal_table';
import { UplinkChart } from './uplink_chart';

const REFRESH_MS = 2000;

/** What the node said last. */
interface Readings {
    terminals: Terminals;
    uplink: Uplink;
    link: Link;
}

async function fetchReadings(): Promise<Readings> {
    const [terminals, uplink, link] = await Promise.all([
        api<Terminals>('/api/technician/terminals'),
        api<Uplink>('/api/technician/uplink'),
        api<Link>('/api/technician/link'),
    ]);
    return { terminals, uplink, link };
}

function problemText(error: unknown): string {
    if (error instanceof RequestError && error.status === 0) return t(officeText.reconnecting);
    return messageOf(error);
}

/** Asks the node again and again. Returns its last answer, and why the next one is missing. */
function useReadings() {
    const [readings, setReadings] = useState<Readings | null>(null);
    const [problem, setProblem] = useState('');
    useEffect(() => {
        const refresh = async () => {
            try {
                setReadings(await fetchReadings());
                setProblem('');
            } catch (error) {
                if (error instanceof RequestError && error.status === 401) location.reload();
                setProblem(problemText(error));
            }
            setTimeout(() => void refresh(), REFRESH_MS);
        };
        void refresh();
    }, []);
    const setLink = (link: Link) => setReadings((now) => now && { ...now, link });
    return { readings, problem, setLink };
}

function Figure({ label, value }: { label: Message; value: string | false }) {
    return (
        <div class="figure">
            <span>{t(label)}</span>
            <strong>{value}</strong>
        </div>
    );
}

function UplinkCard({ terminals, uplink }: Partial<Readings>) {
    const active = terminals?.terminals.filter(
        ({ last_seen_ms }) => terminals.now_ms - last_seen_ms < STALE_MS,
    ).length;
    const { uplinkNow, uplinkHour } = technicianText;
    return (
        <section class="card">
            <div class="figures">
                <Figure
                    label={uplinkNow}
                    value={terminals !== undefined && formatRate(terminals.rate_bps)}
                />
                <Figure
                    label={technicianText.active}
                    value={active !== undefined && String(active)}
                />
                <Figure
                    label={uplinkHour}
                    value={uplink !== undefined && formatBytes(uplink.sent_bytes)}
                />
            </div>
            <UplinkChart minutes={uplink?.minutes} />
        </section>
    );
}

function TerminalsCard({ terminals, problem }: { terminals?: Terminals; problem: string }) {
    const rows = terminals?.terminals ?? [];
    const empty = terminals && !rows.length ? t(technicianText.noTerminals) : '';
    return (
        <section class="card">
            <div class="headline">
                <h2>{t(technicianText.terminals)}</h2>
                <button onClick={() => downloadCsv(rows)}>{t(technicianText.downloadCsv)}</button>
            </div>
            <TerminalTable terminals={rows} now_ms={terminals?.now_ms ?? 0} />
            <p class="hint" role="status">
                {problem || empty}
            </p>
        </section>
    );
}

export function TechnicianPage() {
    const { readings, problem, setLink } = useReadings();
    return (
        <>
            <UplinkCard {...readings} />
            <TerminalsCard {...readings} problem={problem} />
            <SitesCard link={readings?.link ?? null} onLink={setLink} />
        </>
    );
}
