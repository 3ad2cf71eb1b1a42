// SPDX-License-Identifier: GPL-3.0-or-later
// node faults.mjs [STEP] [FIRST]
// node faults.mjs memory [COUNT [STEP]]
// With a number, the n-th change of a file in the data folder fails, for n = FIRST,
// FIRST + STEP, FIRST + 2 * STEP ... until the scenario runs through without reaching a fault.
// The scenario: a node starts, somebody logs in, uploads a file in two parts, publishes the lesson,
// changes its title, removes another lesson, and a backup is made. A fault is an error (EIO,
// ENOSPC or EROFS, once or from then on) or the end of the process, before or after the call.
// After each run the machine is healthy again: the node is killed, doctor must find no damage, and
// everything that was acknowledged must be there. What was not acknowledged can be done again.
// With "memory", an allocation of the node fails instead: the first one at each STEP-th (1) place in
// the code, and then COUNT (2000) others at random. The node must not crash either.
import { closeSync, cpSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import { constants } from 'node:os';
import { binDir, login, run, show, startNode, tempDir, terrace, terraceOk, until } from '../harness/terrace.mjs';

const MEMORY = process.argv[2] === 'memory';
const STEP = Number(process.argv[MEMORY ? 4 : 2] ?? 1), FIRST = MEMORY ? 1 : Number(process.argv[3] ?? 1);
const RANDOM = Number(process.argv[3] ?? 2000);
const COUNT_ALLOCATIONS = 1, COUNT_PLACES = 2;
const { EIO, ENOSPC, EROFS, ENOMEM } = constants.errno, CRASH_BEFORE = 1000, CRASH_AFTER = 1001;
const kinds = MEMORY ? [{ name: 'the first allocation at each place', what: ENOMEM, counted: COUNT_PLACES }] : [
    { name: 'EIO once', what: EIO }, { name: 'ENOSPC once', what: ENOSPC }, { name: 'EROFS once', what: EROFS },
    { name: 'EIO from then on', what: EIO, stays: 1 }, { name: 'ENOSPC from then on', what: ENOSPC, stays: 1 }, { name: 'EROFS from then on', what: EROFS, stays: 1 },
    { name: 'crash before', what: CRASH_BEFORE }, { name: 'crash after', what: CRASH_AFTER },
];
const CRASH = /SIG(SEGV|ABRT|BUS|FPE|ILL)/;
const PASSWORD = 'a good long password', TUS = { 'Tus-Resumable': '1.0.0' };
const args = ['--workers', '1', '--floor-bytes', '1'];

const dir = tempDir(), template = path.join(dir, 'template'), data = path.join(dir, 'data'), stateFile = path.join(dir, 'state');
const sound = path.join(dir, 'sound.m4a');
await run('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', 'sine=duration=1', '-c:a', 'aac', sound]);
await terraceOk(['ingest', sound, '--title', 'to be removed', '--publish', '--wait', '--data', template]);
await terraceOk(['user', 'add', 'li', '--role', 'admin', '--data', template], { input: `${PASSWORD}\n` });
const bytes = readFileSync(sound), half = bytes.length >> 1;

/** Sets the state that the shim reads: count, at, what, stays, counted. */
function setState(...values) {
    const fd = openSync(stateFile, 'r+');
    writeSync(fd, Buffer.from(Int32Array.from(values).buffer), 0, values.length * 4, 0);
    closeSync(fd);
}
const countOf = () => readFileSync(stateFile).readInt32LE(0);
writeFileSync(stateFile, Buffer.alloc(64));
const env = { LD_PRELOAD: path.join(binDir, 'tests/libfault_shim.so'), FAULT_ROOT: data, FAULT_STATE: stateFile };

const attempt = async (step) => { try { return await step(); } catch { return undefined; } };
const ok = (response) => (response?.ok ? response : undefined);

/** Does what is not acknowledged yet. `done` holds what is. */
async function scenario(node, done) {
    const session = await attempt(() => login(node.url, 'li', PASSWORD));
    if (!session)
        return;
    const tus = (where, method, headers, body) => attempt(() => session.request(where, { method, headers: { ...TUS, ...headers }, body }));
    if (!done.where) {
        const created = ok(await tus('/api/uploads', 'POST', { 'Upload-Length': String(bytes.length), 'Upload-Metadata': `filename ${btoa('a.m4a')},title ${btoa('one')}` }));
        done.where = created?.headers.get('location');
    }
    for (const until of [half, bytes.length]) {
        if (!done.where || done.lesson || (done.offset ?? 0) >= until)
            continue;
        const head = ok(await tus(done.where, 'HEAD'));
        const from = Number(head?.headers.get('upload-offset') ?? NaN);
        if (Number.isNaN(from))
            continue;
        done.lesson = Number(head.headers.get('terrace-lesson')) || undefined;
        if (done.offset > from)
            throw new Error(`${done.offset} bytes were acknowledged, and ${from} are there`);
        if (from >= until || done.lesson)
            continue;
        const sent = ok(await tus(done.where, 'PATCH', { 'Upload-Offset': String(from), 'Content-Type': 'application/offset+octet-stream' }, bytes.subarray(from, until)));
        if (sent) {
            done.offset = until;
            done.lesson = Number(sent.headers.get('terrace-lesson')) || done.lesson;
        }
    }
    if (done.lesson) {
        const of = `/api/operator/lessons/${done.lesson}`;
        done.published ||= Boolean(ok(await attempt(() => session.request(`${of}/publish`, { method: 'POST' }))));
        done.title ||= Boolean(ok(await attempt(() => session.request(of, { method: 'PATCH', body: JSON.stringify({ title: 'two' }) }))));
    }
    done.removed ||= Boolean(ok(await attempt(() => session.request('/api/operator/lessons/1', { method: 'DELETE' }))));
}

