// SPDX-License-Identifier: GPL-3.0-or-later
// Checks damaged and malicious variants of small clips. No worker crashes or hangs, each file
// becomes a lesson or fails with a plain reason, and the node keeps running. By default the test
// checks a few dozen files; `sh tests/fuzz/run.sh hostile-media [SEED]` checks about two thousand.
import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { show, startNode, tempDir, terrace, terraceOk, until } from '../harness/terrace.mjs';
import { boxesChanged, flipped, makeClips, overwritten, plainReasons, random } from '../harness/hostile.mjs';
import { inParallel, work, wrong } from '../harness/worker.mjs';

const full = process.env.TERRACE_HOSTILE === 'full';
const seed = Number(process.env.TERRACE_SEED ?? 1);
// A damaged timestamp can turn two seconds into hours. Within the limits this is a lot of work, but
// not a hang.
const deadline_ms = full ? 1_800_000 : 300_000;
// If this variable is set, files with failures are kept in the folder that it names.
const keep = process.env.TERRACE_KEEP ?? null;

/** Generates the variants as [name, bytes] one by one, so that they need not all be in memory. */
function* variants(clips, counts) {
    const next = random(seed);
    for (const [clip, bytes] of Object.entries(clips)) {
        for (let i = 0; i < counts.flips; i++)
            yield [`${clip}-flips-${i}`, flipped(bytes, next, 1 + next(1 << next(10)))];
        for (let i = 0; i < counts.stretches; i++)
            yield [`${clip}-stretch-${i}`, overwritten(bytes, next)];
        for (let i = 0; i < counts.cuts; i++)
            yield [`${clip}-cut-${i}`, bytes.subarray(0, Math.floor(bytes.length * (i + next(100) / 100) / counts.cuts))];
        for (let i = 0; clip.endsWith('.mp4') && i < counts.boxes; i++)
            yield [`${clip}-boxes-${i}`, boxesChanged(bytes, next)];
    }
}

/** Probes each variant. Does the rest of the work only for one in `everyOther` variants. */
async function tryAll(clips, counts, everyOther) {
    const dir = path.join(tempDir(), 'variants'), outcomes = {}, found = [];
    let count = 0, slowest = { took_ms: 0 };
    mkdirSync(dir);
    await inParallel(variants(clips, counts), async ([name, bytes]) => {
        const file = path.join(dir, name), all = count++ % everyOther === 0;
        writeFileSync(file, bytes);
        // With these options even the longest lesson, twelve hours, is within the limits of the
        // planner.
        const result = await work(file, [all ? 'all' : 'probe'], { options: ['--segment-ms', '4000', '--chunk-ms', '8000'], deadline_ms });
        const fault = wrong(result), outcome = fault ? 'WRONG' : result.reason ?? 'lesson';
        outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
        if (result.took_ms > slowest.took_ms)
            slowest = { name, took_ms: result.took_ms };
        if (fault) {
            found.push(`${name} (seed ${seed}): ${fault}`);
            console.log(`# ${found.at(-1)}`);
            if (keep)
                writeFileSync(path.join(keep, name), bytes);
        }
        rmSync(file);
    });
    console.log(`# ${count} files, seed ${seed}: ${JSON.stringify(outcomes)}; slowest ${slowest.name}, ${slowest.took_ms} ms`);
    assert.deepEqual(found, []);
}

test('damaged clips become a lesson or fail with a plain reason', async () => {
    const dir = tempDir();
    if (full)
        await tryAll(makeClips(dir), { flips: 20, stretches: 10, cuts: 20, boxes: 80 }, 8);
    else
        await tryAll(makeClips(dir, ['index-first.mp4', 'h264.mkv', 'mpeg4.avi']), { flips: 3, stretches: 1, cuts: 3, boxes: 8 }, 5);
});

test('an MP4 cut short at 200 positions', { skip: !full }, async () => {
    const clips = makeClips(tempDir(), ['index-first.mp4', 'index-last.mp4', 'fragmented.mp4']);
    await tryAll(clips, { flips: 0, stretches: 0, cuts: 200, boxes: 0 }, 20);
});

test('the node keeps running after damaged files', async () => {
    const data = path.join(tempDir(), 'data'), dir = tempDir(), next = random(seed), ids = [];
    const node = await startNode({ data });
    const clips = Object.entries(makeClips(dir, full ? undefined : ['fragmented.mp4', 'sound.mp3']));
    for (const [clip, bytes] of clips)
        for (let i = 0; i < (full ? 3 : 2); i++) {
            const file = path.join(dir, `${i}-${clip}`);
            writeFileSync(file, i % 2 === 0 && clip.endsWith('.mp4') ? boxesChanged(bytes, next) : flipped(bytes, next, 20));
            const { code, stdout, stderr } = await terrace(['ingest', file, '--publish', '--data', data]);
            assert.equal(code, 0, stderr);
            ids.push(Number(stdout.match(/lesson (\d+)/)[1]));
        }
    for (const id of ids) {
        const lesson = await until(async () => {
            const now = await show(data, id);
            return (now.state === 'ready' || now.state === 'failed') && now;
        }, `lesson ${id}`);
        assert.ok(lesson.state === 'ready' || plainReasons.has(lesson.reason.code), `${lesson.title}: ${JSON.stringify(lesson.reason)}\n${node.log()}`);
    }
    assert.equal((await fetch(`${node.url}/healthz`)).status, 200);
    assert.deepEqual(await node.stop(), { code: 0, signal: null }, node.log());
    await terraceOk(['doctor', '--data', data]);
});
