// SPDX-License-Identifier: GPL-3.0-or-later
// how fast segments and playlists are served, compared with nginx, with and without TLS
// Arguments: [ROUNDS, 3] [SECONDS of each measurement, 4]. The figures are requests per second,
// latency and processor time. wrk sends requests over 64 connections. wrk and both servers have one
// thread each. The servers are measured alternately.
// Everything runs in a network namespace of its own, in which both servers use Reno. The machine's
// default may be BBR, which moves work from the server to the timers of the kernel. nginx can't
// choose another algorithm than the default. CUBIC may not be permitted in a namespace, and it
// takes more time for each acknowledgement.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { makeClip, media, noAv1, run, show, startNode, tempDir, terraceOk, until } from '../harness/terrace.mjs';
import { firstMinute, inNamespace, median, ratio, runStep, table } from '../harness/bench.mjs';
import { startNginx } from '../harness/peer.mjs';

const CONNECTIONS = 64, AB_SECONDS = 4;

/** Returns the processor time in seconds that a process and its children have used so far. */
function cpuSeconds(pids) {
    let ticks = 0;
    for (const pid of pids) {
        const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /, '').split(' ');
        ticks += Number(fields[11]) + Number(fields[12]);
    }
    return ticks / 100;
}
/**
 * Returns the processor time of the whole machine, including wrk. Over loopback, the kernel charges
 * sending and receiving to the process that happens to run, so the time of a single process would
 * be wrong.
 */
function machineSeconds() {
    const [user, nice, system, , , irq, softirq] = readFileSync('/proc/stat', 'utf8').split('\n')[0].trim().split(/\s+/).slice(1).map(Number);
    return (user + nice + system + irq + softirq) / 100;
}
const childrenOf = (pid) => readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(/\s+/).filter(Boolean).map(Number);

async function wrk(url, seconds, headers = []) {
    const result = await run('wrk', ['-t', '1', '-c', String(CONNECTIONS), '-d', `${seconds}s`, '--latency', ...headers.flatMap((h) => ['-H', h]), url]);
    const number = (pattern) => Number(result.stdout.match(pattern)?.[1]);
    const [, p99, unit] = result.stdout.match(/99%\s+([\d.]+)(us|ms|s)/) ?? [];
    const bytes = result.stdout.match(/requests in [\d.]+\w+, ([\d.]+)(\w)B read/);
    if (result.code !== 0 || /Non-2xx/.test(result.stdout) || !p99)
        throw new Error(`wrk ${url}: ${result.stdout}${result.stderr}`);
    return { rps: number(/Requests\/sec:\s+([\d.]+)/), p99_ms: Number(p99) * { us: 0.001, ms: 1, s: 1000 }[unit],
        bytes: Number(bytes[1]) * { K: 1 << 10, M: 1 << 20, G: 1 << 30 }[bytes[2]] };
}

const lecture = media('lectures/slides-webcam-720p25-5min.mp4');
const makeVideo = (folder) => makeClip(path.join(folder, 'clip.mp4'), { seconds: 60, sound: false });
const ingest = (video, folder) => terraceOk(['ingest', video, '--publish', '--wait', ...noAv1(), '--data', path.join(folder, 'data')]);

/** Starts a node with one thread, for the lesson in `folder`. */
const startServer = (folder, args = []) =>
    startNode({ data: path.join(folder, 'data'), args: ['--loops', '1', '--congestion', 'system', ...args] });

/**
 * Finds the files to request: the segments whose sizes are nearest to 20 KB and 80 KB, and the
 * longest playlist.
 */
async function findTargets(node) {
    const lesson = await show(node.data, 1), segments = [];
    for (const rendition of lesson.renditions.filter((one) => ['video', 'legacy'].includes(one.kind))) {
        const base = `/v/1/${lesson.revision}/${rendition.name}/`, list = await (await fetch(`${node.url}${base}index.m3u8`)).text();
        for (const name of list.split('\n').filter((line) => line && !line.startsWith('#')))
            segments.push({ path: base + name, bytes: Number((await fetch(new URL(base + name, node.url), { method: 'HEAD' })).headers.get('content-length')) });
    }
    const nearest = (bytes) => segments.reduce((best, one) => (Math.abs(one.bytes - bytes) < Math.abs(best.bytes - bytes) ? one : best));
    return { small: nearest(20_000), large: nearest(80_000), playlist: { path: `/v/1/${lesson.revision}/${lesson.renditions[0].name}/index.m3u8` } };
}

/** For ab.mjs: makes a lesson of one minute. */
async function prepare(folder) {
    await ingest(lecture ? await firstMinute(lecture, folder) : makeVideo(folder), folder);
}

/** For ab.mjs: measures one build without TLS. */
async function measure(folder) {
    const node = await startServer(folder), { small, large, playlist } = await findTargets(node), figures = {};
    for (const [what, target, headers] of [['segment_20KB', small], ['segment_80KB', large], ['playlist', playlist, ['Accept-Encoding: gzip']]]) {
        const before = cpuSeconds([node.pid]), result = await wrk(node.url + target.path, AB_SECONDS, headers);
        figures[`${what}_requests`] = result.rps;
        figures[`${what}_p99`] = result.p99_ms;
        figures[`${what}_cpu_per_gb`] = (cpuSeconds([node.pid]) - before) / (result.bytes / 1e9);
    }
    await node.stop();
    return figures;
}

