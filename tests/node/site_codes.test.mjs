// SPDX-License-Identifier: GPL-3.0-or-later
// Checks how terminals get into sites: codes, the tokens that they stand for, and guesses of both.
// The terminals' addresses are what a trusted proxy says.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { addUserAndLogin, startNode, tempDir, terrace } from '../harness/terrace.mjs';

const data = tempDir();
const node = await startNode({ data, args: ['--trusted-proxies', '127.0.0.1', '--proxy-header', 'x-forwarded-for'] });
after(() => node.stop());
const technician = await addUserAndLogin(node, 'tech', 'technician');

async function change(path, method, body) {
    const response = await technician.request(path, { method, ...(body && { body: JSON.stringify(body) }) });
    assert.equal(response.status, 200, await response.clone().text());
    return response.json();
}
const addSite = async (settings) => (await change('/api/technician/sites', 'POST', settings)).sites.find(({ name }) => name === settings.name).id;
const makeCode = async (id) => (await change(`/api/technician/sites/${id}/code`, 'POST')).code;

function enter(code, address, type = 'application/json') {
    return fetch(`${node.url}/api/terminal/site`, { method: 'POST', headers: { 'content-type': type, 'x-forwarded-for': address }, body: JSON.stringify({ code }) });
}
async function siteOf(address, { cookie = '', query = '' } = {}) {
    const response = await fetch(`${node.url}/api/terminal${query}`, { headers: { cookie, 'x-forwarded-for': address } });
    return { site: (await response.json()).site, cookie: response.headers.get('set-cookie') };
}

test('a code gives one terminal the token of its site, whatever its address', async () => {
    await addSite({ name: '县城', ranges: '10.0.0.0/8' });
    const id = await addSite({ name: '东山村' });
    const { code, valid_s } = await change(`/api/technician/sites/${id}/code`, 'POST');
    assert.match(code, /^\d{8}$/);
    assert.equal(valid_s, 600);
    assert.equal((await siteOf('10.1.0.1')).site, '县城');
    const entered = await enter(code, '10.1.0.1');
    assert.equal(entered.status, 200);
    assert.deepEqual(await entered.json(), { site: '东山村' });
    const given = entered.headers.get('set-cookie');
    assert.match(given, /^site=[0-9a-f]{32}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=31536000$/);
    const cookie = given.split(';')[0];
    const asked = await siteOf('10.1.0.1', { cookie });
    assert.deepEqual(asked, { site: '东山村', cookie: given });
    assert.equal((await enter(code, '10.1.0.2')).status, 403);
    // The second terminal gets the same token by its own code. The token is shown nowhere else.
    const second = await enter(await makeCode(id), '10.1.0.2');
    assert.equal(second.headers.get('set-cookie').split(';')[0], cookie);
    assert.ok(!(await (await technician.request('/api/technician/link')).text()).includes(cookie.slice(5)));
    // A change of the site does not put its terminals out; the technician can.
    await change(`/api/technician/sites/${id}`, 'PUT', { cap_bps: 100_000 });
    assert.equal((await siteOf('10.1.0.1', { cookie })).site, '东山村');
    await change(`/api/technician/sites/${id}/terminals`, 'DELETE');
    assert.deepEqual(await siteOf('10.1.0.1', { cookie }), { site: '县城', cookie: null });
});

test('codes and their routes are for technicians, and for sites that exist', async () => {
    for (const [method, path] of [['POST', 'code'], ['DELETE', 'terminals']]) {
        assert.equal((await technician.request(`/api/technician/sites/99/${path}`, { method })).status, 404);
        assert.equal((await fetch(`${node.url}/api/technician/sites/1/${path}`, { method })).status, 401);
    }
    assert.equal((await enter('1', '10.3.0.1', 'text/plain')).status, 415);
    assert.equal((await enter(12345678, '10.3.0.1')).status, 400);
});

test('codes are not guessed: a network has ten wrong ones, then it must wait', async () => {
    const code = await makeCode(await addSite({ name: '西河村' }));
    const wrong = (n) => String((Number(code) + n) % 100_000_000).padStart(8, '0');
    for (let n = 1; n <= 10; n++)
        assert.equal((await enter(wrong(n), '10.4.0.1')).status, 403);
    const refused = await enter(code, '10.4.0.1');
    assert.equal(refused.status, 429);
    assert.ok(Number(refused.headers.get('retry-after')) > 800);
    assert.match((await refused.json()).error.zh, /过一会儿/);
    assert.equal((await enter(code, '10.4.0.2')).status, 200);
});

test('codes are not guessed from many networks either; where a code was right before, one may go on', async () => {
    const id = await addSite({ name: '南坡村' }), code = await makeCode(id);
    assert.equal((await enter(code, '10.5.0.1')).status, 200);
    const statuses = await Promise.all(Array.from({ length: 320 }, async (_, n) => (await enter(`x${n}`, `10.5.${1 + n % 100}.1`)).status));
    assert.ok(statuses.filter((status) => status === 403).length <= 300);
    assert.ok(statuses.includes(429));
    const next = await makeCode(id);
    assert.equal((await enter(next, '10.5.200.1')).status, 429);
    assert.equal((await enter(next, '10.5.0.1')).status, 200);
});

test('tokens that people made up are not guessed without limit, and doctor warns of them', async () => {
    await addSite({ name: '北岭村', token: 'beiling' });
    assert.equal((await siteOf('192.168.0.1', { query: '?site=beiling' })).site, '北岭村');
    for (let n = 0; n < 10; n++)
        assert.equal((await siteOf('192.168.0.2', { query: `?site=${n}` })).site, null);
    assert.equal((await siteOf('192.168.0.2', { query: '?site=beiling' })).site, null);
    assert.equal((await siteOf('192.168.0.1', { query: '?site=beiling' })).site, '北岭村');
    const found = await terrace(['doctor', '--data', data]);
    assert.match(found.stdout, /^WARN +site 北岭村: its token was made by hand \(7 bytes\)/m);
    assert.equal(found.stdout.match(/made by hand/g).length, 1);
});
