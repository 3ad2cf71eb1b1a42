// SPDX-License-Identifier: GPL-3.0-or-later
// Compares the subtitles of every text format with what ffmpeg reads from the same file. Compares
// the storyboard with the pictures of the source.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import hlsParser from 'hls-parser';
import { makeClip, media, oneRung, run, show, startNode, tempDir, terraceOk } from '../harness/terrace.mjs';

hlsParser.setOptions({ strictMode: true });

const SECONDS = 66; // the clip crosses one chunk boundary
const folder = tempDir();
const data = path.join(folder, 'data');
let node;
const lessons = {}; // by name: {file, languages, found: the output of `terrace show`}

const clock = (s) => new Date(s * 1000).toISOString().slice(11, 23).replace('.', ',');
const srt = (cues) => cues.map(([start_s, end_s, text], n) => `${n + 1}\n${clock(start_s)} --> ${clock(end_s)}\n${text}\n`).join('\n');

// The cues contain characters that must be escaped, text that must not end a cue, and times that
// cross segments and chunks.
const chinese = [
    [0, 0.8, '各位学员大家好'], [1, 5, '今天讲解水稻病虫害防治 <i>第一节</i>'], [5.5, 6.5, '两行\n第二行'], [22, 24, '3 < 5 & 7 > 6'], [40, 63, '跨过分段的边界'],
    [60, 61, '同时的另一句'], [64, 65.5, '谢谢大家'],
];
const english = [[2, 4, 'Hello & welcome'], [47, 65, '<b>The end</b> -- > is near']];

async function ffmpeg(...args) {
    const { code, stderr } = await run('ffmpeg', ['-v', 'error', '-y', ...args]);
    assert.equal(code, 0, stderr);
}

/** Muxes subtitle files into the clip, each in its given codec. */
async function mux(clip, out, tracks) {
    const inputs = tracks.flatMap(({ file }) => ['-i', file]);
    const maps = tracks.flatMap((_, n) => ['-map', `${n + 1}:0`]);
    const codecs = tracks.flatMap(({ codec, language }, n) => [`-c:s:${n}`, codec, `-metadata:s:s:${n}`, `language=${language}`]);
    await ffmpeg('-i', clip, ...inputs, '-map', '0:v', '-map', '0:a?', ...maps, '-c:v', 'copy', '-c:a', 'copy', ...codecs, out);
}

/** Copies the bytes of a GBK file into Matroska unchanged. */
const muxGbk = (clip, gbk, out) => ffmpeg('-i', clip, '-i', gbk, '-map', '0:v', '-map', '0:a?', '-map', '1:0', '-c', 'copy', '-metadata:s:s:0', 'language=chi', out);

before(async () => {
    const clip = makeClip(path.join(folder, 'clip.mp4'), { seconds: SECONDS, size: '160x120', rate: 5 });
    const silent = makeClip(path.join(folder, 'silent.mp4'), { seconds: SECONDS, size: '160x120', rate: 5, sound: false });
    const zh = path.join(folder, 'zh.srt'), en = path.join(folder, 'en.srt'), gbk = path.join(folder, 'gbk.srt');
    writeFileSync(zh, srt(chinese));
    writeFileSync(en, srt(english));
    const converted = await run('iconv', ['-f', 'UTF-8', '-t', 'GBK', zh, '-o', gbk]);
    assert.equal(converted.code, 0, converted.stderr);
    const add = (name, languages, more = {}) => { lessons[name] = { file: path.join(folder, name), languages, ...more }; };
    add('subrip.mkv', ['zh', 'en']);
    await mux(clip, lessons['subrip.mkv'].file, [{ file: zh, codec: 'subrip', language: 'chi' }, { file: en, codec: 'subrip', language: 'eng' }]);
    add('ass.mkv', ['zh']);
    await mux(silent, lessons['ass.mkv'].file, [{ file: zh, codec: 'ass', language: 'zho' }]);
    add('mov_text.mp4', ['zh', 'en']);
    await mux(clip, lessons['mov_text.mp4'].file, [{ file: zh, codec: 'mov_text', language: 'chi' }, { file: en, codec: 'mov_text', language: 'eng' }]);
    add('webvtt.mkv', ['zh']);
    await mux(silent, lessons['webvtt.mkv'].file, [{ file: zh, codec: 'webvtt', language: 'chi' }]);
    add('gbk.mkv', ['zh'], { charset: 'GBK' });
    await muxGbk(silent, gbk, lessons['gbk.mkv'].file);
    const own = media('difficult/subs_ass.mkv');
    for (const name of own ? ['subs_ass.mkv', 'subs_movtext.mp4'] : [])
        lessons[name] = { file: media(`difficult/${name}`), languages: [name === 'subs_ass.mkv' ? '' : 'zh'] };
    const ownGbk = media('difficult/zh_gbk.srt');
    if (ownGbk) {
        add('own_gbk.mkv', ['zh'], { charset: 'GBK' });
        await muxGbk(silent, ownGbk, lessons['own_gbk.mkv'].file);
    }
    for (const lesson of Object.values(lessons)) {
        await terraceOk(['ingest', lesson.file, '--publish', '--wait', '--data', data, ...oneRung()]);
        lesson.id = Math.max(0, ...Object.values(lessons).map(({ id }) => id ?? 0)) + 1;
        lesson.found = await show(data, lesson.id);
    }
    node = await startNode({ data });
});
after(() => node?.stop());

