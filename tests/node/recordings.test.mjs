// SPDX-License-Identifier: GPL-3.0-or-later
// Ingests real files. Files with unusual properties become lessons of the right length, shape and
// streams, or fail for the reason that is named here. Hostile files fail or are salvaged. The node
// survives all of them.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { media, oneRung, run, show, startNode, tempDir, terrace, terraceOk, until } from '../harness/terrace.mjs';

const lesson = (seconds, ratio, streams = 'va', more = {}) => ({ seconds, ratio, streams, ...more });
const fails = (...reasons) => ({ reasons });

// ratio: display width divided by height, after rotation. It is 0 if there is no picture.
const expectations = {
    difficult: {
        'audio_only_zh.m4a': lesson(91.0, 0, 'a'),
        'audio_only_zh.wma': lesson(91.02, 0, 'a'),
        'editlist_copycut.mp4': lesson(20.22, 16 / 9),
        'flv1_mp3.flv': lesson(30.05, 4 / 3),
        'gbk_tags_xvid_mp3.avi': lesson(30.08, 16 / 9, 'va', { title: /\p{Script=Han}/u }),
        'gbk_title.mp4': lesson(20.08, 16 / 9, 'va', { title: /\p{Script=Han}/u }),
        'h263_aac.3gp': lesson(15, 16 / 9),
        'h265_with_metadata_track.mp4': lesson(0.1, 9 / 16),
        'hevc_main10.mp4': lesson(10, 16 / 9),
        // Only the first 15 s are used. The whole file takes longer than all other files together.
        'long_1080p_lowbitrate.mp4': lesson(15, 16 / 9, 'va', { first_s: 15 }),
        'no_audio.mp4': lesson(30.08, 16 / 9, 'v'),
        'odd_853x479_yuv444p.mp4': lesson(10, 16 / 9),
        'raw_annexb_no_timestamps.h264': lesson(30.08, 16 / 9, 'v'),
        'rotated90_displaymatrix.mp4': lesson(15.08, 9 / 16),
        'rv20_ac3.rm': lesson(30.02, 352 / 288),
        'sample_12_5fps_720p_1s.mp4': lesson(1.04, 16 / 9),
        'sample_edit_list.mp4': lesson(2.55, 9 / 16),
        'sample_empty_track.mp4': lesson(1.07, 1080 / 720),
        // The file has five frames of 10x12 pixels, and the times of all of them are zero. So it
        // has no duration.
        'sample_with_fake_auxiliary_tracks.mp4': fails('too_short', 'damaged', 'no_streams'),
        'sample_without_stss.mp4': lesson(1.0, 1080 / 720, 'v'),
        'sar_16_11.ts': lesson(20, 640 * 16 / 11 / 480),
        'subs_ass.mkv': lesson(30.1, 16 / 9),
        'subs_movtext.mp4': lesson(30.08, 16 / 9),
        'two_audio_tracks.mkv': lesson(30.13, 16 / 9, 'vaa'),
        'vcd_pal_mpeg1.mpg': lesson(30, 352 * 49 / 33 / 288),
        'vfr_select.mp4': lesson(20, 16 / 9),
        'wmv2_wmav2.wmv': lesson(30.09, 16 / 9),
        'zh_gbk.srt': fails('subtitles_only'),
        '第二讲 水稻“病虫害”防治（上）.flv': lesson(30.05, 4 / 3, 'va', { title: /\p{Script=Han}/u }),
    },
    hostile: {
        'empty.mp4': fails('empty_file'),
        'ffconcat_localfile.mp4': fails('playlist'),
        'hls_localfile.mp4': fails('playlist'),
        'hls_loopback.m3u8': fails('playlist'),
        'mdat_size_lies.mp4': fails('cut_short', 'damaged'),
        'one_frame.mp4': fails('too_short'),
        'png_named.mp4': fails('picture'),
        'random.mp4': fails('not_media'),
        'text_named.mp4': fails('subtitles_only', 'not_media'),
        // The file has its index first and then half of its data. That half plays.
        'truncated_moov_first.mp4': { ...lesson(null, 16 / 9), salvaged: true },
        'truncated_no_moov.mp4': fails('cut_short'),
    },
};

/**
 * Checks the streams, the length and the ratio of a lesson. ffmpeg must play its first video and
 * its first audio rendition for the whole length.
 */
