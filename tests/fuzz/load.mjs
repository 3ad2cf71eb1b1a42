// SPDX-License-Identifier: GPL-3.0-or-later
// node load.mjs SECONDS [SEED]: runs a crowd of random clients (clients.mjs) against a node and
// watches its descriptors, memory and connections.
// It fails if a client got a wrong answer, if descriptors stay open at the end, if memory grows in
// the second half, or if a sanitizer reports an error.
// It runs in a network namespace of its own, in which packets on loopback have 1500 bytes. With the
// usual 64 KiB, a single packet would last a minute at a low pace.
import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import { addUserAndLogin, lectureData, show, startNode, tempDir, until } from '../harness/terrace.mjs';
import { runClients } from './clients.mjs';

if (!process.env.TERRACE_INSIDE) {
    const { status } = spawnSync('unshare', ['-n', 'sh', '-c', 'ip link set lo mtu 1500 up; exec "$@"', 'sh', process.execPath, ...process.argv.slice(1)],
        { stdio: 'inherit', env: { ...process.env, TERRACE_INSIDE: '1' } });
    process.exit(status ?? 1);
}
const seconds = Number(process.argv[2]), seed = Number(process.argv[3] ?? 1);
const CLIENTS = 60, SAMPLE_MS = 10_000, RELOAD_MS = 7000, MOST_GROWTH = 4e6;
// A sanitizer adds memory of its own, so the memory of an instrumented node is not checked.
const instrumented = Boolean(process.env.TERRACE_INSTRUMENTED);

const dir = tempDir(), certificate = path.join(dir, 'cert.pem'), key = path.join(dir, 'key.pem');
execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '30', '-subj', '/CN=localhost',
    '-keyout', key, '-out', certificate], { stdio: 'ignore' });
const node = await startNode({ data: await lectureData(), args: ['--loops', '3', '--tls-listen', '127.0.0.1:0', '--tls-certificate', certificate, '--tls-key', key],
    // TSan needs fixed addresses for its shadow memory. Without `setarch -R`, newer kernels may put
    // other memory there.
    under: instrumented ? ['setarch', '-R'] : [] });
const session = await addUserAndLogin(node), lesson = await show(node.data, 1);
const rendition = lesson.renditions.find(({ kind }) => kind === 'video').name;

function sample() {
    const links = readdirSync(`/proc/${node.pid}/fd`).map((fd) => { try { return readlinkSync(`/proc/${node.pid}/fd/${fd}`); } catch { return ''; } });
    return { at_s: (Date.now() - began) / 1000, descriptors: links.length, connections: links.filter((link) => link.startsWith('socket:')).length, rss: node.rssBytes() };
}

/** The growth in bytes per second, by least squares. */
function slope(samples) {
    const mean = (of) => samples.reduce((sum, one) => sum + of(one), 0) / samples.length;
    const t = mean((one) => one.at_s), rss = mean((one) => one.rss);
    return mean((one) => (one.at_s - t) * (one.rss - rss)) / mean((one) => (one.at_s - t) ** 2);
}

const began = Date.now(), samples = [];
let alive = true;
node.exited.then(() => { alive = false; });
const print = (s) => console.log(`${s.at_s.toFixed(0).padStart(5)} s  ${String(s.descriptors).padStart(4)} descriptors  ${String(s.connections).padStart(4)} sockets  ${(s.rss / 1e6).toFixed(1).padStart(6)} MB`);
const faults = new Set();

const before = sample();
print(before);
const reload = setInterval(() => alive && process.kill(node.pid, 'SIGHUP'), RELOAD_MS);
const watch = setInterval(() => {
    if (!alive)
        return;
    samples.push(sample());
    print(samples.at(-1));
}, SAMPLE_MS);
const { asked, errors } = await runClients({ node, session, count: CLIENTS, seed, lesson: lesson.hls, file: `/v/1/${lesson.revision}/${rendition}.mp4`,
    going: () => alive && Date.now() < began + seconds * 1000 });
clearInterval(watch);
clearInterval(reload);
console.log(Object.entries(asked).map(([kind, times]) => `${kind} ${times}`).join(', '));
errors.forEach((error) => faults.add(`client: ${error}`));

if (alive) {
    // The node closes a cached file only when nobody has requested it for some time.
    await until(() => sample().descriptors <= before.descriptors, '', 180_000)
        .catch(() => faults.add(`${sample().descriptors} descriptors are left, of ${before.descriptors} at first`));
    print(sample());
}
const later = samples.slice(Math.floor(samples.length / 2)), growth = later.length > 2 ? slope(later) * (later.at(-1).at_s - later[0].at_s) : 0;
console.log(`memory in the second half: ${growth >= 0 ? '+' : ''}${(growth / 1e6).toFixed(2)} MB`);
if (growth > MOST_GROWTH && !instrumented)
    faults.add('memory grows');
const end = await node.stop();
if (end.code !== 0 || /Sanitizer|runtime error/.test(node.log()))
    faults.add(`the node: exit ${end.code ?? end.signal}\n${node.log().slice(-20_000)}`);
for (const fault of faults)
    console.log(fault);
console.log(faults.size ? 'FAILED' : 'nothing found');
process.exitCode = faults.size ? 1 : 0;