const fetchText = async (url, type) => {
    const response = await fetch(url);
    assert.equal(response.status, 200, url);
    if (type)
        assert.match(response.headers.get('content-type'), type, url);
    return response.text();
};
const seconds = (text) => text.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);

/** Returns the cues of a WebVTT text: [{start_s, end_s, text}]. */
function parse(text) {
    assert.match(text, /^WEBVTT\n/);
    return text.split('\n\n').filter((block) => block.includes('-->')).map((block) => {
        const lines = block.trim().split('\n'), at = lines.findIndex((line) => line.includes(' --> '));
        const [, start, end] = lines[at].match(/^([\d:.]+) --> ([\d:.]+)$/);
        return { start_s: seconds(start), end_s: seconds(end), text: lines.slice(at + 1).join('\n') };
    });
}

/**
 * Returns the cues that ffmpeg reads from a track. Their times count from the first video or audio
 * of the source, where the lesson begins.
 */
async function expected({ file, charset }, track) {
    const { code, stdout, stderr } = await run('ffmpeg', ['-v', 'error', '-copyts', ...(charset ? ['-sub_charenc', charset] : []), '-i', file, '-map', `0:s:${track}`, '-f', 'webvtt', '-']);
    assert.equal(code, 0, stderr);
    const starts = (await run('ffprobe', ['-v', 'error', '-show_entries', 'stream=codec_type,start_time', '-of', 'csv=p=0', file])).stdout
        .trim().split('\n').map((line) => line.split(',')).filter(([type]) => type === 'video' || type === 'audio').map(([, start]) => Number(start));
    const zero_s = Math.min(...starts);
    return parse(stdout).map(({ start_s, end_s, text }) => ({ start_s: start_s - zero_s, end_s: end_s - zero_s, text }));
}

const unescape = (text) => text.replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&amp;/g, '&').replace(/ +$/gm, '');
const each = async (check) => {
    for (const [name, lesson] of Object.entries(lessons))
        await check(name, lesson, lesson.found.renditions.filter(({ kind }) => kind === 'text'));
};

test('each track is a rendition, with its language', () => each((name, { languages }, tracks) => {
    assert.deepEqual(tracks.map((track) => track.name), languages.map((_, n) => `s${n + 1}`), name);
    assert.deepEqual(tracks.map(({ language }) => language), languages, name);
}));

test('the multivariant playlist gives every variant one group with all subtitle renditions', () => each(async (name, { found, languages }, tracks) => {
    const text = await fetchText(node.url + found.hls);
    const master = hlsParser.parse(text);
    for (const variant of master.variants.filter(({ isIFrameOnly }) => !isIFrameOnly)) {
        assert.deepEqual(variant.subtitles.map(({ uri }) => uri), tracks.map((track) => `${track.name}/index.m3u8`), name);
        assert.deepEqual(variant.subtitles.map(({ language }) => language), languages.map((language) => language || 'und'), name);
        assert.equal(new Set(variant.subtitles.map((rendition) => rendition.name)).size, tracks.length, name);
    }
    assert.equal((text.match(/EXT-X-STREAM-INF/g) ?? []).length, (text.match(/SUBTITLES="subs"/g) ?? []).length, name);
}));