async function checkPlayable(node, name, found, want) {
    const has = (kind) => found.renditions.filter((rendition) => rendition.kind === kind);
    assert.equal(has('video').length > 0, want.streams.includes('v'), `${name}: video`);
    for (const codecs of ['mp4a.40.2', 'opus'])
        assert.equal(has('audio').filter((rendition) => rendition.codecs === codecs).length, want.streams.split('a').length - 1, `${name}: ${codecs}`);
    if (want.seconds !== null)
        assert.ok(Math.abs(found.duration_s - want.seconds) <= 0.2, `${name}: ${found.duration_s} s instead of ${want.seconds}`);
    for (const { width, height } of has('video'))
        // Width and height are even numbers, so the ratio of a small picture can be wrong by a
        // pixel.
        assert.ok(Math.abs(width / height / want.ratio - 1) <= 0.01 + 2 / height, `${name}: ${width}x${height}, ratio ${want.ratio}`);
    const base = node.url + found.hls.replace('master.m3u8', '');
    for (const { name: rendition, kind } of [has('video')[0], has('audio')[0]].filter(Boolean)) {
        const { stdout, stderr } = await run('ffmpeg', ['-v', 'error', '-i', `${base}${rendition}/index.m3u8`, '-progress', '-', '-f', 'null', '-']);
        assert.equal(stderr, '', `${name}: ${rendition}`);
        const times = [...stdout.matchAll(/out_time_us=(\d+)/g)];
        const played_s = Number(times.at(-1)?.[1]) / 1e6;
        assert.ok(Math.abs(played_s - found.duration_s) <= 0.2, `${name}: ${kind} plays ${played_s} s of ${found.duration_s}`);
    }
}

async function check(node, name, found, want) {
    if (want.title)
        assert.match(found.title, want.title, name);
    if (want.reasons) {
        assert.equal(found.state, 'failed', `${name}: ${found.state}`);
        assert.ok(want.reasons.includes(found.reason.code), `${name}: failed with ${found.reason.code} (${found.reason.detail})`);
        assert.match(found.reason.zh, /\p{Script=Han}.*。$/u, name);
        assert.match(found.reason.en, /^[A-Z].*\.$/, name);
        return;
    }
    assert.equal(found.state, 'ready', `${name}: ${JSON.stringify(found.reason)}`);
    if (want.salvaged)
        assert.ok(found.duration_s > 5 && found.duration_s < 25, `${name}: ${found.duration_s} s`);
    await checkPlayable(node, name, found, want);
}

for (const [folder, table] of Object.entries(expectations)) {
    const root = media(folder);
    test(`every file of ${folder} becomes the expected lesson or fails with the expected reason`, { skip: root ? false : `SKIPPED: no media (set TERRACE_MEDIA)` }, async (t) => {
        assert.deepEqual(readdirSync(root).sort(), Object.keys(table).sort());
        const data = path.join(tempDir(), 'data');
        // One rung of each lesson is enough. tests/transcoder/plan checks how many rungs the
        // planner makes.
        const node = await startNode({ data, args: oneRung() });
        // also stop the node if a check fails, because it would keep this process alive
        t.after(() => node.stop());
        const numbers = {};
        for (const [name, { first_s }] of Object.entries(table)) {
            const file = first_s ? path.join(tempDir(), name) : path.join(root, name);
            if (first_s)
                await run('ffmpeg', ['-v', 'error', '-t', String(first_s), '-i', path.join(root, name), '-c', 'copy', file]);
            const { code, stdout, stderr } = await terrace(['ingest', file, '--publish', '--data', data]);
            if (code !== 0) { // ingest refused the file at once
                assert.match(stderr, /^.+\n$/, name);
                assert.ok(table[name].reasons, `${name} refused: ${stderr}`);
                continue;
            }
            numbers[name] = Number(stdout.match(/lesson (\d+)/)[1]);
        }
        for (const [name, number] of Object.entries(numbers)) {
            const found = await until(async () => {
                const now = await show(data, number);
                return (now.state === 'ready' || now.state === 'failed') && now;
            // the limit is long because all lessons share the workers, so even the first may be
            // ready late
            }, name, 1_500_000);
            await t.test(name, () => check(node, name, found, table[name]));
        }
        assert.equal((await fetch(`${node.url}/healthz`)).status, 200);
        const end = await node.stop();
        assert.deepEqual(end, { code: 0, signal: null }, node.log());
        await terraceOk(['doctor', '--data', data]);
    });
}

test('ingest --wait of a hostile file ends with its reason and a non-zero exit', async (t) => {
    const file = media('hostile/random.mp4');
    if (!file)
        return t.skip('SKIPPED: no media (set TERRACE_MEDIA)');
    const data = path.join(tempDir(), 'data');
    const { code, stderr } = await terrace(['ingest', file, '--wait', '--data', data]);
    assert.equal(code, 1);
    assert.match(stderr, /not_media/);
    await terraceOk(['doctor', '--data', data]);
});
