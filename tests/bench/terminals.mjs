// SPDX-License-Identifier: GPL-3.0-or-later
// thousands of terminals on one machine, each paced to 64 kbit/s, compared with nginx and
// limit_rate
// Arguments: [TERMINALS, 10000] [SECONDS, 20]. The figures are pace, memory and processor time.
// The benchmark runs in a network namespace of its own. Its loopback has packets of 1500 bytes. It
// also lacks the bursts that Linux allows if the round trip is under half a millisecond, because
// the round trip to a village is longer.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { addUserAndLogin, makeClip, run, show, startNode, tempDir, terraceOk, until, withLadder } from '../harness/terrace.mjs';
import { inNamespace, ratio, table } from '../harness/bench.mjs';
import { startNginx } from '../harness/peer.mjs';

const CAP_BPS = 64_000, WARM_UP_S = 10, PAYLOAD = 1448 / 1500;
const terminals = Number(process.argv[2] ?? 10_000), seconds = Number(process.argv[3] ?? 20);

const stat = (pid) => readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /, '').split(' ');
const cpuSeconds = (pids) => pids.reduce((sum, pid) => sum + (Number(stat(pid)[11]) + Number(stat(pid)[12])) / 100, 0);
const rssBytes = (pids) => pids.reduce((sum, pid) => sum + Number(readFileSync(`/proc/${pid}/status`, 'utf8').match(/VmRSS:\s+(\d+)/)[1]) * 1024, 0);
const childrenOf = (pid) => readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(/\s+/).filter(Boolean).map(Number);

/**
 * Opens all terminals and lets them start. Then counts for some seconds how many bytes each one
 * receives.
 */
async function watch(port, target, pids) {
    const received = new Float64Array(terminals), sockets = [];
    for (let n = 0; n < terminals; n++) {
        const socket = net.connect(port, '127.0.0.1');
        socket.on('data', (data) => { received[n] += data.length; });
        socket.on('error', () => {});
        socket.write(`GET ${target(n)} HTTP/1.1\r\nHost: x\r\n\r\n`);
        sockets.push(socket);
        if (n % 200 === 199)
            await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await new Promise((resolve) => setTimeout(resolve, WARM_UP_S * 1000));
    const before = received.slice(), cpu = cpuSeconds(pids()), began = Date.now();
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    const lasted = (Date.now() - began) / 1000, used = (cpuSeconds(pids()) - cpu) / lasted, rss = rssBytes(pids());
    const rates = [...received].map((bytes, n) => (bytes - before[n]) * 8 / lasted).sort((a, b) => a - b);
    sockets.forEach((socket) => socket.destroy());
    const at = (share) => rates[Math.min(rates.length - 1, Math.floor(share * rates.length))];
    return { cores: used, rss, low: at(0.01), middle: at(0.5), high: at(0.99), within: rates.filter((rate) => Math.abs(rate / (CAP_BPS * PAYLOAD) - 1) <= 0.05).length / terminals };
}

async function inside() {
    const dir = tempDir(), root = path.join(dir, 'root'), data = path.join(dir, 'data');
    // Noise at 4 Mbit/s makes segments so large that one takes longer than the run at CAP_BPS.
    await terraceOk(['ingest', makeClip(path.join(dir, 'clip.mp4'), { seconds: 60, sound: false, extra: ['-vf', 'noise=alls=30:allf=t'] }), '--publish', '--wait', ...withLadder([4000]), '--data', data]);
    const lesson = await show(data, 1), folder = `/v/1/${lesson.revision}/${lesson.renditions[0].name}`;
    const node = await startNode({ data, args: ['--loops', '1', '--max-connections', String(terminals + 100)] });
    const session = await addUserAndLogin(node);
    const stated = await session.request('/api/technician/sites', { method: 'POST', body: JSON.stringify({ name: 'all', ranges: '127.0.0.0/8', terminal_cap_bps: CAP_BPS }) });
    if (stated.status !== 200)
        throw new Error(await stated.text());
    // Request the largest segment, because its transfer must last longer than the measurement.
    const names = (await (await fetch(`${node.url}${folder}/index.m3u8`)).text()).split('\n').filter((line) => line && !line.startsWith('#'));
    const sizes = await Promise.all(names.map(async (name) => Number((await fetch(`${node.url}${folder}/${name}`, { method: 'HEAD' })).headers.get('content-length'))));
    const size = Math.max(...sizes), file = `${folder}/${names[sizes.indexOf(size)]}`;
    if (size * 8 / CAP_BPS < WARM_UP_S + seconds + 10)
        throw new Error(`the largest segment has ${size} bytes: too few`);
    mkdirSync(path.join(root, folder), { recursive: true });
    writeFileSync(path.join(root, file), Buffer.alloc(size));
    const nginx = await startNginx({ root, listen: '127.0.0.1:9000', extra: `limit_rate ${CAP_BPS / 8};` });
    await until(async () => (await run('curl', ['-s', '-o', '/dev/null', '-I', nginx.url + file])).code === 0, 'nginx', 10_000);
    const terrace = await watch(node.port, (n) => `${file}?CMCD=sid%3D%22${n}%22`, () => [node.pid]);
    await node.stop();
    const peer = await watch(9000, () => file, () => childrenOf(nginx.pid));
    await nginx.stop();
    const row = (name, r) => [name, r.cores.toFixed(3), (r.rss / 1e6).toFixed(1), ...[r.low, r.middle, r.high].map((bps) => (bps / 1000).toFixed(1)), `${(r.within * 100).toFixed(1)} %`];
    table([`${terminals} terminals at 64 kbit/s`, 'cores', 'RSS MB', '1 % kbit/s', 'median', '99 %', 'within 5 %'], [row('terrace', terrace), row('nginx, limit_rate', peer)]);
    ratio('terminals_cpu', terrace.cores / peer.cores);
    ratio('terminals_rss_mb', terrace.rss / 1e6);
    ratio('terminals_within_5_percent', terrace.within);
}

await inNamespace(import.meta.url, 'ip link set lo mtu 1500 up; echo 0 > /proc/sys/net/ipv4/tcp_tso_rtt_log', inside);
