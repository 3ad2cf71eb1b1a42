// SPDX-License-Identifier: GPL-3.0-or-later
// hls.js in Chromium plays a lesson that has AV1 renditions. It switches between AV1 and H.264 in
// both directions.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { makeSlides, startNode, tempDir, terraceOk, withLadder } from '../harness/terrace.mjs';
import { newPage, startBrowser } from './browser.mjs';

const SECONDS = 40;
let node, browser;

before(async () => {
    const data = path.join(tempDir(), 'data');
    await terraceOk(['ingest', makeSlides(path.join(tempDir(), 'slides.mp4'), { seconds: SECONDS }), '--publish', '--wait', '--data', data, ...withLadder([48, 130], { av1: true })]);
    node = await startNode({ data });
    browser = await startBrowser();
});
after(async () => {
    await browser?.close();
    await node?.stop();
});

/** Opens the player. `without` names a codec that the browser then reports as not supported. */
async function open(without) {
    const { page, errors } = await newPage(browser);
    if (without)
        await page.addInitScript((codec) => {
            const knows = MediaSource.isTypeSupported.bind(MediaSource);
            MediaSource.isTypeSupported = (type) => !type.includes(codec) && knows(type);
        }, without);
    await page.goto(`${node.url}/watch/1`);
    await page.waitForFunction(() => window.terracePlayer && window.terracePlayer.video.readyState >= 3, null, { timeout: 60_000 });
    await page.evaluate(() => {
        const { hls, video } = window.terracePlayer;
        window.seen = { fatal: [], codecs: [] };
        hls.on('hlsError', (_, data) => data.fatal && window.seen.fatal.push(data.details));
        hls.on('hlsFragChanged', (_, { frag }) => frag.type === 'main' && window.seen.codecs.push((hls.levels[frag.level].videoCodec || '').slice(0, 4)));
        video.muted = true;
    });
    return { page, errors };
}

async function playToTheEnd({ page, errors }) {
    await page.evaluate(() => { const { video } = window.terracePlayer; video.currentTime = 0; video.playbackRate = 4; return video.play(); });
    await page.waitForFunction(() => window.terracePlayer.video.currentTime < 20);
    await page.waitForFunction(() => window.terracePlayer.video.ended, null, { timeout: 120_000 });
    const end = await page.evaluate(() => ({ time: window.terracePlayer.video.currentTime, ...window.seen }));
    assert.ok(end.time > SECONDS - 0.3, `ended at ${end.time}`);
    assert.deepEqual(end.fatal, []);
    assert.deepEqual(errors, []);
    return end;
}

test('hls.js switches between H.264 and AV1 by hand in both directions, and then plays to the end', async () => {
    const player = await open();
    const levels = await player.page.evaluate(() => window.terracePlayer.hls.levels.map(({ videoCodec }) => (videoCodec || '').slice(0, 4)));
    const av1 = levels.indexOf('av01'), h264 = levels.lastIndexOf('avc1');
    assert.ok(av1 >= 0 && h264 >= 0, levels.join(' '));
    for (const [level, codec] of [[h264, 'avc1'], [av1, 'av01'], [h264, 'avc1'], [av1, 'av01']]) {
        await player.page.evaluate((n) => {
            window.seen.codecs.length = 0;
            window.terracePlayer.hls.currentLevel = n;
            return window.terracePlayer.video.play();
        }, level);
        await player.page.waitForFunction((c) => window.seen.codecs.includes(c), codec, { timeout: 60_000 });
        await player.page.evaluate(() => { window.terracePlayer.video.currentTime = 1; });
    }
    await player.page.evaluate(() => { window.terracePlayer.hls.currentLevel = -1; });
    await playToTheEnd(player);
});

test('hls.js leaves AV1 for a higher rung in H.264 if the link is fast enough', async () => {
    const player = await open();
    const end = await playToTheEnd(player);
    const last = await player.page.evaluate(() => { const { hls } = window.terracePlayer; return { at: hls.levels[hls.loadLevel].bitrate, top: Math.max(...hls.levels.map(({ bitrate }) => bitrate)) }; });
    assert.ok(last.at > last.top * 0.9, `${JSON.stringify(last)} ${end.codecs}`);
});

test('a browser without AV1 plays only H.264', async () => {
    const player = await open('av01');
    assert.equal(await player.page.evaluate(() => window.terracePlayer.hls.levels.filter(({ videoCodec }) => (videoCodec || '').startsWith('av01')).length), 0);
    assert.deepEqual([...new Set((await playToTheEnd(player)).codecs)], ['avc1']);
});
