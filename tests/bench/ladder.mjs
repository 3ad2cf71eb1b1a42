// SPDX-License-Identifier: GPL-3.0-or-later
// how long the whole ladder of a lesson takes, compared with one ffmpeg command that makes the same
// rungs
// Arguments: [VIDEO] [ROUNDS]. Terrace and ffmpeg run alternately. The table shows each round; the
// ratios are ratios of the medians.
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { media, noAv1, run, show, tempDir, terraceBin, terraceOk } from '../harness/terrace.mjs';
import { firstMinute, median, ratio, runStep, table, timed } from '../harness/bench.mjs';

const defaultVideo = media('lectures/slides-webcam-720p25-5min.mp4');

const transcode = (video, data) => timed(terraceBin, ['ingest', video, '--wait', '--data', data, ...noAv1()]);

/** For ab.mjs: prepares the first minute of the video. */
async function prepare(folder, video = defaultVideo) {
    assert.ok(video, 'no VIDEO, and no real media: set TERRACE_MEDIA');
    await firstMinute(video, folder);
}

/** For ab.mjs: measures one transcode of the prepared video. */
async function measure(folder) {
    const { wall_s, cpu_s } = await transcode(path.join(folder, readdirSync(folder)[0]), tempDir());
    return { wall_s, cpu_s };
}

if (await runStep({ prepare, measure }))
    process.exit();

const video = process.argv[2] ?? defaultVideo;
const rounds = Number(process.argv[3] ?? 3);
assert.ok(video, 'no VIDEO, and no real media: set TERRACE_MEDIA');

/**
 * Makes the same rungs with one ffmpeg command that decodes the source once. Sizes, presets, caps,
 * both audio codecs and the legacy transport stream are those of Terrace. With sameRates, the frame
 * rates are those of Terrace too. Without it, they are the frame rate of the source, as in a
 * command that was written without looking at the lesson.
 */
function peer(lesson, out, sameRates) {
    const pictures = lesson.renditions.filter((r) => r.kind === 'video' || r.kind === 'legacy');
    const rate = (r) => (sameRates ? r.fps : source_fps);
    const split = `[0:v]split=${pictures.length}${pictures.map((_, i) => `[s${i}]`).join('')}`;
    const scales = pictures.map((r, i) => `[s${i}]fps=${rate(r)},scale=${r.width}:${r.height}:flags=bicubic[v${i}]`);
    const hls = (name, legacy) => ['-f', 'hls', '-hls_time', '6', '-hls_playlist_type', 'vod',
        ...legacy ? [] : ['-hls_segment_type', 'fmp4', '-hls_fmp4_init_filename', `${name}-init.mp4`],
        '-hls_segment_filename', `${out}/${name}-%d.${legacy ? 'ts' : 'm4s'}`, `${out}/${name}.m3u8`];
    const sounds = { 'mp4a.40.2': ['-c:a', 'aac', '-b:a', '24k'], opus: ['-c:a', 'libopus', '-b:a', '20k'] };
    const mono = (codecs) => ['-map', '0:a:0', '-ac', '1', '-ar', '48000', ...sounds[codecs]];
    const outputs = pictures.flatMap((r, i) => ['-map', `[v${i}]`, '-c:v', 'libx264',
        ...r.kind === 'legacy' ? ['-preset', 'veryfast', '-profile:v', 'baseline', '-level', '3.0', '-b:v', '180k', '-maxrate', '190k', '-bufsize', '380k',
            ...mono('mp4a.40.2')] : ['-preset', 'medium', '-crf', '27', '-maxrate', String(r.cap_bps), '-bufsize', String(r.cap_bps * 2)],
        '-g', String(Math.round(rate(r) * 6)), '-pix_fmt', 'yuv420p', ...hls(`v${i}`, r.kind === 'legacy')]);
    const audio = lesson.renditions.filter((r) => r.kind === 'audio' && !r.name.includes('-')).flatMap((r) => [...mono(r.codecs), ...hls(r.name)]);
    return ['-nostdin', '-v', 'error', '-i', video, '-filter_complex', [split, ...scales].join(';'), ...outputs, ...audio];
}

const probed = (await run('ffprobe', ['-v', 'error', '-select_streams', 'v:0', '-show_entries', 'stream=r_frame_rate', '-of', 'csv=p=0', video])).stdout;
const source_fps = probed.trim().split('/').map(Number).reduce((num, den) => num / den);
const rows = [], ours = [], theirs = [], theirsSameRates = [];
let lesson;
for (let round = 0; round < rounds; round++) {
    const data = tempDir(), out = path.join(tempDir(), 'peer');
    mkdirSync(out);
    ours.push(await transcode(video, data));
    lesson = await show(data, 1);
    await terraceOk(['rm', '1', '--data', data]);
    theirs.push(await timed('ffmpeg', peer(lesson, out, false)));
    theirsSameRates.push(await timed('ffmpeg', peer(lesson, out, true)));
    for (const [name, of] of [['terrace', ours[round]], ['ffmpeg', theirs[round]], ['ffmpeg, our frame rates', theirsSameRates[round]]])
        rows.push([`${round + 1} ${name}`, of.wall_s.toFixed(1), of.cpu_s.toFixed(1), (of.cpu_s / of.wall_s).toFixed(2),
            (of.peak_bytes / 2 ** 20).toFixed(0)]);
}
console.log(`${path.basename(video)}: ${lesson.duration_s.toFixed(1)} s, rungs ` +
    lesson.renditions.map((r) => (r.kind === 'video' ? `${r.width}x${r.height}@${r.fps.toFixed(2)}/${r.cap_bps / 1000}k` : r.name)).join(' '));
table(['round', 'wall s', 'cpu s', 'cores', 'peak MiB'], rows);
const of = (list, what) => median(list.map((one) => one[what]));
ratio('ladder_wall', of(ours, 'wall_s') / of(theirs, 'wall_s'));
ratio('ladder_wall_same_frame_rates', of(ours, 'wall_s') / of(theirsSameRates, 'wall_s'));
ratio('ladder_cpu', of(ours, 'cpu_s') / of(theirs, 'cpu_s'));
ratio('ladder_peak_memory', of(ours, 'peak_bytes') / of(theirs, 'peak_bytes'));
