// SPDX-License-Identifier: GPL-3.0-or-later
// Checks the fair queue: the commands jobs, pause, resume and priority with and without a running
// node, and the same operations over HTTP.
import assert from 'node:assert/strict';
import path from 'node:path';
import { before, test } from 'node:test';
import { addUserAndLogin, makeClip, oneRung, show, startNode, tempDir, terrace, terraceOk, until } from '../harness/terrace.mjs';

const english = { LC_ALL: 'C.UTF-8', LC_MESSAGES: '', LANG: '' };
const chinese = { LC_ALL: '', LC_MESSAGES: '', LANG: 'zh_CN.UTF-8' };
let short, long;

before(() => {
    short = makeClip(path.join(tempDir(), 'short.mp4'), { seconds: 4, size: '160x90', rate: 10 });
    long = makeClip(path.join(tempDir(), 'long.mp4'), { seconds: 300, size: '320x180', rate: 10, sound: false });
});

const dataDir = () => path.join(tempDir(), 'data');
const ingest = (data, file, title) => terraceOk(['ingest', file, '--title', title, '--data', data]);
const jobs = async (data) => JSON.parse(await terraceOk(['jobs', '--json', '--data', data]));
const order = async (data) => (await jobs(data)).waiting.map(({ lesson, position }) => [lesson, position]);

async function refused(args, code, pattern) {
    const result = await terrace(args, { env: english });
    assert.equal(result.code, code, `${args.join(' ')}: ${result.stdout}${result.stderr}`);
    assert.match(result.stderr, pattern, args.join(' '));
    assert.match(result.stderr, /^[^\n]+\n$/, args.join(' '));
}

