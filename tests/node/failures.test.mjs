// SPDX-License-Identifier: GPL-3.0-or-later
// Checks how the node behaves in trouble: a lost catalog, a full disk, too few descriptors,
// password guessing.
import assert from 'node:assert/strict';
import { closeSync, cpSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync, rmSync, statfsSync, truncateSync, utimesSync, writeFileSync, writeSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { before, test } from 'node:test';
import { addUserAndLogin, login, makeClip, run, show, startNode, tempDir, terrace, terraceOk, until } from '../harness/terrace.mjs';

const PASSWORD = 'a good long password';
const dir = tempDir();
const made = path.join(dir, 'made'); // the data folder with a lesson that plays
const clip = path.join(dir, 'clip.mp4');

before(async () => {
    makeClip(clip, { seconds: 2, size: '320x180', rate: 10 });
    await terraceOk(['ingest', clip, '--publish', '--wait', '--data', made]);
});

/** Copies the data folder with the lesson. */
function dataCopy(to = path.join(tempDir(), 'data')) {
    cpSync(made, to, { recursive: true });
    return to;
}

const files = (folder) => readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).length;
const plays = async (node) => {
    for (const where of ['master.m3u8', 'v48/index.m3u8', 'v48/0.m4s', 'poster.jpg'])
        assert.equal((await fetch(`${node.url}/v/1/1/${where}`)).status, 200, where);
};
const tryLogin = (node, name, password) => fetch(`${node.url}/api/login`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ name, password }) });

test('a data folder without its catalog is refused, and no file in it is removed', async () => {
    for (const lose of [(file) => rmSync(file), (file) => truncateSync(file)]) {
        const data = dataCopy();
        for (const folder of ['sources', 'media'])
            for (const name of readdirSync(path.join(data, folder)))
                // make the files old, because sweeping spares recent files
                utimesSync(path.join(data, folder, name), 1, 1);
        const sources = files(path.join(data, 'sources')), media = files(path.join(data, 'media'));
        lose(path.join(data, 'catalog.db'));
        for (const args of [['ls'], ['serve', '--listen', '127.0.0.1:0'], ['ingest', clip]]) {
            const result = await terrace([...args, '--data', data]);
            assert.equal(result.code, 1, args[0]);
            assert.match(result.stderr, /^terrace: [^\n]*catalog[^\n]*\n$/);
        }
        assert.deepEqual([files(path.join(data, 'sources')), files(path.join(data, 'media'))], [sources, media]);
    }
});

test('backups into one file at once: one is made, whole; the others say that it is there', async () => {
    const copy = path.join(tempDir(), 'copy');
    mkdirSync(copy);
    const results = await Promise.all(Array.from({ length: 4 }, () => terrace(['backup', path.join(copy, 'catalog.db'), '--data', made])));
    assert.deepEqual(results.map(({ code }) => code).sort(), [0, 1, 1, 1], JSON.stringify(results));
    for (const { code, stderr } of results)
        assert.match(stderr, code ? /^terrace: [^\n]*is there already\n$/ : /^$/);
    assert.deepEqual(readdirSync(copy), ['catalog.db']);
    for (const folder of ['sources', 'media'])
        cpSync(path.join(made, folder), path.join(copy, folder), { recursive: true });
    assert.doesNotMatch(await terraceOk(['doctor', '--data', copy]), /^BAD/m);
});

/* ---- a full disk ---- */

