// SPDX-License-Identifier: GPL-3.0-or-later
// Checks terrace-worker without a node. Its output depends only on the source and the plan, not on
// earlier or aborted work.
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, truncateSync, writeFileSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { before, test } from 'node:test';
import { binDir, makeClip, makeSlides, run, sha256, tempDir } from '../harness/terrace.mjs';

const clip = path.join(tempDir(), 'clip.mp4');
let all; // messages of one complete run on the clip, which has five chunks

before(async () => {
    // At the chunk boundaries the audio is not a whole number of frames. The source has B-frames.
    makeClip(clip, { seconds: 15, size: '320x180', rate: 30000 / 1001, extra: ['-bf', '2', '-ar', '44100'] });
    all = (await work(outDir(), ['all'])).filter((line) => /^(init|chunk|segment) /.test(line));
});

function outDir() {
    const dir = path.join(tempDir(), 'out');
    mkdirSync(dir);
    return dir;
}

/** Runs units of work through the worker. Returns its messages as lines. */
async function work(out, units, { source = clip, options = [], code = 0 } = {}) {
    const tool = path.join(binDir, 'tests/job_tool');
    const ran = await run(tool, ['--segment-ms', '2000', '--chunk-ms', '4000', ...options, path.join(binDir, 'terrace-worker'), source, out, ...units]);
    assert.equal(ran.code, code, ran.stdout + ran.stderr);
    return ran.stdout.split('\n');
}

const chunks = (lines) => lines.filter((line) => line.startsWith('chunk v')).sort();

test('messages agree with the files: sizes, hashes, segments without a gap', async () => {
    const out = outDir();
    const lines = await work(out, ['all']);
    const found = { init: new Set(), chunk: new Set() }; // an init segment is named with each chunk
    for (const [kind, name, ...rest] of lines.map((line) => line.split(' '))) {
        if (kind !== 'init' && kind !== 'chunk')
            continue;
        const file = kind === 'init' ? 'init.mp4' : `${rest.shift().padStart(5, '0')}.chunk`;
        found[kind].add(`${name}/${file}`);
        const bytes = readFileSync(path.join(out, name, file));
        assert.equal(bytes.length, Number(rest[0]), `${name}/${file}`);
        assert.equal(sha256(bytes), rest[1], `${name}/${file}`);
        if (kind === 'init')
            continue;
        const number = String(Number(file.slice(0, 5)));
        let end = 0;
        for (const [, , , offset, length] of lines.map((line) => line.split(' ')).filter(([k, n, c]) => k === 'segment' && n === name && c === number)) {
            assert.equal(Number(offset), end, `${name} ${number}`);
            end += Number(length);
        }
        assert.equal(end, bytes.length, `${name} ${number}`);
    }
    assert.ok(found.init.size >= 3);
    assert.equal(found.chunk.size, 5 * found.init.size);
    assert.ok(readFileSync(path.join(out, 'poster.jpg')).subarray(0, 2).equals(Buffer.from([0xff, 0xd8])));
    const names = readdirSync(out, { recursive: true });
    assert.deepEqual(names.filter((name) => /tmp|part|~|\/\./.test(name)), []);
});

test('each chunk is the same when it is made alone, and in another order', async () => {
    const out = outDir();
    const lines = [];
    for (const number of ['3', '1', '4', '0', '2'])
        lines.push(...await work(out, [number]));
    assert.deepEqual(chunks(lines), chunks(all));
});

test('each chunk is the same after a kill -9 during the work', async () => {
    const out = outDir();
    const killed = await work(out, ['2'], { options: ['--kill'], code: 1 });
    assert.ok(killed.includes('killed 9'), killed.join('\n'));
    assert.deepEqual(chunks(await work(out, ['2'])), chunks(all).filter((line) => line.split(' ')[2] === '2'));
});

test('a chunk in AV1 is the same when it is made again, and after a kill -9', async () => {
    const slides = makeSlides(path.join(tempDir(), 'slides.mp4'), { seconds: 15, sound: false });
    const make = (out, options) => work(out, ['av48:1'], { source: slides, ...options });
    const made = (lines) => lines.filter((line) => /^(init|chunk|segment) av48 /.test(line));
    const first = made(await make(outDir()));
    assert.ok(first.some((line) => line.startsWith('chunk av48 1 ')), first.join('\n'));
    const out = outDir();
    assert.ok((await make(out, { options: ['--kill'], code: 1 })).includes('killed 9'));
    assert.deepEqual(made(await make(out)), first);
});

test('the audio is the same after a kill -9', async () => {
    const out = outDir();
    await work(out, ['audio'], { options: ['--kill'], code: 1 });
    const sound = (lines) => lines.filter((line) => line.startsWith('chunk a'));
    assert.deepEqual(sound(await work(out, ['audio'])), sound(all));
});

test('legacy chunks are the same alone, in another order, beside rungs, and after a kill -9; they join without a gap', async () => {
    const made = (lines) => lines.filter((line) => /^(chunk|segment) ts220 /.test(line)).sort();
    const out = outDir(), other = outDir();
    const inOrder = made(await work(out, ['audio', 'legacy']));
    assert.equal(inOrder.filter((line) => line.startsWith('chunk ')).length, 5);
    const units = ['audio', 'legacy:3', 'legacy:1', 'legacy:4', 'legacy:0', 'legacy:2'];
    assert.deepEqual(made(await work(other, units)), inOrder);
    await work(other, ['legacy:1'], { options: ['--kill'], code: 1 });
    assert.deepEqual(made(await work(other, ['legacy:1'])), inOrder.filter((line) => line.split(' ')[2] === '1'));
    const beside = outDir();
    await work(beside, ['audio']);
    assert.deepEqual(made(await work(beside, ['1+legacy'])), inOrder.filter((line) => line.split(' ')[2] === '1'));
    const whole = path.join(out, 'whole.ts');
    writeFileSync(whole, Buffer.concat([0, 1, 2, 3, 4].map((n) => readFileSync(path.join(out, `ts220/0000${n}.chunk`)))));
    const decoded = await run('ffmpeg', ['-v', 'warning', '-i', whole, '-f', 'null', '-']);
    assert.equal(decoded.stderr, '');
});

test('a legacy chunk without its audio chunk fails with a reason', async () => {
    const lines = await work(outDir(), ['legacy:0'], { code: 1 });
    assert.ok(lines.some((line) => line.startsWith('failed internal a24/init.mp4')), lines.join('\n'));
});

test('a chunk beyond the end is refused', async () => {
    const lines = await work(outDir(), ['99'], { code: 1 });
    assert.ok(lines.some((line) => line.startsWith('failed internal')), lines.join('\n'));
});

test('a source that changed since the probe fails with a reason, not with a crash', async () => {
    const out = outDir(), source = path.join(tempDir(), 'source.mp4');
    writeFileSync(source, readFileSync(clip));
    truncateSync(source, 4000);
    const lines = await work(out, ['all'], { source, code: 1 });
    assert.ok(lines.some((line) => line.startsWith('failed ')), lines.join('\n'));
    assert.ok(!lines.some((line) => line.startsWith('killed')), lines.join('\n'));
});
