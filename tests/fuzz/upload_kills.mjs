// SPDX-License-Identifier: GPL-3.0-or-later
// node upload_kills.mjs COUNT: kills the node with kill -9 around the last byte of an upload, from
// 30 ms before it to 150 ms after it. Some moments are random and some are chosen.
// After each kill the node starts again, and the client behaves like tus-js-client. It asks with
// HEAD how many bytes the node has, and sends the rest. If nothing is missing, or if the client
// already has its answer, it forgets the file. If all bytes had arrived, every third client that
// has no answer does not come back at all.
// Each upload must then be exactly one lesson with the right bytes.
import { readFileSync, statSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { randomBytes, randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { addUserAndLogin, makeClip, sha256, show, startNode, tempDir, terraceOk, until } from '../harness/terrace.mjs';

const COUNT = Number(process.argv[2]);
const MIN_MS = -30, MAX_MS = 150;
const dir = tempDir(), data = path.join(dir, 'data');
const clip = readFileSync(makeClip(path.join(dir, 'clip.mp4'), { seconds: 1, size: '64x64', rate: 5 }));

/**
 * Makes a file that plays and has content of its own: the clip, followed by a `free` box of random
 * bytes.
 */
function makeUpload(number) {
    const filling = randomBytes(number % 3 === 0 ? 12 << 20 : randomInt(1000, 4 << 20)), header = Buffer.alloc(8);
    header.writeUInt32BE(header.length + filling.length);
    header.write('free', 4, 'latin1');
    const bytes = Buffer.concat([clip, header, filling]);
    return { title: `upload ${number}`, bytes, hash: sha256(bytes) };
}

const args = ['--workers', '1'];
let node = await startNode({ data, args });
const admin = await addUserAndLogin(node);
const fields = { Cookie: admin.cookie, 'X-CSRF-Token': admin.csrf, 'Tus-Resumable': '1.0.0' };
const tus = (where, method, headers, body) => fetch(node.url + where, { method, body, headers: { ...fields, Connection: 'close', ...headers } });
const lessons = async () => JSON.parse(await terraceOk(['ls', '--json', '--data', data])).lessons;
const sizeOf = (where) => statSync(path.join(data, 'sources', path.basename(where))).size;

async function create({ title, bytes }) {
    const metadata = `filename ${btoa(`${title}.mp4`)},title ${btoa(title)}`;
    const response = await tus('/api/uploads', 'POST', { 'Upload-Length': String(bytes.length), 'Upload-Metadata': metadata });
    if (response.status !== 201)
        throw new Error(`create: ${response.status}`);
    return response.headers.get('location');
}

/** Begins a PATCH and sends all bytes except the last. Resolves when they are in the file. */
async function sendAllButOne(where, bytes) {
    const request = http.request(node.url + where, { method: 'PATCH', agent: false, headers: { ...fields, 'Upload-Offset': '0',
        'Content-Type': 'application/offset+octet-stream', 'Content-Length': bytes.length } });
    const answer = new Promise((resolve) => request.on('error', () => resolve(0))
        .on('response', (response) => { response.on('error', () => {}).resume(); resolve(response.statusCode); }));
    request.setNoDelay(true);
    request.write(bytes.subarray(0, -1));
    while (sizeOf(where) < bytes.length - 1)
        await new Promise(setImmediate);
    return { answer, finish: () => request.end(bytes.subarray(-1)) };
}

const kill = () => process.kill(node.pid, 'SIGKILL');

/**
 * Kills the node `ms` milliseconds after the last byte is sent, or before it if `ms` is negative.
 * Returns a name for the moment.
 */
async function killAfter(ms, finish) {
    if (ms < 0) {
        await sleep(randomInt(1, 5));
        kill();
        await sleep(-ms);
        finish();
        return 'before the last byte';
    }
    finish();
    await sleep(ms);
    kill();
    return 'after it';
}

/**
 * Kills the node `ms` milliseconds after the last byte is in the file. Returns a name for the
 * moment.
 */
async function killWhenWritten(ms, where, length, finish) {
    finish();
    while (sizeOf(where) < length)
        await new Promise(setImmediate);
    const end = performance.now() + ms;
    while (performance.now() < end)
        ;
    kill();
    return 'when it was written';
}

const uploads = [], moments = {};
let unfinished = 0, lost = 0, doubled = 0, damaged = 0;
for (let number = 0; number < COUNT; number++) {
    const upload = makeUpload(number), where = await create(upload);
    const { answer, finish } = await sendAllButOne(where, upload.bytes);
    const moment = number % 2
        ? await killWhenWritten(number % 4 === 1 ? 0 : Math.random() * 40, where, upload.bytes.length, finish)
        : await killAfter(MIN_MS + Math.random() * (MAX_MS - MIN_MS), finish);
    moments[moment] = (moments[moment] ?? 0) + 1;
    await node.exited;
    const answered = await answer === 204, whole = sizeOf(where) === upload.bytes.length;
    if (whole && !(await lessons()).some(({ title }) => title === upload.title))
        unfinished++;

    node = await startNode({ data, port: node.port, args });
    if (!answered && !(whole && number % 3 === 0)) {
        const offset = Number((await tus(where, 'HEAD')).headers.get('upload-offset'));
        if (offset < upload.bytes.length) {
            const { status } = await tus(where, 'PATCH', { 'Upload-Offset': String(offset), 'Content-Type': 'application/offset+octet-stream' }, upload.bytes.subarray(offset));
            if (status !== 204)
                throw new Error(`PATCH from ${offset}: ${status}\n${node.log()}`);
        }
    }
    await until(async () => (await lessons()).some(({ title }) => title === upload.title), upload.title, 20_000)
        .catch(() => { lost++; console.log(`${upload.title} is lost, killed ${moment}`); });
    uploads.push({ ...upload, bytes: upload.bytes.length, where });
    if ((number + 1) % 20 === 0)
        console.log(`${number + 1} kills, ${unfinished} of them between the last byte and the lesson; ${lost} lost`);
}

const listed = await lessons();
for (const { title, hash, bytes, where } of uploads) {
    const found = listed.filter((lesson) => lesson.title === title);
    doubled += found.length > 1;
    for (const { id } of found) {
        const { source } = await show(data, id);
        damaged += source.sha256 !== hash || source.bytes !== bytes || sha256(readFileSync(path.join(data, 'sources', path.basename(where)))) !== hash;
    }
}
const end = await node.stop();
console.log(`${COUNT} kills (${Object.entries(moments).map(([moment, count]) => `${count} ${moment}`).join(', ')}), ${unfinished} of them between the last byte and the lesson`);
console.log(`${lost} of ${COUNT} lost, ${doubled} doubled, ${damaged} with wrong bytes; ${listed.length} lessons`);
process.exitCode = lost || doubled || damaged || listed.length !== COUNT || end.code !== 0 ? 1 : 0;
