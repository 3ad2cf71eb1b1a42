// SPDX-License-Identifier: GPL-3.0-or-later
// Compares a lesson's playlists with the bytes that the node serves (RFC 8216bis; ISO/IEC
// 14496-12).
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { after, before, test } from 'node:test';
import hlsParser from 'hls-parser';
import { makeClip, makeSlides, media, show, startNode, tempDir, terraceOk, withLadder } from '../harness/terrace.mjs';
import { beginsWithKeyframe, fragments, timescale } from '../harness/mp4.mjs';

hlsParser.setOptions({ strictMode: true });

const data = path.join(tempDir(), 'data');
let node;
// {what, id, offset_s: how much later audio starts than video in the source, frame_s, lesson}
const lessons = [];

function streamStart(file, kind) {
    const out = execFileSync('ffprobe', ['-v', 'error', '-select_streams', `${kind}:0`, '-show_entries', 'stream=start_time',
        '-of', 'csv=p=0', file]).toString();
    return Number(out.trim().split(/[\n,]/)[0]);
}

before(async () => {
    // The clip has a little more than two chunks, so chunk boundaries are checked too.
    const files = [{ what: 'clip of 130 s', file: makeClip(path.join(tempDir(), 'clip.mp4'), { seconds: 130, size: '320x180', rate: 12 }), frame_s: 1 / 12 }];
    const late = media('difficult/two_audio_tracks.mkv');
    if (late)
        files.push({ what: 'video 21 ms after audio, two tracks', file: late, frame_s: 1 / 25 });
    const ntsc = makeClip(path.join(tempDir(), 'ntsc.mp4'), { seconds: 20, size: '320x240', rate: '30000/1001' });
    files.push({ what: '29.97 fps', file: ntsc, frame_s: 1001 / 30000 });
    const slides = makeSlides(path.join(tempDir(), 'slides.mp4'), { seconds: 45 });
    files.push({ what: 'slides, in AV1 too', file: slides, frame_s: 1 / 5, av1: true });
    for (const { what, file, frame_s, av1 } of files) {
        // Two rungs are enough: the lowest, which AV1 has too, and a higher one.
        await terraceOk(['ingest', file, '--publish', '--wait', '--data', data, ...withLadder([48, 130], { av1 })]);
        lessons.push({ what, frame_s, id: lessons.length + 1, offset_s: streamStart(file, 'a') - streamStart(file, 'v') });
    }
    node = await startNode({ data });
    for (const lesson of lessons)
        Object.assign(lesson, await load(lesson));
});
after(() => node?.stop());

const get = async (url) => {
    const response = await fetch(url);
    assert.equal(response.status, 200, url);
    return Buffer.from(await response.arrayBuffer());
};

async function loadRendition(url, attributes) {
    const text = (await get(url)).toString();
    const playlist = hlsParser.parse(text);
    const init = await get(new URL(playlist.segments[0].map.uri, url));
    const segments = [];
    for (const segment of playlist.segments) {
        const bytes = await get(new URL(segment.uri, url));
        segments.push({ extinf_s: segment.duration, bytes, fragments: fragments(init, bytes) });
    }
    return { url, attributes, text, playlist, init, segments, scale: timescale(init) };
}

async function load({ id }) {
    const { hls, duration_s } = await show(data, id);
    const url = new URL(hls, node.url);
    const master = hlsParser.parse((await get(url)).toString());
    const audio = [], video = [];
    const variants = master.variants.filter((v) => v.resolution && !v.isIFrameOnly);
    const groups = [...new Set(master.variants.filter((v) => v.audio.length).map((v) => v.audio[0].groupId))];
    for (const group of groups)
        for (const track of master.variants.find((v) => v.audio[0]?.groupId === group).audio)
            audio.push(await loadRendition(new URL(track.uri, url), track));
    for (const variant of variants.filter((v) => v.audio[0].groupId === groups[0]))
        video.push({ ...await loadRendition(new URL(variant.uri, url), variant), variants: variants.filter((v) => v.uri === variant.uri) });
    return { url, master, groups, audio, video, duration_s };
}

const startOf = (rendition, segment) => (segment.fragments[0].tfdt + segment.fragments[0].samples[0].cts) / rendition.scale;
const lengthOf = (rendition, segment) =>
    segment.fragments.reduce((sum, f) => sum + f.samples.reduce((s, sample) => s + sample.duration, 0), 0) / rendition.scale;
/** Returns the duration of an audio packet in seconds. */
const frameOf = (rendition) => rendition.segments[0].fragments[0].samples[0].duration / rendition.scale;
const each = (check) => { for (const lesson of lessons) check(lesson); };

