// SPDX-License-Identifier: GPL-3.0-or-later
// Checks the limits that technicians set for the links, and their effect on terminals.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { addUserAndLogin, makeClip, oneRung, startNode, tempDir, terraceOk, until } from '../harness/terrace.mjs';

const data = tempDir();
await terraceOk(['ingest', makeClip(path.join(tempDir(), 'clip.mp4'), { seconds: 8, sound: false }), '--publish', '--wait', ...oneRung(), '--data', data]);
const node = await startNode({ data }), technician = await addUserAndLogin(node, 'tech', 'technician');
const segment = '/v/1/1/v130/0.m4s', file = '/v/1/1/v130.mp4';

const call = (path, method, body) => technician.request(path, { method, ...(body && { body: JSON.stringify(body) }) });
async function ok(path, method, body) {
    const response = await call(path, method, body), json = await response.json();
    assert.equal(response.status, 200, JSON.stringify(json));
    return json;
}
const site = (json, name) => json.sites.find((one) => one.name === name);

test('nothing is limited at first', async () => {
    assert.deepEqual(await ok('/api/technician/link', 'GET'), { uplink_bps: 0, sites: [] });
    const response = await fetch(node.url + segment);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('cmsd-dynamic'), null);
});

test('sites can be added, changed and removed', async () => {
    const added = site(await ok('/api/technician/sites', 'POST', { name: '东山村', ranges: '10.1.0.0/16', cap_bps: 500_000, download_from: '22:00', download_to: '06:30' }), '东山村');
    assert.equal(added.cap_bps, 500_000);
    assert.equal(added.download_from, '22:00');
    assert.equal(added.budget_bytes, 0);
    const written = site(await ok(`/api/technician/sites/${added.id}`, 'PUT', { ranges: '10.1.2.3/16' }), '东山村');
    assert.equal(written.ranges, '10.1.0.0/16');
    const changed = site(await ok(`/api/technician/sites/${added.id}`, 'PUT', { budget_bytes: 1000 }), '东山村');
    assert.deepEqual([changed.cap_bps, changed.budget_bytes, changed.download_to], [500_000, 1000, '06:30']);
    assert.equal((await call('/api/technician/sites', 'POST', { name: '东山村', token: 'dong' })).status, 409);
    assert.deepEqual((await ok(`/api/technician/sites/${added.id}`, 'DELETE')).sites, []);
    assert.equal((await call(`/api/technician/sites/${added.id}`, 'DELETE')).status, 404);
    for (const id of [added.id, 0, -1, 'abc', '1e3', '18446744073709551617'])
        assert.equal((await call(`/api/technician/sites/${id}`, 'PUT', { name: 'x', cap_bps: 1 })).status, 404, String(id));
});

test('invalid limits are refused in plain words', async () => {
    for (const [path, method, body, says] of [
        ['/api/technician/link', 'PUT', {}], ['/api/technician/link', 'PUT', { uplink_bps: -1 }], ['/api/technician/link', 'PUT', { uplink_bps: 'fast' }],
        ['/api/technician/link', 'PUT', { uplink_bps: 1e18 }], ['/api/technician/sites', 'POST', {}], ['/api/technician/sites', 'POST', { name: 'x', ranges: 'village' }],
        ['/api/technician/sites', 'POST', { name: 'x', ranges: '10.0.0.0/33' }], ['/api/technician/sites', 'POST', { name: 'x', download_from: '25:00' }],
        ['/api/technician/sites', 'POST', { name: 'x'.repeat(101) }, 'at most 100 bytes'], ['/api/technician/sites', 'POST', { name: 'x', token: '令'.repeat(34) }, 'at most 100 bytes'],
        ['/api/technician/sites', 'POST', { name: 'x', cap_bps: 1 }, 'Limit in all: 0 (not limited) or 8 to 100000000 kbit/s'], ['/api/technician/link', 'PUT', { uplink_bps: 7999 }, 'The county’s uplink: 0 (not limited) or 8 to'],
        ['/api/technician/sites', 'POST', { name: 'x', budget_bytes: -1 }, 'at most 1125899906 MB'], ['/api/technician/sites', 'POST', { name: 'x', ranges: Array.from({ length: 17 }, (_, i) => `10.0.0.${i}`).join() }, 'at most 16'], ['/api/technician/sites', 'POST', { name: 7 }],
        ['/api/technician/sites', 'POST', { name: ' ', token: 'x' }, 'empty'], ['/api/technician/sites', 'POST', { name: 'x', token: ' ' }, 'no spaces'], ['/api/technician/sites', 'POST', { name: 'x\ny', token: 'x' }, 'line breaks'],
        ['/api/technician/sites', 'POST', { name: 'x', token: 'x', download_from: '+1:+2' }, 'a time'], ['/api/technician/sites', 'POST', { name: 'x', ranges: `xx${'中'.repeat(60)}` }, 'xx中'], ['/api/technician/sites', 'POST', { name: 'a\u0000b' }],
    ]) {
        const response = await call(path, method, body);
        assert.equal(response.status, 400, `${method} ${path} ${JSON.stringify(body)}`);
        const { zh, en } = (await response.json()).error;
        assert.match(en, /\w+ /);
        assert.match(zh, /\p{Script=Han}{2}/u, JSON.stringify(body));
        assert.doesNotMatch(zh, /[a-z]{2,} [a-z]{2,}|_/, zh);
        assert.doesNotMatch(en, /_/, en);
        assert.ok(!says || en.includes(says), en);
    }
    // JSON.stringify would round a number of this size.
    const large = await technician.request('/api/technician/link', { method: 'PUT', body: '{"uplink_bps": 9223372036854775808}' });
    assert.deepEqual([large.status, (await large.json()).error.en], [400, 'A number is too large to be meant.']);
    assert.equal((await technician.request('/api/technician/sites', { method: 'POST', body: '[1' })).status, 400);
    const operator = await addUserAndLogin(node, 'op', 'operator');
    assert.equal((await operator.request('/api/technician/link')).status, 403);
});

