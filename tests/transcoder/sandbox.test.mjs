// SPDX-License-Identifier: GPL-3.0-or-later
// Checks the sandbox, layer by layer: the actions of an attacker who controls a worker
// (sandbox_tool does them), the reaction of the node, and, with strace, that no file and no host
// that a media file names is ever opened.
import assert from 'node:assert/strict';
import { chownSync, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { cpus } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { binDir, media, run, show, tempDir, terrace, terraceBin, terraceOk } from '../harness/terrace.mjs';
import { ffmpeg, parseBoxes, plainReasons, writeBoxes } from '../harness/hostile.mjs';
import { inParallel, work, workerBin, wrong } from '../harness/worker.mjs';

const sandboxTool = path.join(binDir, 'tests/sandbox_tool');
const withoutLandlock = path.join(binDir, 'tests/without_landlock');
const escaped = '/tmp/terrace-sandbox-escape';
const SIGSYS = 31, SIGXCPU = 24, SIGXFSZ = 25;
const kernel = await run(workerBin, ['--sandbox']);
const landlock = Number(kernel.stdout.match(/landlock (\d+)/)?.[1] ?? 0);
const isRoot = process.getuid() === 0;

/** A source that makes sandbox_tool do something, in a folder with a file to attack. */
function source(layer, act) {
    const dir = tempDir();
    writeFileSync(path.join(dir, 'victim'), 'x', { mode: 0o600 });
    writeFileSync(path.join(dir, 'source'), `${layer} ${act}\n`);
    return path.join(dir, 'source');
}

/** Lets sandbox_tool do something in a layer of the sandbox, or in "all". */
async function attempt(layer, act, options) {
    const file = source(layer, act), dir = path.dirname(file);
    const result = await work(file, ['probe'], { worker: sandboxTool, ...options });
    const victim = statSync(path.join(dir, 'victim'), { throwIfNoEntry: false });
    return { ...result, harm: {
        folder: readdirSync(dir).sort().join(' '), bytes: victim?.size, mode: victim && (victim.mode & 0o7777).toString(8), owner: victim?.uid, escaped: existsSync(escaped),
    } };
}

const unharmed = { folder: 'source victim', bytes: 1, mode: '600', owner: process.getuid(), escaped: false };

/** Checks that acts are refused, several at a time. */
async function refuses(layer, acts, options) {
    await inParallel(acts, async (act) => {
        const { reason, detail, killed, stdout, harm } = await attempt(layer, act, options);
        assert.equal(killed, 0, `${act}: ${stdout}`);
        assert.equal(reason, 'internal', `${act}: ${stdout}`);
        assert.match(detail, new RegExp(`^${act}: (Operation not permitted|Permission denied|Function not implemented|Invalid cross-device link)$`));
        assert.deepEqual(harm, unharmed, act);
    });
}

async function ends(layer, acts, options) {
    await inParallel(acts, async (act) => {
        const { killed, stdout } = await attempt(layer, act, options);
        assert.equal(killed, SIGSYS, `${act}: ${stdout}`);
    });
}

// ---- each layer alone ----

const opening = ['open', 'open_absolute', 'open_inside', 'open_above', 'openat2', 'create', 'create_inside', 'create_nameless'];
const changing = ['rename', 'unlink', 'link', 'symlink', 'mkdir', 'mknod', 'truncate'];
const paths = [...opening, 'open_path', 'open_for_ioctl', ...changing, 'chmod', 'chown', 'utimens', 'chdir', 'stat', 'statx', 'access', 'readlink', 'statfs'];
const descriptors = ['fchdir', 'getdents', 'inotify', 'memfd', 'suid', 'immutable', 'nodump', 'xattr', 'fchown', 'ftruncate', 'setown', 'recvmsg', 'descriptors'];
const priority = ['priority', 'priority_of_parent', 'real_time', 'batch', 'sched_setattr', 'affinity', 'ioprio', 'setrlimit', 'prlimit'];
const others = ['kill', 'tgkill', 'shm', 'mmap_exec', 'mprotect_exec', 'setuid', 'personality', 'ptracer'];
const deadly = ['socket', 'socketpair', 'connect', 'sendmsg', 'execve', 'fork', 'ptrace', 'process_vm_readv', 'io_uring', 'pidfd', 'unshare', 'chroot'];

test('the call filter alone refuses all calls that take a path', () => refuses('filter', paths));
test('the call filter alone refuses what descriptors allow beyond reading and writing', () => refuses('filter', descriptors));
test('the call filter alone refuses changes of priority and limits', () => refuses('filter', priority));
test('the call filter alone refuses signals, shared memory, new code', () => refuses('filter', others));
test('the call filter alone ends a worker that makes a socket, a program, a process', () => ends('filter', deadly));

test('Landlock alone refuses to open and to change files, TCP, and signals', async (t) => {
    if (landlock === 0)
        return t.skip('SKIPPED: this kernel has no Landlock');
    await refuses('landlock', [...opening, ...changing]);
    await refuses('landlock', [...landlock >= 4 ? ['connect_tcp'] : [], ...landlock >= 6 ? ['kill', 'tgkill'] : []]);
});

test('without privileges, root can’t do more than others', async (t) => {
    const { detail } = await attempt('privileges', 'privileges');
    assert.match(detail, isRoot ? /^privileges: CapPrm:0+ CapEff:0+ CapBnd:0+ CapAmb:0+ NoNewPrivs:1$/ : /CapPrm:0+ CapEff:0+ .* CapAmb:0+ NoNewPrivs:1$/);
    if (!isRoot)
        return t.skip('SKIPPED in part: not root');
    await refuses('privileges', ['real_time', 'priority', 'immutable', 'chown', 'fchown', 'chroot', 'setuid']);
});

test('limits: memory, processor time, file size, descriptors, priority', async (t) => {
    const [memory, cpu, size, descriptors] = await Promise.all(['memory', 'cpu', 'file_size', 'descriptors'].map((act) => attempt('limits', act)));
    assert.equal(memory.reason, 'out_of_memory', memory.stdout);
    assert.equal(cpu.killed, SIGXCPU, cpu.stdout);
    assert.equal(size.killed, SIGXFSZ, size.stdout);
    assert.equal(descriptors.detail, 'descriptors: Too many open files');
    // Most machines forbid a higher priority anyway. Somebody with CAP_SYS_RESOURCE can allow it first.
    const higher = ['prlimit', '--nice=20:20', '--rtprio=5:5', '--nproc=unlimited:unlimited'];
    const before = (await run(higher[0], [...higher.slice(1), 'true'])).code === 0 ? higher : [];
    if (before.length === 0)
        t.diagnostic('SKIPPED in part: limits of priority can’t be raised here');
    const told = await attempt('limits', 'limits', { before });
    const [threads, ...rest] = told.detail.replace('limits: ', '').split(' ').map(Number);
    const running = Number(readFileSync('/proc/loadavg', 'utf8').match(/\/(\d+)/)[1]);
    assert.ok(threads > 1024 && threads < running + 1024 + 128 * cpus().length + 1000, told.detail);
    assert.deepEqual(rest, [0, 0, 0], 'nice, real-time priority, core');
});

test('limits: threads, for users other than root', async (t) => {
    if (!isRoot)
        return t.skip('SKIPPED: needs root, to become another user');
    // The other user may not be allowed to enter the folder of the programs.
    const file = source('limits', 'threads'), dir = path.dirname(file);
    for (const name of ['job_tool', 'sandbox_tool'])
        copyFileSync(path.join(binDir, 'tests', name), path.join(dir, name));
    for (const one of [dir, path.join(dir, 'victim')])
        chownSync(one, 65534, 65534);
    const { stdout, stderr } = await run('setpriv', ['--reuid=65534', '--regid=65534', '--clear-groups',
        path.join(dir, 'job_tool'), path.join(dir, 'sandbox_tool'), file, dir, 'probe']);
    const count = Number(stdout.match(/^failed internal threads: (\d+)$/m)?.[1]);
    assert.ok(count > 100 && count < 9000, `${stdout} ${stderr}`);
});

// ---- all layers ----

test('without Landlock, no call that takes a path is allowed', async () => {
    const options = { before: [withoutLandlock] };
    assert.equal((await attempt('landlock', 'open', options)).detail, 'landlock can\'t be entered');
    await refuses('all', paths, options);
    await ends('all', deadly, options);
});

for (const [name, before] of [['the sandbox', []], ['the sandbox without Landlock', [withoutLandlock]]])
    test(`${name} allows the work of a worker`, async () => {
        assert.equal((await attempt('all', 'work', { before })).detail, 'work: succeeded');
        assert.equal((await attempt('all', 'ask_above', { before })).detail, 'ask_above: Invalid argument');
        const clip = ffmpeg(path.join(tempDir(), 'clip.mp4'), ['-c:v', 'libx264', '-preset', 'ultrafast', '-c:a', 'aac']);
        const result = await work(clip, ['all', 'legacy'], { before });
        assert.equal(result.code, 0, result.stdout + result.stderr);
        assert.match(result.stdout, /^chunk ts\d+ 0 /m);
    });

test('a worker ended by its sandbox leaves its reason with the lesson', async () => {
    const data = path.join(tempDir(), 'data');
    const expected = { socket: ['sandbox', /signal 31/], cpu: ['timed_out', /signal 24/], file_size: ['sandbox', /signal 25/], memory: ['out_of_memory', /memory/] };
    let id = 0;
    for (const [name, [code, detail]] of Object.entries(expected)) {
        const { stderr } = await terrace(['ingest', source('all', name), '--wait', '--data', data], { env: { TERRACE_WORKER: sandboxTool } });
        const lesson = await show(data, ++id);
        assert.equal(lesson.state, 'failed', name);
        assert.equal(lesson.reason.code, code, `${name}: ${JSON.stringify(lesson.reason)} ${stderr}`);
        assert.match(lesson.reason.detail, detail, name);
        assert.match(lesson.reason.zh, /\p{Script=Han}.*。$/u, name);
    }
});

test('doctor prints the layers that the kernel supports', async () => {
    assert.equal(kernel.code, 0, kernel.stderr);
    assert.match(kernel.stdout, /^limits 1 no_new_privs 1 seccomp 1 landlock \d+$/m);
    const data = path.join(tempDir(), 'data');
    await terrace(['ingest', source('x', 'x'), '--data', data]);
    const found = await terraceOk(['doctor', '--data', data]);
    assert.match(found, /^ok +sandbox: limits .* seccomp/m);
    assert.match(found, landlock > 0 ? new RegExp(`^ok +sandbox: Landlock version ${landlock}`, 'm') : /^WARN +sandbox: no Landlock/m);
    const weaker = await run(withoutLandlock, [terraceBin, 'doctor', '--data', data]);
    assert.match(weaker.stdout, /^ok +sandbox: limits .* seccomp[^]*^WARN +sandbox: no Landlock/m);
    const without = await terrace(['doctor', '--data', data], { env: { TERRACE_WORKER: '/bin/true' } });
    assert.equal(without.code, 1);
});

// ---- files and hosts that media files name ----

const uint32 = (n) => Buffer.from([n >>> 24, n >>> 16 & 255, n >>> 8 & 255, n & 255]);

/**
 * Makes an MP4 file whose data is in another file. An alias record names that file, as QuickTime
 * writes it (mov_read_dref in libavformat).
 */
function withAlias(clip, target) {
    const boxes = parseBoxes(clip);
    const name = Buffer.alloc(64), volume = Buffer.alloc(28), text = Buffer.from(target);
    name[0] = name.write(path.basename(target), 1);
    volume[0] = volume.write('disk', 1);
    const levels = Buffer.from([0, 1, 0, 1]);
    const record = Buffer.concat([Buffer.alloc(10), volume, Buffer.alloc(12), name, Buffer.alloc(16), levels, Buffer.alloc(16),
        Buffer.from([0, 2, text.length >> 8, text.length & 255]), text, Buffer.from([0xff, 0xff, 0, 0])]);
    const entry = Buffer.concat([Buffer.from('alis'), uint32(0), record]);
    const dref = Buffer.concat([uint32(0), uint32(1), uint32(entry.length + 4), entry]);
    const find = (list, ...types) => types.reduce((inside, type) => inside.find((box) => box.type === type).inside, list);
    for (const trak of find(boxes, 'moov').filter((box) => box.type === 'trak'))
        find(trak.inside, 'mdia', 'minf', 'dinf').find((box) => box.type === 'dref').body = dref;
    return writeBoxes(boxes);
}

/** A QuickTime reference movie: an index that only names other files. */
function referenceMovie(url) {
    const rdrf = { type: 'rdrf', body: Buffer.concat([uint32(0), Buffer.from('url '), uint32(url.length + 1), Buffer.from(`${url}\0`)]) };
    const rmda = { type: 'rmda', body: writeBoxes([rdrf]) };
    return writeBoxes([{ type: 'ftyp', body: Buffer.from('qt  \0\0\0\0qt  ') }, { type: 'moov', inside: [{ type: 'rmra', body: writeBoxes([rmda]) }] }]);
}

/**
 * Writes files to dir that could make a reader open another file or the listening port. Most of
 * them name the canary file, which is there too.
 */
function makeCanaries(dir, port) {
    const canary = ffmpeg(path.join(dir, 'canary.ts'), ['-c:v', 'mpeg2video', '-c:a', 'mp2', '-f', 'mpegts']);
    const clip = readFileSync(ffmpeg(path.join(tempDir(), 'clip.mp4'), ['-c:v', 'libx264', '-preset', 'ultrafast', '-c:a', 'aac']));
    const http = `http://127.0.0.1:${port}/canary.ts`;
    const m3u = (uri, more = '') => `#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:2\n${more}#EXTINF:2,\n${uri}\n#EXT-X-ENDLIST\n`;
    const mpd = (uri) => `<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT2S"><Period><AdaptationSet mimeType="video/mp4"><Representation id="1" bandwidth="1"><BaseURL>${uri}</BaseURL><SegmentList><SegmentURL media="${uri}"/></SegmentList></Representation></AdaptationSet></Period></MPD>`;
    const files = {
        'path.m3u8': m3u(canary), 'url.mp4': m3u(`file://${canary}`), 'relative.m3u8': m3u('canary.ts'), 'http.mp4': m3u(http),
        'key.m3u8': m3u('canary.ts', `#EXT-X-KEY:METHOD=AES-128,URI="${http}"\n#EXT-X-MAP:URI="file://${canary}"\n`),
        'crypto.m3u8': m3u(`crypto+file://${canary}`), 'concat.m3u8': m3u(`concat:${canary}|${canary}`), 'subfile.m3u8': m3u(`subfile,,start,0,end,9,,:${canary}`),
        'master.m3u8': `#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n${http}\n#EXT-X-STREAM-INF:BANDWIDTH=2\nfile://${canary}\n`,
        'bom.mp4': `\ufeff${m3u(canary)}`,
        'ffconcat.mp4': `ffconcat version 1.0\nfile '${canary}'\nfile canary.ts\nfile '${http}'\n`,
        'path.mpd': mpd(`file://${canary}`), 'http.mpd': mpd(http),
        'session.sdp': `v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video ${port} RTP/AVP 96\na=rtpmap:96 H264/90000\n`,
        'rtsp.mp4': `rtsp://127.0.0.1:${port}/x\n`, 'list.pls': `[playlist]\nFile1=${http}\n`, 'list.asx': `<asx version="3.0"><entry><ref href="${http}"/></entry></asx>`,
        'ref.asf': `[Reference]\nRef1=${http}\n`, 'list.smil': `<smil><body><video src="${http}"/></body></smil>`,
        'list.xspf': `<?xml version="1.0"?><playlist><trackList><track><location>${http}</location></track></trackList></playlist>`,
        'alias.mov': withAlias(clip, canary), 'relative-alias.mov': withAlias(clip, 'canary.ts'), 'reference.mov': referenceMovie(http), 'local-reference.mov': referenceMovie(`file://${canary}`),
        'subtitles.idx': '# VobSub index file, v7\nid: en, index: 0\ntimestamp: 00:00:01:000, filepos: 000000000\n',
    };
    for (const [name, content] of Object.entries(files))
        writeFileSync(path.join(dir, name), content);
    return Object.keys(files);
}

/**
 * Returns the workers' system calls in a log of strace, before and after a process entered its
 * sandbox. Calls of threads count as after.
 */
function splitCalls(log) {
    const before = [], after = [];
    const lines = log.split('\n').map((line) => line.match(/^(\d+) +(.*)$/)).filter(Boolean).map(([, pid, call]) => ({ pid, call }));
    const locking = ({ call }) => /^(seccomp\(SECCOMP_SET_MODE_FILTER|prctl\(PR_SET_SECCOMP).* = 0$/.test(call);
    const tool = lines[0]?.pid; // the process of job_tool
    for (const pid of new Set(lines.map((line) => line.pid))) {
        const calls = lines.filter((line) => line.pid === pid), locked = calls.findIndex(locking);
        if (pid === tool)
            continue;
        before.push(...calls.slice(0, Math.max(locked, 0)).map(({ call }) => call));
        after.push(...calls.slice(locked + 1).map(({ call }) => call));
    }
    return { before, after, workers: lines.filter(locking).length };
}

async function follow(file) {
    const log = path.join(tempDir(), 'strace');
    // The leak checker traces the process too, and a process can have only one tracer.
    const result = await work(file, ['probe', 'audio', 'poster'], {
        before: ['strace', '-f', '-qq', '-s', '4096', '-o', log, '-e', 'trace=%file,%network,seccomp,prctl,pread64'],
        env: { ASAN_OPTIONS: 'detect_leaks=0' }, deadline_ms: 300_000,
    });
    return { ...result, log: readFileSync(log, 'utf8') };
}

function judge(name, { log, ...result }) {
    const { before, after, workers } = splitCalls(log);
    assert.ok(workers > 0, `${name}: no worker was locked in\n${log}`);
    assert.deepEqual(before.filter((call) => /^pread64\(5, /.test(call)), [], `${name}: the source was read before that`);
    // Only the arguments of calls count, because data that is read from the source contains the
    // names too.
    assert.doesNotMatch(log.replace(/^.* pread64\(.*$/gm, ''), /canary\.ts"|\/etc\/hostname/, name);
    assert.deepEqual(after.filter((call) => /^(socket|socketpair|connect|bind|listen|sendto|sendmsg)\(/.test(call)), [], name);
    // A build with a sanitizer opens files about its own process, and lets the AV1 encoder open files
    // about the machine's cores. Other builds open nothing.
    const opened = after.filter((call) => /^(open|openat|openat2|creat)\(.* = \d+/.test(call) && !/^open(at\(AT_FDCWD, |\()"(\/proc\/(self|\d+)\/|\/proc\/cpuinfo"|\/sys\/devices\/system\/cpu\/online")/.test(call));
    assert.deepEqual(opened, [], name);
    assert.equal(wrong(result), '', name);
}

test('no file and no host that a media file names is opened', async (t) => {
    if ((await run('strace', ['-qq', '-e', 'trace=none', 'true']).catch(() => ({ code: 1 }))).code !== 0)
        return t.skip('SKIPPED: strace can’t be used here');
    let visitors = 0;
    const listener = createServer((socket) => { visitors++; socket.destroy(); });
    await new Promise((resolve) => listener.listen(0, '127.0.0.1', resolve));
    const dir = path.join(tempDir(), 'canaries');
    mkdirSync(dir);
    try {
        const files = makeCanaries(dir, listener.address().port).map((name) => path.join(dir, name));
        const folder = media('hostile');
        if (folder)
            files.push(...readdirSync(folder).map((name) => path.join(folder, name)));
        else
            t.diagnostic('SKIPPED in part: no media (set TERRACE_MEDIA)');
        for (const file of files) {
            const result = await follow(file);
            judge(path.basename(file), result);
            if (path.dirname(file) === dir)
                assert.ok(plainReasons.has(result.reason), `${file}: ${result.reason}`);
        }
    } finally {
        listener.close();
        rmSync(escaped, { recursive: true, force: true });
    }
    assert.equal(visitors, 0);
});
