// SPDX-License-Identifier: GPL-3.0-or-later
// Checks the pages in both languages, with the keyboard only, and on a small screen.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { addManyLessons } from '../harness/many_lessons.mjs';
import { addUserAndLogin, login, makeClip, oneRung, startNode, tempDir, terraceOk } from '../harness/terrace.mjs';
import { logIn, newPage, startBrowser } from './browser.mjs';

const PASSWORD = 'a good long password';
const data = path.join(tempDir(), 'data');
// If this variable is set, screenshots of the pages are saved in the folder that it names.
const pictures = process.env.TERRACE_PICTURES;
let node, browser;

before(async () => {
    const clip = makeClip(path.join(tempDir(), 'clip.mp4'), { seconds: 12, size: '640x360' });
    for (const [title, topic] of [['水稻病虫害防治 第一讲', '水稻'], ['拖拉机的日常保养', '农机'], ['How to plant maize', 'maize']])
        await terraceOk(['ingest', clip, '--publish', '--title', title, '--topic', topic, '--wait', '--data', data, ...oneRung()]);
    await terraceOk(['ingest', clip, '--title', '等着的课', '--data', data, ...oneRung()]);
    await terraceOk(['pause', '4', '--data', data]);
    node = await startNode({ data, args: oneRung() });
    await addUserAndLogin(node, 'admin', 'admin', PASSWORD);
    await terraceOk(['user', 'add', 'wang', '--role', 'technician', '--data', data], { input: `${PASSWORD}\n` });
    browser = await startBrowser();
});
after(async () => {
    await browser?.close();
    await node?.stop();
});

const picture = async (page, name) => { if (pictures) await page.screenshot({ path: path.join(pictures, `${name}.png`) }); };

test('the terminal’s page: it is Chinese by the browser’s language and English by the switch; the search finds lessons', async () => {
    const { page, errors } = await newPage(browser);
    await page.goto(node.url);
    await page.waitForSelector('a.lesson');
    assert.equal(await page.getAttribute('html', 'lang'), 'zh');
    assert.equal(await page.locator('a.lesson').count(), 3);
    await picture(page, 'terminal-zh');
    await page.fill('input[type=search]', '水稻');
    await page.waitForFunction(() => document.querySelectorAll('a.lesson').length === 1);
    await page.click('button.language');
    await page.waitForSelector('html[lang=en]');
    await page.reload();
    assert.equal(await page.getAttribute('html', 'lang'), 'en');
    assert.deepEqual(errors, []);
});

test('the arrow keys of a remote control suffice to open a lesson, play, pause and go back', async () => {
    const { page, errors } = await newPage(browser);
    await page.goto(node.url);
    await page.waitForSelector('a.lesson');
    await page.keyboard.press('ArrowDown');
    assert.equal(await page.evaluate(() => document.activeElement.className), 'lesson');
    const first = await page.evaluate(() => document.activeElement.getAttribute('href'));
    await page.keyboard.press('ArrowRight');
    assert.notEqual(await page.evaluate(() => document.activeElement.getAttribute('href')), first);
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => window.terracePlayer && !window.terracePlayer.video.paused && window.terracePlayer.video.currentTime > 0.2);
    await picture(page, 'player-zh');
    await page.keyboard.press('k');
    await page.waitForFunction(() => window.terracePlayer.video.paused);
    await page.keyboard.press('Escape');
    await page.waitForFunction(() => location.pathname === '/' && !document.querySelector('.stage'));
    assert.deepEqual(errors, []);
});

test('nothing is wider than a small screen', async () => {
    const { page, errors } = await newPage(browser, { viewport: { width: 320, height: 640 }, hasTouch: true });
    for (const where of ['/', '/watch/1', '/login']) {
        await page.goto(node.url + where);
        await page.waitForSelector(where === '/' ? 'a.lesson' : where === '/login' ? 'form' : '.stage .bottom');
        assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), where);
        await picture(page, `small${where.replace(/\W/g, '-')}`);
    }
    await logIn(page, node.url, 'admin', PASSWORD);
    for (const where of ['/operator', '/technician']) {
        await page.goto(node.url + where);
        await page.waitForSelector(where === '/operator' ? '.lessons .row' : 'tbody tr');
        assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), where);
        await picture(page, `small${where.replace(/\W/g, '-')}`);
    }
    // The login page has the status 401, and Chromium reports that as an error.
    assert.deepEqual(errors.filter((error) => !error.includes('401')), []);
});

