// SPDX-License-Identifier: GPL-3.0-or-later
// The link fails during transfers. A client that waits gets the rest over the same connection. A
// client that gives up resumes with a Range request. A client that reads nothing is cut off.
// With TERRACE_OUTAGE_S, the outage has that length, and the server is the node with its progress
// window of one minute. Without it, the outage is short, and the server is the node's HTTP server
// with a window of six seconds.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { binDir, makeClip, sha256, startNode, tempDir, terraceOk, until, withLadder } from '../harness/terrace.mjs';
import { county, COUNTY_ADDRESS, inVillage } from '../harness/village.mjs';

const self = fileURLToPath(import.meta.url), PORT = 8080;
const LONG_S = Number(process.env.TERRACE_OUTAGE_S ?? 0), OUTAGE_S = LONG_S || 13, WINDOW_MS = 6000;
const BEGUN_BYTES = 100_000, IMPATIENT_MS = 4000;

/* ---- in the village ---- */

/**
 * Starts the node if there is a data folder with a lesson, or else the node's HTTP server for a
 * single file. Returns {log(), stop()}.
 */
function serve(file, data) {
    if (data)
        return startNode({ data, address: COUNTY_ADDRESS, port: PORT, under: county });
    const child = spawn(county[0], [...county.slice(1), path.join(binDir, 'tests/link_serve'), `${COUNTY_ADDRESS}:${PORT}`, file, String(WINDOW_MS)], { stdio: ['ignore', 'pipe', 'pipe'] });
    let log = '';
    child.stderr.on('data', (d) => { log += d; });
    const ended = new Promise((resolve) => child.on('close', resolve));
    return new Promise((resolve, reject) => {
        child.stdout.once('data', () => resolve({ log: () => log, stop: () => { child.kill(); return ended; } }));
        child.on('close', () => reject(new Error(log)));
    });
}

const get = (url, fields = '') => `GET ${url} HTTP/1.1\r\nHost: h\r\n${fields}\r\n`;

/**
 * Requests the file over one connection, from byte `have` on. Closes the connection after silent_ms
 * without a byte (0: never). Appends the received parts to `chunks`.
 */
function transfer(url, { have = 0, silent_ms = 0, chunks }) {
    const socket = net.connect(PORT, COUNTY_ADDRESS);
    let head = Buffer.alloc(0), inBody = false;
    socket.setTimeout(silent_ms, () => socket.destroy());
    socket.on('error', () => {});
    socket.on('data', (data) => {
        if (inBody)
            return chunks.push(data);
        head = Buffer.concat([head, data]);
        const end = head.indexOf('\r\n\r\n');
        if (end < 0)
            return;
        inBody = true;
        assert.match(head.toString('latin1', 0, end), have ? new RegExp(`^HTTP/1.1 206 [^]*Content-Range: bytes ${have}-`) : /^HTTP\/1.1 200 /);
        chunks.push(head.subarray(end + 4));
    });
    socket.write(get(url, `Connection: close\r\n${have ? `Range: bytes=${have}-\r\n` : ''}`));
    return new Promise((resolve) => socket.on('close', resolve));
}

const size = (chunks) => chunks.reduce((sum, chunk) => sum + chunk.length, 0);
const hashOf = (chunks) => createHash('sha256').update(Buffer.concat(chunks)).digest('hex');

async function village({ file, data, url, bytes }) {
    const server = await serve(file, data), patient = [], impatient = [];
    const waits = transfer(url, { chunks: patient });
    let attempts = 0;
    const resumes = (async () => {
        for (; size(impatient) < bytes; attempts++)
            await transfer(url, { have: size(impatient), silent_ms: IMPATIENT_MS, chunks: impatient });
    })();
    const dawdler = net.connect(PORT, COUNTY_ADDRESS);
    dawdler.on('error', () => {});
    dawdler.write(get(url).repeat(20)); // this client never reads the answers
    await until(() => Math.min(size(patient), size(impatient)) > BEGUN_BYTES, 'the transfers to begin');
    const link = process.ppid, began = performance.now();
    process.kill(link, 'SIGUSR1');
    await new Promise((resolve) => setTimeout(resolve, OUTAGE_S * 1000));
    const had = size(patient);
    const duringOutage = { log: server.log(), patient: size(patient), impatient: size(impatient) };
    process.kill(link, 'SIGUSR2');
    const back = performance.now();
    const flows_s = until(() => size(patient) > had, 'bytes over the old connection').then(() => (performance.now() - back) / 1000);
    await Promise.all([waits, resumes]);
    const over_s = (performance.now() - back) / 1000;
    await until(() => /no progress/.test(server.log()), 'who takes nothing to be cut off');
    const log = server.log();
    dawdler.destroy();
    await server.stop();
    console.log(JSON.stringify({ outage_s: (back - began) / 1000, over_s, flows_s: await flows_s, attempts, duringOutage, log,
        patient: { bytes: size(patient), sha256: hashOf(patient) }, impatient: { bytes: size(impatient), sha256: hashOf(impatient) } }));
}

/* ---- outside ---- */

async function makeFile() {
    const dir = tempDir(), file = path.join(dir, 'file');
    writeFileSync(file, randomBytes(700_000));
    return { file, url: '/file', content: readFileSync(file) };
}

async function makeLesson() {
    const data = path.join(tempDir(), 'data'), url = '/v/1/1/v400.mp4';
    await terraceOk(['ingest', makeClip(path.join(tempDir(), 'clip.mp4'), { seconds: 20, sound: false, extra: ['-vf', 'noise=alls=20:allf=t'] }), '--publish', '--wait', ...withLadder([400]), '--data', data]);
    const node = await startNode({ data }), content = Buffer.from(await (await fetch(node.url + url)).arrayBuffer());
    await node.stop();
    return { data, url, content };
}

if (process.argv[2] === 'village') {
    await village(JSON.parse(process.argv[3]));
} else {
    for (const [kernel, limit_s] of LONG_S ? [['', 4]] : [['', 4], ['OLD_KERNEL', 10]]) test(`transfers survive a link outage of ${OUTAGE_S} s, and only a client that reads nothing is cut off${kernel && ' (old kernel)'}`, async (t) => {
        const { content, ...setup } = await (LONG_S ? makeLesson() : makeFile());
        if (kernel)
            process.env[kernel] = '1';
        const got = await inVillage(t, 'village-adsl', self, ['village', JSON.stringify({ ...setup, bytes: content.length })]);
        if (!got)
            return;
        // This is no matter of the machine's speed: the kernel's timers decide it.
        assert.ok(got.flows_s < limit_s, `bytes flow ${got.flows_s} s after the link is back`);
        t.diagnostic(`bytes flow ${got.flows_s.toFixed(1)} s after the link is back`);
        t.diagnostic(`away for ${got.outage_s.toFixed(1)} s, all there ${got.over_s.toFixed(1)} s after that; ${got.attempts} attempts of who gives up`);
        assert.ok(got.duringOutage.patient < content.length && got.duringOutage.impatient < content.length, 'both were under way');
        assert.equal(got.patient.bytes, content.length, 'the first connection lived on');
        assert.equal(got.patient.sha256, sha256(content));
        assert.equal(got.impatient.sha256, sha256(content));
        assert.ok(got.attempts > 1);
        assert.doesNotMatch(got.duringOutage.log, /no progress/, 'nobody is blamed while the link is away');
        assert.equal(got.log.match(/no progress/g).length, 1, got.log);
    });
}