test('there are at least two video rungs and every track of the source, in both codecs', () => each(({ what, video, audio, groups, master }) => {
    assert.ok(video.length >= (what === '29.97 fps' ? 1 : 2), `${what}: ${video.length} rungs`);
    assert.equal(video.some(({ attributes }) => attributes.codecs.startsWith('av01')), what.includes('AV1'), what);
    assert.equal(groups.length, 2, what);
    for (const group of groups)
        assert.equal(audio.filter(({ attributes }) => attributes.groupId === group).length, what.includes('two tracks') ? 2 : 1, what);
    // Each rung is listed with each audio group. Variants with AAC come first, because a player
    // that only supports AAC takes the first variants.
    for (const { variants } of video)
        assert.deepEqual(variants.map((v) => v.audio[0].groupId), groups, what);
    const codecs = master.variants.filter((v) => v.resolution && !v.isIFrameOnly).map((v) => v.codecs.split(',')[1]);
    assert.deepEqual(codecs, [...video.map(() => 'mp4a.40.2'), ...video.map(() => 'opus')], what);
}));

test('every segment starts with an IDR, or with a sequence header and a key frame', () => each(({ what, video }) => {
    for (const { url, init, segments } of video)
        segments.forEach(({ bytes, fragments: [{ samples }] }, n) => assert.ok(beginsWithKeyframe(init, bytes, samples[0]), `${what}: ${url} segment ${n}`));
}));

test('tfdt is continuous, and agrees across renditions', () => each(({ what, video, audio, offset_s }) => {
    for (const rendition of [...video, ...audio]) {
        let expected = rendition.segments[0].fragments[0].tfdt;
        assert.ok(expected >= 0, `${what}: negative tfdt`);
        for (const segment of rendition.segments)
            for (const fragment of segment.fragments) {
                assert.equal(fragment.tfdt, expected, `${what}: ${rendition.url}`);
                expected += fragment.samples.reduce((sum, sample) => sum + sample.duration, 0);
            }
    }
    const starts = (rendition) => rendition.segments.map((segment) => startOf(rendition, segment));
    const first = starts(video[0]);
    for (const rendition of video.slice(1))
        assert.deepEqual(starts(rendition).map((s) => s.toFixed(6)), first.map((s) => s.toFixed(6)), `${what}: ${rendition.url}`);
    for (const rendition of audio) {
        const shift_s = startOf(rendition, rendition.segments[0]) - first[0];
        // offset_s is known for the first audio track only
        const firstTrack = /\/[ao]\d+\/index/.test(rendition.url);
        assert.ok(!firstTrack || Math.abs(shift_s - offset_s) <= 0.001, `${what}: audio ${shift_s} s after video, in the source ${offset_s} s`);
        starts(rendition).slice(1).forEach((s, n) => assert.ok(Math.abs(s - first[n + 1]) <= frameOf(rendition),
            `${what}: ${rendition.url} segment ${n + 1} begins at ${s}, video at ${first[n + 1]}`));
    }
}));

test('EXTINF is the duration of the segment, and the sum is the real duration', () => each(({ what, video, audio, duration_s, frame_s }) => {
    for (const rendition of [...video, ...audio]) {
        const frame = rendition.attributes.resolution ? frame_s : frameOf(rendition);
        rendition.segments.forEach((segment, n) => assert.ok(Math.abs(segment.extinf_s - lengthOf(rendition, segment)) < 0.001,
            `${what}: ${rendition.url} segment ${n}: EXTINF ${segment.extinf_s}, bytes ${lengthOf(rendition, segment)}`));
        const sum = rendition.segments.reduce((s, segment) => s + segment.extinf_s, 0);
        const real = duration_s - startOf(rendition, rendition.segments[0]);
        assert.ok(Math.abs(sum - real) <= frame + 0.0005, `${what}: ${rendition.url} sums to ${sum}, real ${real}`);
    }
}));

