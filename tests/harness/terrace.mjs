// SPDX-License-Identifier: GPL-3.0-or-later
// Runs the real programs for node:test files: starts nodes, runs commands, logs in, finds media.
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const repo = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

/** The folder of the programs: $TERRACE_BIN, which ctest sets, or else the asan build. */
export const binDir = process.env.TERRACE_BIN ?? path.join(repo, 'build/asan');
export const terraceBin = path.join(binDir, 'terrace');

/**
 * Returns the path of a real media file below $TERRACE_MEDIA or ../shared/media, or null if the
 * file is not there.
 */
export function media(relative) {
    const root = process.env.TERRACE_MEDIA ?? path.resolve(repo, '../shared/media');
    const file = path.join(root, relative);
    return existsSync(file) ? file : null;
}

const tempDirs = [];
process.on('exit', () => { for (const dir of tempDirs) rmSync(dir, { recursive: true, force: true }); });

/** Makes a new folder that is removed when the test process ends. */
export function tempDir() {
    tempDirs.push(mkdtempSync(path.join(tmpdir(), 'terrace-test-')));
    return tempDirs.at(-1);
}

function configured(...lines) {
    const config = path.join(tempDir(), 'terrace.conf');
    writeFileSync(config, `${lines.join('\n')}\n`);
    return ['--config', config];
}

/**
 * Options for ingest and serve: a ladder with these rungs in kbit/s, without AV1 unless `av1` is
 * set.
 */
export const withLadder = (caps, { av1 = false } = {}) => configured(`ladder = ${caps.join(',')}`, `av1 = ${av1 ? 'yes' : 'no'}`);

/**
 * Options for ingest and serve: a single rung, for tests that do not examine the lessons. Encoding
 * takes most of the time of the tests.
 */
export const oneRung = () => withLadder([130]);

/**
 * Options for ingest and serve: no AV1 renditions. For slides, they would take as long as all other
 * renditions together.
 */
export const noAv1 = () => configured('av1 = no');

/**
 * Runs a program to its end without blocking this process. Returns {code, signal, stdout, stderr}.
 */
export function run(program, args, { input, env, cwd } = {}) {
    return new Promise((resolve, reject) => {
        const child = spawn(program, args, { env: { ...process.env, ...env }, cwd });
        const out = [], err = [];
        child.stdout.on('data', (d) => out.push(d));
        child.stderr.on('data', (d) => err.push(d));
        child.on('error', reject);
        child.on('close', (code, signal) => resolve({
            code, signal,
            stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString(),
        }));
        child.stdin.on('error', () => {}); // a program may end without reading its input
        child.stdin.end(input ?? '');
    });
}

/**
 * Plays a playlist to its end with GStreamer. Returns what run() does. GStreamer 1.22 sometimes
 * deadlocks when it starts, because its own queues wait for each other, with
 * any server. So a run that does not end is ended and repeated. A fault of ours would hang each time.
 */
export async function runGStreamer(url, ...sinks) {
    const args = ['-m', 'playbin', `uri=${url}`, 'video-sink="fakesink sync=false"', ...sinks];
    for (let tries = 1; ; tries++) {
        const result = await run('timeout', ['--signal=KILL', '60', 'gst-launch-1.0', ...args]);
        if (result.signal === null && result.code !== 137 || tries === 3)
            return result;
        console.log(`# GStreamer did not end (try ${tries})`);
    }
}

/** Runs a command of Terrace. */
export const terrace = (args, options) => run(terraceBin, args, options);

/**
 * Runs a command of Terrace and returns its output. If it fails, throws an error with its output.
 */
export async function terraceOk(args, options) {
    const result = await terrace(args, options);
    if (result.code !== 0)
        throw new Error(`terrace ${args.join(' ')}: exit ${result.code ?? result.signal}\n${result.stdout}${result.stderr}`);
    return result.stdout;
}

const running = new Set();
process.on('exit', () => { for (const child of running) child.kill('SIGKILL'); });

/**
 * Starts `terrace serve` and waits until it prints its address. Port 0 means a free port. under: a
 * program that runs the node, and its arguments.
 */
