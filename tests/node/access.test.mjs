// SPDX-License-Identifier: GPL-3.0-or-later
// Checks the node over its sockets: access control, the counters of traffic, and the messages of
// failed starts.
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { addUserAndLogin, makeClip, oneRung, run, startNode, tempDir, terrace, terraceBin, terraceOk } from '../harness/terrace.mjs';

const data = path.join(tempDir(), 'data');
let node, admin;

before(async () => {
    const clip = makeClip(path.join(tempDir(), 'clip.mp4'), { seconds: 12, size: '320x180' });
    await terraceOk(['ingest', clip, '--publish', '--title', '水稻育秧', '--wait', '--data', data, ...oneRung()]);
    await terraceOk(['ingest', clip, '--title', 'unreviewed', '--wait', '--data', data, ...oneRung()]);
    node = await startNode({ data });
    admin = await addUserAndLogin(node);
});
after(async () => {
    const end = await node?.stop();
    assert.deepEqual(end, { code: 0, signal: null }, node?.log());
});

/** Returns the routes as the program lists them: [{methods, pattern, access}]. */
async function routes() {
    const lines = (await terraceOk(['routes'])).trim().split('\n');
    return lines.map((line) => line.trim().split(/\s+/)).map(([methods, pattern, access]) => ({ methods, pattern, access }))
        .filter(({ pattern }) => pattern?.startsWith('/'));
}

test('every route that is not public refuses a stranger', async () => {
    const all = await routes();
    const closed = all.filter(({ access }) => access !== 'public' && access !== 'access');
    assert.ok(closed.length >= 12, JSON.stringify(all));
    for (const { methods, pattern } of closed) {
        if (pattern === '/metrics')
            // clients on loopback, such as this test, may read it without a login
            continue;
        for (const method of methods.split(/[,|]/)) {
            const where = node.url + pattern.replace(/:\w+/g, '1');
            const response = await fetch(where, { method, redirect: 'manual', headers: { 'Tus-Resumable': '1.0.0' } });
            assert.equal(response.status, 401, `${method} ${pattern}`);
        }
    }
});

test('a guessed cookie is a stranger too, and a session without its CSRF token changes nothing', async () => {
    const guess = await fetch(`${node.url}/api/operator/lessons`, { headers: { Cookie: `terrace_session=${'a'.repeat(64)}` } });
    assert.equal(guess.status, 401);
    const forged = await fetch(`${node.url}/api/operator/lessons/2/publish`, { method: 'POST', headers: { Cookie: admin.cookie } });
    assert.equal(forged.status, 403);
    const { lessons } = await (await fetch(`${node.url}/api/lessons`)).json();
    assert.deepEqual(lessons.map((l) => l.title), ['水稻育秧']);
});

test('for an unknown URL, browsers get a page with a link to the start page, and programs get JSON', async () => {
    const lost = await fetch(`${node.url}/nosuch`, { headers: { Accept: 'text/html,*/*;q=0.8' } });
    assert.deepEqual([lost.status, lost.headers.get('content-type')], [404, 'text/html; charset=utf-8']);
    assert.match(await lost.text(), /没有这个页面[^]*href="\/"/);
    assert.equal((await (await fetch(`${node.url}/nosuch`)).json()).error.code, 'not_found');
});

test('strangers cannot see a lesson until it is published', async () => {
    assert.equal((await fetch(`${node.url}/v/2/1/master.m3u8`)).status, 404);
    assert.equal((await fetch(`${node.url}/api/lessons/2`)).status, 404);
    assert.equal((await admin.request('/v/2/1/master.m3u8')).status, 200);
    const published = await admin.request('/api/operator/lessons/2/publish', { method: 'POST' });
    assert.ok(published.ok, await published.text());
    const { lessons } = await (await fetch(`${node.url}/api/lessons`)).json();
    assert.equal(lessons.length, 2);
    for (const lesson of lessons) {
        assert.equal(lesson.state, 'ready');
        assert.ok(Math.abs(lesson.duration_s - 12) < 0.1);
        assert.equal((await fetch(node.url + lesson.hls)).status, 200);
    }
});

