// SPDX-License-Identifier: GPL-3.0-or-later
// the whole ladder of a lesson, beside the ffmpeg program making the same rungs in one command
// Arguments: [VIDEO] [ROUNDS]. The two run in turn; the table shows each round, the ratios are of the medians.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { media, show, tempDir, terraceOk, terraceBin } from '../harness/terrace.mjs';
import { median, ratio, table, timed } from '../harness/bench.mjs';

const video = process.argv[2] ?? media('lectures/slides-webcam-720p25-5min.mp4');
const rounds = Number(process.argv[3] ?? 3);
assert.ok(video, 'no VIDEO, and no real media: set TERRACE_MEDIA');

/** One ffmpeg command that decodes once and makes the same rungs: same size, rate, cap, preset, CRF. */
function peer(lesson, out) {
    const videos = lesson.renditions.filter((r) => r.kind === 'video');
    const split = `[0:v]split=${videos.length}${videos.map((_, i) => `[s${i}]`).join('')}`;
    const scales = videos.map((r, i) => `[s${i}]fps=${r.fps},scale=${r.width}:${r.height}:flags=bicubic[v${i}]`);
    const hls = (name) => ['-f', 'hls', '-hls_time', '6', '-hls_segment_type', 'fmp4', '-hls_playlist_type', 'vod',
        '-hls_fmp4_init_filename', `${name}-init.mp4`, '-hls_segment_filename', `${out}/${name}-%d.m4s`, `${out}/${name}.m3u8`];
    const outputs = videos.flatMap((r, i) => ['-map', `[v${i}]`, '-c:v', 'libx264', '-preset', 'medium', '-crf', '27',
        '-maxrate', String(r.cap_bps), '-bufsize', String(r.cap_bps * 2), '-g', String(Math.round(r.fps * 6)),
        '-pix_fmt', 'yuv420p', ...hls(`v${i}`)]);
    const audio = lesson.renditions.some((r) => r.kind === 'audio')
        ? ['-map', '0:a:0', '-c:a', 'aac', '-ac', '1', '-ar', '48000', '-b:a', '32k', ...hls('a')] : [];
    return ['-nostdin', '-v', 'error', '-i', video, '-filter_complex', [split, ...scales].join(';'), ...outputs, ...audio];
}

const rows = [], ours = [], theirs = [];
let lesson;
for (let round = 0; round < rounds; round++) {
    const data = tempDir(), out = path.join(tempDir(), 'peer');
    mkdirSync(out);
    ours.push(await timed(terraceBin, ['ingest', video, '--wait', '--data', data]));
    lesson = await show(data, 1);
    await terraceOk(['rm', '1', '--data', data]);
    theirs.push(await timed('ffmpeg', peer(lesson, out)));
    for (const [name, of] of [['terrace', ours[round]], ['ffmpeg', theirs[round]]])
        rows.push([`${round + 1} ${name}`, of.wall_s.toFixed(1), of.cpu_s.toFixed(1), (of.cpu_s / of.wall_s).toFixed(2),
            (of.peak_bytes / 2 ** 20).toFixed(0)]);
}
console.log(`${path.basename(video)}: ${lesson.duration_s.toFixed(1)} s, rungs ` +
    lesson.renditions.map((r) => (r.kind === 'video' ? `${r.width}x${r.height}@${r.fps.toFixed(2)}/${r.cap_bps / 1000}k` : r.name)).join(' '));
table(['round', 'wall s', 'cpu s', 'cores', 'peak MiB'], rows);
const of = (list, what) => median(list.map((one) => one[what]));
ratio('ladder_wall', of(ours, 'wall_s') / of(theirs, 'wall_s'));
ratio('ladder_cpu', of(ours, 'cpu_s') / of(theirs, 'cpu_s'));
ratio('ladder_peak_memory', of(ours, 'peak_bytes') / of(theirs, 'peak_bytes'));
