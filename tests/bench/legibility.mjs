// SPDX-License-Identifier: GPL-3.0-or-later
// how much text tesseract reads on the lowest rung and on the source: words (en), characters (zh)
// The inputs are generated slides and the slides lecture. Generated slides have fonts of 18 to 32
// px at 720p; on every second slide a speaker moves in a corner. The inputs are also encoded with
// the lowest and the highest rung of a common fixed ladder.
// The text that is read is compared in order, by the longest common subsequence.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { media, noAv1, run, show, startNode, tempDir, terraceOk } from '../harness/terrace.mjs';
import { ratio, table } from '../harness/bench.mjs';

const SLIDE_S = 12;
const english = [
    'Rice seedlings are raised in trays for twenty days before they are moved to the paddy field',
    'Water the tray lightly every morning and cover it with film when the night is colder than twelve degrees',
    'Spread four kilograms of compost on each square metre and mix it well with the upper soil',
    'Check the underside of the leaves for planthoppers and count them on ten plants in each corner',
    'Drain the field for five days when the tillers are complete so that the roots grow deep',
    'Harvest when nine of ten grains are golden and dry them to fourteen percent moisture',
];
const chinese = [
    '水稻育秧一般需要二十天左右然后移栽到大田', '每天早晨浇一次水夜间温度低于十二度时要盖膜', '每平方米施腐熟有机肥四公斤并与表土充分拌匀',
    '检查叶片背面有没有稻飞虱每个角落数十株', '分蘖结束以后排水晒田五天让根系扎得更深', '九成谷粒变黄时收割晒干到含水量百分之十四',
];
const fonts = { en: '/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf', zh: '/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc' };

async function ok(program, args) {
    const result = await run(program, args);
    if (result.code !== 0)
        throw new Error(`${program} ${args.join(' ')}: ${result.stderr}`);
    return result.stdout;
}
const ffmpeg = (args) => ok('ffmpeg', ['-nostdin', '-v', 'error', '-y', ...args]);

/**
 * Makes a video with sound from slides of one language. Each slide shows all lines, in font sizes
 * from 18 px to 32 px (Chinese) or 28 px (English).
 */
async function makeSlides(language, lines) {
    const dir = tempDir(), parts = [], speaker = media('lectures/webcam-signer-640x480.mkv');
    for (let n = 0; n < 4; n++) {
        const draws = lines.map((_, i) => lines[(i + n) % lines.length]).map((line, i) => {
            const file = path.join(dir, `${n}-${i}.txt`);
            writeFileSync(file, line);
            return `drawtext=fontfile=${fonts[language]}:textfile=${file}:fontsize=${[18, 20, 22, 24, 28, 32][i] - (language === 'en' && i > 4 ? 6 : 0)}` +
                `:fontcolor=${n % 2 ? 'white' : '0x202020'}:x=40:y=${60 + 90 * i}`;
        }).join(',');
        const corner = n % 2 && speaker ? ['-ss', String(9 * n), '-t', String(SLIDE_S), '-i', speaker] : [];
        const overlay = corner.length ? `[s];[1:v]scale=240:180,fps=25,setpts=PTS-STARTPTS[c];[s][c]overlay=1020:520[v]` : '[v]';
        const part = path.join(dir, `${n}.mkv`);
        await ffmpeg(['-f', 'lavfi', '-i', `color=${n % 2 ? '0x203040' : '0xf8f8f0'}:size=1280x720:rate=25:duration=${SLIDE_S}`, ...corner,
            '-filter_complex', `[0:v]${draws}${overlay}`, '-map', '[v]', '-t', String(SLIDE_S), '-c:v', 'libx264', '-preset', 'ultrafast', '-crf', '8',
            '-pix_fmt', 'yuv420p', part]);
        parts.push(part);
    }
    const list = path.join(dir, 'list'), video = path.join(dir, `${language}.mp4`);
    writeFileSync(list, parts.map((part) => `file '${part}'\n`).join(''));
    await ffmpeg(['-f', 'concat', '-safe', '0', '-i', list, '-f', 'lavfi', '-i', 'sine=frequency=300:beep_factor=4', '-shortest', '-c:v', 'libx264',
        '-preset', 'veryfast', '-crf', '12', '-c:a', 'aac', video]);
    return video;
}

