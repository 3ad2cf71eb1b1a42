// SPDX-License-Identifier: GPL-3.0-or-later
// hls.js in Chromium plays a lesson from its first to its last second.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { ingestLecture, LECTURE_SECONDS, lectureData, startNode, tempDir } from '../harness/terrace.mjs';
import { newPage, startBrowser } from './browser.mjs';

// By default only the beginning of the lecture is played, because encoding it takes long. With
// TERRACE_FULL=1, the whole lecture is played.
const SECONDS = process.env.TERRACE_FULL ? 300 : LECTURE_SECONDS;
const RATE = 4;
const MENU = 'select[aria-label=清晰度]';
let node, browser;

before(async () => {
    const data = process.env.TERRACE_FULL ? path.join(tempDir(), 'data') : await lectureData();
    if (process.env.TERRACE_FULL)
        await ingestLecture(data, true);
    node = await startNode({ data });
    browser = await startBrowser();
});
after(async () => {
    await browser?.close();
    await node?.stop();
});

test('plays to the end, through level switches and seeks, without an error or a gap', async () => {
    const { page, errors } = await newPage(browser);
    await page.goto(`${node.url}/watch/1`);
    await page.waitForFunction(() => window.terracePlayer && window.terracePlayer.video.readyState >= 3, null, { timeout: 60_000 });
    await page.evaluate(() => {
        const { hls, video } = window.terracePlayer;
        window.seen = { fatal: [], errors: [], gap: 0, last: 0, jumps: 0, stalls: 0 };
        hls.on('hlsError', (_, data) => (data.fatal ? window.seen.fatal : window.seen.errors).push(data.details));
        video.muted = true;
        return video.play();
    });

    // Choose levels in the menu during playback. Each choice takes effect at once, and lasts.
    const offered = await page.$$eval(`${MENU} option`, (options) => options.map((option) => Number(option.value)).filter((n) => n >= 0));
    assert.ok(offered.length >= 2, `${offered.length} levels in the menu`);
    for (const level of [offered[0], offered.at(-1), offered[0]]) {
        await page.selectOption(MENU, String(level));
        await page.waitForFunction((n) => window.terracePlayer.hls.currentLevel === n, level, { timeout: 60_000 });
    }
    // Seek five times. After each seek, playback must continue from the new position.
    for (const part of [0.7, 0.1, 0.9, 0.35, 0.5]) {
        const from = await page.evaluate((p) => { const { video } = window.terracePlayer; video.currentTime = video.duration * p; return video.duration * p; }, part);
        await page.waitForFunction((s) => { const { video } = window.terracePlayer; return !video.seeking && video.currentTime > s + 0.3; }, from, { timeout: 60_000 });
    }
    // Play from the first second to the last.
    await page.evaluate((rate) => {
        const { video, hls } = window.terracePlayer;
        hls.config.backBufferLength = Infinity;
        video.currentTime = 0;
        video.playbackRate = rate;
        window.seen.timer = setInterval(() => {
            for (let i = 1; i < video.buffered.length; i++)
                window.seen.gap = Math.max(window.seen.gap, Math.min(video.buffered.start(i) - video.buffered.end(i - 1), 1e3));
        }, 100);
    }, RATE);
    await page.waitForFunction(() => window.terracePlayer.video.currentTime > 0.2 && window.terracePlayer.video.currentTime < 20);
    await page.waitForFunction(() => window.terracePlayer.video.ended, null, { timeout: 300_000 });
    const end = await page.evaluate(() => {
        const { video } = window.terracePlayer, ranges = [];
        for (let i = 0; i < video.buffered.length; i++)
            ranges.push([video.buffered.start(i), video.buffered.end(i)]);
        return { time: video.currentTime, duration: video.duration, ranges, fatal: window.seen.fatal, errors: window.seen.errors };
    });
    assert.deepEqual(end.fatal, []);
    // A manual switch or a seek aborts the segment that is being loaded. hls.js reports this, it
    // reports that the buffer is empty for a moment, and an append that was under way may fail. The
    // player makes up for all of these.
    assert.deepEqual(end.errors.filter((details) => !['aborted', 'bufferStalledError', 'bufferAppendError'].includes(details)), []);
    assert.ok(Math.abs(end.duration - SECONDS) < 0.3, `duration ${end.duration}`);
    assert.ok(end.duration - end.time < 0.1, `ended at ${end.time} of ${end.duration}`);
    for (let i = 1; i < end.ranges.length; i++)
        assert.ok(end.ranges[i][0] - end.ranges[i - 1][1] <= 0.1, `gap in ${JSON.stringify(end.ranges)}`);
    assert.ok(end.ranges[0][0] <= 0.1, JSON.stringify(end.ranges));
    assert.deepEqual(errors, []);
});

test('a level that the reader chose is kept when an append fails', async () => {
    const { page } = await newPage(browser);
    await page.goto(`${node.url}/watch/1`);
    await page.waitForFunction(() => window.terracePlayer && window.terracePlayer.video.readyState >= 3, null, { timeout: 60_000 });
    await page.evaluate(() => {
        const { hls } = window.terracePlayer;
        const { appendBuffer } = SourceBuffer.prototype;
        window.failed = 0;
        // Like the browser when data of the old level come in between: the append is refused once.
        SourceBuffer.prototype.appendBuffer = function (data) {
            if (hls.manualLevel >= 0 && window.failed++ === 0)
                throw new Error('refused by the test');
            appendBuffer.call(this, data);
        };
    });
    const level = await page.$eval(MENU, (menu) => Number(menu.options[menu.options.length - 2].value));
    await page.selectOption(MENU, String(level));
    await page.waitForFunction(() => window.failed > 1, null, { timeout: 60_000 });
    await page.waitForFunction((n) => window.terracePlayer.hls.currentLevel === n && window.terracePlayer.hls.manualLevel === n, level, { timeout: 60_000 });
});
