// SPDX-License-Identifier: GPL-3.0-or-later
// Checks the server side of tus 1.0.0 with hand-written requests: well-behaved clients and others.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, readdirSync, renameSync, statSync, symlinkSync, unlinkSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { addUserAndLogin, lessonIds, login, sha256, show, startNode, tempDir, terrace, terraceOk, until } from '../harness/terrace.mjs';

const data = path.join(tempDir(), 'data');
// The bytes are no media. So the lesson fails, but the upload must succeed. They are the same in
// each run, because some random bytes look like sound.
const bytes = Buffer.concat(Array.from({ length: 300_000 / 32 }, (_, i) => createHash('sha256').update(String(i)).digest()));
let node, admin;

before(async () => {
    node = await startNode({ data });
    admin = await addUserAndLogin(node);
});
after(async () => {
    const end = await node?.stop();
    assert.deepEqual(end, { code: 0, signal: null }, node?.log());
});

const tus = (where, { method = 'POST', headers = {}, body, user = admin } = {}) =>
    user.request(where, { method, body, headers: { 'Tus-Resumable': '1.0.0', ...headers } });
const b64 = (text) => Buffer.from(text).toString('base64');

async function create(length = bytes.length, metadata = `filename ${b64('课件.mp4')},title ${b64('第一课')},publish ${b64('1')}`, user = admin) {
    const response = await tus('/api/uploads', { headers: { 'Upload-Length': String(length), 'Upload-Metadata': metadata }, user });
    assert.equal(response.status, 201, await response.text());
    return response.headers.get('location');
}
const patch = (where, offset, body, options = {}) => tus(where, {
    method: 'PATCH', body, ...options,
    headers: { 'Upload-Offset': String(offset), 'Content-Type': 'application/offset+octet-stream', ...options.headers },
});
const offsetOf = async (where) => Number((await tus(where, { method: 'HEAD' })).headers.get('upload-offset'));

test('OPTIONS lists the version, the extensions and the largest size', async () => {
    const response = await tus('/api/uploads', { method: 'OPTIONS' });
    assert.equal(response.status, 204);
    assert.equal(response.headers.get('tus-version'), '1.0.0');
    assert.match(response.headers.get('tus-extension'), /creation.*termination/);
    assert.ok(Number(response.headers.get('tus-max-size')) > 1e9);
});

test('another version of tus is refused', async () => {
    const response = await tus('/api/uploads', { headers: { 'Tus-Resumable': '0.2.2', 'Upload-Length': '5' } });
    assert.equal(response.status, 412);
    assert.equal(response.headers.get('tus-version'), '1.0.0');
});

test('an upload in pieces, with the last one sent twice, becomes one lesson with the right bytes and texts', async () => {
    const where = await create();
    assert.equal(await offsetOf(where), 0);
    let response = await patch(where, 0, bytes.subarray(0, 100_001));
    assert.equal(response.status, 204);
    assert.equal(response.headers.get('upload-offset'), '100001');
    assert.equal((await patch(where, 5, bytes.subarray(5))).status, 409);
    const { uploads } = await (await tus('/api/uploads', { method: 'GET' })).json();
    assert.deepEqual(uploads.map((u) => [u.filename, u.title, u.total_bytes, u.offset_bytes]), [['课件.mp4', '第一课', 300_000, 100_001]]);
    response = await patch(where, 100_001, bytes.subarray(100_001));
    assert.equal(response.status, 204);
    const id = Number(response.headers.get('terrace-lesson'));
    assert.equal((await patch(where, 300_000, '')).headers.get('terrace-lesson'), String(id));
    assert.equal(await offsetOf(where), 300_000);
    const lesson = await show(data, id);
    assert.equal(lesson.title, '第一课');
    assert.equal(lesson.submitter, 'admin');
    assert.deepEqual([lesson.source.name, lesson.source.bytes, lesson.source.sha256], ['课件.mp4', 300_000, sha256(bytes)]);
    const failed = await until(async () => { const now = await show(data, id); return now.state === 'failed' && now; }, 'the lesson');
    assert.equal(failed.reason.code, 'not_media');
});