async function read(input, at_s, language) {
    const dir = tempDir(), picture = path.join(dir, 'frame.png');
    await ffmpeg(['-i', input, '-ss', String(at_s), '-frames:v', '1', '-vf', 'scale=1280:720:flags=bicubic', picture]);
    const text = await ok('tesseract', [picture, '-', '-l', language === 'zh' ? 'chi_sim' : 'eng', '--psm', '11']);
    return language === 'zh' ? [...text.replace(/[^\p{Script=Han}]/gu, '')] : text.split(/[^A-Za-z0-9]+/).filter((word) => word.length > 1);
}

/** Returns how many tokens of `a` occur in `b` in the same order. */
function common(a, b) {
    let row = new Array(b.length + 1).fill(0);
    for (const token of a) {
        const next = [0];
        for (let j = 0; j < b.length; j++)
            next.push(token === b[j] ? row[j] + 1 : Math.max(row[j + 1], next[j]));
        row = next;
    }
    return row.at(-1);
}

async function kept(source, encode, times, language) {
    let all = 0, same = 0;
    for (const at_s of times) {
        const there = await read(source, at_s, language);
        all += there.length;
        same += common(there, await read(encode, at_s, language));
    }
    return same / all;
}

/**
 * Makes a lesson from a video. Returns the playlist of its lowest video rung, on a running node.
 */
async function lowest(video) {
    const data = tempDir();
    await terraceOk(['ingest', video, '--publish', '--wait', '--data', data, ...noAv1()]);
    const lesson = await show(data, 1), node = await startNode({ data });
    const rung = lesson.renditions.find((one) => one.kind === 'video');
    return { node, name: `${rung.name} ${rung.width}x${rung.height}@${rung.fps.toFixed(1)}`, url: new URL(`${rung.name}/index.m3u8`, new URL(lesson.hls, node.url)).href };
}

async function fixed(video, side, kbps) {
    const out = path.join(tempDir(), 'peer');
    mkdirSync(out);
    await ffmpeg(['-i', video, '-vf', `scale=-2:${side}`, '-an', '-c:v', 'libx264', '-preset', 'medium', '-b:v', `${kbps}k`, '-maxrate', `${kbps}k`,
        '-bufsize', `${2 * kbps}k`, '-g', '150', path.join(out, 'v.mp4')]);
    return path.join(out, 'v.mp4');
}

const rows = [], ratios = [];
async function measure(what, source, encode, name, times, language) {
    const share = await kept(source, encode, times, language);
    rows.push([what, name, share.toFixed(3)]);
    ratios.push([`legibility_${what}_${name.split(' ')[0]}`, share]);
}
for (const [language, lines] of [['en', english], ['zh', chinese]]) {
    const video = await makeSlides(language, lines), ours = await lowest(video);
    await measure(language, video, ours.url, ours.name, [0, 1, 2, 3].map((n) => n * SLIDE_S + 8), language);
    await ours.node.stop();
}
const lecture = media('lectures/slides-webcam-720p25-5min.mp4');
if (lecture) {
    const times = Array.from({ length: 17 }, (_, n) => 17 * n + 10), ours = await lowest(lecture);
    await measure('lecture', lecture, ours.url, ours.name, times, 'en');
    await ours.node.stop();
    for (const [side, kbps] of [[180, 64], [480, 450]])
        await measure('lecture', lecture, await fixed(lecture, side, kbps), `fixed${side}p`, times, 'en');
}
table(['what', 'rung', 'kept'], rows);
for (const [name, value] of ratios)
    ratio(name, value);
