// SPDX-License-Identifier: GPL-3.0-or-later
// Checks subtitles and the preview pictures of the seek bar in Chromium, with the keys of a remote
// control and with the mouse.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { makeClip, oneRung, startNode, tempDir, terraceOk } from '../harness/terrace.mjs';
import { newPage, startBrowser } from './browser.mjs';

const folder = tempDir(), data = path.join(folder, 'data');
let node, browser;

before(async () => {
    const clip = makeClip(path.join(folder, 'clip.mp4'), { seconds: 40, size: '320x180', rate: 10 }), file = path.join(folder, 'lesson.mkv');
    writeFileSync(path.join(folder, 'zh.srt'), '1\n00:00:02,000 --> 00:00:08,000\n今天讲解 <i>病虫害</i>\n\n2\n00:00:20,000 --> 00:00:26,000\n第二句\n');
    writeFileSync(path.join(folder, 'en.srt'), '1\n00:00:02,000 --> 00:00:08,000\nToday\n');
    const made = spawnSync('ffmpeg', ['-v', 'error', '-i', clip, '-i', path.join(folder, 'zh.srt'), '-i', path.join(folder, 'en.srt'), '-map', '0', '-map', '1', '-map', '2', '-c', 'copy',
        '-metadata:s:s:0', 'language=chi', '-metadata:s:s:1', 'language=eng', file]);
    assert.equal(made.status, 0, `${made.stderr}`);
    await terraceOk(['ingest', file, '--publish', '--title', '第一讲', '--wait', '--data', data, ...oneRung()]);
    node = await startNode({ data });
    browser = await startBrowser();
});
after(async () => {
    await browser?.close();
    await node?.stop();
});

async function watch(options) {
    const opened = await newPage(browser, options);
    await opened.page.goto(`${node.url}/watch/1`);
    await opened.page.waitForFunction(() => window.terracePlayer && window.terracePlayer.video.readyState >= 3 && !document.querySelector('.subtitles').hidden, null, { timeout: 60_000 });
    await opened.page.evaluate(() => { window.terracePlayer.video.pause(); });
    return opened;
}
const shownAt = async (page, s) => {
    await page.evaluate((time) => { window.terracePlayer.video.currentTime = time; }, s);
    await page.waitForFunction(() => !window.terracePlayer.video.seeking && window.terracePlayer.video.readyState >= 2);
    const shown = await page.waitForFunction(() => {
        const cues = [...window.terracePlayer.video.textTracks].filter(({ mode }) => mode === 'showing').flatMap((track) => [...track.activeCues ?? []].map((cue) => cue.text));
        return cues.length > 0 && cues;
    }, null, { timeout: 20_000 });
    return shown.jsonValue();
};

test('subtitles are off at first; the arrow keys turn them on, and they stay on in the next lesson', async () => {
    const { page, errors, context } = await watch();
    const menu = page.locator('.subtitles');
    assert.deepEqual(await menu.locator('option').allTextContents(), ['不显示字幕', '字幕 · 中文', '字幕 · English']);
    assert.equal(await menu.inputValue(), '-1');
    assert.equal(await page.evaluate(() => [...window.terracePlayer.video.textTracks].filter(({ mode }) => mode === 'showing').length), 0);
    // Go from the play button to the menu with arrow keys only.
    await page.locator('.row .control').first().focus();
    for (let i = 0; i < 12 && !(await menu.evaluate((e) => e === document.activeElement)); i++)
        await page.keyboard.press(await page.evaluate(() => (document.activeElement.matches('input') ? 'Tab' : 'ArrowRight')));
    assert.ok(await menu.evaluate((e) => e === document.activeElement), 'the menu has the focus');
    await page.keyboard.press('ArrowDown');
    await page.waitForFunction(() => document.querySelector('.subtitles').value === '0');
    assert.deepEqual(await shownAt(page, 5), ['今天讲解 <i>病虫害</i>']);
    assert.deepEqual(await shownAt(page, 23), ['第二句']);
    await menu.selectOption('1');
    assert.deepEqual(await shownAt(page, 4), ['Today']);
    assert.deepEqual(errors, []);
    const next = await context.newPage();
    await next.goto(`${node.url}/watch/1`);
    await next.waitForFunction(() => document.querySelector('.subtitles') && document.querySelector('.subtitles').value === '1', null, { timeout: 60_000 });
    await context.close();
});

test('the seek bar shows the storyboard tile of the time under the mouse pointer', async () => {
    const { page, errors, context } = await watch();
    await page.waitForFunction(() => window.terracePlayer.hls.bandwidthEstimate > 150_000, null, { timeout: 60_000 });
    const bar = await page.locator('.seek').boundingBox();
    const tileAt = async (part) => {
        await page.mouse.move(bar.x + bar.width * part, bar.y + bar.height / 2);
        await page.waitForFunction(() => { const tile = document.querySelector('.preview .tile'); return tile && !tile.hidden && tile.offsetWidth > 0; }, null, { timeout: 20_000 });
        return page.evaluate(() => ({ where: document.querySelector('.preview .tile').style.background, time: document.querySelector('.preview .time').textContent, left: document.querySelector('.preview').getBoundingClientRect().left }));
    };
    // The lesson has 40 s. Its storyboard has a tile for every 5 s, with five tiles in a row.
    const first = await tileAt(0.01), later = await tileAt(0.69);
    assert.match(first.where, /storyboard-0\.jpg"\) 0px 0px/);
    assert.match(later.where, /storyboard-0\.jpg"\) 0px -90px/);
    assert.equal(later.time, '0:27');
    assert.ok(first.left >= bar.x - 1, `${first.left}`);
    await page.mouse.move(bar.x, bar.y - 300);
    assert.ok(await page.locator('.preview').isHidden());
    // The arrow keys of a remote control move the seek bar.
    await page.locator('.seek').focus();
    await page.keyboard.press('ArrowRight');
    assert.ok(await page.locator('.preview').isVisible());
    await page.locator('.preview').waitFor({ state: 'hidden' });
    assert.deepEqual(errors, []);
    await context.close();
});

test('the subtitle menu is in English if the browser is', async () => {
    const { page, errors, context } = await watch({ locale: 'en-US' });
    assert.deepEqual(await page.locator('.subtitles option').allTextContents(), ['No subtitles', 'Subtitles · 中文', 'Subtitles · English']);
    assert.deepEqual(errors, []);
    await context.close();
});