async function once(n, kind) {
    rmSync(data, { recursive: true, force: true });
    cpSync(template, data, { recursive: true });
    setState(0, n, kind.what, kind.stays ?? 0, kind.counted ?? 0);
    const done = {};
    let crash;
    let node = await startNode({ data, args, env }).catch(({ message }) => { crash = CRASH.exec(message)?.[0]; });
    if (node)
        await scenario(node, done);
    if ((await terrace(['backup', path.join(data, 'backup.db'), '--data', data], { env })).code === 0)
        done.backup = true;
    if (node && done.lesson && !kind.stays)
        await attempt(() => until(async () => ['ready', 'failed'].includes((await show(data, done.lesson)).state) || node.exitCode !== null || node.signalCode !== null, 'the lesson', MEMORY ? 1500 : 4000));
    const reached = countOf() >= n;
    // The machine is healthy again. The node is killed, since a clean stop could repair things.
    setState(0, 0, 0, 0, 0);
    crash ??= CRASH.exec(node?.signalCode ?? '')?.[0];
    if (node)
        await node.kill();
    node = await startNode({ data, args });
    const acknowledged = { ...done };
    await scenario(node, done);
    if (!done.lesson)
        done.lesson = await until(async () => JSON.parse(await terraceOk(['ls', '--json', '--data', data])).lessons.find(({ title }) => title !== 'to be removed')?.id, 'the upload to become a lesson', 20_000);
    await scenario(node, done);
    const lesson = await until(async () => { const now = await show(data, done.lesson); return ['ready', 'failed'].includes(now.state) && now; }, 'the lesson', 60_000);
    const faults = [];
    const check = (holds, what) => holds || faults.push(what);
    check(!crash, `the node crashed: ${crash}`);
    check(lesson.state === 'ready', `the lesson is ${lesson.state}: ${JSON.stringify(lesson.reason)}`);
    check(lesson.source.bytes === bytes.length, 'its file has another length');
    check(!acknowledged.published || lesson.published, 'it was published and is not');
    check(!acknowledged.title || lesson.title === 'two', 'its title was changed and is not');
    check(!acknowledged.lesson || acknowledged.lesson === done.lesson, 'it has another number');
    const { lessons } = JSON.parse(await terraceOk(['ls', '--json', '--data', data]));
    check(!acknowledged.removed || !lessons.some(({ id }) => id === 1), 'the removed lesson is back');
    check(lessons.filter(({ title }) => title !== 'to be removed').length === 1, 'the upload became several lessons');
    if (acknowledged.backup) {
        const copy = path.join(dir, 'copy');
        rmSync(copy, { recursive: true, force: true });
        mkdirSync(copy);
        cpSync(path.join(data, 'backup.db'), path.join(copy, 'catalog.db'));
        for (const folder of ['sources', 'media'])
            cpSync(path.join(data, folder), path.join(copy, folder), { recursive: true });
        check((await terrace(['ls', '--data', copy])).code === 0, 'the backup can not be read');
    }
    await node.stop();
    const doctor = await terrace(['doctor', '--data', data]);
    check(doctor.code === 0, doctor.stdout);
    return { reached, faults };
}

const began = Date.now();
let runs = 0, losses = 0, points = 0;
async function runOnce(n, kind) {
    const { reached, faults } = await once(n, kind).catch((error) => ({ reached: true, faults: [error.stack] }));
    if (++runs % 100 === 0)
        console.log(`# ${runs} runs, ${losses} with losses, ${((Date.now() - began) / 1000).toFixed(0)} s`);
    if (faults.length) {
        losses++;
        console.log(`${kind.name} at call ${n}: ${faults.join('; ')}`);
    }
    return reached;
}

for (const kind of kinds) {
    for (let n = FIRST; await runOnce(n, kind); n += STEP)
        points = Math.max(points, n);
    console.log(`# ${kind.name}: ${points} calls; ${runs} runs so far, ${losses} with losses, ${((Date.now() - began) / 1000).toFixed(0)} s`);
}
if (MEMORY) {
    const any = { name: 'a random allocation', what: ENOMEM, counted: COUNT_ALLOCATIONS };
    rmSync(data, { recursive: true, force: true });
    cpSync(template, data, { recursive: true });
    setState(0, 0, 0, 0, COUNT_ALLOCATIONS);
    const node = await startNode({ data, args, env });
    await scenario(node, {});
    const total = countOf();
    await node.stop();
    console.log(`# the scenario makes about ${total} allocations`);
    for (let i = 0; i < RANDOM; i++)
        await runOnce(1 + Math.floor(Math.random() * total), any);
    console.log(`# random allocations: ${runs} runs so far, ${losses} with losses, ${((Date.now() - began) / 1000).toFixed(0)} s`);
}
process.exit(losses ? 1 : 0);