test('a second writer takes over an upload where the first writer stopped', async () => {
    const where = await create();
    // The first writer announces all bytes, sends a third of them and then sends nothing more.
    const hanging = http.request(node.url + where, {
        method: 'PATCH',
        headers: { Cookie: admin.cookie, 'X-CSRF-Token': admin.csrf, 'Tus-Resumable': '1.0.0', 'Upload-Offset': '0',
            'Content-Type': 'application/offset+octet-stream', 'Content-Length': bytes.length },
    });
    const cut = new Promise((resolve) => hanging.on('error', resolve).on('response', (r) => { r.resume(); r.on('end', resolve).on('error', resolve); }));
    hanging.write(bytes.subarray(0, 100_000));
    await until(async () => await offsetOf(where) === 100_000, 'the first third');
    const response = await until(async () => {
        const answer = await patch(where, await offsetOf(where), bytes.subarray(100_000));
        return answer.status === 423 ? null : answer;
    }, 'the other writer to give way', 60_000);
    assert.equal(response.status, 204, await response.text());
    hanging.destroy();
    await cut;
    assert.equal((await show(data, Number(response.headers.get('terrace-lesson')))).source.sha256, sha256(bytes));
});

const sourceOf = (where, folder = data) => path.join(folder, 'sources', path.basename(where));
/**
 * Returns the lessons whose source has this hash. Reads the catalog, so it does not depend on the
 * node's answers.
 */
async function lessonsWith(hash, folder = data) {
    const lessons = await Promise.all((await lessonIds(folder)).map((id) => show(folder, id)));
    return lessons.filter((lesson) => lesson.source.sha256 === hash);
}

test('if a node is killed right after the last byte, the next node makes the lesson without a request', async () => {
    const folder = path.join(tempDir(), 'data');
    let killed = await startNode({ data: folder });
    const user = await addUserAndLogin(killed);
    const large = Buffer.alloc(48 << 20, 'so large that hashing it takes a while'), last = large.length - 1000;
    const location = await create(large.length, `filename ${b64('a.mp4')}`, user);
    assert.equal((await patch(location, 0, large.subarray(0, last), { user })).status, 204);
    await killed.kill();
    // This is the state that a kill leaves between the last write and the last step. The step takes
    // only a moment, so a kill would seldom meet it.
    appendFileSync(sourceOf(location, folder), large.subarray(last));
    assert.deepEqual(await lessonIds(folder), []);
    const doctor = await terrace(['doctor', '--fast', '--data', folder]);
    assert.equal(doctor.code, 0, doctor.stdout);
    assert.match(doctor.stdout, /^WARN  uploads: 1, .*no lesson was made yet/m);

    killed = await startNode({ data: folder }); // kill the next node too, while it hashes the file
    await killed.kill();
    const next = await startNode({ data: folder });
    const [lesson] = await until(async () => { const found = await lessonsWith(sha256(large), folder); return found.length && found; }, 'the lesson', 60_000);
    assert.equal(lesson.source.bytes, large.length);
    assert.deepEqual(await lessonIds(folder), [lesson.id]);
    assert.match(await terraceOk(['doctor', '--data', folder, '--fast']), /^ok    uploads: 0 unfinished/m);
    await next.stop();
});

test('ten HEAD requests to an upload that has all its bytes make exactly one lesson', async () => {
    const own = Buffer.concat([bytes, Buffer.from('head')]);
    const where = await create(own.length);
    assert.equal((await patch(where, 0, own.subarray(0, 1000))).status, 204);
    // this is the state that a PATCH leaves if it ends before its last step
    appendFileSync(sourceOf(where), own.subarray(1000));
    const answers = await Promise.all(Array.from({ length: 10 }, () => tus(where, { method: 'HEAD' })));
    for (const answer of answers)
        assert.deepEqual([answer.status, answer.headers.get('upload-offset')], [200, String(own.length)]);
    const named = new Set(answers.map((answer) => answer.headers.get('terrace-lesson')).filter(Boolean));
    assert.equal(named.size, 1);
    assert.deepEqual((await lessonsWith(sha256(own))).map(({ id }) => String(id)), [...named]);
    assert.equal((await patch(where, own.length, '')).headers.get('terrace-lesson'), [...named][0]);
});

