// SPDX-License-Identifier: GPL-3.0-or-later
// Players that others wrote play what the node serves.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { LECTURE_SECONDS, lectureData, run, show, startNode } from '../harness/terrace.mjs';

let node, master, renditions;

before(async () => {
    const data = await lectureData();
    node = await startNode({ data });
    const lesson = await show(data, 1);
    master = node.url + lesson.hls;
    renditions = lesson.renditions;
});
after(() => node?.stop());

test('ffmpeg decodes the whole of every rendition without a word', async () => {
    assert.ok(renditions.length >= 3, JSON.stringify(renditions));
    for (const { name, kind } of renditions) {
        const playlist = master.replace('master.m3u8', `${name}/index.m3u8`);
        const { code, stderr, stdout } = await run('ffmpeg', ['-v', 'warning', '-i', playlist, '-progress', '-', '-f', 'null', '-']);
        assert.equal(stderr, '', name);
        assert.equal(code, 0);
        const played_s = Number([...stdout.matchAll(/out_time_us=(\d+)/g)].at(-1)[1]) / 1e6;
        assert.ok(Math.abs(played_s - LECTURE_SECONDS) < 0.25, `${name} (${kind}): ${played_s} s`);
    }
});

test('ffmpeg takes the multivariant playlist, every stream in it', async () => {
    const { code, stderr } = await run('ffmpeg', ['-v', 'error', '-i', master, '-map', '0', '-f', 'null', '-']);
    assert.equal(stderr, '');
    assert.equal(code, 0);
});

// Renditions one by one: GStreamer 1.22 sometimes stops for ever when it switches variants before it has begun to play
// (its queues wait for one another, with every byte received), on any server.
test('GStreamer plays renditions to their end', async () => {
    const video = renditions.filter(({ kind }) => kind === 'video'), audio = renditions.filter(({ kind }) => kind === 'audio');
    for (const { name } of [video[0], video.at(-1), audio[0]]) {
        const { code, stdout, stderr } = await run('gst-launch-1.0', ['-m', 'playbin', `uri=${master.replace('master.m3u8', `${name}/index.m3u8`)}`,
            'video-sink="fakesink sync=false"', 'audio-sink="fakesink sync=false"']);
        assert.equal(code, 0, stderr);
        assert.doesNotMatch(stdout + stderr, /ERROR/, name);
        assert.match(stdout, /eos/i, name);
    }
});
