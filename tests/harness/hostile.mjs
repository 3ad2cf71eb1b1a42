// SPDX-License-Identifier: GPL-3.0-or-later
// Makes damaged and malicious files. It starts from small clips of many formats and changes them as
// a failing disk, a broken connection or an attacker would. The same seed gives the same files.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';

/**
 * A seeded random number generator (mulberry32). next(n) returns a whole number from 0 to n - 1.
 */
export function random(seed) {
    return (below) => {
        seed = (seed + 0x6d2b79f5) | 0;
        let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
        t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
        return Math.floor(((t ^ (t >>> 14)) >>> 0) / 4294967296 * below);
    };
}

/** Runs ffmpeg to make a file. The default inputs are two seconds of video and sound. */
export function ffmpeg(file, args, inputs = sources(2)) {
    const made = spawnSync('ffmpeg', ['-v', 'error', '-y', ...inputs, ...args, file]);
    if (made.status !== 0)
        throw new Error(`ffmpeg ${args.join(' ')}: ${made.stderr}`);
    return file;
}

export const sources = (seconds, size = '128x96') => ['-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=12:duration=${seconds}`,
    '-f', 'lavfi', '-i', `sine=frequency=440:sample_rate=44100:duration=${seconds}`];

const h264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '12', '-pix_fmt', 'yuv420p'];
const formats = {
    'index-first.mp4': [...h264, '-c:a', 'aac', '-b:a', '32k', '-movflags', '+faststart'],
    'index-last.mp4': [...h264, '-bf', '2', '-c:a', 'aac', '-b:a', '32k'],
    'fragmented.mp4': [...h264, '-c:a', 'aac', '-b:a', '32k', '-movflags', '+frag_keyframe+empty_moov+default_base_moof'],
    'h264.mkv': [...h264, '-c:a', 'libopus', '-b:a', '24k', '-ac', '1'],
    'vp8.webm': ['-c:v', 'libvpx', '-cpu-used', '8', '-b:v', '60k', '-c:a', 'libopus', '-b:a', '24k', '-ac', '1'],
    'h264.ts': [...h264, '-c:a', 'aac', '-b:a', '32k'],
    'mpeg4.avi': ['-c:v', 'mpeg4', '-b:v', '60k', '-c:a', 'libmp3lame', '-b:a', '32k', '-ar', '22050', '-ac', '1'],
    'flv1.flv': ['-c:v', 'flv', '-b:v', '60k', '-c:a', 'libmp3lame', '-b:a', '32k', '-ar', '22050', '-ac', '1'],
    'wmv2.wmv': ['-c:v', 'wmv2', '-b:v', '60k', '-c:a', 'wmav2', '-b:a', '32k'],
    'mpeg1.mpg': ['-c:v', 'mpeg1video', '-r', '25', '-b:v', '90k', '-c:a', 'mp2', '-b:a', '64k'],
    'rv20.rm': ['-c:v', 'rv20', '-b:v', '60k', '-c:a', 'ac3', '-b:a', '64k'],
    'raw.h264': [...h264, '-an'],
    'hevc.mp4': ['-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', 'log-level=none', '-an'],
    'sound.mp3': ['-vn', '-c:a', 'libmp3lame', '-b:a', '32k'],
};

/**
 * Makes clips of two seconds. They are small, because hundreds of variants are made from them.
 * Returns {name: bytes}.
 */
export function makeClips(dir, names = Object.keys(formats)) {
    return Object.fromEntries(names.map((name) => [name, readFileSync(ffmpeg(path.join(dir, name), formats[name]))]));
}

/** Inverts `count` random bits. */
export function flipped(bytes, next, count) {
    const out = Buffer.from(bytes);
    for (let i = 0; i < count; i++)
        out[next(out.length)] ^= 1 << next(8);
    return out;
}

/** Overwrites a random part of the file with zeros, ones, noise, or a copy of another part. */
export function overwritten(bytes, next) {
    const out = Buffer.from(bytes), at = next(out.length), end = Math.min(out.length, at + 1 + next(512));
    const kind = next(4), from = next(out.length);
    for (let i = at; i < end; i++)
        out[i] = kind === 0 ? 0 : kind === 1 ? 255 : kind === 2 ? next(256) : bytes[(from + i - at) % bytes.length];
    return out;
}