test('operator: login, a wrong password in plain words, publish and unpublish', async () => {
    const { page } = await newPage(browser);
    await page.goto(`${node.url}/operator`);
    await picture(page, 'login-zh');
    await page.fill('input[name=name]', 'admin');
    await page.fill('input[name=password]', 'not the password');
    await page.click('button[type=submit]');
    await page.waitForFunction(() => document.querySelector('.message').textContent.includes('不对'));
    await page.fill('input[name=password]', PASSWORD);
    await page.click('button[type=submit]');
    await page.waitForSelector('#lesson-1');
    await picture(page, 'operator-zh');
    await page.click('#lesson-1 >> text=撤下');
    await page.waitForSelector('#lesson-1 .mark.ready');
    assert.equal((await (await fetch(`${node.url}/api/lessons`)).json()).lessons.length, 2);
    await page.click('#lesson-1 >> text=发布');
    await page.waitForSelector('#lesson-1 .mark.published');
    // The pressed button is removed. The button in its place must have the focus.
    assert.equal(await page.evaluate(() => document.activeElement.textContent), '撤下');
    await page.click('#lesson-1 >> text=修改');
    await page.fill('dialog input >> nth=0', '新的标题');
    await page.click('dialog >> text=保存');
    await page.waitForFunction(() => document.querySelector('#lesson-1 h3').textContent === '新的标题');
});

test('operator: priority and pause with the keyboard alone; the focus stays while the figures move', async () => {
    const { page, errors } = await newPage(browser);
    await logIn(page, node.url, 'admin', PASSWORD);
    await page.waitForSelector('#lesson-4 .mark.paused');
    await page.focus('#lesson-4 select');
    await page.keyboard.press('ArrowUp');
    await page.waitForSelector('#lesson-4 option[value=high][selected]', { state: 'attached' });
    await page.waitForFunction(() => document.activeElement.matches('#lesson-4 select'));
    assert.equal(await page.inputValue('#lesson-4 select'), 'high');
    // Change something else of the lesson. Its controls must not be replaced, because they would
    // lose the focus.
    await page.evaluate(() => { window.kept = document.activeElement; });
    const admin = await login(node.url, 'admin', PASSWORD);
    await admin.request('/api/operator/lessons/4', { method: 'PATCH', body: JSON.stringify({ topic: '果树' }) });
    await page.waitForFunction(() => document.querySelector('#lesson-4 .hint').textContent.includes('果树'));
    assert.ok(await page.evaluate(() => window.kept.isConnected && window.kept === document.activeElement));
    await picture(page, 'queue-zh');
    await page.keyboard.press('Shift+Tab');
    assert.equal(await page.evaluate(() => document.activeElement.textContent), '继续转码');
    await page.keyboard.press('Enter');
    await page.waitForSelector('#lesson-4 .mark.ready', { timeout: 120_000 });
    // a ready lesson has no work left, so its priority can't be changed
    assert.equal(await page.locator('#lesson-4 select').count(), 0);
    assert.deepEqual(errors.filter((error) => !error.includes('401')), []);
});

