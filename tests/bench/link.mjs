// SPDX-License-Identifier: GPL-3.0-or-later
// transfers over emulated bad links: Terrace (BBR) against nginx (CUBIC); how terminals share one link
// Arguments: [SCENARIO...]. Each scenario runs in an emulated village of its own (tests/link/). The
// servers run in the county, at the other end of the link.
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { addUserAndLogin, media, run, show, startNode, tempDir, terraceOk, until, withLadder } from '../harness/terrace.mjs';
import { median, ratio, runStep, table } from '../harness/bench.mjs';
import { startNginx } from '../harness/peer.mjs';

const scenarios = {
    'lossy-2m': { profile: 'lossy-2m', run: (links) => transfers(links, 1 << 20, 5) },
    'lossy-256k': { profile: 'lossy-256k', run: (links) => transfers(links, 1 << 20, 3) },
    flapping: { profile: 'flapping', run: (links) => resumption(links, 4 << 20) },
    shared: { profile: 'shared-2m', run: sharing },
    // The scenarios for ab.mjs measure Terrace alone.
    'ab-2m': { profile: 'lossy-2m', run: (links) => oneTransfer(links, 1 << 20), ab: true },
    'ab-256k': { profile: 'lossy-256k', run: (links) => oneTransfer(links, 1 << 18), ab: true },
};
const COUNTY = '10.77.0.1', CAP_BPS = 2_000_000, TERMINALS = 8;
const self = fileURLToPath(import.meta.url), here = path.dirname(self);

/**
 * Makes a published lesson with a file of several megabytes. All scenarios use it. If there are no
 * real media, the source is a generated video.
 */
async function makeData(data) {
    const video = media('lectures/sintel_with_14_chapters.mp4') ?? path.join(data, 'made.mp4');
    if (!video.startsWith('/') || video.endsWith('made.mp4'))
        await run('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', 'testsrc2=size=640x360:rate=25:duration=60', '-c:v', 'libx264', video]);
    await terraceOk(['ingest', video, '--publish', '--wait', ...withLadder([700]), '--data', path.join(data, 'node')]);
    const lesson = await show(path.join(data, 'node'), 1), file = `/v/1/${lesson.revision}/v700.mp4`;
    const node = await startNode({ data: path.join(data, 'node') });
    const bytes = Buffer.from(await (await fetch(node.url + file)).arrayBuffer());
    await node.stop();
    mkdirSync(path.join(data, 'root', path.dirname(file)), { recursive: true });
    writeFileSync(path.join(data, 'root', file), bytes);
    return { data: path.join(data, 'node'), root: path.join(data, 'root'), file, bytes: bytes.length };
}

/* ---- in the village ---- */

const county = (process.env.LINK_COUNTY ?? '').split(' ').filter(Boolean);

const startTerrace = ({ data }) => startNode({ data, address: COUNTY, port: 8080, under: county, args: ['--loops', '1'] });

async function servers({ data, root }) {
    const cubic = [...county, path.join(here, '../../build/link-listen'), 'cubic', COUNTY, '8081'];
    const node = await startTerrace({ data });
    const peer = await startNginx({ root, listen: `${COUNTY}:8081`, under: cubic, shared: false });
    await until(async () => (await run('curl', ['-sf', '-o', '/dev/null', '-r', '0-0', `${peer.url}/`])).code !== 7, 'nginx');
    return { node, peer };
}

async function curl(args) {
    const result = await run('curl', ['-s', '-o', '/dev/null', '-w', '%{http_code} %{size_download} %{time_total}', ...args]);
    const [status, bytes, seconds] = result.stdout.split(' ').map(Number);
    return { code: result.code, status, bytes, seconds };
}

/** Returns how many seconds the transfer of the first `bytes` bytes of the file takes. */
async function timeTransfer(url, setup, bytes) {
    bytes = Math.min(bytes, setup.bytes);
    const got = await curl(['-r', `0-${bytes - 1}`, url + setup.file]);
    if (got.code !== 0 || got.bytes !== bytes)
        throw new Error(`${url}: curl ${got.code}, ${got.bytes} bytes`);
    return got.seconds;
}

/** Transfers the file from both servers alternately, one transfer at a time. */
async function transfers(setup, bytes, rounds) {
    const { node, peer } = await servers(setup), times = { terrace: [], nginx: [] };
    for (let i = 0; i < rounds; i++) {
        times.terrace.push(await timeTransfer(`http://${COUNTY}:8080`, setup, bytes));
        times.nginx.push(await timeTransfer(peer.url, setup, bytes));
    }
    await node.stop();
    await peer.stop();
    return times;
}

async function oneTransfer(setup, bytes) {
    const node = await startTerrace(setup), seconds = await timeTransfer(`http://${COUNTY}:8080`, setup, bytes);
    await node.stop();
    return seconds;
}

/**
 * Transfers a file over a link that fails. After each failure the transfer resumes where it ended,
 * until the file is complete.
 */
async function resumption(setup, bytes) {
    const { node, peer } = await servers(setup), file = path.join(tempDir(), 'file');
    bytes = Math.min(bytes, setup.bytes);
    let received = 0, attempts = 0, have = 0;
    const began = Date.now();
    while (have < bytes && attempts < 100) {
        attempts++;
        const result = await run('curl', ['-s', '-r', `${have}-${bytes - 1}`, '--connect-timeout', '3', '--speed-time', '3', '--speed-limit', '1',
            '-o', `${file}.${attempts}`, '-w', '%{size_download}', `http://${COUNTY}:8080${setup.file}`]);
        received += Number(result.stdout);
        have += Number(result.stdout);
    }
    const parts = Buffer.concat(Array.from({ length: attempts }, (_, i) => { try { return readFileSync(`${file}.${i + 1}`); } catch { return Buffer.alloc(0); } }));
    const same = parts.equals(readFileSync(path.join(setup.root, setup.file)).subarray(0, bytes));
    await node.stop();
    await peer.stop();
    return { bytes, received, attempts, seconds: (Date.now() - began) / 1000, same };
}

