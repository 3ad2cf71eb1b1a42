// SPDX-License-Identifier: GPL-3.0-or-later
// Uploads 200 MB through the operator's page. The node is killed twice during the upload.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { login, makeClip, show, startNode, tempDir, terraceOk, until } from '../harness/terrace.mjs';
import { logIn, newPage, startBrowser } from './browser.mjs';

const BYTES = Number(process.env.TERRACE_UPLOAD_MB ?? 200) * 1e6;
const GROWTH_BYTES = 20e6;
const PASSWORD = 'a good long password';
const data = path.join(tempDir(), 'data');
const file = path.join(tempDir(), '大课.mp4');
let node, browser, sha256;

/**
 * Makes a large file that plays: a clip, followed by a box of random bytes. Players ignore this box
 * (ISO/IEC 14496-12, "free").
 */
function makeLarge() {
    const clip = readFileSync(makeClip(path.join(tempDir(), 'clip.mp4'), { seconds: 5, size: '320x180' }));
    const hash = createHash('sha256');
    const fd = openSync(file, 'w');
    const write = (bytes) => { writeSync(fd, bytes); hash.update(bytes); };
    write(clip);
    const header = Buffer.alloc(8);
    header.writeUInt32BE(BYTES - clip.length);
    header.write('free', 4, 'latin1');
    write(header);
    for (let left = BYTES - clip.length - 8; left > 0; left -= 1e6)
        write(randomBytes(Math.min(left, 1e6)));
    closeSync(fd);
    sha256 = hash.digest('hex');
}

// Keep the quarantine of freed memory small. AddressSanitizer's default size would count as memory
// of the node.
const start = (port = 0) => startNode({ data, port, env: { ASAN_OPTIONS: 'quarantine_size_mb=1:thread_local_quarantine_size_kb=64' } });

before(async () => {
    makeLarge();
    node = await start();
    await terraceOk(['user', 'add', 'admin', '--role', 'admin', '--data', data], { input: `${PASSWORD}\n` });
    browser = await startBrowser();
});
after(async () => {
    await browser?.close();
    await node?.stop();
});

test('an upload survives two kills of the node; its bytes are right, the node’s memory stays flat', async () => {
    const { page } = await newPage(browser);
    await logIn(page, node.url, 'admin', PASSWORD);
    const { port } = node;
    await page.setInputFiles('input[type=file]', file);
    // sessions survive a restart of the node
    const admin = await login(node.url, 'admin', PASSWORD);
    let most = 0, base = node.rssBytes();
    const offset = async () => {
        const { uploads } = await (await admin.request('/api/uploads')).json();
        most = Math.max(most, node.rssBytes() - base);
        return uploads.length ? uploads[0].offset_bytes : -1;
    };
    for (const part of [0.25, 0.6]) {
        const before = await until(async () => { const now = await offset(); return now > BYTES * part && now; }, `${part} of the upload`);
        await node.kill();
        node = await start(port);
        base = node.rssBytes();
        assert.ok((await offset()) >= before, 'what was there before the kill is there after it');
    }
    const lesson = await until(async () => {
        most = Math.max(most, node.rssBytes() - base);
        const listed = JSON.parse(await terraceOk(['ls', '--json', '--data', data]));
        return (listed.lessons ?? listed)[0];
    }, 'the lesson');
    assert.equal((await show(data, lesson.id)).source.sha256, sha256);
    assert.equal(lesson.source.bytes, BYTES);
    assert.equal(lesson.source.name, '大课.mp4');
    console.log(`# the node grew by at most ${(most / 1e6).toFixed(1)} MB`);
    assert.ok(most < GROWTH_BYTES, `the node grew by ${most} bytes`);
});
