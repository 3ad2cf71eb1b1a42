// SPDX-License-Identifier: GPL-3.0-or-later
// Checks that the emulated links have the rate, loss and round trip of their profiles. Datagrams
// that are sent at known times measure this.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import dgram from 'node:dgram';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { county, COUNTY_ADDRESS, inVillage } from '../harness/village.mjs';

const self = fileURLToPath(import.meta.url), PORT = 9000, BYTES = 1000, HEADERS = 28;
// Downstream rate in kbit/s, round trip in ms, share of lost packets, length of the queue in ms. A
// link with outages has a period in s, and `up` is the share of that period in which it works.
const profiles = {
    '2g': { kbps: 128, rtt_ms: 600, loss: 0.01, queue_ms: 1500 },
    'bad-3g': { kbps: 512, rtt_ms: 300, loss: 0.03, queue_ms: 800 },
    satellite: { kbps: 2000, rtt_ms: 600, loss: 0.005, queue_ms: 500 },
    'village-adsl': { kbps: 1500, rtt_ms: 50, loss: 0.002, queue_ms: 300 },
    flapping: { kbps: 1000, rtt_ms: 120, loss: 0.005, queue_ms: 300, period_s: 20, up: 0.6 },
};

/**
 * Runs in the county. Sends datagrams to each client that asks, for `seconds` seconds, at 1.2 times
 * the rate of the link.
 */
function send(kbps, seconds) {
    const socket = dgram.createSocket('udp4'), datagram = Buffer.alloc(BYTES), gap_ms = BYTES * 8 / (kbps * 1.2);
    socket.on('message', (_, peer) => {
        const began = Date.now();
        let sent = 0;
        socket.send('pong', peer.port, peer.address);
        const timer = setInterval(() => {
            for (const due = (Date.now() - began) / gap_ms; sent < due; sent++)
                socket.send(datagram, peer.port, peer.address);
            if (Date.now() - began > seconds * 1000)
                clearInterval(timer);
        }, 5);
    });
    socket.bind(PORT, COUNTY_ADDRESS, () => console.log('ready'));
}

/**
 * Runs in the village. Prints what it measured: {rtt_ms, kbps, pause_s}. pause_s is the longest
 * pause between two datagrams, in seconds.
 */
async function receive(kbps, seconds) {
    const child = spawn(county[0], [...county.slice(1), process.execPath, self, 'send', String(kbps), String(seconds)], { stdio: ['ignore', 'pipe', 'inherit'] });
    await new Promise((resolve) => child.stdout.once('data', resolve));
    const socket = dgram.createSocket('udp4'), times = [];
    let rtt_ms;
    const asked = performance.now();
    await new Promise((resolve) => {
        // The request is repeated, because a datagram may be lost.
        const again = setInterval(() => socket.send('ping', PORT, COUNTY_ADDRESS), 5000);
        socket.on('message', (text) => {
            clearInterval(again);
            rtt_ms ??= performance.now() - asked;
            if (text.length === BYTES)
                times.push(performance.now());
            if (performance.now() - asked > seconds * 1000)
                resolve();
        });
        socket.send('ping', PORT, COUNTY_ADDRESS);
    });
    child.kill();
    socket.close();
    const gaps = times.slice(1).map((time, i) => time - times[i]);
    console.log(JSON.stringify({ rtt_ms, kbps: (times.length - 1) * (BYTES + HEADERS) * 8 / (times.at(-1) - times[0]), pause_s: Math.max(...gaps) / 1000 }));
}

if (process.argv[2] === 'send') {
    send(Number(process.argv[3]), Number(process.argv[4]));
} else if (process.argv[2] === 'receive') {
    await receive(Number(process.argv[3]), Number(process.argv[4]));
} else {
    test('each profile has about the rate, round trip and pauses that it promises', { concurrency: true }, async (t) => {
        await Promise.all(Object.entries(profiles).map(([name, { kbps, rtt_ms, loss, queue_ms, period_s, up = 1 }]) => t.test(name, async (t) => {
            const got = await inVillage(t, name, self, ['receive', String(kbps), String(period_s ?? 8)]);
            if (!got)
                return;
            const expected = kbps * (1 - loss) * up, said = JSON.stringify(got);
            assert.ok(Math.abs(got.kbps / expected - 1) < 0.1, `${expected} expected: ${said}`);
            assert.ok(got.rtt_ms >= rtt_ms && got.rtt_ms < rtt_ms + queue_ms, said);
            assert.ok(period_s ? Math.abs(got.pause_s - period_s * (1 - up)) < 1 : got.pause_s < 2, said);
        })));
    });
}
