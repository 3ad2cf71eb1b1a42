// SPDX-License-Identifier: GPL-3.0-or-later
// Kills the node with kill -9 during a thousand transfers. Each transfer resumes by Range where it
// broke off and ends with the right bytes.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import net from 'node:net';
import path from 'node:path';
import { makeClip, startNode, tempDir, terraceOk, until, withLadder } from '../harness/terrace.mjs';

const TRANSFERS = 1000;

/**
 * Continues a transfer at the end of `part` ({bytes, sha256}). With `hold`, the client reads the
 * first bytes and then pauses until go() is called.
 */
function transfer(port, file, n, part, { hold = false } = {}) {
    const socket = net.connect(port, '127.0.0.1');
    let head = Buffer.alloc(0), status = 0;
    const take = (data) => {
        part.bytes += data.length;
        part.sha256.update(data);
        if (hold)
            socket.pause();
    };
    socket.on('data', (data) => {
        if (status)
            return take(data);
        head = Buffer.concat([head, data]);
        const end = head.indexOf('\r\n\r\n');
        if (end < 0)
            return;
        status = Number(head.toString('latin1', 9, 12));
        if (head.length > end + 4)
            take(head.subarray(end + 4));
    });
    socket.on('error', () => {});
    socket.write(`GET ${file}?CMCD=sid%3D%22${n}%22 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${part.bytes ? `Range: bytes=${part.bytes}-\r\n` : ''}\r\n`);
    const ended = new Promise((resolve) => socket.on('close', () => resolve(status)));
    return { ended, go: () => { hold = false; socket.resume(); } };
}

test('a thousand transfers resume after kill -9', async () => {
    const dir = tempDir(), data = path.join(dir, 'data');
    await terraceOk(['ingest', makeClip(path.join(dir, 'clip.mp4'), { seconds: 40, sound: false, extra: ['-vf', 'noise=alls=20:allf=t'] }), '--publish', '--wait', ...withLadder([700]), '--data', data]);
    const node = await startNode({ data }), file = '/v/1/1/v700.mp4';
    const whole = Buffer.from(await (await fetch(node.url + file)).arrayBuffer());
    const parts = Array.from({ length: TRANSFERS }, () => ({ bytes: 0, sha256: createHash('sha256') }));
    // Each client pauses after its first bytes, so it gets at most what the sockets hold, which is
    // a third of the file. So no transfer is complete when the node is killed, on a slow machine
    // too.
    const broken = parts.map((part, n) => transfer(node.port, file, n, part, { hold: true }));
    await until(() => parts.every(({ bytes }) => bytes > 0), 'all transfers to begin');
    await node.kill();
    broken.forEach(({ go }) => go());
    await Promise.all(broken.map(({ ended }) => ended));
    assert.ok(parts.every(({ bytes }) => bytes < whole.length), 'all transfers were broken off');
    const again = await startNode({ data, port: node.port });
    const statuses = await Promise.all(parts.map((part, n) => transfer(again.port, file, n, part).ended));
    const expected = createHash('sha256').update(whole).digest('hex');
    assert.ok(statuses.every((status) => status === 206), `${statuses}`);
    for (const { sha256 } of parts)
        assert.equal(sha256.digest('hex'), expected);
    await again.stop();
});
