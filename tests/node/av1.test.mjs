// SPDX-License-Identifier: GPL-3.0-or-later
// Slides get renditions in AV1 beside those in H.264; players that know it find them, others don't need to. (What is in them: segments.test.mjs.)
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { makeSlides, noAv1, run, show, startNode, tempDir, terraceOk } from '../harness/terrace.mjs';

const SECONDS = 20;
const data = path.join(tempDir(), 'data');
let slides, node, master, renditions;

before(async () => {
    slides = makeSlides(path.join(tempDir(), 'slides.mp4'), { seconds: SECONDS });
    await terraceOk(['ingest', slides, '--publish', '--wait', '--data', data]);
    node = await startNode({ data });
    const lesson = await show(data, 1);
    master = node.url + lesson.hls;
    renditions = lesson.renditions;
});
after(() => node?.stop());

test('each AV1 rendition has one in H.264 of the same cap, which stands before it', async () => {
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

test('ffmpeg decodes it without a word: the segments, the file as one', async () => {
    for (const url of ['av48/index.m3u8', 'av48.mp4']) {
        const { code, stderr, stdout } = await run('ffmpeg', ['-v', 'warning', '-i', master.replace('master.m3u8', url), '-map', '0:v', '-progress', '-', '-f', 'null', '-']);
        assert.equal(stderr, '', url);
        assert.equal(code, 0, url);
        const played_s = Number([...stdout.matchAll(/out_time_us=(\d+)/g)].at(-1)[1]) / 1e6;
        assert.ok(Math.abs(played_s - SECONDS) < 0.25, `${url}: ${played_s} s`);
    }
});

test('GStreamer plays it to its end', async () => {
    const { code, stdout, stderr } = await run('gst-launch-1.0', ['-m', 'playbin', `uri=${master.replace('master.m3u8', 'av48/index.m3u8')}`, 'video-sink="fakesink sync=false"']);
    assert.equal(code, 0, stderr);
    assert.doesNotMatch(stdout + stderr, /ERROR/);
    assert.match(stdout, /eos/i);
});

test('av1 = no: there is none', async () => {
    const without = path.join(tempDir(), 'data');
    await terraceOk(['ingest', slides, '--wait', '--data', without, ...noAv1()]);
    const lesson = await show(without, 1);
    assert.ok(lesson.renditions.length >= 3);
    assert.deepEqual(lesson.renditions.filter(({ name }) => name.startsWith('av')), []);
});