test('technician: a new site shows a code; a terminal enters it with a remote control and belongs to the site', async () => {
    const { page, errors } = await newPage(browser);
    await logIn(page, node.url, 'wang', PASSWORD, '/technician');
    await page.click('text=添加站点');
    assert.equal(await page.locator('dialog input[name=token]').count(), 0);
    await page.fill('dialog input[name=name]', '东山村');
    await page.click('dialog >> text=保存');
    await page.waitForFunction(() => /^\d{4} \d{4}$/.test(document.querySelector('dialog .code')?.textContent));
    const shown = await page.textContent('dialog .code');
    await picture(page, 'code-dialog-zh');

    const terminal = await newPage(browser, { viewport: { width: 320, height: 640 } });
    await terminal.page.goto(node.url);
    await terminal.page.waitForSelector('a.lesson');
    await terminal.page.click('text=输入站点代码');
    await terminal.page.waitForFunction(() => document.activeElement.name === 'code');
    assert.ok(await terminal.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
    await picture(terminal.page, 'code-zh');
    await terminal.page.keyboard.type('00000000');
    await terminal.page.keyboard.press('ArrowDown');
    assert.equal(await terminal.page.evaluate(() => document.activeElement.textContent), '确定');
    await terminal.page.keyboard.press('Enter');
    await terminal.page.waitForFunction(() => document.querySelector('.message').textContent.includes('代码不对'));
    // The wrong code is selected, so typing replaces it. Input methods may write wide digits.
    await terminal.page.keyboard.type(shown.replace(/\d/g, (digit) => String.fromCodePoint(0xFF10 + Number(digit))));
    await terminal.page.keyboard.press('Enter');
    await terminal.page.waitForFunction(() => document.querySelector('.hint').textContent === '这台终端属于“东山村”。');
    assert.equal((await terminal.context.cookies()).find(({ name }) => name === 'site').httpOnly, true);
    await terminal.page.keyboard.press('Enter');
    await terminal.page.waitForSelector('a.lesson');

    await page.click('dialog >> text=再要一个代码');
    await page.waitForFunction((before) => document.querySelector('dialog .code').textContent !== before, shown);
    await page.click('dialog >> text=关闭');
    await page.click('tbody >> text=终端代码');
    await page.waitForSelector('dialog .code');
    assert.deepEqual([...errors, ...terminal.errors].filter((error) => !/40[13]/.test(error)), []);
});

test('technician: the table shows who watches what; operators’ pages stay closed to him', async () => {
    const watcher = await newPage(browser);
    await watcher.page.goto(`${node.url}/watch/2`);
    await watcher.page.waitForFunction(() => window.terracePlayer && window.terracePlayer.video.currentTime > 0.2);
    const { page, errors } = await newPage(browser, { locale: 'en-US' });
    await logIn(page, node.url, 'wang', PASSWORD, '/technician');
    await page.waitForFunction(() => document.querySelector('tbody') && document.querySelector('tbody').textContent.includes('127.0.0.1'));
    await page.waitForFunction(() => document.querySelector('tbody').textContent.includes('拖拉机'));
    await page.waitForSelector('.chart canvas');
    await picture(page, 'technician-en');
    const refused = await page.goto(`${node.url}/operator`);
    assert.equal(refused.status(), 403);
    assert.deepEqual(errors.filter((error) => !/40[13]/.test(error)), []);
});

test('long lists come page by page, are searched by the node, and follow changes', async () => {
    const many = path.join(tempDir(), 'many');
    await addManyLessons(many, 120);
    const large = await startNode({ data: many });
    const { page, errors } = await newPage(browser);
    try {
        const session = await addUserAndLogin(large, 'admin', 'admin', PASSWORD);
        const count = (what, wanted) => page.waitForFunction(([selector, number]) => document.querySelectorAll(selector).length === number, [what, wanted]);
        await page.goto(large.url);
        await count('a.lesson', 50);
        await page.focus('.more button');
        await page.keyboard.press('Enter');
        await count('a.lesson', 100);
        assert.equal(await page.evaluate(() => document.activeElement.getAttribute('href')), '/watch/70');
        await page.click('.more button');
        await count('a.lesson', 120);
        await page.waitForSelector('.more button', { state: 'hidden' });
        await page.fill('input[type=search]', '第 7 课');
        await count('a.lesson', 1);
        await page.fill('input[type=search]', '没有');
        await page.waitForSelector('.nothing');
        await picture(page, 'terminal-no-match');

        const [name, value] = session.cookie.split('=');
        await page.context().addCookies([{ name, value, url: large.url }]);
        await page.goto(`${large.url}/operator`);
        await count('.lessons .row', 50);
        await page.click('.more button');
        await count('.lessons .row', 100);
        await picture(page, 'operator-long');
        const edit = (id, title) => session.request(`/api/operator/lessons/${id}`, { method: 'PATCH', body: JSON.stringify({ title }), headers: { 'Content-Type': 'application/json' } });
        await edit(30, '新的标题');
        assert.equal((await session.request('/api/operator/lessons/120', { method: 'DELETE' })).status, 204);
        await page.waitForFunction(() => document.querySelector('#lesson-30 h3').textContent === '新的标题');
        await count('.lessons .row', 99);
        // A lesson of a page that is not there yet comes with its page.
        await edit(2, '也是新的');
        await edit(31, '又一个');
        await page.waitForFunction(() => document.querySelector('#lesson-31 h3').textContent === '又一个');
        assert.equal(await page.locator('#lesson-2').count(), 0);
        await page.fill('.headline input', '新的');
        await count('.lessons .row', 2);
        assert.deepEqual(errors, []);
    } finally {
        await page.close();
        await large.stop();
    }
});
