// SPDX-License-Identifier: GPL-3.0-or-later
// Checks the API of the pages: login, the operator's lessons, the queue as server-sent events.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { addUserAndLogin, login, makeClip, oneRung, startNode, tempDir, terrace, terraceOk, until } from '../harness/terrace.mjs';

const data = path.join(tempDir(), 'data');
const junk = path.join(tempDir(), 'junk.mp4');
const JSON_TYPE = { 'Content-Type': 'application/json' };
let node, admin;

before(async () => {
    writeFileSync(junk, Buffer.alloc(5000, 'no media '));
    const clip = makeClip(path.join(tempDir(), 'clip.mp4'), { seconds: 8, size: '320x180' });
    await terraceOk(['ingest', clip, '--title', '第一课', '--topic', '水稻', '--wait', '--data', data, ...oneRung()]);
    await terrace(['ingest', junk, '--title', 'broken', '--wait', '--data', data]);
    node = await startNode({ data });
    admin = await addUserAndLogin(node);
});
after(async () => {
    const end = await node?.stop();
    assert.deepEqual(end, { code: 0, signal: null }, node?.log());
});

const post = (where, body) => admin.request(where, { method: 'POST', body });
const edit = (where, body) => admin.request(where, { method: 'PATCH', body: JSON.stringify(body), headers: JSON_TYPE });
const lesson = async (id) => (await admin.request(`/api/operator/lessons/${id}`)).json();

/** Reads server-sent events until take(data) returns a value. */
async function events(take, during = () => {}, { since = '', headers } = {}) {
    const stop = new AbortController();
    const response = await admin.request(`/api/operator/events${since && `?since=${since}`}`, { signal: stop.signal, headers });
    assert.equal(response.headers.get('content-type'), 'text/event-stream');
    let text = '', began = false;
    try {
        for await (const block of response.body.pipeThrough(new TextDecoderStream())) {
            text += block;
            for (let end; (end = text.indexOf('\n\n')) >= 0; text = text.slice(end + 2)) {
                const found = text.slice(0, end).match(/^id: (.*)\nevent: changes\ndata: (.*)$/s);
                if (!found)
                    continue;
                const taken = take(JSON.parse(found[2]), found[1]);
                if (taken !== undefined)
                    return taken;
                if (!began)
                    await during();
                began = true;
            }
        }
    } finally {
        stop.abort();
    }
    throw new Error('the stream ended');
}

