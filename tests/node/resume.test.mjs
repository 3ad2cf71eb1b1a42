// SPDX-License-Identifier: GPL-3.0-or-later
// kill -9 of a node in the midst of a thousand transfers: each goes on by Range where it broke off, to the right bytes.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import net from 'node:net';
import path from 'node:path';
import { addUserAndLogin, makeClip, startNode, tempDir, terraceOk, until, withLadder } from '../harness/terrace.mjs';

const TRANSFERS = 1000;
const size = (chunks) => chunks.reduce((sum, chunk) => sum + chunk.length, 0);
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** One transfer, from `have` on, into its chunks: resolves when the connection ends. */
function transfer(port, file, n, chunks) {
    const have = size(chunks);
    const socket = net.connect(port, '127.0.0.1');
    let head = Buffer.alloc(0), status = 0;
    socket.on('data', (data) => {
        if (status)
            return chunks.push(data);
        head = Buffer.concat([head, data]);
        const end = head.indexOf('\r\n\r\n');
        if (end < 0)
            return;
        status = Number(head.toString('latin1', 9, 12));
        if (head.length > end + 4)
            chunks.push(head.subarray(end + 4));
    });
    socket.on('error', () => {});
    socket.write(`GET ${file}?CMCD=sid%3D%22${n}%22 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${have ? `Range: bytes=${have}-\r\n` : ''}\r\n`);
    return new Promise((resolve) => socket.on('close', () => resolve(status)));
}

test('a thousand transfers resume after kill -9', async () => {
    const dir = tempDir(), data = path.join(dir, 'data');
    await terraceOk(['ingest', makeClip(path.join(dir, 'clip.mp4'), { seconds: 20, sound: false, extra: ['-vf', 'noise=alls=20:allf=t'] }), '--publish', '--wait', ...withLadder([400]), '--data', data]);
    const node = await startNode({ data }), file = '/v/1/1/v400.mp4';
    const whole = Buffer.from(await (await fetch(node.url + file)).arrayBuffer());
    // Slow enough that none is at its end when the node is killed.
    const session = await addUserAndLogin(node);
    const stated = await session.request('/api/technician/sites', { method: 'POST', body: JSON.stringify({ name: 'all', ranges: '127.0.0.0/8', terminal_cap_bps: 64_000 }) });
    assert.equal(stated.status, 200);
    const parts = Array.from({ length: TRANSFERS }, () => []);
    const broken = parts.map((chunks, n) => transfer(node.port, file, n, chunks));
    await until(() => parts.every((chunks) => chunks.length > 0), 'all transfers to begin');
    await node.kill();
    await Promise.all(broken);
    const left = parts.filter((chunks) => size(chunks) < whole.length);
    assert.ok(left.length > TRANSFERS / 2, `only ${left.length} transfers were broken off`);
    const again = await startNode({ data, port: node.port }), other = await addUserAndLogin(again, 'other');
    const { sites } = await (await other.request('/api/technician/link')).json();
    assert.equal((await other.request(`/api/technician/sites/${sites[0].id}`, { method: 'DELETE' })).status, 200);
    const statuses = await Promise.all(left.map((chunks, n) => transfer(again.port, file, n, chunks)));
    const expected = sha256(whole);
    assert.ok(statuses.every((status) => status === 206), `${statuses}`);
    for (const chunks of parts)
        assert.equal(sha256(Buffer.concat(chunks)), expected);
    await again.stop();
});