test('segments hold the cues that are visible during them, as ffmpeg reads them from the source', () => each(async (name, lesson, tracks) => {
    const base = node.url + lesson.found.hls.replace('master.m3u8', '');
    const video = hlsParser.parse(await fetchText(`${base}${lesson.found.renditions[0].name}/index.m3u8`));
    for (const [n, track] of tracks.entries()) {
        const playlist = hlsParser.parse(await fetchText(`${base}${track.name}/index.m3u8`));
        assert.equal(playlist.endlist, true);
        assert.equal(playlist.segments[0].map, null);
        assert.equal(playlist.segments.length, video.segments.length, name);
        const wanted = await expected(lesson, n);
        assert.ok(wanted.length >= 2, name);
        const seen = new Map();
        let from_s = 0;
        for (const [number, { uri, duration }] of playlist.segments.entries()) {
            assert.equal(uri, `${number}.vtt`);
            assert.ok(Math.abs(duration - video.segments[number].duration) < 1e-3, `${name}: segment ${number}`);
            const response = await fetch(`${base}${track.name}/${uri}`);
            assert.equal(response.headers.get('content-type'), 'text/vtt; charset=utf-8');
            assert.match(response.headers.get('cache-control'), /immutable/);
            const text = await response.text();
            assert.match(text, /^WEBVTT\nX-TIMESTAMP-MAP=LOCAL:00:00:00\.000,MPEGTS:0\n\n/);
            const cues = parse(text), until_s = from_s + duration;
            const shown = wanted.filter(({ start_s, end_s }) => end_s > from_s + 0.03 && start_s < until_s - 0.03);
            for (const cue of shown)
                assert.ok(cues.some(({ start_s }) => Math.abs(start_s - cue.start_s) < 0.03), `${name}: ${track.name}/${uri} lacks ${JSON.stringify(cue)}:\n${text}`);
            for (const cue of cues) {
                assert.ok(cue.end_s > from_s - 0.03 && cue.start_s < until_s + 0.03, `${name}: ${track.name}/${uri}: ${JSON.stringify(cue)}`);
                seen.set(`${cue.start_s} ${cue.end_s} ${cue.text}`, cue);
            }
            from_s = until_s;
        }
        const found = [...seen.values()].sort((a, b) => a.start_s - b.start_s);
        assert.equal(found.length, wanted.length, `${name}: ${track.name}: ${JSON.stringify(found)}`);
        for (const [i, cue] of wanted.entries()) {
            assert.ok(Math.abs(found[i].start_s - cue.start_s) < 0.03 && Math.abs(found[i].end_s - cue.end_s) < 0.03, `${name}: ${JSON.stringify([found[i], cue])}`);
            assert.equal(unescape(found[i].text), unescape(cue.text), name);
        }
    }
}));

test('the text of a cue cannot end the cue, and only italics and bold remain as markup', async () => {
    const { found } = lessons['subrip.mkv'];
    const base = node.url + found.hls.replace('master.m3u8', 's1/');
    const text = (await Promise.all(hlsParser.parse(await fetchText(`${base}index.m3u8`)).segments.map(({ uri }) => fetchText(base + uri)))).join('\n');
    assert.match(text, /\n3 &lt; 5 &amp; 7 &gt; 6\n\n/);
    assert.match(text, /\n今天讲解水稻病虫害防治 <i>第一节<\/i>\n\n/);
    assert.match(text, /\n两行\n第二行\n\n/);
});

test('ffmpeg plays the segmented subtitles to their end', () => each(async (name, { found }, tracks) => {
    for (const track of tracks) {
        const url = node.url + found.hls.replace('master.m3u8', `${track.name}/index.m3u8`);
        const { code, stdout, stderr } = await run('ffmpeg', ['-v', 'error', '-i', url, '-f', 'webvtt', '-']);
        assert.equal(code, 0, stderr);
        assert.ok(parse(stdout).length >= 2, name);
    }
}));

test('a URL of a subtitle that does not exist is answered with 404', async () => {
    const { found } = lessons['subrip.mkv'];
    const base = node.url + found.hls.replace('master.m3u8', '');
    for (const where of ['s1/0.m4s', 's1/init.mp4', 's1/iframes.m3u8', 's1/9999.vtt', 's3/0.vtt', `${found.renditions[0].name}/0.vtt`])
        assert.equal((await fetch(base + where)).status, 404, where);
});

/**
 * Makes a lesson in a data folder of its own and passes it to check({found, dir, url, base}).
 * `base` is the URL of the revision.
 */