test('the node retries the last step of an upload if it fails', async () => {
    const own = Buffer.concat([bytes, Buffer.from('retry')]);
    const where = await create(own.length), file = sourceOf(where);
    const sending = http.request(node.url + where, {
        method: 'PATCH',
        headers: { Cookie: admin.cookie, 'X-CSRF-Token': admin.csrf, 'Tus-Resumable': '1.0.0', 'Upload-Offset': '0',
            'Content-Type': 'application/offset+octet-stream', 'Content-Length': own.length },
    });
    const answered = new Promise((resolve, reject) => sending.on('error', reject).on('response', (r) => { r.resume(); resolve(r.statusCode); }));
    sending.write(own.subarray(0, 100_000));
    await until(() => statSync(file).size === 100_000, 'the first third');
    // the node has the file open and can still write to it, but can't open it by its name
    renameSync(file, `${file}.away`);
    symlinkSync(file, file);
    sending.end(own.subarray(100_000));
    assert.equal(await answered, 500);
    assert.deepEqual(await lessonsWith(sha256(own)), []);
    unlinkSync(file);
    renameSync(`${file}.away`, file);
    await until(async () => (await lessonsWith(sha256(own))).length === 1, 'the lesson', 60_000);
});

test('a chunked body with too many bytes is refused as a whole, and the upload goes on', async () => {
    const own = Buffer.concat([bytes, Buffer.from('chunked')]);
    const where = await create(own.length);
    const sendChunked = (offset, body) => new Promise((resolve, reject) => {
        const request = http.request(node.url + where, {
            method: 'PATCH',
            headers: { Cookie: admin.cookie, 'X-CSRF-Token': admin.csrf, 'Tus-Resumable': '1.0.0', 'Upload-Offset': offset,
                'Content-Type': 'application/offset+octet-stream', 'Transfer-Encoding': 'chunked' },
        });
        request.on('error', reject).on('response', (r) => { r.resume(); resolve([r.statusCode, r.headers['upload-offset']]); });
        request.end(body);
    });
    assert.deepEqual(await sendChunked(0, own.subarray(0, 1000)), [204, '1000']);
    assert.deepEqual(await sendChunked(1000, Buffer.concat([own.subarray(1000), Buffer.from('zzz')])), [413, '1000']);
    assert.equal(await offsetOf(where), 1000);
    assert.deepEqual(await lessonsWith(sha256(own)), []);
    assert.deepEqual(await sendChunked(1000, own.subarray(1000)), [204, String(own.length)]);
    assert.equal((await lessonsWith(sha256(own))).length, 1);
});

test('an upload whose file has more bytes than announced is an error, and the node goes on', async () => {
    const where = await create(10);
    assert.equal((await patch(where, 0, '12345')).status, 204);
    appendFileSync(sourceOf(where), '678901'); // not by the node
    const { status } = await patch(where, 11, 'x');
    assert.equal(status, 500);
    assert.equal((await tus(where, { method: 'DELETE' })).status, 204);
    assert.equal((await fetch(`${node.url}/healthz`)).status, 200);
});

test('a deleted upload is gone from the list and from the disk', async () => {
    const files = () => readdirSync(path.join(data, 'sources')).length;
    const before = files();
    const where = await create();
    await patch(where, 0, bytes.subarray(0, 10));
    assert.equal(files(), before + 1);
    assert.equal((await tus(where, { method: 'DELETE' })).status, 204);
    assert.equal((await tus(where, { method: 'HEAD' })).status, 404);
    assert.equal(files(), before);
});