/** Mounts a small file system. Returns null if this user may not mount one. */
async function mountSmall(t, options) {
    const folder = path.join(tempDir(), 'disk');
    mkdirSync(folder);
    const mounted = await run('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder]);
    if (mounted.code !== 0)
        return null;
    t.after(() => run('umount', ['-l', folder]));
    return folder;
}

/** Fills the disk to the last byte, as another program could. */
function fill(disk) {
    const block = Buffer.alloc(1024 * 1024);
    for (let n = 0; ; n++) {
        try {
            writeFileSync(path.join(disk, `filling-${n}`), block);
        } catch (error) {
            assert.equal(error.code, 'ENOSPC');
            break;
        }
    }
    assert.ok(statfsSync(disk).bavail * statfsSync(disk).bsize < 65536);
}
const empty = (disk) => { for (const name of readdirSync(disk).filter((n) => n.startsWith('filling'))) rmSync(path.join(disk, name)); };

test('on a disk that other programs have filled, lessons play, a node starts, a lesson can be removed and uploads wait', async (t) => {
    const disk = await mountSmall(t, 'size=150m');
    if (!disk)
        return t.skip('SKIPPED: mounting a file system needs root');
    const data = dataCopy(path.join(disk, 'data'));
    let node = await startNode({ data });
    t.after(() => node.stop());
    let admin = await addUserAndLogin(node);
    const tus = (where, options) => admin.request(where, { ...options, headers: { 'Tus-Resumable': '1.0.0', ...options.headers } });
    const patch = (where, offset, body) => tus(where, { method: 'PATCH', body,
        headers: { 'Upload-Offset': String(offset), 'Content-Type': 'application/offset+octet-stream' } });
    const created = await tus('/api/uploads', { method: 'POST', headers: { 'Upload-Length': '2000' } });
    const upload = created.headers.get('location');
    assert.equal((await patch(upload, 0, Buffer.alloc(1000))).status, 204);
    await until(() => existsSync(path.join(data, 'reserve')), 'the reserve', 30_000);

    fill(disk);
    await plays(node);
    const refused = await patch(upload, 1000, Buffer.alloc(1000));
    assert.equal(refused.status, 507);
    assert.match((await refused.json()).error.en, /room/);
    // The node must start again after a power cut and after a clean stop.
    for (const stop of ['kill', 'stop']) {
        await node[stop]();
        node = await startNode({ data });
        await plays(node);
    }
    admin = await login(node.url, 'admin', PASSWORD);
    assert.equal((await admin.request('/api/operator/lessons/1/unpublish', { method: 'POST' })).status, 200);
    assert.equal((await admin.request('/api/operator/lessons/1/publish', { method: 'POST' })).status, 200);

    empty(disk);
    const rest = await patch(upload, 1000, Buffer.alloc(1000));
    assert.equal(rest.status, 204, await rest.text());
    await until(() => existsSync(path.join(data, 'reserve')), 'the reserve', 30_000);
    await node.stop();
    fill(disk);
    await terraceOk(['rm', '1', '--data', data]);
    empty(disk);
    assert.doesNotMatch(await terraceOk(['doctor', '--data', data]), /^BAD/m);
});

test('on a full disk without a reserve, changes are refused as a whole because the disk is full', async (t) => {
    const disk = await mountSmall(t, 'size=20m');
    if (!disk)
        return t.skip('SKIPPED: mounting a file system needs root');
    const data = dataCopy(path.join(disk, 'data'));
    const node = await startNode({ data });
    t.after(() => node.stop());
    const admin = await addUserAndLogin(node);
    fill(disk);
    await plays(node);
    const sources = files(path.join(data, 'sources'));
    assert.equal((await admin.request('/api/uploads', { method: 'POST', headers: { 'Tus-Resumable': '1.0.0', 'Upload-Length': '1' } })).status, 507);
    assert.equal(files(path.join(data, 'sources')), sources);
    assert.equal((await tryLogin(node, 'admin', PASSWORD)).status, 507);
    assert.equal((await admin.request('/api/operator/lessons/1', { method: 'DELETE' })).status, 507);
    assert.equal((await admin.request('/api/technician/link', { method: 'PUT', body: '{"uplink_bps": 1000000}' })).status, 507);
    assert.equal((await admin.request('/api/logout', { method: 'POST' })).status, 507);
    assert.equal((await admin.request('/api/session')).status, 200);
    const result = await terrace(['publish', '1', '--data', data]);
    assert.equal(result.code, 1);
    assert.match(result.stderr, /^[^\n]*full[^\n]*\n$/);
    await plays(node);
    empty(disk);
    assert.equal((await admin.request('/api/logout', { method: 'POST' })).status, 204);
    assert.equal((await admin.request('/api/session')).status, 401);
});

test('a node does not start with a damaged catalog', async () => {
    const data = dataCopy();
    const file = openSync(path.join(data, 'catalog.db'), 'r+');
    writeSync(file, Buffer.alloc(4096, 0x5a), 0, 4096, 4096 * 9);
    closeSync(file);
    const { code, stderr } = await terrace(['serve', '--data', data, '--listen', '127.0.0.1:0']);
    assert.equal(code, 1);
    assert.match(stderr, /catalog\.db.* damaged.* backup/);
});

test('a data folder that has gone is not called a full disk', async (t) => {
    const data = dataCopy(), away = `${data}-away`;
    const node = await startNode({ data });
    t.after(() => node.stop());
    const admin = await addUserAndLogin(node);
    const tus = { 'Tus-Resumable': '1.0.0' };
    const created = await admin.request('/api/uploads', { method: 'POST', headers: { ...tus, 'Upload-Length': '1000' } });
    renameSync(data, away);
    const refused = await admin.request(created.headers.get('location'), { method: 'PATCH', body: Buffer.alloc(1000),
        headers: { ...tus, 'Upload-Offset': '0', 'Content-Type': 'application/offset+octet-stream' } });
    assert.equal(refused.status, 500);
    renameSync(away, data);
    assert.doesNotMatch(node.log(), /full/);
});

/* ---- descriptors ---- */

test('with 64 descriptors and a crowd of idle connections: lessons play and are made', async (t) => {
    const data = dataCopy();
    const node = await startNode({ data, under: ['prlimit', '--nofile=64:64'] });
    t.after(() => node.kill());
    assert.match(node.log(), /at most \d+ connections at a time/);
    // The kernel keeps connections that have sent nothing, so these begin a request.
    const crowd = Array.from({ length: 12 }, () => net.connect(node.port, '127.0.0.1').on('error', () => {}));
    crowd.forEach((socket) => socket.write('GET / HTTP/1.1\r\n'));
    await terraceOk(['ingest', clip, '--data', data]);
    await plays(node);
    const lesson = await until(async () => { const now = await show(data, 2); return ['ready', 'failed'].includes(now.state) && now; }, 'the lesson');
    assert.equal(lesson.state, 'ready', JSON.stringify(lesson.reason));
    await plays(node);
    crowd.forEach((socket) => socket.destroy());
    assert.doesNotMatch(node.log(), /Too many open files/);
    assert.deepEqual(await node.stop(), { code: 0, signal: null });
});

/* ---- guessing ---- */

test('parallel guesses do not avoid the delay of the login, and other requests are still answered', async (t) => {
    const node = await startNode({ data: dataCopy() });
    t.after(() => node.stop());
    await addUserAndLogin(node);
    const guesses = Array.from({ length: 60 }, (_, i) => tryLogin(node, 'admin', `guess ${i}`));
    assert.equal((await fetch(`${node.url}/api/lessons`)).status, 200);
    const statuses = (await Promise.all(guesses)).map(({ status }) => status);
    assert.ok(statuses.filter((status) => status === 401).length <= 5, statuses.join(' '));
    assert.ok(statuses.every((status) => [401, 429, 503].includes(status)), statuses.join(' '));
});

test('a failed login takes the same processor time whether the user exists or not', async (t) => {
    const node = await startNode({ data: dataCopy() });
    t.after(() => node.stop());
    await addUserAndLogin(node);
    const ticks = () => { const f = readFileSync(`/proc/${node.pid}/stat`, 'latin1').split(') ')[1].split(' '); return Number(f[11]) + Number(f[12]); };
    const work = async (name) => {
        const began = ticks();
        for (let i = 0; i < 2; i++)
            assert.equal((await tryLogin(node, name, 'wrong')).status, 401);
        return ticks() - began;
    };
    const known = await work('admin'), unknown = await work('nobody');
    assert.ok(unknown < 1.5 * known && known < 1.5 * unknown, `${known} and ${unknown} ticks`);
});
