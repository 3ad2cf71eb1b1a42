// SPDX-License-Identifier: GPL-3.0-or-later
// Checks TCP's congestion control, as `ss` reports it. A connection over a village's link uses BBR.
// A connection inside the building keeps the default of the system, even if segments are
// retransmitted, unless a traffic shaper slows it.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { addUserAndLogin, binDir, makeClip, run, startNode, tempDir, terraceOk, until } from '../harness/terrace.mjs';
import { county, COUNTY_ADDRESS, inVillage } from '../harness/village.mjs';

const self = fileURLToPath(import.meta.url), PORT = 8080;
const NO_BBR = /\bbbr\b/.test(readFileSync('/proc/sys/net/ipv4/tcp_available_congestion_control', 'utf8')) ? false : 'SKIPPED: this kernel has no BBR';

/**
 * Returns the connections of the server on this port: [{algorithm, resent: retransmitted
 * segments}].
 */
async function connections(port, under = []) {
    const [program, ...args] = [...under, 'ss', '-tinH', `sport = :${port}`];
    const { stdout, stderr, code } = await run(program, args);
    assert.equal(code, 0, stderr);
    return stdout.split('\n').map((line) => line.match(/\b(bbr|cubic|reno)\b/) && { algorithm: RegExp.$1, resent: Number(line.match(/ retrans:\d+\/(\d+)/)?.[1] ?? 0) }).filter(Boolean);
}

async function inTheVillage() {
    const server = spawn(county[0], [...county.slice(1), path.join(binDir, 'tests/link_serve'), `${COUNTY_ADDRESS}:${PORT}`, self, '60000'], { stdio: ['ignore', 'pipe', 'inherit'] });
    await new Promise((resolve) => server.stdout.once('data', resolve));
    const socket = net.connect(PORT, COUNTY_ADDRESS);
    socket.write('GET /file HTTP/1.1\r\nHost: h\r\n\r\n');
    await until(async () => (await connections(PORT, county)).some((one) => one.algorithm === 'bbr'), 'BBR');
    console.log('true');
    socket.destroy();
    server.kill();
}

/**
 * A client in the same building receives the events of the queue. One event happens while the
 * interface is down, so the kernel must retransmit it.
 */
async function inTheBuilding() {
    const line = async (state) => assert.equal((await run('ip', ['link', 'set', 'lo', state])).code, 0);
    await line('up');
    const node = await startNode({ data: path.join(tempDir(), 'data') });
    const admin = await addUserAndLogin(node), clip = makeClip(path.join(tempDir(), 'clip.mp4'), { seconds: 1 });
    const socket = net.connect(node.port, '127.0.0.1');
    let received_bytes = 0;
    socket.on('data', (data) => { received_bytes += data.length; });
    socket.write(`GET /api/operator/events HTTP/1.1\r\nHost: h\r\nCookie: ${admin.cookie}\r\n\r\n`);
    await until(() => received_bytes > 0, 'the queue as it is');
    await line('down');
    const before_bytes = received_bytes;
    await terraceOk(['ingest', clip, '--data', node.data]);
    await until(async () => (await connections(node.port)).some((one) => one.resent > 0), 'something to be sent again');
    await line('up');
    await until(() => received_bytes > before_bytes, 'the event');
    await until(async () => {
        const { terminals } = await (await admin.request('/api/technician/terminals')).json();
        return terminals.some((one) => one.retransmits > 0);
    }, 'the node to have seen it');
    console.log(JSON.stringify(await connections(node.port)));
    socket.destroy();
    await node.stop();
}

/**
 * Sends over a line of 1 Mbit/s. Its traffic shaper passes the first packets at once and queues the
 * later ones.
 */
async function behindAShaper() {
    for (const command of ['ip link set lo mtu 1500 up', 'tc qdisc add dev lo root tbf rate 1mbit burst 4kb latency 400ms'])
        if ((await run('sh', ['-c', command])).code !== 0)
            return console.log('null');
    const node = await startNode({ data: path.join(tempDir(), 'data') });
    const socket = net.connect(node.port, '127.0.0.1');
    socket.resume();
    socket.write('GET /operator HTTP/1.1\r\nHost: h\r\n\r\n'.repeat(2000));
    await until(async () => (await connections(node.port)).some((one) => one.algorithm === 'bbr'), 'BBR');
    console.log('true');
    socket.destroy();
    await node.stop();
}

if (process.argv[2] === 'village') {
    await inTheVillage();
} else if (process.argv[2] === 'building') {
    await inTheBuilding();
} else if (process.argv[2] === 'shaper') {
    await behindAShaper();
} else {
    test('a connection that leaves the building uses BBR', { skip: NO_BBR }, async (t) => {
        const got = await inVillage(t, 'village-adsl', self, ['village']);
        if (got)
            assert.equal(got, true);
    });

    const skip = NO_BBR || (process.getuid() !== 0 && 'SKIPPED: needs root');
    /**
     * Runs this file in a network namespace of its own. Returns the last line that it printed,
     * parsed from JSON.
     */
    async function alone(what) {
        const result = await run('unshare', ['-n', process.execPath, self, what]);
        assert.equal(result.code, 0, result.stdout + result.stderr);
        return JSON.parse(result.stdout.trim().split('\n').at(-1));
    }

    test('a connection inside the building does not use BBR, even after a retransmission', { skip }, async () => {
        const got = await alone('building'), said = JSON.stringify(got);
        assert.ok(got.some((one) => one.resent > 0), said);
        assert.ok(got.every((one) => one.algorithm !== 'bbr'), said);
    });

    test('a connection from loopback uses BBR if a queue of a traffic shaper slows it', { skip }, async (t) => {
        if (await alone('shaper') === null)
            t.skip('SKIPPED: this kernel has no token bucket (tc tbf)');
    });
}
