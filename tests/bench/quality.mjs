// SPDX-License-Identifier: GPL-3.0-or-later
// how good each rung looks for its bit rate, compared with a common fixed ladder and a strong
// encode
// Arguments: [SECONDS of each lesson, 60] [VIDEO...]. The lessons are of different kinds. The bit
// rate is that of the video on the wire, with the container and without sound. Each encode is
// compared with the source, at the size and the frame rate of the source. For that, pictures are
// repeated where the encode has a lower frame rate.
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { run, show, startNode, tempDir, terraceOk, withLadder } from '../harness/terrace.mjs';
import { bdRate, lessons, ratio, table } from '../harness/bench.mjs';

const seconds = Number(process.argv[2] ?? 60);
const videos = lessons(process.argv.slice(3));
assert.ok(videos.length, 'no VIDEO, and no real media: set TERRACE_MEDIA');

// These are the rungs of the default ladder and three rungs below them. The lower ones are needed
// because the lowest rung of the default ladder alone often looks better than the best rung of the
// peers. Where the planner makes AV1 renditions, they are measured too.
const ladder = [16, 24, 32, 48, 80, 130, 220, 400, 700];
const fixed = [{ side: 180, kbps: 64 }, { side: 240, kbps: 110 }, { side: 360, kbps: 220 }, { side: 480, kbps: 450 }];

async function ffmpeg(args) {
    const result = await run('ffmpeg', ['-nostdin', '-v', 'error', '-y', ...args]);
    assert.equal(result.code, 0, result.stderr);
    return result.stderr;
}

/** Cuts the measured part from the lesson, without loss and without sound. */
async function cut(video) {
    const file = path.join(tempDir(), 'part.mkv');
    await ffmpeg(['-i', video, '-t', String(seconds), '-an', '-c:v', 'libx264', '-preset', 'ultrafast', '-qp', '0', '-pix_fmt', 'yuv420p', file]);
    const probed = await run('ffprobe', ['-v', 'error', '-select_streams', 'v:0', '-show_entries',
        'stream=width,height,r_frame_rate:format=duration', '-of', 'json', file]);
    const { streams: [stream], format } = JSON.parse(probed.stdout);
    const [num, den] = stream.r_frame_rate.split('/').map(Number);
    return { file, width: stream.width, height: stream.height, fps: num / den > 61 ? 25 : num / den, length_s: Number(format.duration) };
}

/**
 * Returns SSIM in dB and PSNR of an encode. Its pictures are first scaled to the size of the source
 * and repeated to reach its frame rate.
 */
async function likeness(source, encode) {
    const stats = path.join(tempDir(), 'stats');
    const same = `fps=${source.fps},setpts=PTS-STARTPTS,settb=AVTB`;
    const graph = `[0:v]${same},scale=${source.width}:${source.height}:flags=bicubic,format=yuv420p,split[a][b];` +
        `[1:v]${same},format=yuv420p,split[c][d];[a][c]ssim=stats_file=${stats}[x];[b][d]psnr=stats_file=${stats}.p[y]`;
    await ffmpeg(['-i', encode, '-i', source.file, '-lavfi', graph, '-map', '[x]', '-f', 'null', '-', '-map', '[y]', '-f', 'null', '-']);
    const mean = async (file, field) => {
        const { stdout } = await run('awk', [`{for(i=1;i<=NF;i++)if(split($i,kv,":")==2&&kv[1]=="${field}"){s+=kv[2];n++}}END{print s/n}`, file]);
        return Number(stdout);
    };
    return { ssim_db: -10 * Math.log10(1 - await mean(stats, 'Y')), psnr_db: 10 * Math.log10(255 ** 2 / await mean(`${stats}.p`, 'mse_y')) };
}

const folderBytes = (dir) => readdirSync(dir).reduce((sum, name) => sum + statSync(path.join(dir, name)).size, 0);

async function peer(source, { side, kbps }, strong) {
    const out = path.join(tempDir(), 'peer');
    mkdirSync(out);
    if (side > Math.min(source.width, source.height))
        side = Math.min(source.width, source.height);
    const scale = source.width >= source.height ? `-2:${side}` : `${side}:-2`;
    const rate = strong ? ['-crf', '27'] : ['-b:v', `${kbps}k`];
    await ffmpeg(['-i', source.file, '-vf', `scale=${scale}:flags=bicubic`, '-c:v', 'libx264', '-preset', 'medium', ...rate,
        '-maxrate', `${kbps}k`, '-bufsize', `${2 * kbps}k`, '-g', String(Math.round(source.fps * (strong ? 10 : 6))), '-pix_fmt', 'yuv420p',
        '-f', 'hls', '-hls_time', strong ? '10' : '6', '-hls_segment_type', 'fmp4', '-hls_playlist_type', 'vod',
        '-hls_segment_filename', `${out}/%d.m4s`, `${out}/index.m3u8`]);
    return { name: `${side}p`, kbps: folderBytes(out) * 8 / source.length_s / 1000, ...await likeness(source, `${out}/index.m3u8`) };
}

/**
 * Returns the number of bytes that a terminal fetches of a rendition: the init segment and all
 * segments.
 */
async function wireBytes(playlist) {
    const names = (await (await fetch(playlist)).text()).match(/^[^#\s].*$|(?<=EXT-X-MAP:URI=")[^"]+/gm);
    let sum = 0;
    for (const name of names)
        sum += (await (await fetch(new URL(name, playlist))).arrayBuffer()).byteLength;
    return sum;
}

async function terrace(source, options, codec) {
    const data = tempDir();
    await terraceOk(['ingest', source.file, '--publish', '--wait', ...options, '--data', data]);
    const lesson = await show(data, 1), node = await startNode({ data }), points = [];
    for (const r of lesson.renditions.filter((one) => one.kind === 'video' && one.codecs.startsWith(codec))) {
        const playlist = new URL(`${r.name}/index.m3u8`, new URL(lesson.hls, node.url)).href;
        points.push({ name: `${r.name} ${r.width}x${r.height}@${r.fps.toFixed(1)}`,
            kbps: await wireBytes(playlist) * 8 / source.length_s / 1000, ...await likeness(source, playlist) });
    }
    await node.stop();
    return points;
}

const rows = [], ratios = [];
for (const video of videos) {
    const name = path.basename(video).split(/[-_.]/).slice(0, 2).join('_'), source = await cut(video);
    const ladders = { terrace: await terrace(source, withLadder(ladder), 'avc1'),
        av1: await terrace(source, withLadder([48, 80], { av1: true }), 'av01'), fixed: [], strong: [] };
    for (const rung of fixed) {
        ladders.fixed.push(await peer(source, rung, false));
        ladders.strong.push(await peer(source, rung, true));
    }
    for (const [ladder, points] of Object.entries(ladders))
        for (const p of points)
            rows.push([`${name} ${ladder} ${p.name}`, p.kbps.toFixed(1), p.ssim_db.toFixed(2), p.psnr_db.toFixed(2)]);
    const compare = (points, suffix) => {
        for (const against of ['fixed', 'strong'])
            for (const by of ['ssim', 'psnr'])
                ratios.push([`quality_${name}_${by}_bd_rate_${against}${suffix}`, 1 + bdRate(points, ladders[against], `${by}_db`)]);
    };
    compare(ladders.terrace, '');
    if (ladders.av1.length)
        compare([...ladders.terrace, ...ladders.av1], '_with_av1');
}
table(['lesson, ladder, rung', 'kbit/s', 'SSIM dB', 'PSNR dB'], rows);
for (const [name, value] of ratios)
    ratio(name, value);
