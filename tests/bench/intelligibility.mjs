// SPDX-License-Identifier: GPL-3.0-or-later
// how many words of speech are understood after a24 and o20, compared with AAC-LC mono at 48 kbit/s
// Arguments: [SPEECH...]. Each file is ingested. The audio that the node would serve, and encodes by
// FFmpeg of the same loudness, are compared with the source.
// The measure is STOI (tests/harness/stoi.mjs). The share of words that are understood follows from
// it by the fit that its authors made to listening tests with IEEE sentences (Taal 2011: 100 / (1 +
// exp(-17.4906 d + 9.6921))).
// The requirement for each voice: the share of a24 is at most TOLERANCE points below the share of
// AAC-LC at 48 kbit/s.
// All encodes are measured as a player with 16 bits outputs them; the source is not rounded. Peaks of
// a peer above full scale are therefore clipped.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { media, show, tempDir, terraceOk } from '../harness/terrace.mjs';
import { ratio, table } from '../harness/bench.mjs';
import { intelligibility } from '../harness/stoi.mjs';

const named = process.argv.slice(2);
const files = named.length ? named : [media('lectures/act-moon-speech.mp3'), media('lectures/act-perspective-video.mp4'),
    media('difficult/audio_only_zh.m4a')].filter(Boolean);
assert.ok(files.length, 'no SPEECH, and no real media: set TERRACE_MEDIA');

const ffmpeg = (args, options) => execFileSync('ffmpeg', ['-v', 'error', '-y', ...args], { maxBuffer: 1 << 28, ...options });
const words = (d) => 1 / (1 + Math.exp(-17.4906 * d + 9.6921));

const TOLERANCE = 0.5;

function samples(file, rate, { input } = {}) {
    const raw = ffmpeg([...(input ? ['-f', 's16le', '-ar', '48000', '-ac', '1', '-i', '-'] : ['-i', file]), '-ac', '1', '-ar', String(rate), '-f', 'f32le', '-'], { input });
    return new Float32Array(raw.buffer.slice(raw.byteOffset, raw.byteOffset + raw.byteLength));
}

/** Decodes a file as a player outputs it: 16 bits at 48 kHz. Then resamples it to `rate`. */
const played = (file, rate) => samples(file, rate, { input: ffmpeg(['-i', file, '-ac', '1', '-ar', '48000', '-f', 's16le', '-']) });

/** Joins the init segment and the chunks of a rendition into one file. */
function whole(data, name) {
    const folder = path.join(data, 'media/1/1', name), file = path.join(tempDir(), `${name}.mp4`);
    const chunks = readdirSync(folder).filter((f) => f.endsWith('.chunk')).sort();
    writeFileSync(file, Buffer.concat(['init.mp4', ...chunks].map((f) => readFileSync(path.join(folder, f)))));
    return file;
}

/**
 * Encodes the same source with a common encoder. The loudness is set to that of our renditions, so
 * that it gives neither side an advantage.
 */
function peer(source, loudness_lufs, name, args) {
    const file = path.join(tempDir(), `${name}.mp4`);
    ffmpeg(['-i', source, '-map', '0:a:0', '-ac', '1', '-af', `aformat=channel_layouts=mono,volume=${-16 - loudness_lufs}dB:precision=float`, ...args, file]);
    return file;
}

const rows = [], worst = {};
for (const source of files) {
    const data = tempDir();
    await terraceOk(['ingest', source, '--wait', '--data', data]);
    const { audio: [{ loudness_lufs }] } = await show(data, 1);
    const clean = path.join(tempDir(), 'clean.wav');
    ffmpeg(['-i', source, '-map', '0:a:0', '-ac', '1', '-c:a', 'pcm_f32le', clean]);
    const aac = (bitrate) => ['-ar', '48000', '-c:a', 'aac', '-b:a', String(bitrate)];
    const outcomes = {
        'AAC-LC 48 kHz at 48k': peer(source, loudness_lufs, 'aac48', aac(48000)),
        'AAC-LC 48 kHz at 24k': peer(source, loudness_lufs, 'aac24', aac(24000)),
        a24: whole(data, 'a24'),
        o20: whole(data, 'o20'),
    };
    const best = {};
    const narrow = samples(clean, 10000), wide = samples(clean, 20000);
    for (const [name, file] of Object.entries(outcomes)) {
        const { stoi: d, estoi } = intelligibility(narrow, played(file, 10000));
        const { stoi: w } = intelligibility(wide, played(file, 20000), { rate: 20000, bands: 18 });
        rows.push([`${path.basename(source)} ${name}`, d.toFixed(4), w.toFixed(4), estoi.toFixed(4), (100 * words(d)).toFixed(2)]);
        best.words ??= words(d); // the first peer is AAC-LC at 48 kbit/s
        const points = 100 * (best.words - words(d));
        worst[name] = { points: Math.max(worst[name]?.points ?? -100, points), wide: Math.min(worst[name]?.wide ?? 1, w), words: Math.min(worst[name]?.words ?? 1, words(d)) };
    }
}
table(['speech and encode', 'STOI', 'to 8.6 kHz', 'ESTOI', 'words %'], rows);
for (const name of ['a24', 'o20']) {
    ratio(`intelligibility_${name}_words`, worst[name].words / worst['AAC-LC 48 kHz at 48k'].words);
    ratio(`intelligibility_${name}_stoi_to_8600_hz_beside_aac_24k`, worst[name].wide / worst['AAC-LC 48 kHz at 24k'].wide);
}
const { points } = worst.a24;
console.log(`a24 is at most ${points.toFixed(2)} points of words under AAC-LC at 48 kbit/s: the bar of ${TOLERANCE} ${points <= TOLERANCE ? 'holds' : 'IS MISSED'}`);
process.exitCode = points <= TOLERANCE ? 0 : 1;
