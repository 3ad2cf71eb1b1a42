// SPDX-License-Identifier: GPL-3.0-or-later
// What strangers can do to a node, and what they can't. Clients have addresses of their own in the
// loopback network (127.0.0.0/8).
import assert from 'node:assert/strict';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { before, test } from 'node:test';
import { addUserAndLogin, login, makeClip, oneRung, show, startNode, tempDir, terraceOk, until } from '../harness/terrace.mjs';

const data = path.join(tempDir(), 'data');
let base;

before(async () => {
    const clip = makeClip(path.join(tempDir(), 'clip.mp4'), { seconds: 12, size: '320x180' });
    await terraceOk(['ingest', clip, '--publish', '--wait', '--data', data, ...oneRung()]);
    base = (await show(data, 1)).hls.replace('master.m3u8', '');
});

/** Opens a socket from this address and says something that has no end. */
function hold(port, localAddress, text) {
    const socket = net.connect({ port, host: '127.0.0.1', localAddress });
    socket.on('error', () => {});
    socket.resume();
    if (text)
        socket.write(text);
    return new Promise((resolve) => { socket.on('connect', () => resolve(socket)); socket.on('close', () => resolve(socket)); });
}

/** Sends a GET from this address. Returns {status, headers, text}. */
function get(url, localAddress, { agent, headers } = {}) {
    return new Promise((resolve, reject) => {
        const request = http.get(url, { localAddress, agent, headers }, (response) => {
            const parts = [];
            response.on('data', (part) => parts.push(part));
            response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, text: Buffer.concat(parts).toString('latin1') }));
            response.on('error', reject);
        });
        // A browser repeats a request on a fresh connection if an idle one was closed just then.
        request.on('error', (error) => (request.reusedSocket && error.code === 'ECONNRESET' ? resolve(get(url, localAddress, { agent, headers })) : reject(error)));
    });
}

const UNFINISHED = {
    'silent sockets': '',
    'unfinished heads': 'GET /healthz HTTP/1.1\r\nHost: h\r\n',
    'logins without their body': 'POST /api/login HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: 60\r\n\r\n{',
};

for (const [what, text] of Object.entries(UNFINISHED))
    test(`${what} of ten addresses do not keep a newcomer out`, async () => {
        const node = await startNode({ data, args: ['--loops', '1', '--max-connections', '100'] });
        const held = [];
        try {
            for (let i = 0; i < 120; i++)
                held.push(await hold(node.port, `127.0.1.${1 + i % 10}`, text));
            assert.equal((await get(`${node.url}/healthz`, '127.0.0.9')).status, 200);
            const open = held.filter((socket) => !socket.closed).length;
            // If they had been ended by a time limit, all would be gone.
            assert.ok(open > 50, `${open} of them are still there`);
        } finally {
            held.forEach((socket) => socket.destroy());
            await node.stop();
        }
    });

test('three hundred viewers behind one address lose nothing while ten other addresses attack', async () => {
    const VIEWERS = 300, ROUNDS = 3;
    const node = await startNode({ data, args: ['--loops', '1', '--max-connections', '600'] });
    const agent = new http.Agent({ keepAlive: true, maxSockets: VIEWERS, localAddress: '127.0.0.50' });
    const held = [];
    let attacking = true, attacks = 0;
    const attack = (async () => {
        for (; attacking; attacks++) {
            const kinds = Object.values(UNFINISHED);
            held.push(await hold(node.port, `127.0.1.${1 + attacks % 10}`, kinds[attacks % kinds.length]));
        }
    })();
    try {
        await until(() => attacks > 700, 'the attack');
        const statuses = await Promise.all(Array.from({ length: VIEWERS }, async () => {
            const seen = [];
            for (let round = 0; round < ROUNDS; round++)
                seen.push((await get(`${node.url}${base}v130/0.m4s`, '127.0.0.50', { agent })).status);
            return seen;
        }));
        assert.ok(statuses.flat().every((status) => status === 200), JSON.stringify(statuses.flat().filter((status) => status !== 200)));
        assert.equal(statuses.flat().length, VIEWERS * ROUNDS);
    } finally {
        attacking = false;
        await attack;
        held.forEach((socket) => socket.destroy());
        agent.destroy();
        await node.stop();
    }
});

