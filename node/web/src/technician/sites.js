// SPDX-License-Identifier: GPL-3.0-or-later
// What a technician states about the links: the uplink, and the sites with their limits.
import { api, el, formatBytes, formatRate } from '../lib/dom.js';
import { t } from '../lib/messages.js';

const KBPS = 1000, MB = 1_000_000;
const limit = (bps) => (bps ? formatRate(bps) : t('unlimited'));
const hours = (site) => (site.download_from === site.download_to ? t('always') : `${site.download_from}–${site.download_to}`);
const fields = [
    ['siteName', 'name', 'text', { required: true, maxlength: 33 }],
    ['siteRanges', 'ranges', 'text', { placeholder: '10.1.0.0/16, 10.9.0.7' }],
    ['siteToken', 'token', 'text', { maxlength: 33 }],
    ['siteBudget', 'budget_bytes', 'number', { min: 0, step: 1, placeholder: t('unlimited') }, MB],
    ['siteCap', 'cap_bps', 'number', { min: 0, step: 1, placeholder: t('unlimited') }, KBPS],
    ['siteTerminalCap', 'terminal_cap_bps', 'number', { min: 0, step: 1, placeholder: t('unlimited') }, KBPS],
    ['downloadFrom', 'download_from', 'time', {}],
    ['downloadTo', 'download_to', 'time', {}],
];
const hints = { token: 'siteTokenHint' };
const units = new Map([[KBPS, 'kbit/s'], [MB, 'MB']]);
const fresh = { name: '', ranges: '', token: '', cap_bps: 0, terminal_cap_bps: 0, download_from: '00:00', download_to: '00:00', budget_bytes: 0 };

/** The section of the page: {element, refresh(): asks the node what is so now}. */
export function linkSection() {
    const body = el('tbody'), note = el('p.hint', { role: 'status' });
    const uplink = el('input', { type: 'number', min: 0, step: 1, id: 'uplink', placeholder: t('unlimited') });
    const uplinkProblem = el('p.message', { role: 'alert' }), uplinkSaved = el('span.hint', { role: 'status' });
    let stated = null;

    const columns = [
        ['siteName', (s) => s.name],
        ['siteRanges', (s) => s.ranges || '—'],
        ['siteCap', (s) => limit(s.cap_bps)],
        ['siteTerminalCap', (s) => limit(s.terminal_cap_bps)],
        ['downloads', hours],
        ['today', (s) => (s.budget_bytes ? `${formatBytes(s.today_bytes)} / ${formatBytes(s.budget_bytes)}` : formatBytes(s.today_bytes))],
        ['sitesNow', (s) => (s.responses ? `${s.responses} · ${limit(s.given_bps)}` : '—')],
        ['actions', (s) => el('button', { onclick: () => edit(s) }, t('edit'))],
    ];

    function show(link) {
        stated = link;
        if (document.activeElement !== uplink)
            uplink.value = link.uplink_bps / KBPS || '';
        body.replaceChildren(...link.sites.map((site) => el('tr', {}, columns.map(([label, cell]) => el('td', { 'data-label': t(label) }, cell(site))))));
        note.textContent = link.sites.length ? '' : t('noSites');
    }

    async function change(work, problem) {
        problem.textContent = '';
        try {
            show(await work());
            return true;
        } catch (error) {
            problem.textContent = error.message;
            return false;
        }
    }

    function edit(site) {
        const problem = el('p.message', { role: 'alert' });
        const inputs = fields.map(([label, key, type, attributes, unit]) => {
            const input = el('input', { type, ...attributes, value: unit ? site[key] / unit || '' : site[key] });
            return { label, key, unit, input };
        });
        const close = () => { dialog.close(); dialog.remove(); };
        const submit = async (event) => {
            event.preventDefault();
            const values = Object.fromEntries(inputs.map(({ key, unit, input }) => [key, unit ? Math.round(Number(input.value || 0) * unit) : input.value || fresh[key]]));
            if (await change(() => api(site.id ? `/api/technician/sites/${site.id}` : '/api/technician/sites', { method: site.id ? 'PUT' : 'POST', body: values }), problem))
                close();
        };
        const remove = async () => {
            if (window.confirm(t('confirmRemoveSite')) && await change(() => api(`/api/technician/sites/${site.id}`, { method: 'DELETE' }), problem))
                close();
        };
        const dialog = el('dialog.card', { onclose: () => dialog.remove() }, el('form.pairs', { onsubmit: submit }, el('h2', {}, site.id ? site.name : t('addSite')),
            inputs.map(({ label, key, unit, input }) => el('label', {}, unit ? `${t(label)} (${units.get(unit)})` : t(label), input, hints[key] ? el('small', {}, t(hints[key])) : null)), problem,
            el('div.buttons', {}, site.id ? el('button.danger', { type: 'button', onclick: remove }, t('remove')) : null,
                el('button', { type: 'button', onclick: close }, t('cancel')), el('button.primary', {}, t('save')))));
        document.body.append(dialog);
        dialog.showModal();
    }

    const state = async (event) => {
        event.preventDefault();
        uplink.blur();
        uplinkSaved.textContent = '';
        if (await change(() => api('/api/technician/link', { method: 'PUT', body: { uplink_bps: Math.round(Number(uplink.value || 0) * KBPS) } }), uplinkProblem))
            uplinkSaved.textContent = t('saved');
    };
    const element = el('section.card', {}, el('div.headline', {}, el('h2', {}, t('links')), el('button', { onclick: () => edit(fresh) }, t('addSite'))),
        el('form.inline', { onsubmit: state }, el('label', { for: 'uplink' }, t('uplinkCap')), uplink, el('button', {}, t('save')), uplinkSaved, uplinkProblem),
        el('div.scroll', {}, el('table.rows', {}, el('thead', {}, el('tr', {}, columns.map(([label]) => el('th', { scope: 'col' }, t(label))))), body)), note);
    return {
        element,
        async refresh() {
            const link = await api('/api/technician/link');
            if (JSON.stringify(link) !== JSON.stringify(stated))
                show(link);
        },
    };
}
