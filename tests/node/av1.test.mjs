// SPDX-License-Identifier: GPL-3.0-or-later
// Slides get renditions in AV1 beside those in H.264; players that know it find them, others don't need to.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { run, show, startNode, tempDir, terraceOk } from '../harness/terrace.mjs';

const SECONDS = 20;
const data = path.join(tempDir(), 'data');
let node, master, renditions;

before(async () => {
    const clip = path.join(tempDir(), 'slides.mp4');
    // A picture that changes each five seconds.
    await run('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', `testsrc2=s=480x270:r=1/5:d=${SECONDS},fps=25`, '-f', 'lavfi', '-i', `sine=440:d=${SECONDS}`,
        '-c:v', 'libx264', '-preset', 'veryfast', '-crf', '18', '-pix_fmt', 'yuv420p', '-c:a', 'aac', clip]);
    await terraceOk(['ingest', clip, '--publish', '--wait', '--data', data]);
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

test('every segment begins with a sequence header and a keyframe', async () => {
    const playlist = await (await fetch(master.replace('master.m3u8', 'av48/index.m3u8'))).text();
    const segments = playlist.split('\n').filter((line) => line.endsWith('.m4s'));
    assert.ok(segments.length >= 3, playlist);
    for (const name of segments) {
        const bytes = Buffer.from(await (await fetch(master.replace('master.m3u8', `av48/${name}`))).arrayBuffer());
        const sample = bytes.subarray(bytes.indexOf('mdat') + 4);
        assert.equal((sample[0] >> 3) & 15, 1, 'OBU_SEQUENCE_HEADER'); // no temporal delimiter (AV1 in ISOBMFF, 2.4)
        const frame = sample.subarray(2 + sample[1]);
        assert.equal((frame[0] >> 3) & 15, 6, 'OBU_FRAME');
        let at = 1;
        while (frame[at++] & 0x80);
        assert.equal(frame[at] >> 5 & 3, 0, 'KEY_FRAME');
    }
});