async function besideNginx() {
    const rounds = Number(process.argv[2] ?? 3), seconds = Number(process.argv[3] ?? 4);
    const dir = tempDir(), root = path.join(dir, 'root'), certificate = path.join(dir, 'cert.pem'), key = path.join(dir, 'key.pem');
    execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '30', '-subj', '/CN=localhost',
        '-addext', 'subjectAltName=DNS:localhost', '-keyout', key, '-out', certificate], { stdio: 'ignore' });
    await ingest(lecture ?? makeVideo(dir), dir);
    const node = await startServer(dir, ['--tls-listen', '127.0.0.1:0', '--tls-certificate', certificate, '--tls-key', key]);
    const { small, large, playlist } = await findTargets(node);
    for (const one of [small, large, playlist]) {
        const bytes = Buffer.from(await (await fetch(new URL(one.path, node.url))).arrayBuffer());
        mkdirSync(path.join(root, path.dirname(one.path)), { recursive: true });
        writeFileSync(path.join(root, one.path), bytes);
        if (one === playlist)
            writeFileSync(`${path.join(root, one.path)}.gz`, gzipSync(bytes, { level: 9 }));
    }
    // nginx sends these two header fields because Terrace sends them too, so wrk reads the same
    // from both. Players on other origins need the first field, caches need the second.
    const headers = 'add_header Access-Control-Allow-Origin *; add_header Cache-Control "public, max-age=31536000, immutable";';
    // nginx can't choose a free port and print it, so these ports are chosen here.
    const base = 20000 + process.pid % 20000;
    const nginx = await startNginx({ root, listen: `127.0.0.1:${base}`,
        extra: `listen 127.0.0.1:${base + 1} ssl; ssl_certificate ${certificate}; ssl_certificate_key ${key}; ssl_protocols TLSv1.2 TLSv1.3; ${headers}` });
    await until(async () => (await run('curl', ['-s', '-o', '/dev/null', nginx.url + small.path])).code === 0, `nginx: ${nginx.log()}`, 10_000);

    const servers = {
        terrace: { http: node.url, https: `https://localhost:${node.tlsPort}`, pids: () => [node.pid] },
        nginx: { http: nginx.url, https: `https://localhost:${base + 1}`, pids: () => childrenOf(nginx.pid) },
    };

    /** Measures both servers alternately. Returns the medians of each. */
    async function compare(what, scheme, target, headers) {
        const got = { terrace: [], nginx: [] };
        for (let round = 0; round < rounds; round++)
            for (const name of round % 2 ? ['nginx', 'terrace'] : ['terrace', 'nginx']) {
                const server = servers[name];
                const before = cpuSeconds(server.pids()), all = machineSeconds(), result = await wrk(server[scheme] + target.path, seconds, headers);
                const per_gb = (seconds) => seconds / (result.bytes / 1e9);
                got[name].push({ ...result, cpu_per_gb: per_gb(cpuSeconds(server.pids()) - before), machine_cpu_per_gb: per_gb(machineSeconds() - all) });
            }
        const of = (name, field) => median(got[name].map((one) => one[field]));
        for (const name of Object.keys(servers))
            rows.push([`${what}, ${name}`, Math.round(of(name, 'rps')), of(name, 'p99_ms').toFixed(2), of(name, 'cpu_per_gb').toFixed(3), of(name, 'machine_cpu_per_gb').toFixed(3)]);
        for (const [field, label] of [['rps', 'requests'], ['p99_ms', 'p99'], ['cpu_per_gb', 'cpu_per_gb'], ['machine_cpu_per_gb', 'machine_cpu_per_gb']])
            ratios.push([`serve_${what.replace(/\W+/g, '_')}_${label}`, of('terrace', field) / of('nginx', field)]);
    }

    const rows = [], ratios = [];
    await compare(`segment ${Math.round(small.bytes / 1000)} KB`, 'http', small);
    await compare(`segment ${Math.round(large.bytes / 1000)} KB`, 'http', large);
    await compare('playlist gzip', 'http', playlist, ['Accept-Encoding: gzip']);
    await compare(`TLS segment ${Math.round(small.bytes / 1000)} KB`, 'https', small);
    await compare(`TLS segment ${Math.round(large.bytes / 1000)} KB`, 'https', large);
    await node.stop();
    await nginx.stop();
    table(['what', 'requests/s', 'p99 ms', 'cpu s/GB', 'machine cpu s/GB'], rows);
    for (const [name, value] of ratios)
        ratio(name, value);
}

await inNamespace(import.meta.url, 'ip link set lo up; echo reno > /proc/sys/net/ipv4/tcp_congestion_control', async () => {
    if (!await runStep({ prepare, measure }))
        await besideNginx();
});