test('media playlists: VOD, ended, one target duration that no segment exceeds by half a second', () => each(({ what, video, audio }) => {
    const targets = new Set([...video, ...audio].map((rendition) => rendition.playlist.targetDuration));
    assert.equal(targets.size, 1, what);
    for (const { playlist, text } of [...video, ...audio]) {
        assert.equal(playlist.playlistType, 'VOD');
        assert.equal(playlist.endlist, true);
        for (const segment of playlist.segments)
            assert.ok(segment.duration <= playlist.targetDuration + 0.5);
        assert.match(text, /^#EXTM3U\n/);
    }
}));

/**
 * Returns the peak bit rate of all runs of segments that last 0.5 to 1.5 target durations, and the
 * average bit rate. Both are in bit/s.
 */
function measured(rendition) {
    const parts = rendition.segments.map((segment) => ({ bits: segment.bytes.length * 8, s: lengthOf(rendition, segment) }));
    const target = rendition.playlist.targetDuration;
    let peak = 0;
    for (let from = 0; from < parts.length; from++)
        for (let to = from, bits = 0, s = 0; to < parts.length && s <= 1.5 * target; to++) {
            bits += parts[to].bits;
            s += parts[to].s;
            if (s >= 0.5 * target && s <= 1.5 * target)
                peak = Math.max(peak, bits / s);
        }
    const total = parts.reduce((sum, part) => ({ bits: sum.bits + part.bits, s: sum.s + part.s }), { bits: 0, s: 0 });
    return { peak: peak || total.bits / total.s, average: total.bits / total.s };
}

test('BANDWIDTH and AVERAGE-BANDWIDTH are the measured values within 10 %', () => each(({ what, video, audio }) => {
    const worst = (group) => audio.filter(({ attributes }) => attributes.groupId === group).map(measured)
        .reduce((a, b) => ({ peak: Math.max(a.peak, b.peak), average: Math.max(a.average, b.average) }));
    for (const rendition of video) {
        const { peak, average } = measured(rendition);
        for (const { bandwidth, averageBandwidth, audio: [{ groupId }] } of rendition.variants) {
            const sound = worst(groupId);
            const message = `${what}: ${rendition.url}: says ${bandwidth}/${averageBandwidth}, measured ${peak + sound.peak}/${average + sound.average}`;
            assert.ok(Math.abs(bandwidth / (peak + sound.peak) - 1) <= 0.1, message);
            assert.ok(Math.abs(averageBandwidth / (average + sound.average) - 1) <= 0.1, message);
        }
    }
}));

test('with sound, every three segments stay under 1.1 times the cap, and no segment has twice the mean rate', () => each(({ what, video, audio }) => {
    const sum = (list) => list.reduce((a, b) => ({ bits: a.bits + b.bits, s: a.s + b.s }), { bits: 0, s: 0 });
    const rate = (list) => sum(list).bits / sum(list).s;
    for (const { url, segments } of video) {
        const cap = 1000 * Number(new URL(url).pathname.match(/v(\d+)\/index/)[1]);
        const wire = segments.map((segment, n) => ({ s: segment.extinf_s, bits: 8 * (segment.bytes.length + audio[0].segments[n].bytes.length) }));
        for (let n = 0; n < wire.length; n++) {
            const three = wire.slice(n, n + 3);
            assert.ok(three.length < Math.min(3, wire.length) || rate(three) <= cap * 1.1, `${what}: ${url} from ${n}: ${rate(three)}`);
            assert.ok(rate([wire[n]]) <= 2 * rate(wire), `${what}: ${url} segment ${n}: ${rate([wire[n]])} of ${rate(wire)}`);
        }
    }
}));

test('the multivariant playlist has the attributes that a validator requires', () => each(({ what, master, video }) => {
    assert.equal(master.independentSegments, true, what);
    for (const variant of master.variants) {
        assert.ok(variant.codecs, what);
        assert.ok(variant.averageBandwidth > 0, what);
    }
    for (const rendition of video) {
        assert.ok(rendition.attributes.frameRate > 0, what);
        assert.match(rendition.attributes.codecs, /^(avc1\.[0-9A-F]{6}|av01\.0\.0\dM\.08),mp4a\.40\.2$/i);
    }
    assert.ok(master.variants.some((variant) => variant.bandwidth <= 192_000), `${what}: no variant below 192 kbit/s`);
}));

test('I-frame playlists name byte ranges that hold a moof and a keyframe', async () => {
    for (const { what, url, master } of lessons) {
        const variants = master.variants.filter((variant) => variant.isIFrameOnly);
        const text = (await get(url)).toString();
        const uris = [...text.matchAll(/EXT-X-I-FRAME-STREAM-INF:.*URI="([^"]+)"/g)].map((m) => m[1]);
        assert.ok(uris.length >= 1, `${what}: no I-frame playlist (${variants.length})`);
        for (const uri of uris) {
            const list = new URL(uri, url);
            const playlist = hlsParser.parse((await get(list)).toString());
            assert.equal(playlist.isIFrame, true, what);
            const init = await get(new URL(playlist.segments[0].map.uri, list));
            for (const { uri: segmentUri, byterange } of playlist.segments) {
                const response = await fetch(new URL(segmentUri, list),
                    { headers: { Range: `bytes=${byterange.offset}-${byterange.offset + byterange.length - 1}` } });
                assert.equal(response.status, 206);
                const bytes = Buffer.from(await response.arrayBuffer());
                assert.equal(bytes.length, byterange.length);
                assert.equal(bytes.toString('latin1', 4, 8), 'moof');
                const moof = bytes.readUInt32BE(0);
                const sampleAt = moof + 8;
                assert.equal(bytes.toString('latin1', moof + 4, moof + 8), 'mdat');
                assert.ok(beginsWithKeyframe(init, bytes, { at: sampleAt, size: bytes.length - sampleAt }), `${what}: ${segmentUri}`);
            }
        }
    }
});

test('playlists are sent compressed, media are not', async () => {
    for (const { url } of lessons.slice(0, 1)) {
        const response = await fetch(url, { headers: { 'Accept-Encoding': 'gzip' } });
        assert.equal(response.headers.get('content-encoding'), 'gzip');
        const segment = await fetch(new URL('0.m4s', lessons[0].video[0].url), { headers: { 'Accept-Encoding': 'gzip' } });
        assert.equal(segment.headers.get('content-encoding'), null);
    }
});