test('two sites cannot have the same range', async () => {
    const one = site(await ok('/api/technician/sites', 'POST', { name: '甲', ranges: '10.7.0.0/16, 10.8.0.1' }), '甲');
    const refused = await call('/api/technician/sites', 'POST', { name: '乙', ranges: '10.9.0.0/16 10.8.0.1/32' });
    assert.equal(refused.status, 409);
    assert.match((await refused.json()).error.zh, /站点“甲”/);
    // a range inside the range of another site is allowed
    const two = site(await ok('/api/technician/sites', 'POST', { name: '乙', ranges: '10.7.1.0/24' }), '乙');
    await ok(`/api/technician/sites/${one.id}`, 'PUT', { cap_bps: 8000 });
    for (const { id } of [one, two])
        await ok(`/api/technician/sites/${id}`, 'DELETE');
});

test('a terminal is told no more than its limits let through', async () => {
    const ask = async (query) => (await (await fetch(`${node.url}/api/terminal?site=${query}`)).json()).link_bps;
    await (await fetch(node.url + file, { headers: { connection: 'close' } })).arrayBuffer();
    assert.ok(await ask('none') === null || await ask('none') > 1e6);
    const { id } = site(await ok('/api/technician/sites', 'POST', { name: 'slow', token: 'slow', cap_bps: 900_000, terminal_cap_bps: 100_000 }), 'slow');
    assert.equal(await ask('slow'), 100_000);
    await ok('/api/technician/link', 'PUT', { uplink_bps: 90_000 });
    assert.equal(await ask('slow'), 90_000);
    assert.equal(await ask('none'), 90_000);
    await ok('/api/technician/link', 'PUT', { uplink_bps: 0 });
    await ok(`/api/technician/sites/${id}`, 'DELETE');
});

test('a response that is paced tells the player so in a CMSD header', async () => {
    await ok('/api/technician/link', 'PUT', { uplink_bps: 400_000 });
    const response = await fetch(`${node.url}${segment}?CMCD=${encodeURIComponent('bl=20000')}`);
    assert.match(response.headers.get('cmsd-dynamic'), /^"terrace";etp=\d+;mb=\d+;du$/);
    await response.arrayBuffer();
    await ok('/api/technician/link', 'PUT', { uplink_bps: 0 });
});

/**
 * Returns how many bytes the kernel holds for a client that reads nothing. Waits until the number
 * no longer grows.
 */
async function heldBytes(query) {
    const socket = net.connect(node.port, '127.0.0.1');
    socket.pause();
    socket.on('error', () => {});
    socket.write(`GET ${file}${query} HTTP/1.1\r\nHost: x\r\n\r\n`.repeat(60));
    await new Promise((resolve) => socket.on('connect', resolve));
    const hex = (port) => `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`;
    const queued = () => {
        const line = readFileSync('/proc/net/tcp', 'utf8').split('\n').find((one) => one.includes(`${hex(node.port)} ${hex(socket.localPort)}`));
        return Number.parseInt(line.trim().split(/\s+/)[4], 16);
    };
    let last = 0, alike = 0;
    await until(() => {
        const now = queued();
        alike = now > 0 && now === last ? alike + 1 : 0;
        last = now;
        return alike === 10;
    }, 'the kernel to be full');
    socket.destroy();
    return last;
}

