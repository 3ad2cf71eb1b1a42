// SPDX-License-Identifier: GPL-3.0-or-later
// node life_kills.mjs COUNT FOLDER: kills the node with kill -9 at random moments while lessons are
// uploaded, transcoded, published, edited and removed. FOLDER keeps the data and what was
// acknowledged, so that a later run goes on. After each kill, all that was acknowledged must be
// there, with the session of the operator. At the end every lesson must become ready.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { addUserAndLogin, makeClip, oneRung, startNode, terrace, terraceOk, until } from '../harness/terrace.mjs';

const count = Number(process.argv[2]), folder = process.argv[3];
const MOST_LESSONS = 6, LONGEST_MS = 2500;
const data = path.join(folder, 'data'), file = path.join(folder, 'acknowledged.json'), clip = path.join(folder, 'clip.mp4');
mkdirSync(folder, { recursive: true });
if (!existsSync(clip))
    makeClip(clip, { seconds: 6, size: '160x90', rate: 10 });
const bytes = readFileSync(clip);
// lessons: {id: {title, published}} as acknowledged; a member is null while its change is not.
const known = existsSync(file) ? JSON.parse(readFileSync(file)) : { kills: 0, uploads: 0, lessons: {}, removed: [], session: null };
const start = () => startNode({ data, args: oneRung() });
let node;

/** Sends a request with the session. Resolves with the answer, or null if the node was killed. */
function ask(method, where, headers = {}, body) {
    return new Promise((resolve) => {
        const request = http.request(node.url + where, { method, agent: false, headers: { Cookie: known.session.cookie, 'X-CSRF-Token': known.session.csrf, ...headers, ...(body ? { 'Content-Length': body.length } : {}) } }, (response) => {
            const parts = [];
            response.on('data', (part) => parts.push(part)).on('error', () => resolve(null))
                .on('end', () => resolve({ status: response.statusCode, headers: response.headers, text: Buffer.concat(parts).toString() }));
        });
        request.on('error', () => resolve(null));
        request.end(body);
    });
}

const ok = (answer) => answer && answer.status < 300;

async function upload() {
    const tus = { 'Tus-Resumable': '1.0.0' }, title = `upload ${++known.uploads}`;
    const created = await ask('POST', '/api/uploads', { ...tus, 'Upload-Length': bytes.length, 'Upload-Metadata': `filename ${btoa('a.mp4')},title ${btoa(title)}` });
    if (!ok(created))
        return;
    const where = created.headers.location, middle = randomInt(1, bytes.length);
    for (const [from, to] of [[0, middle], [middle, bytes.length]]) {
        const answer = await ask('PATCH', where, { ...tus, 'Upload-Offset': from, 'Content-Type': 'application/offset+octet-stream' }, bytes.subarray(from, to));
        if (!ok(answer))
            return;
        if (answer.headers['terrace-lesson'])
            known.lessons[answer.headers['terrace-lesson']] = { title, published: false };
    }
}

/** Changes one acknowledged lesson. While the answer is not there, both states are right. */
async function change() {
    const ids = Object.keys(known.lessons);
    if (ids.length === 0)
        return;
    const id = ids[randomInt(ids.length)], lesson = known.lessons[id], before = { ...lesson };
    if (ids.length > MOST_LESSONS) {
        delete known.lessons[id];
        if (ok(await ask('DELETE', `/api/operator/lessons/${id}`)))
            known.removed.push(id);
        return;
    }
    if (randomInt(2)) {
        lesson.published = null;
        const answer = await ask('POST', `/api/operator/lessons/${id}/${before.published ? 'unpublish' : 'publish'}`);
        if (ok(answer))
            lesson.published = !before.published;
    } else {
        const title = `title ${randomInt(1e9)}`;
        lesson.title = null;
        if (ok(await ask('PATCH', `/api/operator/lessons/${id}`, { 'Content-Type': 'application/json' }, Buffer.from(JSON.stringify({ title })))))
            lesson.title = title;
    }
}

async function check() {
    if ((await ask('GET', '/api/session'))?.status !== 200)
        throw new Error('the session is lost');
    for (const [id, lesson] of Object.entries(known.lessons)) {
        const answer = await ask('GET', `/api/operator/lessons/${id}`);
        if (answer?.status !== 200)
            throw new Error(`lesson ${id} is lost: ${answer?.status}`);
        const found = JSON.parse(answer.text);
        if (found.state === 'failed')
            throw new Error(`lesson ${id} failed: ${answer.text}`);
        for (const member of ['title', 'published'])
            if (lesson[member] !== null && found[member] !== lesson[member])
                throw new Error(`lesson ${id}: ${member} is ${found[member]} instead of ${lesson[member]}`);
        known.lessons[id] = { title: found.title, published: found.published };
    }
    for (const id of known.removed)
        if ((await ask('GET', `/api/operator/lessons/${id}`))?.status !== 404)
            throw new Error(`the removed lesson ${id} is back`);
    known.removed = known.removed.slice(-20);
}

async function round() {
    let working = true;
    const work = [upload, change].map(async (action) => {
        while (working) {
            await action();
            await sleep(10);
        }
    });
    await sleep(randomInt(20, LONGEST_MS));
    working = false;
    await node.kill();
    await Promise.all(work);
    known.kills++;
}

for (let n = 0; n < count; n++) {
    node = await start();
    known.session ??= await addUserAndLogin(node).then(({ cookie, csrf }) => ({ cookie, csrf }));
    await check();
    await round();
    writeFileSync(file, JSON.stringify(known));
    if (known.kills % 20 === 0)
        console.log(`${known.kills} kills, ${known.uploads} uploads begun`);
}
node = await start();
await check();
const all = async () => JSON.parse(await terraceOk(['ls', '--json', '--data', data])).lessons;
await until(async () => (await all()).every(({ state }) => state === 'ready' || state === 'failed'), 'all lessons');
const failed = (await all()).filter(({ state }) => state === 'failed');
if (failed.length)
    throw new Error(`failed: ${JSON.stringify(failed.map(({ id, reason }) => [id, reason]))}`);
await node.stop();
const { stdout } = await terrace(['doctor', '--data', data]);
if (/^BAD/m.test(stdout))
    throw new Error(stdout);
console.log(`${known.kills} kills in all, nothing lost`);