test('without a node, priority and pause change the order of the queue, and each command prints its result', async () => {
    const data = dataDir(), flags = ['--data', data];
    for (const title of ['一', '二', '三'])
        await ingest(data, short, title);
    assert.deepEqual(await order(data), [[1, 1], [2, 2], [3, 3]]);
    assert.equal(await terraceOk(['priority', '3', 'high', ...flags]), 'lesson 3 has high priority\n');
    await terraceOk(['priority', '1', 'low', ...flags]);
    assert.deepEqual(await order(data), [[3, 1], [2, 2], [1, 3]]);
    assert.match(await terraceOk(['pause', '2', ...flags]), /^lesson 2 is paused/);
    assert.deepEqual(await order(data), [[3, 1], [1, 2], [2, null]]);
    const table = await terraceOk(['jobs', ...flags]);
    assert.match(table, /^no node is running: .*`terrace serve`.*\n\nnothing is running\n\nwaiting\n.*turn.*\n +1 +3 +probe +1 +0 % +high +cli +三\n +2 +1 +probe +1 +0 % +low +cli +一\n +paused +2 +probe .*二\n$/);
    assert.match(await terraceOk(['ls', ...flags]), / 2 {2}paused /);
    const { waiting } = await jobs(data);
    assert.deepEqual(waiting[0].jobs.map(({ kind, state, attempt, max_attempts, reason }) => [kind, state, attempt, max_attempts, reason]), [['probe', 'queued', 0, 3, null]]);
    assert.deepEqual(waiting.map(({ priority, paused }) => [priority, paused]), [['high', false], ['low', false], ['normal', true]]);

    // ingest --wait runs all jobs that are not paused. Its own lesson is the last one.
    await terraceOk(['ingest', short, '--title', '四', '--wait', ...flags]);
    const states = async () => Promise.all([1, 2, 3, 4].map(async (id) => (await show(data, id)).state));
    assert.deepEqual((await states()).slice(1), ['queued', 'ready', 'ready']);
    assert.equal(await terraceOk(['resume', '2', ...flags]), 'lesson 2 goes on\n');
    // the priority is unchanged, so no event is recorded
    await terraceOk(['priority', '2', 'normal', ...flags]);
    await terraceOk(['ingest', short, '--title', '五', '--wait', ...flags]);
    assert.equal((await show(data, 2)).state, 'ready');
    const { events } = await show(data, 2);
    assert.deepEqual(events.map(({ code }) => code), ['created', 'paused', 'resumed', 'probed', 'completed']);
    assert.match(events[1].zh, /^cli .*暂停/);
    assert.match(events[2].en, /^Resumed by cli\.$/);
    assert.match(await terraceOk(['show', '3', ...flags], { env: chinese }), /cli 把优先级改为高。/);

    await refused(['pause', '3', ...flags], 1, /lesson 3 is ready: there is no work left/);
    await refused(['priority', '3', 'low', ...flags], 1, /lesson 3 is ready/);
    await refused(['pause', '99', ...flags], 1, /there is no lesson 99/);
    await refused(['priority', '3', 'urgent', ...flags], 2, /"urgent" is not a priority: low, normal or high/);
    await refused(['priority', '3', ...flags], 2, /is missing/);
    await refused(['resume', 'x', ...flags], 2, /not a lesson's number/);
    await refused(['jobs', 'x', ...flags], 2, /one too many/);
});

test('with a node, a short lesson overtakes a long one; a paused lesson stops after its current job and can be resumed', async () => {
    const data = dataDir(), flags = ['--data', data];
    const node = await startNode({ data, args: ['--workers', '1', ...oneRung()] });
    try {
        await ingest(data, long, 'long');
        const running = await until(async () => (await jobs(data)).running.find(({ kind }) => kind === 'video'), 'the long one to run');
        assert.deepEqual([running.lesson, running.title, running.attempt], [1, 'long', 1]);
        await ingest(data, short, 'short');
        await until(async () => (await show(data, 2)).state === 'ready', 'the short one');
        assert.equal((await show(data, 1)).state, 'working');

        await terraceOk(['pause', '1', ...flags]);
        await until(async () => (await jobs(data)).running.length === 0, 'the piece that runs to end');
        const { progress, running_jobs, queued_jobs } = await show(data, 1);
        assert.ok(progress < 1 && running_jobs === 0 && queued_jobs > 0, JSON.stringify({ progress, running_jobs, queued_jobs }));
        await ingest(data, short, 'another');
        await until(async () => (await show(data, 3)).state === 'ready', 'work that is not paused');
        assert.equal((await show(data, 1)).queued_jobs, queued_jobs);
        await terraceOk(['resume', '1', ...flags]);
        await until(async () => (await show(data, 1)).state === 'ready', 'the long one');
        assert.deepEqual(await jobs(data), { running: [], waiting: [] });
        assert.equal(await terraceOk(['jobs', ...flags]), 'nothing is running\nnothing is waiting\n');
    } finally {
        assert.deepEqual(await node.stop(), { code: 0, signal: null }, node.log());
    }
});

test('over HTTP, operators can pause, resume and set the priority, others cannot, and the queue shows the changes', async () => {
    const data = dataDir();
    await ingest(data, short, 'done');
    await terraceOk(['ingest', short, '--wait', '--data', data]);
    await ingest(data, short, '甲');
    await ingest(data, short, '乙');
    for (const id of ['3', '4'])
        await terraceOk(['pause', id, '--data', data]);
    const node = await startNode({ data });
    try {
        const admin = await addUserAndLogin(node);
        const wu = await addUserAndLogin(node, 'wu', 'technician', 'a third long password');
        const post = (id, what, body, who = admin) => who.request(`/api/operator/lessons/${id}/${what}`,
            { method: 'POST', body: body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body) });
        const set = await post(3, 'priority', { priority: 'high' });
        assert.equal(set.status, 200);
        assert.equal((await set.json()).priority, 'high');
        for (const body of [{ priority: 'urgent' }, { priority: 1 }, {}, [], '{', ''])
            assert.equal((await post(3, 'priority', body)).status, 400, JSON.stringify(body));
        assert.equal((await post(3, 'priority', 'x'.repeat(5000))).status, 413);
        for (const what of ['pause', 'resume', 'priority']) {
            assert.equal((await post(99, what, { priority: 'low' })).status, 404, what);
            assert.equal((await post('x', what, { priority: 'low' })).status, 404, what);
            const ready = await post(1, what, { priority: 'low' });
            assert.equal(ready.status, 409, what);
            assert.match((await ready.json()).error.zh, /\p{Script=Han}/u);
            assert.equal((await post(3, what, { priority: 'low' }, wu)).status, 403, what);
            const forged = await fetch(`${node.url}/api/operator/lessons/3/${what}`, { method: 'POST', headers: { Cookie: admin.cookie }, body: '{"priority": "low"}' });
            assert.equal(forged.status, 403, what);
        }
        const { lessons } = await (await admin.request('/api/operator/lessons')).json();
        assert.deepEqual(lessons.map(({ id, priority, paused, position, queued_jobs }) => [id, priority, paused, position, queued_jobs]),
            [[4, 'normal', true, null, 1], [3, 'high', true, null, 1], [2, 'normal', false, null, 0], [1, 'normal', false, null, 0]]);
        const events = await admin.request('/api/operator/events');
        const reader = events.body.pipeThrough(new TextDecoderStream()).getReader();
        let text = '';
        while (!text.includes('\n\n'))
            text += (await reader.read()).value;
        await reader.cancel();
        assert.deepEqual(JSON.parse(text.match(/data: (.*)\n\n/)[1]), { reread: false, lessons: [], removed: [], order: [], uploads: [] });

        assert.equal((await (await post(3, 'resume')).json()).paused, false);
        await until(async () => (await show(data, 3)).state === 'ready', 'the resumed one');
        assert.equal((await show(data, 4)).state, 'queued');
        assert.deepEqual((await show(data, 3)).events.slice(1, 4).map(({ code, detail }) => [code, detail]), [['paused', 'cli'], ['priority_high', 'admin'], ['resumed', 'admin']]);
    } finally {
        assert.deepEqual(await node.stop(), { code: 0, signal: null }, node.log());
    }
});
