// SPDX-License-Identifier: GPL-3.0-or-later
// a viewer and an operator while strangers crowd the node
// Arguments: [SECONDS, 20] [SILENT, 10000] [SLOW, 500] [LISTS PER SECOND, 200]. Ten addresses hold
// silent connections. Others ask for a whole lesson and read nothing. Others ask for lists. The
// table has the time in which another viewer gets each segment, without and with them.
import { fork } from 'node:child_process';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { makeClip, oneRung, show, startNode, tempDir, terraceOk } from '../harness/terrace.mjs';
import { quantile, ratio, table } from '../harness/bench.mjs';

const VIEWER = '127.0.0.77', PAUSE_MS = 20;

/** Holds connections and sends requests until it is ended. Reports when all are there. */
async function attack(port, media, silent, slow, lists) {
    const connect = (localAddress) => new Promise((resolve) => {
        const socket = net.connect({ port, host: '127.0.0.1', localAddress });
        socket.on('error', () => resolve(socket)).on('connect', () => resolve(socket));
    });
    const hold = async (count, address, text) => {
        for (let n = 0; n < count; n++) {
            const socket = await connect(address(n));
            socket.pause();
            if (text)
                socket.write(text);
            // Whoever is thrown out comes back.
            socket.on('close', () => setTimeout(() => void hold(1, address, text), 100));
        }
    };
    await hold(slow, (n) => `127.0.2.${1 + n % 250}`, `GET ${media} HTTP/1.1\r\nHost: h\r\n\r\n`);
    await hold(silent, (n) => `127.0.1.${1 + n % 10}`, '');
    const agent = new http.Agent({ keepAlive: true, maxSockets: 100 });
    let sent = 0;
    setInterval(() => {
        for (let n = 0; n < lists / 20; n++)
            http.get({ port, host: '127.0.0.1', path: `/api/lessons?before=${++sent}`, agent, localAddress: `127.0.3.${1 + n % 10}` }, (response) => response.resume()).on('error', () => {});
    }, 50);
    process.send('ready');
}

const get = (url, agent) => new Promise((resolve, reject) => {
    const began = performance.now();
    http.get(url, { localAddress: VIEWER, agent }, (response) => {
        response.on('end', () => (response.statusCode === 200 ? resolve(performance.now() - began) : reject(new Error(`${url}: ${response.statusCode}`))));
        response.resume();
    }).on('error', reject);
});

/** A viewer gets segments, on a connection of its own, which it keeps. */
async function watch(node, base, segments, seconds) {
    const agent = new http.Agent({ keepAlive: true }), times = [];
    for (const end = Date.now() + seconds * 1000; Date.now() < end;) {
        times.push(await get(`${node.url}${base}v130/${times.length % segments}.m4s`, agent));
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
    agent.destroy();
    return times;
}

/** The time in which an operator who has no connection yet logs in. */
async function timeLogin(node) {
    const body = JSON.stringify({ name: 'admin', password: 'a good long password' });
    const began = performance.now();
    const status = await new Promise((resolve, reject) => {
        const request = http.request(`${node.url}/api/login`, { method: 'POST', localAddress: '127.0.0.88', headers: { 'Content-Type': 'application/json', 'Content-Length': body.length } },
            (response) => { response.resume(); response.on('end', () => resolve(response.statusCode)); });
        request.on('error', reject);
        request.end(body);
    });
    if (status !== 200)
        throw new Error(`login: ${status}`);
    return performance.now() - began;
}

async function main([seconds = 20, silent = 10_000, slow = 500, lists = 200]) {
    const data = path.join(tempDir(), 'data');
    await terraceOk(['ingest', makeClip(path.join(tempDir(), 'clip.mp4'), { seconds: 60, extra: ['-vf', 'noise=alls=30:allf=t'] }), '--publish', '--wait', '--data', data, ...oneRung()]);
    const base = (await show(data, 1)).hls.replace('master.m3u8', '');
    const node = await startNode({ data });
    await terraceOk(['user', 'add', 'admin', '--role', 'admin', '--data', data], { input: 'a good long password\n' });
    const segments = (await (await fetch(`${node.url}${base}v130/index.m3u8`)).text()).match(/\.m4s/g).length;
    const rows = [];
    const measure = async (what) => {
        const times = await watch(node, base, segments, seconds);
        const logins = [];
        for (let n = 0; n < 3; n++)
            logins.push(await timeLogin(node));
        rows.push([what, times.length, quantile(times, 0.5), quantile(times, 0.99), Math.max(...times), Math.max(...logins), node.rssBytes() / 1e6]);
    };
    await measure('alone');
    const attacker = fork(import.meta.filename ?? process.argv[1], ['attack', node.port, `${base}v130.mp4`, silent, slow, lists]);
    await new Promise((resolve) => attacker.on('message', resolve));
    await measure('in the crowd');
    attacker.kill('SIGKILL');
    await node.stop();
    table(['', 'segments', 'median ms', 'p99 ms', 'most ms', 'login ms', 'memory MB'], rows.map(([what, count, ...figures]) => [what, count, ...figures.map((figure) => figure.toFixed(1))]));
    const [, , , p99, , login, memory] = rows[1];
    ratio('crowd segment p99 of 50 ms', p99 / 50);
    ratio('crowd login of 1000 ms', login / 1000);
    ratio('crowd memory of 300 MB', memory / 300);
}

const args = process.argv.slice(2);
if (args[0] === 'attack')
    await attack(Number(args[1]), args[2], ...args.slice(3).map(Number));
else
    await main(args.map(Number));
