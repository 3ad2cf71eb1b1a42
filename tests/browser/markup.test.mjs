// SPDX-License-Identifier: GPL-3.0-or-later
// Texts from users and from files are shown as text on all pages. They are never interpreted as
// markup.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { addUserAndLogin, makeClip, oneRung, show, startNode, tempDir, terraceOk, until } from '../harness/terrace.mjs';
import { logIn, newPage, startBrowser } from './browser.mjs';

const PASSWORD = 'a good long password';
const EVIL = '"\'><img class=evil src=x onerror="window.evil=1"><script>window.evil=1</script>{{7*7}}';
const NAME = '<b/class=evil>';
const data = path.join(tempDir(), 'data');
let node, browser;

before(async () => {
    const dir = tempDir();
    const clip = makeClip(path.join(dir, 'clip.mp4'), { seconds: 4, size: '320x180', rate: 10 });
    const file = makeClip(path.join(dir, 'evil.mkv'), { seconds: 4, size: '320x180', rate: 10,
        extra: ['-metadata', `title=${EVIL}`, '-metadata:s:a:0', `title=${EVIL}`, '-metadata:s:a:0', 'language=eng'] });
    await terraceOk(['ingest', file, '--publish', '--topic', EVIL, '--description', EVIL, '--wait', '--data', data, ...oneRung()]);
    await terraceOk(['ingest', clip, '--publish', '--title', EVIL, '--wait', '--data', data, ...oneRung()]);
    node = await startNode({ data });
    const user = await addUserAndLogin(node, NAME, 'admin', PASSWORD);
    const b64 = (text) => Buffer.from(text).toString('base64');
    // four bytes make a complete upload, which becomes a failed lesson; the upload of five bytes
    // stays unfinished
    for (const bytes of [4, 5]) {
        const made = await user.request('/api/uploads', { method: 'POST', headers: { 'Tus-Resumable': '1.0.0', 'Upload-Length': String(bytes),
            'Upload-Metadata': `filename ${b64(`${EVIL.replaceAll('/', '')}.mp4`)}` } });
        assert.equal(made.status, 201);
        await user.request(made.headers.get('location'), { method: 'PATCH', body: 'evil', headers: { 'Tus-Resumable': '1.0.0',
            'Upload-Offset': '0', 'Content-Type': 'application/offset+octet-stream' } });
    }
    await until(async () => (await show(data, 3)).state === 'failed', 'the lesson that is no video');
    await user.request('/v/1/1/master.m3u8', { headers: { 'User-Agent': EVIL } });
    browser = await startBrowser();
});
after(async () => {
    await browser?.close();
    await node?.stop();
});

async function assertClean(page, errors) {
    assert.equal(await page.locator('.evil').count(), 0);
    assert.equal(await page.evaluate(() => window.evil), undefined);
    assert.deepEqual(errors, []);
}

test('the terminal’s page and the player show texts as text', async () => {
    const { page, errors } = await newPage(browser);
    await page.goto(node.url);
    await page.waitForSelector('a.lesson');
    assert.equal(await page.locator('a.lesson .title').first().textContent(), EVIL);
    await page.fill('input[type=search]', EVIL.slice(0, 20));
    await assertClean(page, errors);
    for (const id of [1, 2]) {
        await page.goto(`${node.url}/watch/${id}`);
        await page.waitForFunction(() => window.terracePlayer && window.terracePlayer.video.currentTime > 0.2);
        await assertClean(page, errors);
    }
});

test('the operator’s page, its dialogs and its unfinished uploads show texts as text', async () => {
    const { page, errors } = await newPage(browser);
    await logIn(page, node.url, NAME, PASSWORD);
    errors.length = 0; // drops the 401 of the login page, which Chromium reports as an error
    await page.waitForSelector('#lesson-3');
    await page.waitForSelector('p.left strong');
    for (const id of [1, 3]) {
        for (const label of ['修改', '经过']) {
            await page.click(`#lesson-${id} button:text-is("${label}")`);
            await page.waitForSelector('dialog[open]');
            await assertClean(page, errors);
            await page.click('dialog[open] button:text-is("关闭")');
        }
    }
});

test('the technician’s page shows texts as text', async () => {
    const { page, errors } = await newPage(browser, { userAgent: EVIL });
    await logIn(page, node.url, NAME, PASSWORD, '/technician');
    errors.length = 0;
    await page.waitForSelector('tbody tr');
    assert.match(await page.locator('tbody tr').first().getAttribute('title'), /evil/);
    await assertClean(page, errors);
});

test('the login page never redirects to another host', async () => {
    for (const next of ['//evil.example', '/\\evil.example', 'https://evil.example', 'javascript:window.evil=1', '/\t/evil.example', '/operator']) {
        const { page, context } = await newPage(browser);
        await logIn(page, node.url, NAME, PASSWORD, `/login?next=${encodeURIComponent(next)}`).catch(() => {});
        await page.waitForURL((url) => url.pathname !== '/login');
        assert.equal(new URL(page.url()).host, new URL(node.url).host, next);
        await context.close();
    }
});