/* ---- uploads ---- */

const TUS = { 'Tus-Resumable': '1.0.0' };
const create = (session, bytes) => session.request('/api/uploads', { method: 'POST', headers: { ...TUS, 'Upload-Length': String(bytes), 'Upload-Metadata': `filename ${Buffer.from('a.mp4').toString('base64')}` } });

test('uploads have a quota, expire, are visible to admins, and are not inherited with a name', async () => {
    const own = path.join(tempDir(), 'data');
    const node = await startNode({ data: own, args: ['--upload-quota-bytes', '1000000', '--upload-expiry-hours', '2'] });
    try {
        const admin = await addUserAndLogin(node), li = await addUserAndLogin(node, 'li', 'operator', 'the first password');
        const first = await create(li, 900_000);
        assert.equal(first.status, 201);
        const left_h = (Date.parse(first.headers.get('upload-expires')) - Date.now()) / 3_600_000;
        assert.ok(left_h > 1.9 && left_h < 2.1, `${left_h} h`);
        const second = await create(li, 200_000);
        assert.equal(second.status, 413);
        assert.equal((await second.json()).error.code, 'quota');
        assert.equal((await create(admin, 200_000)).status, 201, 'others have their own');
        const where = first.headers.get('location');
        assert.equal((await li.request(where, { method: 'HEAD', headers: TUS })).status, 200);
        const list = async (session) => (await (await session.request('/api/uploads')).json()).uploads.map(({ user }) => user).sort();
        assert.deepEqual(await list(li), ['li']);
        assert.deepEqual(await list(admin), ['admin', 'li']);
        await terraceOk(['user', 'rm', 'li', '--data', own]);
        const again = await addUserAndLogin(node, 'li', 'operator', 'the second password');
        assert.equal((await again.request(where, { method: 'HEAD', headers: TUS })).status, 404);
        assert.deepEqual(await list(again), []);
        assert.equal((await admin.request(where, { method: 'HEAD', headers: TUS })).status, 200);
    } finally {
        await node.stop();
    }
});

test('a logout ends a running upload, and the next login goes on with it', async () => {
    const own = path.join(tempDir(), 'data');
    const node = await startNode({ data: own });
    try {
        const li = await addUserAndLogin(node, 'li', 'operator', 'a good long password');
        const where = (await create(li, 100_000)).headers.get('location');
        const ended = new Promise((resolve, reject) => {
            const request = http.request(`${node.url}${where}`, { method: 'PATCH', headers: { ...TUS, Cookie: li.cookie, 'X-CSRF-Token': li.csrf, 'Content-Type': 'application/offset+octet-stream', 'Upload-Offset': '0', 'Content-Length': '100000' } }, (response) => { response.resume(); resolve(response.statusCode); });
            request.on('error', reject);
            request.write(Buffer.alloc(40_000));
        });
        await until(async () => (await li.request(where, { method: 'HEAD', headers: TUS })).headers.get('upload-offset') === '40000', 'the first bytes');
        assert.equal((await li.request('/api/logout', { method: 'POST' })).status, 204);
        assert.equal(await ended, 401);
        const back = await login(node.url, 'li', 'a good long password');
        const head = await back.request(where, { method: 'HEAD', headers: TUS });
        assert.equal(head.headers.get('upload-offset'), '40000');
        const rest = await back.request(where, { method: 'PATCH', headers: { ...TUS, 'Content-Type': 'application/offset+octet-stream', 'Upload-Offset': '40000' }, body: Buffer.alloc(60_000) });
        assert.equal(rest.status, 204);
        assert.match(rest.headers.get('terrace-lesson'), /^\d+$/);
    } finally {
        await node.stop();
    }
});
