// SPDX-License-Identifier: GPL-3.0-or-later
// A lesson of slides gets AV1 renditions beside those in H.264. Players that support AV1 can choose
// them; other players play H.264. (segments.test.mjs checks the content of the segments.)
import assert from 'node:assert/strict';
import { chmodSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { binDir, makeSlides, run, runGStreamer, sha256, show, startNode, tempDir, terrace, terraceOk, until, withLadder } from '../harness/terrace.mjs';

const SECONDS = 20;
const data = path.join(tempDir(), 'data');
// the two rungs that AV1 can have, and one that it can't
const ladder = withLadder([48, 80, 130], { av1: true });
let slides, said, node, master, renditions;

before(async () => {
    slides = makeSlides(path.join(tempDir(), 'slides.mp4'), { seconds: SECONDS });
    said = await terraceOk(['ingest', slides, '--publish', '--wait', '--data', data, ...ladder]);
    node = await startNode({ data });
    const lesson = await show(data, 1);
    master = node.url + lesson.hls;
    renditions = lesson.renditions;
});
after(() => node?.stop());

test('without a node, ingest --wait waits for the AV1 renditions and says when they are made', () => {
    assert.match(said, /^lesson 1: ready$[^]*^lesson 1: the versions in AV1 are there too$/m);
});

test('each AV1 rendition has a counterpart in H.264 with the same cap, and H.264 comes first in the playlist', async () => {
    const text = await (await fetch(master)).text();
    const names = renditions.filter(({ kind }) => kind === 'video').map(({ name }) => name);
    const av1 = names.filter((name) => name.startsWith('av'));
    assert.ok(av1.length >= 1 && av1.every((name) => names.includes(name.slice(1))), names.join(' '));
    const variants = [...text.matchAll(/#EXT-X-STREAM-INF:[^\n]*CODECS="([^"]*)"[^\n]*\n([^/]+)\//g)].map(([, codecs, name]) => ({ codecs, name }));
    for (const name of av1)
        assert.deepEqual(variants.filter((one) => one.name === name).map(({ codecs }) => codecs.replace(/^av01\.0\.0\dM\.08,/, '')).sort(), ['mp4a.40.2', 'opus']);
    for (const sound of ['mp4a.40.2', 'opus']) {
        const order = variants.filter(({ codecs }) => codecs.endsWith(`,${sound}`)).map(({ codecs }) => codecs.slice(0, 4));
        assert.deepEqual(order, [...order].sort((a, b) => (a === b ? 0 : a === 'avc1' ? -1 : 1)), sound);
    }
    assert.match(text, /#EXT-X-I-FRAME-STREAM-INF:[^\n]*CODECS="av01[^"]*"[^\n]*URI="av48\/iframes\.m3u8"/);
});

test('ffmpeg decodes the AV1 segments and the AV1 file without a warning', async () => {
    for (const url of ['av48/index.m3u8', 'av48.mp4']) {
        const { code, stderr, stdout } = await run('ffmpeg', ['-v', 'warning', '-i', master.replace('master.m3u8', url), '-map', '0:v', '-progress', '-', '-f', 'null', '-']);
        assert.equal(stderr, '', url);
        assert.equal(code, 0, url);
        const played_s = Number([...stdout.matchAll(/out_time_us=(\d+)/g)].at(-1)[1]) / 1e6;
        assert.ok(Math.abs(played_s - SECONDS) < 0.25, `${url}: ${played_s} s`);
    }
});

test('GStreamer plays an AV1 rendition to its end', async () => {
    const { code, stdout, stderr } = await runGStreamer(master.replace('master.m3u8', 'av48/index.m3u8'));
    assert.equal(code, 0, stderr);
    assert.doesNotMatch(stdout + stderr, /ERROR/);
    assert.match(stdout, /eos/i);
});

test('with av1 = no, there is no AV1 rendition', async () => {
    const without = path.join(tempDir(), 'data');
    await terraceOk(['ingest', slides, '--wait', '--data', without, ...withLadder([48, 80, 130])]);
    const lesson = await show(without, 1);
    assert.ok(lesson.renditions.length >= 3);
    assert.ok(lesson.renditions.some(({ name }) => name === 'v48'));
    assert.deepEqual(lesson.renditions.filter(({ name }) => name.startsWith('av')), []);
});

/**
 * Makes a worker that misbehaves on AV1 jobs. It crashes while the folder contains a file named
 * "crash", and it waits while the folder contains a file named "hold".
 */
function trickyWorker(dir) {
    const file = path.join(dir, 'worker');
    writeFileSync(file, `#!/bin/sh
if grep -q '^ *video_codec 1$' /proc/self/fd/3; then
    [ -e '${dir}/crash' ] && kill -SEGV $$
    while [ -e '${dir}/hold' ]; do sleep 0.1; done
fi
exec '${process.env.TERRACE_WORKER ?? path.join(binDir, 'terrace-worker')}'
`);
    chmodSync(file, 0o755);
    return { TERRACE_WORKER: file };
}

test('a lesson is ready before its AV1 renditions; it stays ready if they fail, and kill -9 does not change their bytes', async () => {
    const dir = tempDir(), other = path.join(dir, 'data'), flags = ['--data', other];
    const set = (name) => writeFileSync(path.join(dir, name), ''), unset = (name) => rmSync(path.join(dir, name));
    const env = trickyWorker(dir);
    const playlist = async (one) => (await fetch(`${one.url}/v/1/1/master.m3u8`)).text();
    set('crash');
    let second = await startNode({ data: other, env, args: ladder });
    try {
        // The lesson is ready in H.264. The AV1 jobs fail until they are given up.
        assert.doesNotMatch(await terraceOk(['ingest', slides, '--publish', '--wait', ...flags]), /AV1/);
        const ready = await show(other, 1);
        assert.equal(ready.state, 'ready');
        assert.match(ready.hls_legacy, /^\/v\/1\/1\/ts/);
        await until(async () => (await show(other, 1)).extras.failed, 'AV1 to be given up');
        const failed = await show(other, 1);
        assert.deepEqual([failed.state, failed.extras.jobs, failed.reason], ['ready', 0, null]);
        assert.equal(failed.jobs.filter(({ state }) => state === 'failed').length, failed.jobs.filter(({ state }) => state !== 'done').length);
        const told = failed.events.find(({ code }) => code === 'extras_failed');
        assert.match(told.zh, /^AV1 版本没有做成，这一课照常播放：./);
        assert.match(told.en, /the lesson plays without them: ./);
        assert.match(await terraceOk(['show', '1', ...flags]), /^state +ready, playable, published\nin AV1 +could not be made/m);
        assert.match((await terrace(['pause', '1', ...flags])).stderr, /no work left/);
        assert.doesNotMatch(await playlist(second), /av01/);

        // A retry starts the AV1 jobs again. Priority and pause can be set for them although the
        // lesson is ready.
        set('hold');
        unset('crash');
        await terraceOk(['retry', '1', ...flags]);
        await until(async () => JSON.parse(await terraceOk(['jobs', '--json', ...flags])).running.length, 'AV1 to be begun');
        await terraceOk(['pause', '1', ...flags]);
        await terraceOk(['priority', '1', 'low', ...flags]);
        await terraceOk(['resume', '1', ...flags]);
        assert.match(await terraceOk(['show', '1', ...flags]), /^in AV1 +0 %$/m);
        assert.equal((await show(other, 1)).state, 'ready');
        await second.kill();
        second = await startNode({ data: other, env, args: ladder });

        // The node has cached the lesson without AV1. It must notice the new renditions.
        const media = await (await fetch(`${second.url}/v/1/1/v48/index.m3u8`)).text();
        assert.doesNotMatch(await playlist(second), /av01/);
        unset('hold');
        await until(async () => /av01/.test(await playlist(second)), 'AV1 in the playlist');
        await until(async () => (await show(other, 1)).extras.jobs === 0, 'the rest of it');
        assert.equal(await (await fetch(`${second.url}/v/1/1/v48/index.m3u8`)).text(), media);
        const codes = (await show(other, 1)).events.map(({ code }) => code);
        assert.deepEqual([...new Set(codes.slice(codes.indexOf('retried')))], ['retried', 'paused', 'priority_low', 'resumed', 'extra_added']);
        const hashes = (root) => readdirSync(path.join(root, 'media/1/1/av48')).sort().map((name) => [name, sha256(readFileSync(path.join(root, 'media/1/1/av48', name)))]);
        assert.deepEqual(hashes(other), hashes(data));
        assert.equal((await terrace(['doctor', ...flags])).code, 0);
    } finally {
        await second.stop();
    }
});