export function startNode({ data, address = '127.0.0.1', port = 0, args = [], env, under = [] } = {}) {
    const [program, ...rest] = [...under, terraceBin, 'serve', '--data', data, '--listen', `${address}:${port}`, ...args];
    const child = spawn(program, rest,
        { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
    running.add(child);
    let log = '';
    child.stderr.on('data', (d) => { log += d; });
    const exited = new Promise((resolve) => child.on('close', (code, signal) => {
        running.delete(child);
        resolve({ code, signal });
    }));
    return new Promise((resolve, reject) => {
        let out = '';
        exited.then((end) => reject(new Error(`serve ended (${end.code ?? end.signal}):\n${log}`)));
        child.stdout.on('data', (d) => {
            out += d;
            const found = out.match(/listening on (http:\/\/\S+:(\d+))/);
            if (!found)
                return;
            const tls = out.match(/ and (https:\/\/\S+:(\d+))/);
            resolve({
                url: found[1], port: Number(found[2]), tlsUrl: tls?.[1], tlsPort: Number(tls?.[2]), pid: child.pid, exited, data,
                log: () => log,
                get exitCode() { return child.exitCode; },
                get signalCode() { return child.signalCode; },
                rssBytes: () => rssBytes(child.pid),
                /** Kills the node with kill -9 and waits for its end. */
                kill: () => { child.kill('SIGKILL'); return exited; },
                /** Stops the node by SIGTERM and waits for its end. */
                stop: () => { child.kill('SIGTERM'); return exited; },
            });
        });
    });
}

function rssBytes(pid) {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(status.match(/VmRSS:\s+(\d+)/)[1]) * 1024;
}

/**
 * Calls probe() repeatedly until it returns a true value, and returns that value. The calls take at
 * most a sixth of the time.
 */
export async function until(probe, what, limit_ms = 600_000) {
    const end = Date.now() + limit_ms;
    for (;;) {
        const began = Date.now();
        const value = await probe();
        if (value)
            return value;
        const now = Date.now();
        if (now > end)
            throw new Error(`waited in vain for ${what}`);
        await new Promise((resolve) => setTimeout(resolve, Math.max(100, 5 * (now - began))));
    }
}

/** Adds a user and logs in. Returns {cookie, csrf, request(path, options)}. */
export async function addUserAndLogin(node, name = 'admin', role = 'admin', password = 'a good long password') {
    await terraceOk(['user', 'add', name, '--role', role, '--data', node.data], { input: `${password}\n` });
    return login(node.url, name, password);
}

export async function login(url, name, password) {
    const response = await fetch(`${url}/api/login`, {
        method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ name, password }),
    });
    if (!response.ok)
        throw new Error(`login: ${response.status} ${await response.text()}`);
    const cookie = response.headers.get('set-cookie').split(';')[0];
    const { csrf } = await response.json();
    const request = (where, options = {}) => fetch(url + where, {
        ...options, headers: { Cookie: cookie, 'X-CSRF-Token': csrf, ...options.headers },
    });
    return { cookie, csrf, request };
}

/** Returns one lesson, as `terrace show --json` prints it. */
export async function show(data, id) {
    return JSON.parse(await terraceOk(['show', String(id), '--json', '--data', data]));
}

/** Returns the numbers of all lessons of a data folder, the oldest first. */
export async function lessonIds(data) {
    const listed = JSON.parse(await terraceOk(['ls', '--json', '--data', data]));
    return (listed.lessons ?? listed).map((lesson) => lesson.id).sort((a, b) => a - b);
}

/**
 * Makes a video of slides that change every five seconds, with a moving picture in a corner like a
 * speaker. The planner adds AV1 renditions for such a video.
 */
export function makeSlides(file, { seconds = 20, sound = true } = {}) {
    const made = spawnSync('ffmpeg', ['-v', 'error', '-y',
        '-f', 'lavfi', '-i', `testsrc2=size=854x480:rate=1/5:duration=${seconds},fps=25[slide];testsrc2=size=160x90:rate=25:duration=${seconds}[corner];[slide][corner]overlay=680:20`,
        ...sound ? ['-f', 'lavfi', '-i', `sine=frequency=440:duration=${seconds}`] : [],
        '-c:v', 'libx264', '-preset', 'veryfast', '-crf', '18', '-pix_fmt', 'yuv420p', '-c:a', 'aac', file]);
    if (made.status !== 0)
        throw new Error(`ffmpeg: ${made.stderr}`);
    return file;
}

/** Makes a clip with motion, and with sound unless `sound` is false. */
export function makeClip(file, { seconds = 20, size = '640x360', rate = 25, sound = true, extra = [] } = {}) {
    const made = spawnSync('ffmpeg', ['-v', 'error', '-y',
        '-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=${rate}:duration=${seconds}`,
        ...sound ? ['-f', 'lavfi', '-i', `sine=frequency=440:beep_factor=4:sample_rate=48000:duration=${seconds}`] : [],
        '-c:v', 'libx264', '-preset', 'ultrafast', '-g', '50', '-c:a', 'aac', '-b:a', '64k', ...extra, file]);
    if (made.status !== 0)
        throw new Error(`ffmpeg: ${made.stderr}`);
    return file;
}

export const LECTURE_SECONDS = 70; // the lecture crosses one chunk boundary
export const LECTURE_TITLE = '县级培训 “第一讲”/水稻';

/**
 * Ingests a lecture into a data folder as lesson 1. By default it is the beginning of a real
 * lecture, scaled down because sanitizers make large pictures slow. With `whole`, it is the
 * unchanged lecture. If there are no real media, it is a generated clip.
 */
export async function ingestLecture(data, whole = false) {
    const lecture = media('lectures/slides-webcam-720p25-5min.mp4');
    const clip = path.join(tempDir(), 'clip.mp4');
    if (lecture && !whole)
        await run('ffmpeg', ['-v', 'error', '-t', String(LECTURE_SECONDS), '-i', lecture, '-vf', 'scale=640:360',
            '-c:v', 'libx264', '-preset', 'veryfast', '-crf', '20', '-c:a', 'copy', clip]);
    else if (!lecture)
        makeClip(clip, { seconds: LECTURE_SECONDS });
    await terraceOk(['ingest', lecture && whole ? lecture : clip, '--title', LECTURE_TITLE, '--publish', '--wait', '--data', data, ...noAv1()]);
}

/**
 * Returns a new data folder with the lecture. If ctest has prepared one, it is copied; otherwise it
 * is made here.
 */
export async function lectureData() {
    const data = path.join(tempDir(), 'data');
    if (process.env.TERRACE_LECTURE)
        cpSync(process.env.TERRACE_LECTURE, data, { recursive: true });
    else
        await ingestLecture(data);
    return data;
}

export const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
