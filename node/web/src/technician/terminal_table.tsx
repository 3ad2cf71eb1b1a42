// SPDX-License-Identifier: GPL-3.0-or-later
// The terminals, sorted by any column.
import '../lib/mark.css';
import './table.css';
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { Terminal, Terminals } from '../lib/api_types';
import { formatBytes, formatRate, formatTime } from '../lib/format';
import { t } from '../lib/language';
import { technicianText } from '../lib/messages';
import type { Message } from '../lib/messages';
import { linkCondition } from './terminal_condition';

/** A terminal that was not seen for so long does not count as active. */
export const STALE_MS = 60_000;
const JUST_NOW_MS = 5000;

interface Column {
    label: Message;
    /** What the column is sorted by. */
    value: (terminal: Terminal) => string | number;
    cell: (terminal: Terminal, nowMs: number) => ComponentChildren;
}

function conditionMark(terminal: Terminal): ComponentChildren {
    const condition = linkCondition(terminal);
    if (!condition) return '—';
    return <span class={`mark ${condition}`}>{t(technicianText[condition])}</span>;
}

function watching({ lesson, title, rendition }: Terminal): ComponentChildren {
    if (!lesson) return '—';
    return (
        <span>
            {title ?? `#${lesson}`}
            {rendition && <small>{` ${rendition}`}</small>}
        </span>
    );
}

function since(ms: number): string {
    return ms < JUST_NOW_MS
        ? t(technicianText.justNow)
        : `${formatTime(ms / 1000)} ${t(technicianText.ago)}`;
}

const byRate: Column = {
    label: technicianText.rate,
    value: (terminal) => terminal.rate_bps,
    cell: ({ rate_bps }) => (rate_bps ? formatRate(rate_bps) : '—'),
};

const columns: Column[] = [
    {
        label: technicianText.address,
        value: (terminal) => terminal.address,
        cell: (terminal) => terminal.address,
    },
    {
        label: technicianText.condition,
        value: (terminal) => linkCondition(terminal) ?? '',
        cell: conditionMark,
    },
    {
        label: technicianText.watching,
        value: (terminal) => terminal.title ?? '',
        cell: watching,
    },
    byRate,
    {
        label: technicianText.bytes,
        value: (terminal) => terminal.sent_bytes,
        cell: (terminal) => formatBytes(terminal.sent_bytes),
    },
    {
        label: technicianText.rtt,
        // Unknown ones are together at one end.
        value: (terminal) => terminal.rtt_ms ?? -1,
        cell: ({ rtt_ms }) => (rtt_ms === null ? '—' : `${Math.round(rtt_ms)} ms`),
    },
    {
        label: technicianText.retransmits,
        value: (terminal) => terminal.retransmits,
        cell: (terminal) => terminal.retransmits,
    },
    {
        label: technicianText.connections,
        value: (terminal) => terminal.connections,
        cell: (terminal) => terminal.connections,
    },
    {
        label: technicianText.lastSeen,
        value: (terminal) => terminal.last_seen_ms,
        cell: (terminal, nowMs) => since(nowMs - terminal.last_seen_ms),
    },
];

interface Sort {
    column: Column;
    descending: boolean;
}

function sorted(terminals: Terminal[], { column: { value }, descending }: Sort): Terminal[] {
    const ascending = (a: Terminal, b: Terminal) =>
        value(a) < value(b) ? -1 : value(a) > value(b) ? 1 : 0;
    return [...terminals].sort((a, b) => (descending ? ascending(b, a) : ascending(a, b)));
}

function Head({ sort, onSort }: { sort: Sort; onSort: (column: Column) => void }) {
    const heads = columns.map((column) => {
        const current = sort.column === column;
        const order = sort.descending ? 'descending' : 'ascending';
        return (
            <th key={column.label} scope="col" aria-sort={current ? order : 'none'}>
                <button class="plain" onClick={() => onSort(column)}>
                    {t(column.label)}
                </button>
            </th>
        );
    });
    return (
        <thead>
            <tr>{heads}</tr>
        </thead>
    );
}

function Row({ terminal, nowMs }: { terminal: Terminal; nowMs: number }) {
    const stale = nowMs - terminal.last_seen_ms > STALE_MS;
    return (
        <tr class={stale ? 'stale' : undefined} title={terminal.user_agent}>
            {columns.map(({ label, cell }) => (
                <td key={label} data-label={t(label)}>
                    {cell(terminal, nowMs)}
                </td>
            ))}
        </tr>
    );
}

export function TerminalTable({ terminals, now_ms }: Omit<Terminals, 'rate_bps'>) {
    const [sort, setSort] = useState<Sort>({ column: byRate, descending: true });
    /** A new column is sorted in descending order; the same column once more reverses the order. */
    const sortBy = (column: Column) =>
        setSort((now) => ({ column, descending: !(now.column === column && now.descending) }));
    return (
        <div class="scroll">
            <table class="rows">
                <Head sort={sort} onSort={sortBy} />
                <tbody>
                    {sorted(terminals, sort).map((terminal) => (
                        <Row key={terminal.address} terminal={terminal} nowMs={now_ms} />
                    ))}
                </tbody>
            </table>
        </div>
    );
}
