// SPDX-License-Identifier: GPL-3.0-or-later
// Fills the disk at random moments of a transcode, on a small file system of its own.
// Arguments: [COUNT, 50]. Each time, lessons that are there play on, the transcode goes on when
// there is room again, and nothing that was acknowledged is lost. Needs root.
import { closeSync, existsSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import path from 'node:path';
import { addUserAndLogin, makeClip, oneRung, run, show, startNode, tempDir, terrace, terraceOk, until } from '../harness/terrace.mjs';

const count = Number(process.argv[2] ?? 50), SIZE = '160M';
const folder = tempDir(), clip = makeClip(path.join(folder, 'clip.mp4'), { seconds: 6, size: '320x180' });
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function must(program, ...args) {
    const { code, stderr } = await run(program, args);
    if (code !== 0)
        throw new Error(`${program} ${args.join(' ')}: ${stderr}`);
}

/** Writes until there is no room at all. */
function fill(file) {
    const fd = openSync(file, 'w');
    for (let bytes = 1 << 20; bytes >= 1;)
        try {
            writeSync(fd, Buffer.alloc(bytes));
        } catch (error) {
            if (error.code !== 'ENOSPC')
                throw error;
            bytes >>= 1;
        }
    closeSync(fd);
}

async function once(number) {
    const image = path.join(folder, 'image'), disk = path.join(folder, 'disk'), data = path.join(disk, 'data'), filler = path.join(disk, 'filler');
    await must('truncate', '-s', SIZE, image);
    await must('mkfs.ext4', '-q', '-F', '-m', '0', image);
    mkdirSync(disk, { recursive: true });
    await must('mount', '-o', 'loop', image, disk);
    let node;
    try {
        await terraceOk(['ingest', clip, '--publish', '--wait', '--data', data, ...oneRung()]);
        node = await startNode({ data, args: oneRung() });
        const admin = await addUserAndLogin(node);
        await terraceOk(['ingest', clip, '--publish', '--data', data]);
        const after_ms = Math.random() * 3000, full_ms = 300 + Math.random() * 2000;
        await pause(after_ms);
        const state = (await show(data, 2)).state;
        fill(filler);
        await pause(full_ms);
        const playlist = await fetch(`${node.url}/v/1/1/master.m3u8`);
        if (playlist.status !== 200)
            throw new Error(`a lesson does not play on a full disk: ${playlist.status}`);
        rmSync(filler);
        const lesson = await until(async () => { const now = await show(data, 2); return ['ready', 'failed'].includes(now.state) && now; }, 'the lesson', 120_000);
        if (lesson.state !== 'ready')
            throw new Error(`the lesson failed: ${JSON.stringify(lesson.reason)}`);
        if ((await admin.request('/api/session')).status !== 200)
            throw new Error('the session is lost');
        await node.stop();
        const { stdout } = await terrace(['doctor', '--data', data]);
        if (/^BAD/m.test(stdout))
            throw new Error(stdout);
        console.log(`${number}: full ${Math.round(after_ms)} ms after the ingest (${state}) for ${Math.round(full_ms)} ms; the lesson is ready`);
    } finally {
        node?.kill();
        await node?.exited;
        await must('umount', disk);
        if (existsSync(image))
            rmSync(image);
    }
}

for (let number = 1; number <= count; number++)
    await once(number);
console.log(`${count} full disks, nothing lost`);