test('an upload that is deleted while its last bytes arrive leaves a lesson with its source, or neither', async () => {
    for (let i = 0; i < 40; i++) {
        const where = await create();
        const sending = patch(where, 0, bytes);
        // later rounds delete the upload after more of it has arrived
        for (let turn = 0; turn < i * 2; turn++)
            await new Promise(setImmediate);
        const deleted = await tus(where, { method: 'DELETE' }), sent = await sending;
        assert.equal(deleted.status, 204);
        assert.ok([204, 404].includes(sent.status), `${sent.status} ${await sent.text()}`);
        assert.equal(existsSync(path.join(data, 'sources', path.basename(where))), sent.status === 204);
    }
});

test('bad requests are refused in both languages, and nothing is left behind', async () => {
    const lessons = (await lessonIds(data)).length;
    const where = await create();
    const many = (n) => 'x'.repeat(n);
    const cases = [
        [400, await tus('/api/uploads', {})],
        [400, await tus('/api/uploads', { headers: { 'Upload-Length': '-1' } })],
        [400, await tus('/api/uploads', { headers: { 'Upload-Length': '1e3' } })],
        [400, await tus('/api/uploads', { headers: { 'Upload-Length': '0' } })],
        [400, await tus('/api/uploads', { headers: { 'Upload-Length': '99999999999999999999' } })],
        [413, await tus('/api/uploads', { headers: { 'Upload-Length': '999999999999999999' } })],
        [400, await tus('/api/uploads', { headers: { 'Upload-Length': '5', 'Upload-Metadata': 'filename ***' } })],
        [400, await tus('/api/uploads', { headers: { 'Upload-Length': '5', 'Upload-Metadata': `title ${b64(many(3000))}` } })],
        [415, await patch(where, 0, 'abc', { headers: { 'Content-Type': 'video/mp4' } })],
        [400, await tus(where, { method: 'PATCH', body: 'abc', headers: { 'Content-Type': 'application/offset+octet-stream' } })],
        [409, await patch(where, 7, 'abc')],
        [413, await patch(where, 0, Buffer.alloc(bytes.length + 1))],
        [404, await patch('/api/uploads/nope', 0, 'abc')],
        [404, await patch(`/api/uploads/${'0'.repeat(32)}`, 0, 'abc')],
        [404, await tus('/api/uploads/..%2f..%2fcatalog.db', { method: 'DELETE' })],
    ];
    for (const [index, [status, response]] of cases.entries()) {
        const text = await response.text();
        assert.equal(response.status, status, `${index}: ${text}`);
        const { error } = JSON.parse(text);
        assert.match(error.zh, /\p{Script=Han}.*。$/u, text);
        assert.match(error.en, /^[A-Z].*\.$/, text);
    }
    assert.equal(await offsetOf(where), 0);
    assert.equal((await lessonIds(data)).length, lessons);
    await tus(where, { method: 'DELETE' });
});

test('an upload belongs to its owner: another operator can neither see nor change it, but an admin can', async () => {
    await terraceOk(['user', 'add', 'li', '--role', 'operator', '--data', data], { input: 'another good password\n' });
    await terraceOk(['user', 'add', 'wu', '--role', 'technician', '--data', data], { input: 'another good password\n' });
    const li = await login(node.url, 'li', 'another good password'), wu = await login(node.url, 'wu', 'another good password');
    const mine = await create();
    assert.equal((await tus(mine, { method: 'HEAD', user: li })).status, 404);
    assert.equal((await patch(mine, 0, 'abc', { user: li })).status, 404);
    assert.equal((await tus(mine, { method: 'DELETE', user: li })).status, 404);
    const his = await create(5, `filename ${b64('a.mp4')}`, li);
    assert.equal((await tus(his, { method: 'HEAD' })).status, 200);
    assert.equal((await tus(his, { method: 'HEAD', user: wu })).status, 403);
    assert.equal((await tus(his, { method: 'DELETE' })).status, 204);
    assert.equal((await tus(mine, { method: 'DELETE' })).status, 204);
});