// ---- boxes of MP4 files (ISO/IEC 14496-12) ----

const parents = new Set(['moov', 'trak', 'mdia', 'minf', 'stbl', 'edts', 'dinf', 'udta', 'mvex', 'moof', 'traf', 'mfra']);

/** Parses the file into a tree of boxes: {type, body} or {type, inside: [...]}. */
export function parseBoxes(bytes) {
    const found = [];
    for (let at = 0; at + 8 <= bytes.length;) {
        const size = bytes.readUInt32BE(at), type = bytes.toString('latin1', at + 4, at + 8);
        const body = bytes.subarray(at + 8, at + size);
        found.push(parents.has(type) ? { type, inside: parseBoxes(body) } : { type, body });
        at += size;
    }
    return found;
}

/**
 * Writes the tree as bytes. If a box has `size`, that size is written to its header instead of the
 * true one.
 */
export function writeBoxes(boxes) {
    return Buffer.concat(boxes.map((box) => {
        const body = box.inside ? writeBoxes(box.inside) : box.body;
        const head = Buffer.alloc(8);
        head.writeUInt32BE(box.size ?? body.length + 8);
        head.write(box.type, 4, 'latin1');
        return Buffer.concat([head, body]);
    }));
}

const extremes = [0, 1, 2, 0x7f, 0xff, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff];

/** Returns every list of boxes in the tree. A caller can change the lists in place. */
function allLists(boxes) {
    return [boxes, ...boxes.filter((box) => box.inside).flatMap((box) => allLists(box.inside))];
}

/**
 * Damages one box: removes it, inserts copies of it, swaps it with another one, changes its size or
 * its type, or writes an extreme number into it.
 */
export function boxesChanged(bytes, next) {
    const boxes = parseBoxes(bytes);
    // Each list is equally likely. Most lists are inside another box, where more can break than at
    // the top level.
    const lists = allLists(boxes).filter((list) => list.length > 0);
    const list = lists[next(lists.length)], i = next(list.length), box = list[i];
    switch (next(6)) {
    case 0:
        list.splice(i, 1);
        break;
    case 1:
        list.splice(next(list.length + 1), 0, ...Array(1 + next(3)).fill(box));
        break;
    case 2: {
        const other = lists[next(lists.length)], j = next(other.length);
        [list[i], other[j]] = [{ ...other[j] }, { ...box }];
        break;
    }
    case 3:
        list[i] = { ...box, size: [...extremes, 4, 7, 8, 9, 15, 16][next(extremes.length + 6)] };
        break;
    case 4:
        list[i] = { ...box, type: lists.flat()[next(lists.flat().length)].type };
        break;
    default:
        if (box.body?.length >= 4) {
            const body = Buffer.from(box.body);
            body.writeUInt32BE(extremes[next(extremes.length)], next(Math.floor(body.length / 4)) * 4);
            list[i] = { ...box, body };
        }
    }
    // If a box is swapped with a box that contains it, the tree is endless.
    try {
        return writeBoxes(boxes);
    } catch {
        return flipped(bytes, next, 8);
    }
}

/**
 * Makes a PNG of one colour. 12,000 by 12,000 pixels take 0.4 MB. The checksums are wrong, but
 * FFmpeg does not check them.
 */
export function png(width, height, deflated) {
    const chunk = (type, body) => {
        const out = Buffer.alloc(body.length + 12);
        out.writeUInt32BE(body.length);
        out.write(type, 4, 'latin1');
        body.copy(out, 8);
        return out;
    };
    const header = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 8, 2, 0, 0, 0]);
    header.writeUInt32BE(width);
    header.writeUInt32BE(height, 4);
    return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), chunk('IHDR', header), chunk('IDAT', deflated), chunk('IEND', Buffer.alloc(0))]);
}

/**
 * The plain reasons for which a file from a stranger may be refused. "internal" and
 * "worker_crashed" are not among them.
 */
export const plainReasons = new Set(['empty_file', 'not_media', 'playlist', 'picture', 'subtitles_only', 'cut_short', 'damaged', 'no_streams',
    'unknown_codec', 'encrypted', 'too_short', 'too_long', 'mostly_nothing', 'too_large_picture', 'too_many_streams', 'out_of_memory']);