test('login accepts the right password, and refuses a wrong password, an unknown user and malformed bodies', async () => {
    const session = await (await admin.request('/api/session')).json();
    assert.deepEqual([session.name, session.role, session.csrf], ['admin', 'admin', admin.csrf]);
    const attempt = (body, headers = JSON_TYPE) => fetch(`${node.url}/api/login`, { method: 'POST', headers, body });
    const wrong = await attempt(JSON.stringify({ name: 'admin', password: 'wrong' }));
    const nobody = await attempt(JSON.stringify({ name: 'nobody', password: 'wrong' }));
    assert.deepEqual([wrong.status, nobody.status], [401, 401]);
    // the answer must not tell whether the name or the password was wrong
    assert.deepEqual(await wrong.json(), await nobody.json());
    for (const body of ['', '{', '[]', '{"name": 5, "password": []}', JSON.stringify({ name: 'admin' })])
        assert.equal((await attempt(body)).status, 400, body);
    assert.equal((await attempt(JSON.stringify({ name: 'a', password: 'x'.repeat(100_000) }))).status, 413);
    const cookie = (await attempt(JSON.stringify({ name: 'admin', password: 'a good long password' }))).headers.get('set-cookie');
    assert.match(cookie, /^terrace_session=[^;]{40,}; .*HttpOnly/);
    assert.match(cookie, /SameSite=Strict/);
    assert.match(cookie, /Path=\//);
});

test('logout ends the session, and only that one', async () => {
    const other = await login(node.url, 'admin', 'a good long password');
    const events = await other.request('/api/operator/events');
    assert.ok((await other.request('/api/logout', { method: 'POST' })).ok);
    assert.equal((await other.request('/api/session')).status, 401);
    await events.text();
    assert.equal((await admin.request('/api/session')).status, 200);
});

test('a new password ends the sessions of the old one', async () => {
    const li = await addUserAndLogin(node, 'li', 'operator', 'the first password');
    assert.equal((await li.request('/api/operator/lessons')).status, 200);
    const events = await li.request('/api/operator/events');
    await terraceOk(['user', 'passwd', 'li', '--data', data], { input: 'the second password\n' });
    await until(async () => (await li.request('/api/operator/lessons')).status === 401, 'the old session to end', 30_000);
    // the end of the old session also ends its open event stream
    assert.match(await events.text(), /^id: .*\nevent: changes/);
    await login(node.url, 'li', 'the second password');
});

test('a technician is refused what only operators may do', async () => {
    const wu = await addUserAndLogin(node, 'wu', 'technician', 'a third long password');
    assert.equal((await wu.request('/api/technician/terminals')).status, 200);
    for (const [method, where] of [['GET', '/api/operator/lessons'], ['DELETE', '/api/operator/lessons/1'], ['GET', '/operator'], ['GET', '/api/operator/events']])
        assert.equal((await wu.request(where, { method })).status, 403, where);
});

test('texts can be changed, have a limited length and are stored unchanged', async () => {
    assert.ok((await edit('/api/operator/lessons/1', { title: '  <b>水稻</b> & "育秧"  ', description: '第一行\n第二行' })).ok);
    const changed = await lesson(1);
    assert.equal(changed.title.trim(), '<b>水稻</b> & "育秧"');
    assert.equal(changed.description, '第一行\n第二行');
    assert.equal(changed.topic, '水稻');
    for (const body of [{ title: '' }, { title: ' \u3000\n' }, { title: 'x'.repeat(201) }, { title: 5 }, { state: 'ready' }, []])
        assert.equal((await edit('/api/operator/lessons/1', body)).status, 400, JSON.stringify(body));
    assert.equal((await edit('/api/operator/lessons/99', { title: 'x' })).status, 404);
    assert.equal((await edit('/api/operator/lessons/x', { title: 'x' })).status, 404);
    assert.equal((await lesson(1)).title, changed.title);
});

test('publish, unpublish and retry are refused in plain words if the state of the lesson does not allow them', async () => {
    assert.ok((await post('/api/operator/lessons/1/publish')).ok);
    assert.equal((await (await fetch(`${node.url}/api/lessons`)).json()).lessons.length, 1);
    assert.ok((await post('/api/operator/lessons/1/unpublish')).ok);
    assert.equal((await (await fetch(`${node.url}/api/lessons`)).json()).lessons.length, 0);
    const refused = await post('/api/operator/lessons/2/publish');
    assert.equal(refused.status, 409);
    assert.match((await refused.json()).error.zh, /\p{Script=Han}.*。$/u);
    assert.equal((await post('/api/operator/lessons/1/retry')).status, 409);
    const codes = (await lesson(1)).events.map((event) => event.code);
    assert.ok(codes.indexOf('published') < codes.indexOf('unpublished') && codes[0] === 'created', codes.join());
});

test('a user may have ten streams of events open, and an eleventh after one has ended', async () => {
    const zhao = await addUserAndLogin(node, 'zhao', 'operator', 'a fourth long password');
    const ends = Array.from({ length: 10 }, () => new AbortController());
    for (const { signal } of ends)
        assert.equal((await zhao.request('/api/operator/events', { signal })).status, 200);
    const refused = await zhao.request('/api/operator/events');
    assert.equal(refused.status, 429);
    assert.equal((await refused.json()).error.code, 'too_many_streams');
    ends[0].abort();
    await until(async () => { const end = new AbortController(), { status } = await zhao.request('/api/operator/events', { signal: end.signal }); end.abort(); return status === 200; }, 'a place');
    ends.forEach((end) => end.abort());
});

test('texts with control characters are refused, except lines in a description', async () => {
    for (const title of ['a\u0007b', 'a\nb', 'a\u0085b', 'a\u202eb', 'a\u007fb'])
        assert.equal((await edit('/api/operator/lessons/1', { title })).status, 400, JSON.stringify(title));
    assert.equal((await edit('/api/operator/lessons/1', { description: 'a\u0007b' })).status, 400);
    assert.ok((await edit('/api/operator/lessons/1', { description: 'a\n\tb' })).ok);
});

test('a login must say that it is JSON', async () => {
    const body = JSON.stringify({ name: 'admin', password: 'a good long password' });
    for (const type of [undefined, 'text/plain', 'application/x-www-form-urlencoded', 'application/jsonp'])
        assert.equal((await fetch(`${node.url}/api/login`, { method: 'POST', headers: type ? { 'Content-Type': type } : {}, body })).status, 415, type);
    assert.equal((await fetch(`${node.url}/api/login`, { method: 'POST', headers: { 'Content-Type': 'Application/JSON; charset=utf-8' }, body })).status, 200);
});

test('an event has what has changed, and no more', async () => {
    const list = await (await admin.request('/api/operator/lessons')).json();
    assert.deepEqual(list.lessons.map(({ id }) => id), [2, 1]);
    const seen = [];
    const last = await events((data, id) => { seen.push(data); return data.lessons.length ? id : undefined; },
        () => edit('/api/operator/lessons/1', { topic: '小麦' }), { since: list.change });
    assert.deepEqual(seen.map(({ reread, lessons }) => [reread, lessons.map(({ id, topic }) => [id, topic])]), [[false, []], [false, [[1, '小麦']]]]);
    // Another process changes the catalog. The node must notice that too, and tell who comes back.
    await terraceOk(['ingest', junk, '--data', data]);
    assert.deepEqual(await events(({ reread, lessons }) => [reread, lessons.map(({ id }) => id)], undefined, { headers: { 'Last-Event-ID': last } }), [false, [3]]);
    await until(async () => (await lesson(3)).state === 'failed', 'the last lesson');
    for (const since of ['x', '0.1', `${last}0`, `${last.split('.')[0]}.`, `${last.split('.')[0]}.-5`])
        assert.equal(await events(({ reread }) => reread, undefined, { since }), true, since);
});

test('the list of lessons has pages and a search, and is not sent twice', async () => {
    const list = async (query) => (await admin.request(`/api/operator/lessons?${query}`)).json();
    const numbers = async (query) => { const { lessons, next } = await list(query); return [lessons.map(({ id }) => id), next]; };
    assert.deepEqual(await numbers('limit=2'), [[3, 2], 2]);
    assert.deepEqual(await numbers('limit=2&before=2'), [[1], null]);
    assert.deepEqual(await numbers(`q=${encodeURIComponent('小麦')}`), [[1], null]);
    assert.deepEqual(await numbers('q=BROKEN&limit=50'), [[2], null]);
    assert.deepEqual(await numbers('q=junk.mp4'), [[3, 2], null]);
    for (const query of ['limit=0', 'limit=x', 'before=-1', `q=${'x'.repeat(201)}`, `q=${'x'.repeat(3000)}`, 'q=a%00b', `limit=${'9'.repeat(26)}`])
        assert.equal((await admin.request(`/api/operator/lessons?${query}`)).status, 400, query);
    const first = await fetch(`${node.url}/api/lessons`);
    assert.deepEqual(await first.json(), { lessons: [], next: null });
    const again = await fetch(`${node.url}/api/lessons`, { headers: { 'If-None-Match': first.headers.get('etag') } });
    assert.equal(again.status, 304);
    await post('/api/operator/lessons/1/publish');
    const now = await (await fetch(`${node.url}/api/lessons`, { headers: { 'If-None-Match': first.headers.get('etag') } })).json();
    assert.deepEqual(now.lessons.map(({ id }) => id), [1]);
    await post('/api/operator/lessons/1/unpublish');
    assert.equal((await fetch(`${node.url}/api/lessons`, { headers: { 'If-None-Match': first.headers.get('etag') } })).status, 304);
});

test('a new title becomes the name of downloads', async () => {
    await post('/api/operator/lessons/1/publish');
    for (const title of ['旧的', '新的']) {
        assert.ok((await edit('/api/operator/lessons/1', { title })).ok);
        const name = async () => (await fetch(`${node.url}/v/1/1/v130.mp4?download=1`, { method: 'HEAD' })).headers.get('content-disposition');
        await until(async () => (await name()).includes(encodeURIComponent(title)), `the name ${title}`);
    }
});

test('a withdrawn lesson is gone within a second, also for those who are watching it', async () => {
    const { hls } = await lesson(1), segment = `${node.url}${hls.replace('master.m3u8', 'v130/0.m4s')}`;
    assert.equal((await fetch(segment)).status, 200);
    await terraceOk(['unpublish', '1', '--data', data]); // another process, so the node has to notice
    const withdrawn_ms = performance.now();
    while ((await fetch(segment)).status === 200)
        assert.ok(performance.now() - withdrawn_ms < 10_000, 'it is still served');
});

test('a removed lesson is gone for all users', async () => {
    await post('/api/operator/lessons/1/publish');
    const { hls } = await (await fetch(`${node.url}/api/lessons/1`)).json();
    assert.equal((await fetch(node.url + hls)).status, 200);
    assert.ok((await admin.request('/api/operator/lessons/1', { method: 'DELETE' })).ok);
    assert.equal((await admin.request('/api/operator/lessons/1')).status, 404);
    assert.equal((await fetch(`${node.url}/api/lessons/1`)).status, 404);
    // the node caches lessons for a moment
    await until(async () => (await fetch(node.url + hls)).status === 404, 'the media to be gone');
    assert.equal((await admin.request('/api/operator/lessons/1', { method: 'DELETE' })).status, 404);
    await until(async () => (await lesson(3)).state === 'failed', 'the last lesson');
    await terraceOk(['doctor', '--data', data]);
});
