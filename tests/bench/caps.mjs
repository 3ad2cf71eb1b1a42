// SPDX-License-Identifier: GPL-3.0-or-later
// compares each rung of the default ladder with its cap: three segments in a row, and single
// segments
// Arguments: [VIDEO...]. The bytes include the containers. A video rung is counted together with
// the sound that is played with it (a24). AV1 renditions are not measured. There is no peer,
// because the caps are a promise of Terrace itself.
import assert from 'node:assert/strict';
import path from 'node:path';
import { noAv1, show, startNode, tempDir, terraceOk } from '../harness/terrace.mjs';
import { lessons, ratio, table } from '../harness/bench.mjs';

const videos = lessons(process.argv.slice(2));
assert.ok(videos.length, 'no VIDEO, and no real media: set TERRACE_MEDIA');

/** Returns the segments of a rendition as [{seconds, bytes}]. */
async function segmentsOf(base, name) {
    const lines = (await (await fetch(new URL(`${name}/index.m3u8`, base))).text()).split('\n'), segments = [];
    let seconds = 0;
    for (const line of lines) {
        if (line.startsWith('#EXTINF:'))
            seconds = parseFloat(line.slice(8));
        else if (line && !line.startsWith('#'))
            segments.push({ seconds, bytes: Number((await fetch(new URL(`${name}/${line}`, base), { method: 'HEAD' })).headers.get('content-length')) });
    }
    return segments;
}

const bps = (segments) => 8 * segments.reduce((sum, one) => sum + one.bytes, 0) / segments.reduce((sum, one) => sum + one.seconds, 0);

const rows = [];
let worstWindow = 0, worstSegment = 0;
for (const video of videos) {
    const data = tempDir();
    await terraceOk(['ingest', video, '--publish', '--wait', ...noAv1(), '--data', data]);
    const lesson = await show(data, 1), node = await startNode({ data }), base = new URL(lesson.hls, node.url);
    const sound = lesson.renditions.some(({ name }) => name === 'a24') ? await segmentsOf(base, 'a24') : [];
    for (const { name, kind, width, height, fps } of lesson.renditions.filter((one) => ['video', 'legacy'].includes(one.kind))) {
        const cap_bps = Number(name.match(/\d+/)[0]) * 1000, mixed = kind === 'legacy';
        const segments = (await segmentsOf(base, name)).map((one, i) => ({ ...one, bytes: one.bytes + (mixed ? 0 : sound[i]?.bytes ?? 0) }));
        const windows = segments.length < 3 ? [segments] : segments.slice(2).map((_, i) => segments.slice(i, i + 3));
        const window = Math.max(...windows.map(bps)) / cap_bps, segment = Math.max(...segments.map((one) => bps([one]))) / bps(segments);
        rows.push([`${path.basename(video).split(/[-_.]/).slice(0, 2).join('_')} ${name} ${width}x${height}@${fps.toFixed(1)}`,
            (bps(segments) / 1000).toFixed(1), window.toFixed(3), segment.toFixed(2)]);
        worstWindow = Math.max(worstWindow, window);
        worstSegment = Math.max(worstSegment, segment);
    }
    await node.stop();
}
table(['lesson, rung', 'kbit/s', 'most of three in a row / cap', 'most of one / mean'], rows);
ratio('caps_three_segments', worstWindow);
ratio('caps_one_segment', worstSegment);