async function single(file, check) {
    const dir = path.join(tempDir(), 'data');
    await terraceOk(['ingest', file, '--publish', '--wait', '--data', dir, ...oneRung()]);
    const own = await startNode({ data: dir });
    try {
        const found = await show(dir, 1);
        await check({ found, dir, url: own.url, base: own.url + (found.hls ?? '').replace('master.m3u8', '') });
        await terraceOk(['doctor', '--data', dir]);
    } finally {
        await own.stop();
    }
}

test('subtitles are kept when a file is remuxed because its clock restarts', async () => {
    const part = path.join(folder, 'part.flv'), joined = path.join(folder, 'joined.flv'), subtitles = path.join(folder, 'part.srt');
    writeFileSync(subtitles, srt([[1, 3, '你好'], [8, 9, '再见']]));
    await ffmpeg('-i', path.join(folder, 'clip.mp4'), '-i', subtitles, '-t', '20', '-map', '0:v', '-map', '0:a?', '-map', '1:0', '-c:v', 'copy', '-c:a', 'aac', '-ar', '44100', '-c:s', 'text', part);
    const bytes = readFileSync(part);
    writeFileSync(joined, Buffer.concat([bytes, bytes.subarray(13)]));
    await single(joined, async ({ found, dir, base }) => {
        assert.equal(readdirSync(path.join(dir, 'sources')).length, 2, 'a copy was made');
        const playlist = hlsParser.parse(await fetchText(`${base}s1/index.m3u8`));
        const texts = await Promise.all(playlist.segments.map(({ uri }) => fetchText(`${base}s1/${uri}`)));
        const starts = [...new Map(texts.flatMap(parse).map((cue) => [cue.start_s, cue.text]))];
        for (const [i, [start_s, text]] of [[1, '你好'], [8, '再见'], [21, '你好'], [28, '再见']].entries()) {
            assert.ok(Math.abs(starts[i][0] - start_s) < 0.15, `${starts}`);
            assert.equal(starts[i][1], text);
        }
        assert.ok(Math.abs(found.duration_s - 40) < 0.3, `${found.duration_s}`);
    });
});

/** Returns a segment of a Blu-ray subtitle file (.sup): a header and its content. */
function sup(type, at_s, body) {
    const head = Buffer.alloc(13);
    head.write('PG');
    head.writeUInt32BE(at_s * 90000, 2);
    head.writeUInt8(type, 10);
    head.writeUInt16BE(body.length, 11);
    return Buffer.concat([head, body]);
}

test('subtitles that are pictures are left out, and an event says so', async () => {
    const file = path.join(folder, 'pictures.sup'), lesson = path.join(folder, 'pictures.mkv');
    const composition = Buffer.from([0, 160, 0, 120, 0x10, 0, 0, 0x80, 0, 0, 0]);
    writeFileSync(file, Buffer.concat([1, 3].flatMap((s) => [sup(0x16, s, composition), sup(0x80, s, Buffer.alloc(0))])));
    await ffmpeg('-i', path.join(folder, 'clip.mp4'), '-i', file, '-t', '8', '-map', '0:v', '-map', '0:a?', '-map', '1:0', '-c', 'copy', lesson);
    await single(lesson, async ({ found, url }) => {
        assert.equal(found.state, 'ready');
        assert.deepEqual(found.renditions.filter(({ kind }) => kind === 'text'), []);
        assert.match(found.events.find(({ code }) => code === 'streams_left_out').detail, /hdmv_pgs_subtitle/);
        assert.doesNotMatch(await fetchText(url + found.hls), /SUBTITLES/);
    });
});

/* ---- the storyboard ---- */

/** Returns the brightness (0 to 255) of each pixel that ffmpeg outputs. */
async function grayLevels(args) {
    const out = path.join(tempDir(), 'gray.raw');
    await ffmpeg(...args, '-f', 'rawvideo', '-pix_fmt', 'gray', out);
    return [...readFileSync(out)];
}

