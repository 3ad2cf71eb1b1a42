// SPDX-License-Identifier: GPL-3.0-or-later
// The terminals as a table for spreadsheets.
import type { Terminal } from '../lib/api_types';
import { el } from '../lib/dom';

const columns: (keyof Terminal)[] = [
    'address',
    'title',
    'rendition',
    'rate_bps',
    'link_bps',
    'sent_bytes',
    'requests',
    'rtt_ms',
    'retransmits',
    'connections',
    'first_seen_ms',
    'last_seen_ms',
    'user_agent',
];

/**
 * Spreadsheets run what begins like a formula, also in full-width signs, and some do so after white
 * space. Such a value gets an apostrophe before it.
 */
function cell(value: string | number | null): string {
    const text = String(value ?? '').replace(/^\s*[=+@\-\uff1d\uff0b\uff20\uff0d]/, "'$&");
    return `"${text.replace(/"/g, '""')}"`;
}

function csvText(terminals: Terminal[]): string {
    const rows = terminals.map((terminal) => columns.map((column) => terminal[column]));
    const lines = [columns, ...rows].map((row) => row.map(cell).join(','));
    // With the byte order mark Excel reads UTF-8.
    return `\ufeff${lines.join('\r\n')}\r\n`;
}

export function downloadCsv(terminals: Terminal[]): void {
    const blob = new Blob([csvText(terminals)], { type: 'text/csv' });
    const time = new Date().toISOString().slice(0, 16).replace(/[:T]/g, '-');
    const href = URL.createObjectURL(blob);
    el('a', { href, download: `terminals-${time}.csv` }).click();
    URL.revokeObjectURL(href);
}