/**
 * Returns how many bytes of a file a terminal receives in `seconds`. When it has the whole file, it
 * requests it again.
 */
function terminal(n, url, seconds) {
    const child = spawn('curl', ['-s', '--interface', `10.77.0.${n + 2}`, '-m', String(seconds), '-o', '/dev/null', '-w', '%{size_download}', url]);
    return new Promise((resolve) => {
        let out = '';
        child.stdout.on('data', (d) => { out += d; });
        child.on('close', () => resolve(Number(out)));
    });
}

const jain = (rates) => rates.reduce((a, b) => a + b, 0) ** 2 / (rates.length * rates.reduce((a, b) => a + b * b, 0));

async function sharing(setup) {
    const { node, peer } = await servers(setup), seconds = 15;
    const session = await addUserAndLogin({ ...node, url: `http://${COUNTY}:8080` });
    const stated = await session.request('/api/technician/link', { method: 'PUT', body: JSON.stringify({ uplink_bps: CAP_BPS }) });
    if (stated.status !== 200)
        throw new Error(`uplink: ${stated.status} ${await stated.text()}`);
    const all = async (url, query) => (await Promise.all(Array.from({ length: TERMINALS }, (_, n) => terminal(n, `${url}${setup.file}${query(n)}`, seconds))))
        .map((bytes) => bytes * 8 / seconds);
    const cmcd = (text) => `?CMCD=${encodeURIComponent(text)}`;
    const terrace = await all(`http://${COUNTY}:8080`, () => cmcd('bl=20000')), nginx = await all(peer.url, () => '');
    const starving = await all(`http://${COUNTY}:8080`, (n) => cmcd(n < 3 ? 'bl=0,bs' : 'bl=40000'));
    await node.stop();
    await peer.stop();
    return { terrace, nginx, starving };
}

/* ---- outside ---- */

async function inVillage(name, setup) {
    const result = await run('sh', [path.join(here, '../link/run.sh'), scenarios[name].profile, '--', 'node', self, '--inside', name, JSON.stringify(setup)]);
    if (result.code === 77)
        throw new Error('skipped: the emulator needs root and /dev/net/tun');
    if (result.code !== 0)
        throw new Error(`${name}: exit ${result.code}\n${result.stdout}${result.stderr}`);
    return JSON.parse(result.stdout.trim().split('\n').at(-1));
}

function showTransfers(name, times) {
    const ours = median(times.terrace), theirs = median(times.nginx);
    table([name, 'median s', 'all'], [['terrace', ours.toFixed(2), times.terrace.map((s) => s.toFixed(1)).join(' ')],
        ['nginx, CUBIC', theirs.toFixed(2), times.nginx.map((s) => s.toFixed(1)).join(' ')]]);
    return [[`link_${name}_time`, ours / theirs]];
}

function showSharing(name, { terrace, nginx, starving }) {
    const sum = (rates) => rates.reduce((a, b) => a + b, 0), kbps = (rates) => rates.map((r) => Math.round(r / 1000)).join(' ');
    table([name, 'kbit/s each', 'sum', 'Jain'], [['terrace', kbps(terrace), Math.round(sum(terrace) / 1000), jain(terrace).toFixed(3)],
        ['nginx, CUBIC', kbps(nginx), Math.round(sum(nginx) / 1000), jain(nginx).toFixed(3)],
        ['terrace, first three starve', kbps(starving), Math.round(sum(starving) / 1000), '']]);
    return [['link_shared_jain', jain(terrace)], ['link_shared_sum_of_cap', sum(terrace) / CAP_BPS],
        ['link_shared_starving_over_others', (sum(starving.slice(0, 3)) / 3) / (sum(starving.slice(3)) / 5)]];
}

function showResumption(name, got) {
    table([name, 'bytes', 'received', 'attempts', 's', 'the same bytes'], [['terrace', got.bytes, got.received, got.attempts, got.seconds.toFixed(1), got.same]]);
    if (!got.same)
        throw new Error('what was received is not what was sent');
    return [['link_flapping_wasted', got.received / got.bytes - 1]];
}

/* ---- for ab.mjs ---- */

async function prepare(folder) {
    writeFileSync(path.join(folder, 'setup.json'), JSON.stringify(await makeData(folder)));
}

async function measure(folder) {
    const setup = JSON.parse(readFileSync(path.join(folder, 'setup.json'), 'utf8'));
    return { lossy_2m_time: await inVillage('ab-2m', setup), lossy_256k_time: await inVillage('ab-256k', setup) };
}

if (process.argv[2] === '--inside') {
    console.log(JSON.stringify(await scenarios[process.argv[3]].run(JSON.parse(process.argv[4]))));
} else if (!await runStep({ prepare, measure })) {
    const usual = Object.keys(scenarios).filter((name) => !scenarios[name].ab);
    const names = process.argv.length > 2 ? process.argv.slice(2) : usual, setup = await makeData(tempDir()), ratios = [];
    for (const name of names) {
        const got = await inVillage(name, setup);
        ratios.push(...(got.attempts ? showResumption : got.starving ? showSharing : showTransfers)(name, got));
    }
    for (const [name, value] of ratios)
        ratio(name, value);
}
