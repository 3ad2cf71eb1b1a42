// SPDX-License-Identifier: GPL-3.0-or-later
// Checks that players from other projects play what the node serves.
import assert from 'node:assert/strict';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { LECTURE_SECONDS, lectureData, run, runGStreamer, sha256, show, startNode, tempDir } from '../harness/terrace.mjs';

let node, master, renditions;

before(async () => {
    const data = await lectureData();
    node = await startNode({ data });
    const lesson = await show(data, 1);
    master = node.url + lesson.hls;
    renditions = lesson.renditions;
});
after(() => node?.stop());

test('ffmpeg decodes the whole of every rendition without a warning', async () => {
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

test('ffmpeg plays every stream of the multivariant playlist', async () => {
    const { code, stderr } = await run('ffmpeg', ['-v', 'error', '-i', master, '-map', '0', '-f', 'null', '-']);
    assert.equal(stderr, '');
    assert.equal(code, 0);
});

// Each rendition is played on its own, because a switch of variants before it has begun to play
// often makes GStreamer 1.22 stop for ever.
test('GStreamer plays renditions to their end', async () => {
    const video = renditions.filter(({ kind }) => kind === 'video'), audio = renditions.filter(({ kind }) => kind === 'audio');
    for (const { name } of [video[0], video.at(-1), audio[0]]) {
        const { code, stdout, stderr } = await runGStreamer(playlistOf(name), 'audio-sink="fakesink sync=false"');
        assert.equal(code, 0, stderr);
        assert.doesNotMatch(stdout + stderr, /ERROR/, name);
        assert.match(stdout, /eos/i, name);
    }
});

const SEEK_S = 50, LEFT_S = LECTURE_SECONDS - SEEK_S;
const playlistOf = (name) => master.replace('master.m3u8', `${name}/index.m3u8`), fileOf = (name) => master.replace('master.m3u8', `${name}.mp4`);
const first = (kind) => renditions.find((rendition) => rendition.kind === kind).name;

// The HLS playlist of fragmented MP4 is not tested here. ffmpeg 5.1 finds no packets after a seek
// in such a playlist, even if ffmpeg made it itself.
test('ffmpeg seeks in the file and in MPEG-TS', async () => {
    for (const url of [fileOf(first('video')), playlistOf(first('legacy'))]) {
        const { code, stdout, stderr } = await run('ffmpeg', ['-v', 'error', '-ss', String(SEEK_S), '-i', url, '-progress', '-', '-f', 'null', '-']);
        assert.equal(code, 0, stderr);
        const played_s = Number([...stdout.matchAll(/out_time_us=(\d+)/g)].at(-1)[1]) / 1e6, pictures = Number([...stdout.matchAll(/frame=(\d+)/g)].at(-1)[1]);
        // In MPEG-TS, ffmpeg plays from the beginning of the segment that contains the position.
        assert.ok(played_s > LEFT_S - 1 && played_s < LECTURE_SECONDS - 20 && pictures > LEFT_S, `${url}: ${played_s} s, ${pictures} pictures`);
    }
});

test('GStreamer seeks in a rendition', async () => {
    const { code, stdout, stderr } = await run('gst-play-1.0', ['--no-interactive', `--start-position=${SEEK_S}`,
        '--videosink=fakesink sync=false', '--audiosink=fakesink sync=false', playlistOf(first('video'))]);
    assert.equal(code, 0, stderr);
    assert.doesNotMatch(stdout + stderr, /ERROR/);
    assert.match(stdout, /Reached end of play list/);
    const positions = [...stdout.matchAll(/0:(\d\d):(\d\d\.\d) \/ 0:01:1/g)].map(([, minutes, seconds]) => minutes * 60 + Number(seconds));
    // GStreamer may report a position of 0 before the seek has taken effect.
    const sought = positions.filter((at) => at > 0);
    assert.ok(sought.length > 0 && sought.every((at) => at > SEEK_S - 1), stdout);
});

test('wget resumes a download where it broke off', async () => {
    const dir = tempDir(), file = path.join(dir, 'lesson.mp4'), url = fileOf(first('video'));
    const whole = Buffer.from(await (await fetch(url)).arrayBuffer());
    for (const part of [whole.subarray(0, whole.length >> 1), whole]) {
        writeFileSync(file, part);
        const { code, stderr } = await run('wget', ['-c', '-S', '--no-verbose', '-O', file, url], { env: { LC_ALL: 'C' } });
        assert.equal(code, 0, stderr);
        assert.match(stderr, part === whole ? /HTTP\/1\.1 416 / : /HTTP\/1\.1 206 [^]*Content-Range: bytes \d+-/);
        assert.equal(sha256(readFileSync(file)), sha256(whole));
    }
});

// VLC refuses to run as root or without a home folder. Here it encodes what it decodes into a file,
// because that runs faster than real time.
test('VLC plays to the end, and from a given position to the end', async () => {
    const home = tempDir(), out = path.join(home, 'out.ts');
    chmodSync(home, 0o777);
    const other = process.getuid() === 0 ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--'] : [];
    for (const [url, sound, from_s] of [[master, true, 0], [master, true, SEEK_S], [playlistOf(first('video')), false, SEEK_S], [fileOf(first('video')), true, SEEK_S], [playlistOf(first('legacy')), true, 0]]) {
        const sink = `#transcode{vcodec=mp2v,fps=25,acodec=${sound ? 'mpga' : 'none'}}:std{access=file,mux=ts,dst=${out}}`;
        const [program, ...args] = [...other, 'cvlc', '-I', 'dummy', '--no-dbus', '--play-and-exit', `--start-time=${from_s}`, '--sout', sink, url];
        const { code, stderr } = await run(program, args, { env: { HOME: home, XDG_RUNTIME_DIR: home } });
        assert.equal(code, 0, stderr);
        const probed = await run('ffprobe', ['-v', 'error', '-count_frames', '-show_entries', 'stream=codec_type,nb_read_frames,duration', '-of', 'json', out]);
        const { streams } = JSON.parse(probed.stdout), said = `${url}: ${probed.stdout}`;
        // VLC encodes each audio group of the master playlist, so the file may have several audio
        // streams.
        assert.deepEqual([...new Set(streams.map((stream) => stream.codec_type))].sort(), sound ? ['audio', 'video'] : ['video'], said);
        for (const { codec_type, nb_read_frames, duration } of streams) {
            // VLC plays from the beginning of the segment that contains the position.
            assert.ok(from_s ? duration > LEFT_S - 1 && duration < LECTURE_SECONDS - 20 : Math.abs(duration - LECTURE_SECONDS) < 1, said);
            assert.ok(codec_type === 'audio' || Number(nb_read_frames) > Number(duration), said);
        }
    }
});
