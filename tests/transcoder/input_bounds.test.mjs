// SPDX-License-Identifier: GPL-3.0-or-later
// Checks small files that claim a lot of work. Files beyond the limits are refused with a reason,
// files within the limits are processed, and neither takes long.
import assert from 'node:assert/strict';
import { closeSync, ftruncateSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { deflateSync } from 'node:zlib';
import { tempDir } from '../harness/terrace.mjs';
import { ffmpeg, parseBoxes, png, writeBoxes } from '../harness/hostile.mjs';
import { work, wrong } from '../harness/worker.mjs';

const full = process.env.TERRACE_HOSTILE === 'full';
const dir = tempDir();
const at = (name) => path.join(dir, name);
const h264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'];
const picture = (source) => ['-f', 'lavfi', '-i', source];

async function outcome(file, units = ['probe'], deadline_ms = 300_000) {
    const result = await work(file, units, { deadline_ms });
    assert.equal(wrong(result), '', path.basename(file));
    return { ...result, is: result.reason ?? 'lesson', number: (key) => Number(result.stdout.match(new RegExp(`^${key} (-?\\d+)$`, 'm'))?.[1]) };
}

/** Replaces every occurrence of a byte sequence by another one of the same length. */
function patched(file, from, to) {
    const bytes = readFileSync(file);
    let count = 0;
    for (let i = bytes.indexOf(from); i >= 0; i = bytes.indexOf(from, i + from.length), count++)
        Buffer.from(to).copy(bytes, i);
    assert.ok(count > 0, `nothing to patch in ${file}`);
    writeFileSync(file, bytes);
    return file;
}

const large = png(12000, 12000, deflateSync(Buffer.alloc(12000 * (3 * 12000 + 1)), { level: 9 }));

test('a picture of 12,000 by 12,000 pixels is refused with a reason', async () => {
    writeFileSync(at('large.png'), large);
    assert.ok(large.length < 500_000, String(large.length));
    assert.equal((await outcome(at('large.png'))).is, 'picture');
    // A film of two frames with pictures of this size. Its header first has the true size, and then
    // a small one.
    const film = ffmpeg(at('large.mkv'), ['-c:v', 'copy', '-t', '2'], ['-loop', '1', '-framerate', '1', '-i', at('large.png')]);
    assert.equal((await outcome(film)).is, 'too_large_picture');
    patched(film, Buffer.from([0xb0, 0x82, 0x2e, 0xe0]), [0xb0, 0x82, 0x01, 0x40]);
    patched(film, Buffer.from([0xba, 0x82, 0x2e, 0xe0]), [0xba, 0x82, 0x01, 0x40]);
    const lying = await outcome(film);
    assert.ok(['too_large_picture', 'damaged', 'no_streams'].includes(lying.is), lying.is);
});

test('24 hours of silence, and 24 hours at one frame a second, are refused', async () => {
    // A WAV file of 8-bit samples; nearly all of it is a hole in the file.
    const header = Buffer.from('RIFF----WAVEfmt \x10\0\0\0\x01\0\x01\0----....\x01\0\x08\0data----', 'latin1');
    const rate = 8000, bytes = 24 * 3600 * rate;
    header.writeUInt32LE(bytes + 36, 4);
    header.writeUInt32LE(rate, 24);
    header.writeUInt32LE(rate, 28);
    header.writeUInt32LE(bytes, 40);
    const fd = openSync(at('day.wav'), 'w');
    writeSync(fd, header);
    ftruncateSync(fd, header.length + bytes);
    closeSync(fd);
    assert.equal((await outcome(at('day.wav'))).is, 'too_long');
    const slow = ffmpeg(at('day.avi'), ['-c:v', 'mpeg4', '-g', '600'], picture('color=size=32x32:rate=1:duration=86400'));
    assert.equal((await outcome(slow)).is, 'too_long');
});

test('the work is bounded by the media that are there', async () => {
    const apart = "setpts='if(eq(N,0),0,39600/TB)'";
    const two = ffmpeg(at('apart.mkv'), ['-vf', apart, '-fps_mode', 'passthrough', '-c:v', 'libx264'], picture('color=red:size=320x240:rate=1:duration=2'));
    assert.equal((await outcome(two)).is, 'mostly_nothing');
    // A talk of more than an hour over one picture.
    const talk = ffmpeg(at('talk.mkv'), ['-map', '0:v', '-map', '1:a', '-fps_mode', 'passthrough', '-c:v', 'libx264', '-c:a', 'aac', '-b:a', '16k'],
        [...picture('color=red:size=320x240:rate=1:duration=1'), ...picture('anullsrc=sample_rate=8000:channel_layout=mono:duration=4000')]);
    assert.equal((await outcome(talk)).is, 'lesson');
});

test('100 streams', async () => {
    const maps = Array.from({ length: 100 }, () => ['-map', '0:a']).flat();
    for (const name of ['streams.mkv', 'streams.mp4', 'streams.ts'])
        assert.equal((await outcome(ffmpeg(at(name), [...maps, '-c:a', 'aac', '-b:a', '16k'], picture('anullsrc=sample_rate=16000:channel_layout=mono:duration=1')))).is, 'too_many_streams', name);
});

test('absurd frame rates in the header become a lesson or are refused with a reason', async () => {
    const fast = ffmpeg(at('fast.mp4'), h264, picture('testsrc2=size=64x48:rate=1000:duration=2'));
    const thousand = await outcome(fast);
    assert.equal(thousand.is, 'lesson');
    assert.ok(thousand.number('fps_num') / thousand.number('fps_den') <= 30.5, thousand.stdout);
    // A timescale of 90 kHz. withDuration() then changes how many ticks each frame lasts.
    const ticks = ffmpeg(at('ticks.mp4'), [...h264, '-video_track_timescale', '90000'], picture('testsrc2=size=64x48:rate=10:duration=3'));
    assert.equal((await outcome(ticks)).is, 'lesson');
    const withDuration = (duration) => {
        const boxes = parseBoxes(readFileSync(ticks));
        const stts = ['moov', 'trak', 'mdia', 'minf', 'stbl'].reduce((inside, type) => inside.find((box) => box.type === type).inside, boxes).find((box) => box.type === 'stts');
        stts.body = Buffer.from(stts.body);
        stts.body.writeUInt32BE(duration, 12);
        writeFileSync(at('lying.mp4'), writeBoxes(boxes));
        return outcome(at('lying.mp4'));
    };
    const flash = await withDuration(1);
    assert.ok(['too_short', 'lesson'].includes(flash.is), flash.is);
    for (const duration of [0, 0x7fffffff, 0xffffffff]) {
        const { is } = await withDuration(duration);
        assert.ok(['too_short', 'too_long', 'damaged', 'lesson'].includes(is), `${duration}: ${is}`);
    }
    // The frame rate of an AVI file is two numbers in its header.
    const avi = readFileSync(ffmpeg(at('rate.avi'), ['-c:v', 'mpeg4'], picture('testsrc2=size=64x48:rate=10:duration=3')));
    const strh = avi.indexOf('strh') + 8;
    for (const [scale, rate, expected] of [[1, 1_000_000, ['too_short', 'lesson']], [1_000_000, 1, ['too_long']], [0, 0, ['lesson', 'damaged', 'too_short']], [1, 0xffffffff, ['too_short', 'damaged', 'lesson']]]) {
        avi.writeUInt32LE(scale, strh + 20);
        avi.writeUInt32LE(rate, strh + 24);
        writeFileSync(at('lying.avi'), avi);
        const { is } = await outcome(at('lying.avi'));
        assert.ok(expected.includes(is), `${rate}/${scale}: ${is}`);
    }
});

test('frames that change their size in the middle of the stream do not fail the lesson', async () => {
    const piece = (size, frames) => readFileSync(ffmpeg(at('piece.h264'), [...h264, '-frames:v', String(frames)], picture(`testsrc2=size=${size}:rate=10:duration=9`)));
    const small = piece('160x120', 20);
    // 8,192 x 2,304 is within the limit of pixels. 16,384 x 4,096 is not, so these frames are
    // ignored.
    for (const [name, size] of full ? [['within', '8192x2304'], ['beyond', '16384x4096']] : [['within', '4096x2304'], ['beyond', '16384x4096']]) {
        writeFileSync(at(`${name}.h264`), Buffer.concat([small, piece(size, 1), small]));
        const { is, number } = await outcome(at(`${name}.h264`), ['all']);
        assert.equal(is, 'lesson', name);
        assert.equal(number('coded_width'), 160, name);
    }
    writeFileSync(at('first.h264'), Buffer.concat([piece('16384x4096', 1), small]));
    const first = await outcome(at('first.h264'));
    assert.ok(['too_large_picture', 'lesson'].includes(first.is), first.is);
});

test('11 hours at one frame a second become a lesson', { skip: !full }, async () => {
    const slow = ffmpeg(at('long.mp4'), [...h264, '-g', '600'], picture('testsrc2=size=64x48:rate=1:duration=39600'));
    assert.equal((await outcome(slow, ['probe'], 1_800_000)).is, 'lesson');
});