async function checkStoryboard(file, { turned = false, older_s = 0 } = {}) {
    let count = 0;
    await single(file, async ({ found, dir, url }) => {
        const { lessons: [lesson] } = await (await fetch(`${url}/api/lessons`)).json();
        assert.equal(lesson.storyboard, `/v/1/1/storyboard.vtt`);
        const response = await fetch(url + lesson.storyboard);
        assert.match(response.headers.get('cache-control'), /immutable/);
        const tiles = parse(await response.text());
        const step_s = Math.max(5, found.duration_s / 200);
        assert.equal(tiles.length, Math.ceil(found.duration_s / step_s - 1e-6));
        assert.ok(Math.abs(tiles.at(-1).end_s - found.duration_s) < 0.01);
        const sheets = [...new Set(tiles.map(({ text }) => text.split('#')[0]))];
        assert.equal(sheets.length, Math.ceil(tiles.length / 25));
        for (const sheet of sheets) {
            const picture = await fetch(new URL(sheet, url + lesson.storyboard));
            assert.equal(picture.status, 200);
            assert.equal(picture.headers.get('content-type'), 'image/jpeg');
            assert.match(picture.headers.get('cache-control'), /immutable/);
            writeFileSync(path.join(dir, sheet), Buffer.from(await picture.arrayBuffer()));
        }
        assert.equal((await fetch(new URL(`storyboard-${sheets.length}.jpg`, url + lesson.storyboard))).status, 404);
        for (const { start_s, end_s, text } of tiles) {
            const [, sheet, x, y, w, h] = text.match(/^(storyboard-\d+\.jpg)#xywh=(\d+),(\d+),(\d+),(\d+)$/);
            assert.ok(turned ? h === '160' : w === '160', text);
            const at_s = Math.min((start_s + step_s / 2), found.duration_s - 0.2);
            // The picture is reduced to four pixels, one for each quarter. The quarters differ, so
            // a tile with a wrong rotation fails.
            const small = 'scale=2:2:flags=area';
            const tile = await grayLevels(['-i', path.join(dir, sheet), '-vf', `crop=${w}:${h}:${x}:${y}:exact=1,${small}`, '-frames:v', '1']);
            const sources = [];
            for (let s = at_s; s >= Math.max(0, at_s - older_s); s -= 2.5)
                sources.push(await grayLevels(['-ss', String(s), '-i', file, '-vf', `scale=out_range=pc,${small}`, '-frames:v', '1']));
            assert.ok(sources.some((source) => source.every((level, i) => Math.abs(tile[i] - level) <= 14)),
                `${path.basename(file)}: ${text} at ${at_s} of ${start_s}-${end_s} s: ${tile} instead of ${sources.join(' or ')}`);
        }
        count = sheets.length;
    });
    return count;
}

/** Makes a clip whose quarters differ in brightness and whose brightness changes every 5 s. */
async function brightening(out, length_s, extra) {
    const steps = `floor(T/5)`;
    await ffmpeg('-f', 'lavfi', '-i', `nullsrc=size=320x180:rate=10:duration=${length_s},geq=lum='40+mod(${steps}*37\\,120)+if(gt(X\\,W/2)\\,40\\,0)+if(gt(Y\\,H/2)\\,20\\,0)':cb=128:cr=128`,
        '-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', ...extra, out);
    return out;
}

test('the storyboard shows the pictures of the source, on several sheets', async () => {
    assert.equal(await checkStoryboard(await brightening(path.join(folder, 'board.mp4'), 142, ['-g', '20'])), 2);
});

test('the storyboard of a source with rare keyframes is no more than 12 s behind', async () => {
    await checkStoryboard(await brightening(path.join(folder, 'rare.mkv'), 100, ['-g', '1000', '-sc_threshold', '0']), { older_s: 12 });
});

test('the storyboard of a rotated video is rotated too', async () => {
    const flat = await brightening(path.join(folder, 'flat.mp4'), 12, ['-g', '20']);
    for (const turn of [90, 180, 270]) {
        const turned = path.join(folder, `turned${turn}.mp4`);
        await ffmpeg('-i', flat, '-c', 'copy', '-metadata:s:v:0', `rotate=${turn}`, turned);
        await checkStoryboard(turned, { turned: turn !== 180 });
    }
});

test('a lesson without video has no storyboard', async () => {
    const file = path.join(folder, 'sound.m4a'), dir = path.join(tempDir(), 'data');
    await ffmpeg('-f', 'lavfi', '-i', 'sine=duration=8', '-c:a', 'aac', file);
    await terraceOk(['ingest', file, '--publish', '--wait', '--data', dir, ...oneRung()]);
    assert.equal((await show(dir, 1)).storyboard, null);
    assert.deepEqual(readdirSync(path.join(dir, 'media/1/1')).filter((name) => name.startsWith('storyboard')), []);
});
