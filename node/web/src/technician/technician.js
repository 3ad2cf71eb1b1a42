// SPDX-License-Identifier: GPL-3.0-or-later
// The technician's page: who takes what now, and the uplink over the last hour.
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { api, el, formatBytes, formatRate, formatTime, session, topBar } from '../lib/dom.js';
import { t } from '../lib/messages.js';
import { linkSection } from './sites.js';

const REFRESH_MS = 2000;
const STALE_MS = 60_000;
let sort = { key: 'rate_bps', down: true };
let rows = [], now_ms = 0;

/** What a technician would say about a terminal's link; of one that watches nothing there is nothing to say. */
function condition(row) {
    if (!row.lesson)
        return '';
    const packets = row.sent_bytes / 1400;
    if (packets > 100 && row.retransmits / packets > 0.03)
        return 'lossy';
    if (row.rtt_ms > 500)
        return 'far';
    // Not what it takes: that is little of a low rung, and nothing between two segments.
    return row.link_bps !== null && row.link_bps < 48_000 ? 'slow' : 'good';
}

const since = (ms) => (now_ms - ms < 5000 ? t('justNow') : `${formatTime((now_ms - ms) / 1000)} ${t('ago')}`);
const columns = [
    ['address', 'address', (r) => r.address],
    ['condition', 'condition', (r) => (condition(r) ? el(`span.mark.${condition(r)}`, {}, t(condition(r))) : '—'), condition],
    ['watching', 'title', (r) => (r.lesson ? el('span', {}, r.title || `#${r.lesson}`, r.rendition ? el('small', {}, ` ${r.rendition}`) : null) : '—')],
    ['rate', 'rate_bps', (r) => (r.rate_bps ? formatRate(r.rate_bps) : '—')],
    ['bytes', 'sent_bytes', (r) => formatBytes(r.sent_bytes)],
    ['rtt', 'rtt_ms', (r) => (r.rtt_ms === null ? '—' : `${Math.round(r.rtt_ms)} ms`)],
    ['retransmits', 'retransmits', (r) => String(r.retransmits)],
    ['connections', 'connections', (r) => String(r.connections)],
    ['lastSeen', 'last_seen_ms', (r) => since(r.last_seen_ms)],
];

const body = el('tbody');
const heads = columns.map(([label, key]) => el('th', { scope: 'col' }, el('button.plain', { onclick: () => { sort = { key, down: sort.key === key ? !sort.down : true }; show(); } }, t(label))));
const note = el('p.hint', { role: 'status' });

function show() {
    const column = columns.find(([, key]) => key === sort.key);
    const value = column[3] || ((r) => r[sort.key] ?? '');
    const sorted = [...rows].sort((a, b) => (value(a) < value(b) ? -1 : value(a) > value(b) ? 1 : 0) * (sort.down ? -1 : 1));
    heads.forEach((head, i) => head.setAttribute('aria-sort', columns[i][1] !== sort.key ? 'none' : sort.down ? 'descending' : 'ascending'));
    body.replaceChildren(...sorted.map((row) => el(`tr${now_ms - row.last_seen_ms > STALE_MS ? '.stale' : ''}`, { title: row.user_agent }, columns.map(([label, , cell]) => el('td', { 'data-label': t(label) }, cell(row))))));
    note.textContent = rows.length ? '' : t('noTerminals');
}

function csv() {
    const keys = ['address', 'title', 'rendition', 'rate_bps', 'link_bps', 'sent_bytes', 'requests', 'rtt_ms', 'retransmits', 'connections', 'first_seen_ms', 'last_seen_ms', 'user_agent'];
    // Spreadsheets run what begins like a formula.
    const cell = (value) => `"${String(value ?? '').replace(/^[=+@-]/, "'$&").replace(/"/g, '""')}"`;
    const text = `\ufeff${[keys, ...rows.map((row) => keys.map((key) => row[key]))].map((line) => line.map(cell).join(',')).join('\r\n')}\r\n`;
    const link = el('a', { href: URL.createObjectURL(new Blob([text], { type: 'text/csv' })), download: `terminals-${new Date().toISOString().slice(0, 16).replace(/[:T]/g, '-')}.csv` });
    link.click();
    URL.revokeObjectURL(link.href);
}

/* ---- the chart ---- */
const chartBox = el('div.chart');
let chart = null;
function draw(minutes) {
    const data = [minutes.map((m) => m.time_ms / 1000), minutes.map((m) => (m.sent_bytes * 8) / 60)];
    if (chart)
        return chart.setData(data);
    const ink = getComputedStyle(document.body).color;
    chart = new uPlot({
        width: chartBox.clientWidth, height: 200, legend: { show: false }, cursor: { y: false, drag: { x: false, y: false } },
        axes: [{ stroke: ink, size: 32, grid: { show: false }, values: (_, s) => s.map((v) => new Date(v * 1000).toTimeString().slice(0, 5)) },
            { stroke: ink, size: 90, grid: { stroke: '#8883', width: 1 }, values: (_, v) => v.map((n) => (n === null ? '' : formatRate(n))) }],
        scales: { y: { range: (_, min, max) => [0, Math.max(max * 1.1, 10_000)] } },
        series: [{}, { stroke: '#2f8f5b', fill: '#2f8f5b33', width: 2, paths: uPlot.paths.stepped({ align: -1 }), points: { show: false } }],
    }, data, chartBox);
    new ResizeObserver(() => chart.setSize({ width: chartBox.clientWidth, height: 200 })).observe(chartBox);
}

const links = linkSection();
const figures = { now: el('strong'), total: el('strong'), active: el('strong') };

async function refresh() {
    try {
        const [terminals, uplink] = await Promise.all([api('/api/technician/terminals'), api('/api/technician/uplink'), links.refresh()]);
        rows = terminals.terminals;
        now_ms = terminals.now_ms;
        show();
        draw(uplink.minutes);
        figures.now.textContent = formatRate(terminals.rate_bps);
        figures.total.textContent = formatBytes(uplink.sent_bytes);
        figures.active.textContent = String(rows.filter((row) => now_ms - row.last_seen_ms < STALE_MS).length);
    } catch (error) {
        if (error.status === 401)
            location.reload();
        note.textContent = error.network ? t('reconnecting') : error.message;
    }
    setTimeout(refresh, REFRESH_MS);
}

session().then((user) => {
    document.title = `${t('technician')} · ${t('brand')}`;
    const figure = (label, value) => el('div.figure', {}, el('span', {}, t(label)), value);
    document.getElementById('app').append(topBar({ page: 'technician', user }), el('main.wide', {},
        el('section.card', {}, el('div.figures', {}, figure('uplinkNow', figures.now), figure('active', figures.active), figure('uplinkHour', figures.total)), chartBox),
        el('section.card', {}, el('div.headline', {}, el('h2', {}, t('terminals')), el('button', { onclick: csv }, t('downloadCsv'))),
            el('div.scroll', {}, el('table.rows', {}, el('thead', {}, el('tr', {}, heads)), body)), note), links.element));
    refresh();
}).catch((error) => document.getElementById('app').append(el('p.notice', {}, error.message)));