test('the technician’s table and /metrics agree with what curl received, to the byte', async () => {
    // no other test of this node uses this address, so only this test's bytes are counted
    const from = '127.0.0.7';
    const rows = async () => (await (await admin.request('/api/technician/terminals')).json()).terminals.find((t) => t.address === from);
    const urls = ['/v/1/1/master.m3u8', '/api/lessons', '/v/1/1/a24/0.m4s', '/v/1/1/a24/1.m4s', '/nothing/there', '/'];
    let received = 0;
    for (const url of urls) {
        const { stdout } = await run('curl', ['-s', '-o', '/dev/null', '--interface', from, '-w', '%{size_header} %{size_download}', node.url + url]);
        received += stdout.split(' ').reduce((sum, n) => sum + Number(n), 0);
    }
    const row = await rows();
    assert.equal(row.sent_bytes, received);
    assert.equal(row.requests, urls.length);
    assert.equal(row.lesson, 1);
    const metrics = await (await fetch(`${node.url}/metrics`)).text();
    assert.ok(Number(metrics.match(/^terrace_sent_bytes_total (\d+)/m)[1]) >= received);
    const promtool = await run('promtool', ['check', 'metrics'], { input: metrics });
    assert.equal(promtool.code, 0, promtool.stdout + promtool.stderr);
});

test('a start that fails prints one clear line and exits with 1; wrong usage exits with 2', async () => {
    const oneLine = async (args, code, pattern, options) => {
        const result = await terrace(args, options);
        assert.equal(result.code, code, `${args.join(' ')}: ${result.stderr}`);
        assert.match(result.stderr, /^[^\n]+\n$/, args.join(' '));
        assert.match(result.stderr, pattern);
    };
    await oneLine(['serve', '--data', data, '--listen', '127.0.0.1:0'], 1, /in use|another|already/i);
    const fresh = path.join(tempDir(), 'data');
    await oneLine(['serve', '--data', fresh, '--listen', `127.0.0.1:${node.port}`], 1, new RegExp(`${node.port}`));
    await oneLine(['ls', '--data', path.join(tempDir(), 'missing')], 1, /missing/);
    await oneLine(['ingest', '/nonexistent.mp4', '--data', fresh], 1, /nonexistent/);
    const broken = tempDir();
    writeFileSync(path.join(broken, 'catalog.db'), 'not a database, but long enough to look at: '.repeat(100));
    await oneLine(['serve', '--data', broken, '--listen', '127.0.0.1:0'], 1, /catalog/);
    const asFile = path.join(tempDir(), 'file');
    writeFileSync(asFile, '');
    await oneLine(['serve', '--data', asFile, '--listen', '127.0.0.1:0'], 1, /file/);
    for (const misuse of [['frobnicate'], ['serve', '--nonsense'], ['show'], ['show', 'abc', '--data', data], ['ingest'], ['serve', '--listen', 'here', '--data', fresh]])
        assert.equal((await terrace(misuse)).code, 2, misuse.join(' '));
});

test('a read-only data folder is reported in one clear line', async (t) => {
    const folder = path.join(tempDir(), 'ro');
    mkdirSync(folder);
    chmodSync(folder, 0o555);
    // Root may write to every folder, so this test needs another user.
    const nobody = process.getuid() === 0 ? ['setpriv', ['--reuid=65534', '--regid=65534', '--clear-groups', '--']] : ['env', []];
    const probe = await run(nobody[0], [...nobody[1], 'test', '-x', terraceBin]);
    if (probe.code !== 0)
        return t.skip('SKIPPED: another user can’t reach the build folder');
    chmodSync(path.dirname(folder), 0o755);
    const result = await run(nobody[0], [...nobody[1], terraceBin, 'serve', '--data', folder, '--listen', '127.0.0.1:0']);
    assert.equal(result.code, 1, result.stderr);
    assert.match(result.stderr, /^[^\n]+\n$/);
});
