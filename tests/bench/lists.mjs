// SPDX-License-Identifier: GPL-3.0-or-later
// lists of lessons in a large catalog: pages, a search, and the events of the operator page
// Arguments: [LESSONS, 100000] [SECONDS, 10]. Eight clients ask one after another. While they ask,
// an operator changes a lesson four times a second, so that no page stays in memory for long.
import http from 'node:http';
import path from 'node:path';
import { addManyLessons } from '../harness/many_lessons.mjs';
import { addUserAndLogin, startNode, tempDir } from '../harness/terrace.mjs';
import { quantile, ratio, table } from '../harness/bench.mjs';

const CLIENTS = 8, CHANGE_MS = 250;
const lessons = Number(process.argv[2] ?? 100_000), seconds = Number(process.argv[3] ?? 10);
const data = path.join(tempDir(), 'data');
await addManyLessons(data, lessons);
const node = await startNode({ data }), admin = await addUserAndLogin(node);
const agent = new http.Agent({ keepAlive: true });
// Each client is a user, because a user may have few streams of events.
const cookies = [];
for (let n = 0; n < CLIENTS; n++)
    cookies.push((await addUserAndLogin(node, `operator${n}`, 'operator')).cookie);

/** Sends a GET. Returns the time in ms to the end of the response, or to `until` in its text. */
function timeGet(where, until, client) {
    const headers = { Cookie: cookies[client], 'Accept-Encoding': 'gzip' };
    const began = performance.now();
    return new Promise((resolve, reject) => {
        const request = http.get(node.url + where, { agent: until ? undefined : agent, headers }, (response) => {
            let text = '';
            response.on('data', (part) => {
                text += part;
                if (until && text.includes(until)) {
                    resolve(performance.now() - began);
                    request.destroy();
                }
            });
            response.on('end', () => (response.statusCode === 200 ? resolve(performance.now() - began) : reject(new Error(`${where}: ${response.statusCode}`))));
        });
        request.on('error', reject);
    });
}

async function measure(where, until) {
    const times = [], end = Date.now() + seconds * 1000;
    let title = 0, changing = true;
    const changes = (async () => {
        for (; changing; title++) {
            await admin.request(`/api/operator/lessons/${lessons}`, { method: 'PATCH', body: JSON.stringify({ title: `${title}` }), headers: { 'Content-Type': 'application/json' } });
            await new Promise((resolve) => setTimeout(resolve, CHANGE_MS));
        }
    })();
    await Promise.all(Array.from({ length: CLIENTS }, async (_, client) => {
        while (Date.now() < end)
            times.push(await timeGet(typeof where === 'function' ? where() : where, until, client));
    }));
    changing = false;
    await changes;
    return { times, rss: node.rssBytes() };
}

const { change } = await (await admin.request('/api/operator/lessons')).json();
await admin.request('/api/operator/lessons/1', { method: 'PATCH', body: '{"title": "x"}', headers: { 'Content-Type': 'application/json' } });
const middle = () => `before=${1 + Math.floor(Math.random() * lessons)}`;
const cases = [
    ['terminal page, first page', '/api/lessons'],
    ['terminal page, a page from anywhere', () => `/api/lessons?${middle()}`],
    ['operator page, first page', '/api/operator/lessons'],
    ['operator page, a page from anywhere', () => `/api/operator/lessons?${middle()}`],
    ['an event (a stream is opened)', `/api/operator/events?since=${change}`, '\n\n'],
    ['a search with matches', `/api/lessons?q=${encodeURIComponent('小麦')}`],
    ['a search without a match', `/api/lessons?q=${encodeURIComponent('没有这样的课')}`],
];
const rows = [];
for (const [what, where, until] of cases) {
    const { times, rss } = await measure(where, until);
    rows.push([what, times.length / seconds, quantile(times, 0.5), quantile(times, 0.99), rss / 1e6]);
}
await node.stop();
console.log(`${lessons} lessons, ${CLIENTS} clients`);
table(['', 'answers/s', 'median ms', 'p99 ms', 'memory MB'], rows.map(([what, ...figures]) => [what, ...figures.map((figure) => figure.toFixed(1))]));
const worst = (column) => Math.max(...rows.slice(0, 5).map((row) => row[column]));
ratio('lists median of 20 ms', worst(2) / 20);
ratio('lists p99 of 60 ms', worst(3) / 60);
ratio('lists memory of 150 MB', worst(4) / 150);