test('the kernel gets little data in advance for a client that is paced, and at least a segment for a client nearby', async () => {
    const { id } = site(await ok('/api/technician/sites', 'POST', { name: 'paced', token: 'paced', terminal_cap_bps: 80_000_000 }), 'paced');
    const nearby = await heldBytes('?site=none'), paced = await heldBytes('?site=paced');
    assert.ok(nearby >= 128 * 1024, `${nearby} bytes nearby`);
    assert.ok(paced < 128 * 1024, `${paced} bytes where it is held back`);
    await ok(`/api/technician/sites/${id}`, 'DELETE');
});

test('downloads keep to a site’s hours; lessons can be watched at any time', async () => {
    // The download hours begin two hours from now, so that downloads are closed at any time of day.
    const at = (hours) => new Date(Date.now() + hours * 3_600_000).toTimeString().slice(0, 5);
    const { id } = site(await ok('/api/technician/sites', 'POST', { name: 'school', token: 'abc', download_from: at(2), download_to: at(3) }), 'school');
    const held = await fetch(`${node.url}${file}?download=1&site=abc`);
    assert.equal(held.status, 503);
    assert.ok(Math.abs(Number(held.headers.get('retry-after')) - 7200) <= 120);
    assert.match((await held.json()).error.zh, /school.*不能下载/);
    assert.equal((await fetch(`${node.url}${file}?download=1`, { headers: { cookie: 'site=abc' } })).status, 503);
    for (const url of [`${file}?site=abc`, `${segment}?site=abc`, `${file}?download=1`])
        assert.equal((await fetch(node.url + url)).status, 200, url);
    await ok(`/api/technician/sites/${id}`, 'PUT', { download_from: at(-1), download_to: at(1) });
    assert.equal((await fetch(`${node.url}${file}?download=1&site=abc`)).status, 200);
});

/** Fetches the file with a report of the player. Returns the rate in kbit/s that it is said to get. */
async function paceOf(report) {
    const response = await fetch(`${node.url}${file}?CMCD=${encodeURIComponent(report)}`, { headers: { connection: 'close' } });
    await response.arrayBuffer();
    return Number(response.headers.get('cmsd-dynamic').match(/etp=(\d+)/)[1]);
}

test('a player that always reports an empty buffer is believed until it got three minutes more than it can have played', async () => {
    const uplink = 8000;
    await ok('/api/technician/link', 'PUT', { uplink_bps: uplink * 1000 });
    const viewer = net.connect(node.port, '127.0.0.1');
    viewer.on('error', () => {});
    viewer.resume();
    viewer.write(`GET ${file}?CMCD=${encodeURIComponent('bl=20000,sid="viewer"')} HTTP/1.1\r\nHost: x\r\n\r\n`.repeat(400));
    await until(() => viewer.bytesRead > 0, 'the viewer');
    const ask = () => paceOf('bl=0,su,sid="liar"');
    let believed = 0;
    while (believed < 60 && await ask() > uplink * 0.7)
        believed++;
    // The clip has 8 s: 180 / 8 is 22.5.
    assert.ok(believed >= 22 && believed <= 30, `believed ${believed} times`);
    assert.ok(await ask() < uplink * 0.6);
    viewer.destroy();
    await ok('/api/technician/link', 'PUT', { uplink_bps: 0 });
});

test('a site’s budget ends its downloads for the day, also after a restart', async () => {
    const { id } = site(await ok('/api/technician/sites', 'POST', { name: 'mill', token: 'mill' }), 'mill');
    const bytes = (await (await fetch(`${node.url}${file}?download=1&site=mill`, { headers: { connection: 'close' } })).arrayBuffer()).byteLength;
    const taken = site(await ok('/api/technician/link', 'GET'), 'mill').today_bytes;
    assert.ok(taken >= bytes && taken < bytes + 2000, `${taken} of ${bytes}`);
    await ok(`/api/technician/sites/${id}`, 'PUT', { budget_bytes: bytes });
    assert.equal((await fetch(`${node.url}${file}?download=1&site=mill`)).status, 503);
    await node.stop();
    const again = await startNode({ data });
    assert.equal((await fetch(`${again.url}${file}?download=1&site=mill`)).status, 503);
    assert.equal((await fetch(`${again.url}${segment}?site=mill`)).status, 200);
    await again.stop();
});
