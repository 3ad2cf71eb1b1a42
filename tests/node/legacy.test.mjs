// SPDX-License-Identifier: GPL-3.0-or-later
// Checks what old set-top boxes and downloads get: an MPEG-TS stream with a playlist of its own,
// and each rendition as one MP4 file.
import assert from 'node:assert/strict';
import { createWriteStream, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { boxes } from '../harness/mp4.mjs';
import { LECTURE_SECONDS, LECTURE_TITLE, lectureData, run, runGStreamer, sha256, show, startNode, tempDir } from '../harness/terrace.mjs';

const dir = tempDir();
let node, lesson, base;

before(async () => {
    const data = await lectureData();
    node = await startNode({ data });
    lesson = await show(data, 1);
    base = node.url + lesson.hls.replace('master.m3u8', '');
});
after(() => node?.stop());

async function get(url, headers = {}) {
    const response = await fetch(url, { headers });
    return { status: response.status, headers: response.headers, bytes: Buffer.from(await response.arrayBuffer()) };
}

async function ffprobe(what, ...args) {
    const { stdout, stderr, code } = await run('ffprobe', ['-v', 'error', ...args, '-of', 'json', what]);
    assert.equal(stderr, '', what);
    assert.equal(code, 0);
    return JSON.parse(stdout);
}

/** Returns the presentation times of the packets of one stream, in seconds. */
async function times(what, stream) {
    const { packets } = await ffprobe(what, '-select_streams', stream, '-show_entries', 'packet=pts_time');
    return packets.map((packet) => Number(packet.pts_time));
}

async function decodes(what, seconds = LECTURE_SECONDS) {
    const { code, stderr, stdout } = await run('ffmpeg', ['-v', 'warning', '-i', what, '-progress', '-', '-f', 'null', '-']);
    assert.equal(stderr, '', what);
    assert.equal(code, 0);
    const played_s = Number([...stdout.matchAll(/out_time_us=(\d+)/g)].at(-1)[1]) / 1e6;
    assert.ok(Math.abs(played_s - seconds) < 0.3, `${what}: ${played_s} s`);
}

/** Returns the segments of the legacy playlist: [{extinf_s, bytes}]. */
async function segments() {
    const url = node.url + lesson.hls_legacy;
    const text = (await get(url)).bytes.toString();
    const found = [...text.matchAll(/#EXTINF:([\d.]+),\n(\S+)\n/g)];
    return Promise.all(found.map(async ([, extinf, uri]) => ({ extinf_s: Number(extinf), bytes: (await get(new URL(uri, url))).bytes })));
}

/** Returns the packets of a transport stream: {pid, begins, counter, payload}. */
function packets(stream) {
    assert.equal(stream.length % 188, 0);
    return Array.from({ length: stream.length / 188 }, (_, i) => {
        const p = stream.subarray(i * 188, i * 188 + 188);
        assert.equal(p[0], 0x47);
        return { pid: p.readUInt16BE(1) & 0x1fff, begins: (p[1] & 0x40) !== 0, counter: p[3] & 15,
            payload: p.subarray(p[3] & 0x20 ? 5 + p[4] : 4) };
    });
}

test('the legacy rendition has a playlist of its own, and is not among the variants', async () => {
    assert.match(lesson.hls_legacy, /^\/v\/1\/1\/ts220\/index\.m3u8$/);
    const { status, headers, bytes } = await get(node.url + lesson.hls_legacy);
    assert.equal(status, 200);
    assert.match(headers.get('content-type'), /mpegurl/);
    assert.match(headers.get('cache-control'), /immutable/);
    assert.doesNotMatch(bytes.toString(), /EXT-X-MAP|m4s/);
    assert.match(bytes.toString(), /#EXT-X-ENDLIST\n$/);
    assert.doesNotMatch((await get(node.url + lesson.hls)).bytes.toString(), /ts220/);
    const segment = await fetch(`${base}ts220/0.ts`);
    assert.equal(segment.headers.get('content-type'), 'video/mp2t');
    await segment.arrayBuffer();
    for (const missing of ['ts220/0.m4s', 'ts220/init.mp4', 'v80/0.ts', 'ts220.mp4'])
        assert.equal((await get(base + missing)).status, 404, missing);
});

test('the legacy rendition stays within what set-top boxes of level 3.0 can decode', async () => {
    const { streams } = await ffprobe(node.url + lesson.hls_legacy, '-show_streams');
    const video = streams.find((s) => s.codec_type === 'video'), audio = streams.find((s) => s.codec_type === 'audio');
    assert.equal(video.codec_name, 'h264');
    assert.equal(video.profile, 'Constrained Baseline');
    assert.equal(video.level, 30);
    assert.equal(video.has_b_frames, 0);
    assert.ok(video.width <= 720 && video.height <= 576);
    const [num, den] = video.r_frame_rate.split('/').map(Number);
    assert.ok(Math.ceil(video.width / 16) * Math.ceil(video.height / 16) * num / den <= 40500);
    assert.equal(audio.codec_name, 'aac');
    assert.equal(audio.profile, 'LC');
    assert.equal(audio.channels, 1);
    assert.equal(audio.sample_rate, '32000');
});

test('every segment begins with PAT, PMT and an IDR; the continuity counters have no gap', async () => {
    const counters = new Map();
    for (const [n, { bytes }] of (await segments()).entries()) {
        const list = packets(bytes);
        assert.deepEqual(list.slice(0, 3).map((p) => [p.pid, p.begins]), [[0, true], [0x1000, true], [0x100, true]], `segment ${n}`);
        // The first 14 bytes are the PES header. The access unit delimiter follows, then SPS, PPS
        // and IDR.
        const picture = Buffer.concat(list.filter((p) => p.pid === 0x100).slice(0, 40).map((p, i) => p.payload.subarray(i === 0 ? 14 : 0)));
        const types = [];
        for (let at = picture.indexOf('\0\0\x01', 0, 'latin1'); at >= 0 && types.length < 12; at = picture.indexOf('\0\0\x01', at + 3, 'latin1'))
            types.push(picture[at + 3] & 31);
        assert.equal(types[0], 9, `segment ${n}: ${types}`);
        assert.equal(types.find((type) => type >= 1 && type <= 5), 5, `segment ${n}: ${types}`);
        assert.ok(types.indexOf(7) < types.indexOf(5) && types.includes(7) && types.includes(8), `segment ${n}: ${types}`);
        for (const { pid, counter } of list) {
            if (counters.has(pid))
                assert.equal(counter, (counters.get(pid) + 1) % 16, `segment ${n}, PID ${pid}`);
            counters.set(pid, counter);
        }
    }
});

test('the container adds less than 6 % to its content, and three segments in a row stay under 1.1 times the cap', async () => {
    const parts = await segments();
    const whole = Buffer.concat(parts.map((s) => s.bytes));
    const file = path.join(dir, 'whole.ts');
    writeFileSync(file, whole);
    await decodes(file);
    const { packets: frames } = await ffprobe(file, '-show_entries', 'packet=size');
    const payload = frames.reduce((sum, p) => sum + Number(p.size), 0);
    const overhead = whole.length / payload - 1;
    const rate = whole.length * 8 / parts.reduce((sum, s) => sum + s.extinf_s, 0);
    console.log(`# overhead ${(overhead * 100).toFixed(2)} %, ${(rate / 1000).toFixed(0)} kbit/s`);
    assert.ok(overhead < 0.06, `${overhead}`);
    for (let n = 0; n + 3 <= parts.length; n++) {
        const three = parts.slice(n, n + 3);
        const bps = three.reduce((sum, s) => sum + s.bytes.length * 8, 0) / three.reduce((sum, s) => sum + s.extinf_s, 0);
        assert.ok(bps <= 220000 * 1.1, `segments from ${n}: ${bps}`);
    }
});

test('ffmpeg decodes the whole playlist without a warning; the sum of EXTINF is the length of the lesson', async () => {
    await decodes(node.url + lesson.hls_legacy);
    const sum = (await segments()).reduce((s, { extinf_s }) => s + extinf_s, 0);
    assert.ok(Math.abs(sum - lesson.duration_s) <= 2 / 25, `${sum}, real ${lesson.duration_s}`);
});

test('the offset between sound and picture is that of the other renditions, at the start and at the end', async () => {
    const legacy = node.url + lesson.hls_legacy;
    const [tsPicture, tsSound, picture, sound] = await Promise.all([times(legacy, 'v'), times(legacy, 'a'),
        times(`${base}v80/index.m3u8`, 'v'), times(`${base}a24/index.m3u8`, 'a')]);
    assert.equal(tsSound.length, sound.length);
    for (const at of [0, Math.floor(sound.length / 2), sound.length - 1]) {
        const shift = (tsSound[at] - tsPicture[0]) - (sound[at] - picture[0]);
        assert.ok(Math.abs(shift) < 0.001, `frame ${at}: ${shift} s`);
    }
    tsSound.slice(1).forEach((t, i) => assert.ok(Math.abs(t - tsSound[i] - 1024 / 32000) < 0.0001, `a gap at ${t} s`));
    tsPicture.slice(1).forEach((t, i) => assert.ok(Math.abs(t - tsPicture[i] - (tsPicture[1] - tsPicture[0])) < 0.0001, `at ${t} s`));
});

test('GStreamer and VLC play the legacy playlist to its end', async (t) => {
    const { code, stdout, stderr } = await runGStreamer(node.url + lesson.hls_legacy, 'audio-sink="fakesink sync=false"');
    assert.equal(code, 0, stderr);
    assert.doesNotMatch(stdout + stderr, /ERROR/);
    assert.match(stdout, /eos/i);
    if (!existsSync('/usr/bin/cvlc')) {
        t.diagnostic('VLC is not installed');
        return;
    }
    const vlc = await run('cvlc', ['--play-and-exit', '--vout', 'dummy', '--aout', 'dummy', '--rate', '30', node.url + lesson.hls_legacy]);
    assert.doesNotMatch(vlc.stderr, /error/i);
});

/**
 * Returns what the MP4 file of these renditions must contain after its own header: segment after
 * segment, and within a segment the part of each rendition. The init segments are not included.
 */
async function expectedBody(names) {
    const chunks = [];
    const playlist = (await get(`${base}${names[0]}/index.m3u8`)).bytes.toString();
    for (const uri of playlist.match(/\d+\.m4s/g))
        for (const name of names)
            chunks.push((await get(`${base}${name}/${uri}`)).bytes);
    return Buffer.concat(chunks);
}

test('a rendition as one MP4 file has picture and sound, with the same bytes as the segments', async () => {
    for (const { name, kind } of lesson.renditions.filter((r) => r.kind !== 'legacy')) {
        const names = kind === 'video' ? [name, 'a24'] : [name];
        const { status, headers, bytes } = await get(`${base}${name}.mp4`);
        assert.equal(status, 200, name);
        assert.equal(headers.get('content-type'), kind === 'video' ? 'video/mp4' : 'audio/mp4');
        assert.match(headers.get('cache-control'), /immutable/);
        assert.match(headers.get('etag'), /^"/);
        assert.equal(headers.get('content-disposition'), null);
        const body = await expectedBody(names);
        assert.ok(bytes.subarray(bytes.length - body.length).equals(body), name);
        assert.equal(bytes.toString('latin1', 4, 8), 'ftyp');
        const file = path.join(dir, `${name}.mp4`);
        writeFileSync(file, bytes);
        await decodes(file);
        await decodes(`${base}${name}.mp4`);
        const { streams, format } = await ffprobe(file, '-show_streams', '-show_format');
        assert.deepEqual(streams.map((s) => s.codec_type), kind === 'video' ? ['video', 'audio'] : ['audio']);
        assert.ok(Math.abs(Number(format.duration) - LECTURE_SECONDS) < 0.3, `${name}: ${format.duration}`);
    }
});

test('the MP4 file has the times of the renditions, wherever a player begins', async () => {
    const file = `${base}v80.mp4`;
    assert.deepEqual(await times(file, 'v'), await times(`${base}v80/index.m3u8`, 'v'));
    assert.deepEqual(await times(file, 'a'), await times(`${base}a24/index.m3u8`, 'a'));
    const shown = await ffprobe(file, '-select_streams', 'v', '-read_intervals', '50%+#1', '-show_entries', 'packet=pts_time,flags');
    assert.match(shown.packets[0].flags, /K/);
    const { packets } = await ffprobe(`${base}v80/index.m3u8`, '-select_streams', 'v', '-show_entries', 'packet=pts_time,flags');
    const starts = packets.filter((p) => p.flags.includes('K')).map((p) => Number(p.pts_time));
    assert.ok(starts.length > 3);
    assert.equal(Number(shown.packets[0].pts_time), Math.max(...starts.filter((t) => t <= 50)));
});

test('the index of the MP4 file says where each segment lies', async () => {
    const { bytes } = await get(`${base}v80.mp4`);
    const sidx = boxes(bytes).find((b) => b.type === 'sidx');
    const count = bytes.readUInt32BE(sidx.body + 28), scale = bytes.readUInt32BE(sidx.body + 8);
    assert.equal(count, (await segments()).length);
    let at = sidx.end, seconds = 0;
    for (let i = 0; i < count; i++) {
        assert.equal(bytes.toString('latin1', at + 4, at + 8), 'moof', `segment ${i}`);
        at += bytes.readUInt32BE(sidx.body + 32 + i * 12);
        seconds += bytes.readUInt32BE(sidx.body + 36 + i * 12) / scale;
    }
    assert.equal(at, bytes.length);
    assert.ok(Math.abs(seconds - lesson.duration_s) < 0.1, `${seconds} s`);
});

test('ranges across every segment boundary are the bytes of the whole file', async () => {
    const url = `${base}v80.mp4`;
    const { bytes: whole, headers } = await get(url);
    const etag = headers.get('etag');
    // Edges are the places where the boxes of the file begin, at the top level.
    const edges = [];
    for (let at = 0; at < whole.length;) {
        edges.push(at);
        at += whole.readUInt32BE(at);
    }
    const ranges = [[0, 0], [0, whole.length - 1], [whole.length - 1, whole.length - 1], [1, whole.length - 2]];
    for (const edge of edges.slice(1, 60))
        ranges.push([edge - 1, edge], [edge, edge + 3], [edge - 5, Math.min(edge + 40000, whole.length - 1)]);
    for (const [from, to] of ranges) {
        const { status, headers: h, bytes } = await get(url, { Range: `bytes=${from}-${to}` });
        assert.equal(status, 206);
        assert.equal(h.get('content-range'), `bytes ${from}-${to}/${whole.length}`);
        assert.ok(bytes.equals(whole.subarray(from, to + 1)), `${from}-${to}`);
    }
    const kept = await get(url, { Range: 'bytes=100-199', 'If-Range': etag });
    assert.equal(kept.status, 206);
    const other = await get(url, { Range: 'bytes=100-199', 'If-Range': '"other"' });
    assert.equal(other.status, 200);
    assert.equal(other.bytes.length, whole.length);
    assert.equal((await get(url, { 'If-None-Match': etag })).status, 304);
    assert.equal((await get(url, { Range: `bytes=${whole.length}-` })).status, 416);
    const head = await fetch(url, { method: 'HEAD' });
    assert.equal(Number(head.headers.get('content-length')), whole.length);
    assert.equal(head.headers.get('etag'), etag);
});

test('a download that broke off can be resumed and is then complete', async () => {
    const url = `${base}v80.mp4`;
    const whole = (await get(url)).bytes;
    const file = path.join(dir, 'download.mp4');
    for (const part of [0.1, 0.45, 0.8]) {
        // The client breaks off in the middle. It resumes at the size that the file then has.
        const from = existsSync(file) ? statSync(file).size : 0;
        await new Promise((resolve, reject) => {
            const request = http.get(url, { headers: from ? { Range: `bytes=${from}-` } : {} }, (response) => {
                const out = createWriteStream(file, { flags: 'a' });
                let got = from;
                response.on('data', (d) => {
                    out.write(d);
                    got += d.length;
                    if (got >= whole.length * part) {
                        request.destroy();
                        out.end(resolve);
                    }
                });
                response.on('error', () => {});
            });
            request.on('error', (error) => { if (error.code !== 'ECONNRESET') reject(error); });
        });
        assert.ok(statSync(file).size < whole.length);
    }
    const { code, stderr } = await run('curl', ['-sS', '-C', '-', '-o', file, url]);
    assert.equal(code, 0, stderr);
    assert.equal(sha256(readFileSync(file)), sha256(whole));
});

test('a download has the name of the lesson', async () => {
    const response = await fetch(`${base}v80.mp4?download=1`, { method: 'HEAD' });
    const disposition = response.headers.get('content-disposition');
    const [, encoded] = disposition.match(/^attachment; filename="lesson-1-v80\.mp4"; filename\*=UTF-8''(\S+)$/);
    assert.equal(decodeURIComponent(encoded), `${LECTURE_TITLE.replace('/', '_')}.mp4`);
});

test('slow readers of a long file hold one descriptor each', async () => {
    const url = `${base}v700.mp4`;
    const files = () => readdirSync(`/proc/${node.pid}/fd`).length;
    const idle = files();
    const requests = await Promise.all(Array.from({ length: 8 }, () => new Promise((resolve) => {
        const request = http.get(url, { agent: false }, (response) => {
            response.pause();
            response.on('error', () => {});
            resolve(request);
        });
        request.on('error', () => {});
    })));
    assert.ok(files() <= idle + 16, `${files()} descriptors, idle ${idle}`);
    for (const request of requests)
        request.destroy();
});
