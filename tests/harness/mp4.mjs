// SPDX-License-Identifier: GPL-3.0-or-later
// Reads the boxes of ISO BMFF segments (ISO/IEC 14496-12) that the tests need.

/** Returns the boxes that lie directly inside buffer[start, end). */
export function boxes(buffer, start = 0, end = buffer.length) {
    const found = [];
    for (let at = start; at < end;) {
        let size = buffer.readUInt32BE(at), header = 8;
        const type = buffer.toString('latin1', at + 4, at + 8);
        if (size === 1) {
            size = Number(buffer.readBigUInt64BE(at + 8));
            header = 16;
        } else if (size === 0) {
            size = end - at;
        }
        if (size < header || at + size > end)
            throw new Error(`box ${type} at ${at}: size ${size} leaves its parent`);
        found.push({ type, start: at, body: at + header, end: at + size });
        at += size;
    }
    return found;
}

/** Returns the first box along a path such as "moof/traf/tfdt", or undefined if there is none. */
export function box(buffer, route, within = { body: 0, end: buffer.length }) {
    let parent = within;
    for (const type of route.split('/')) {
        parent = boxes(buffer, parent.body, parent.end).find((b) => b.type === type);
        if (!parent)
            return undefined;
    }
    return parent;
}

/** Returns the timescale of the track, from an init segment. */
export function timescale(init) {
    const mdhd = box(init, 'moov/trak/mdia/mdhd');
    return init.readUInt32BE(mdhd.body + (init[mdhd.body] === 1 ? 20 : 12));
}

/** Returns the size of the NAL length field, from the avcC box of an init segment. */
export function nalLengthBytes(init) {
    const at = init.indexOf('avcC', 0, 'latin1');
    return (init[at + 4 + 4] & 3) + 1;
}

/** Returns the default duration and size of a sample, from the trex box. */
function trex(init) {
    const b = box(init, 'moov/mvex/trex');
    return { duration: init.readUInt32BE(b.body + 12), size: init.readUInt32BE(b.body + 16) };
}

/**
 * Returns the fragments of a segment: [{tfdt, samples: [{duration, size, cts, at}]}]. `at` is the
 * offset of the sample in the segment.
 */
export function fragments(init, segment) {
    const defaults = trex(init);
    return boxes(segment).filter((b) => b.type === 'moof').map((moof) => {
        const traf = box(segment, 'traf', moof);
        return { tfdt: readTfdt(segment, traf), samples: readSamples(segment, moof, traf, defaults) };
    });
}

function readTfdt(segment, traf) {
    const tfdt = box(segment, 'tfdt', traf);
    return segment[tfdt.body] === 1 ? Number(segment.readBigUInt64BE(tfdt.body + 4)) : segment.readUInt32BE(tfdt.body + 4);
}

function readSamples(segment, moof, traf, defaults) {
    const tfhd = box(segment, 'tfhd', traf);
    const flags = segment.readUInt32BE(tfhd.body) & 0xffffff;
    let at = tfhd.body + 8;
    if (flags & 0x1) at += 8;
    if (flags & 0x2) at += 4;
    const base = { ...defaults };
    if (flags & 0x8) { base.duration = segment.readUInt32BE(at); at += 4; }
    if (flags & 0x10) { base.size = segment.readUInt32BE(at); at += 4; }
    const samples = [];
    for (const trun of boxes(segment, traf.body, traf.end).filter((b) => b.type === 'trun'))
        readTrun(segment, moof, trun, base, samples);
    return samples;
}

function readTrun(segment, moof, trun, base, samples) {
    const version = segment[trun.body], flags = segment.readUInt32BE(trun.body) & 0xffffff;
    const count = segment.readUInt32BE(trun.body + 4);
    let at = trun.body + 8, data = moof.start;
    if (flags & 0x1) { data += segment.readInt32BE(at); at += 4; }
    if (flags & 0x4) at += 4;
    for (let i = 0; i < count; i++) {
        const sample = { duration: base.duration, size: base.size, cts: 0, at: data };
        if (flags & 0x100) { sample.duration = segment.readUInt32BE(at); at += 4; }
        if (flags & 0x200) { sample.size = segment.readUInt32BE(at); at += 4; }
        if (flags & 0x400) at += 4;
        if (flags & 0x800) { sample.cts = version ? segment.readInt32BE(at) : segment.readUInt32BE(at); at += 4; }
        data += sample.size;
        samples.push(sample);
    }
}

/**
 * Returns true if the sample begins with a keyframe that can be decoded on its own. The init
 * segment determines the codec.
 */
export function beginsWithKeyframe(init, bytes, sample) {
    return init.includes('av1C', 0, 'latin1') ? beginsWithAv1Keyframe(bytes, sample.at)
        : nalTypes(bytes, sample, nalLengthBytes(init)).find((type) => type >= 1 && type <= 5) === 5;
}

/**
 * Returns true if the sample is a sequence header followed by a key frame. A temporal delimiter
 * must not come first (AV1 Codec ISO Media File Format Binding, 2.4).
 */
function beginsWithAv1Keyframe(bytes, at) {
    const header = obu(bytes, at), frame = obu(bytes, header.end);
    return header.type === 1 && frame.type === 6 && (bytes[frame.body] >> 5 & 3) === 0;
}

/** Reads an OBU that has a size field (AV1 specification, 5.3). */
function obu(bytes, at) {
    const type = bytes[at] >> 3 & 15;
    let size = 0, shift = 0, body = at + (bytes[at] & 4 ? 2 : 1);
    do {
        size += (bytes[body] & 0x7f) * 2 ** shift;
        shift += 7;
    } while (bytes[body++] & 0x80);
    return { type, body, end: body + size };
}

/** Returns the H.264 NAL types of a sample. */
export function nalTypes(segment, sample, lengthBytes) {
    const types = [];
    for (let at = sample.at; at < sample.at + sample.size;) {
        const size = segment.readUIntBE(at, lengthBytes);
        types.push(segment[at + lengthBytes] & 0x1f);
        at += lengthBytes + size;
    }
    return types;
}
