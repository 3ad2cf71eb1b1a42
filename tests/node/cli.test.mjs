// SPDX-License-Identifier: GPL-3.0-or-later
// Checks the command line: its output, what it refuses, and its work with and without a running
// node.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chownSync, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { before, test } from 'node:test';
import { login, makeClip, oneRung, run, show, startNode, tempDir, terrace, terraceBin, terraceOk, until } from '../harness/terrace.mjs';

const english = { LC_ALL: 'C.UTF-8', LC_MESSAGES: '', LANG: '' };
const chinese = { LC_ALL: '', LC_MESSAGES: '', LANG: 'zh_CN.UTF-8' };
const COMMANDS = ['serve', 'ingest', 'ls', 'show', 'publish', 'unpublish', 'retry', 'jobs', 'pause', 'resume', 'priority', 'rm', 'user', 'user add', 'user passwd',
    'user rm', 'user ls', 'doctor', 'backup', 'routes', 'config', 'version'];

let clip, longClip, junk;
before(() => {
    clip = makeClip(path.join(tempDir(), '育秧 第一课.mp4'), { seconds: 6, size: '320x180' });
    longClip = makeClip(path.join(tempDir(), 'long.mp4'), { seconds: 150, size: '320x180', rate: 12 });
    junk = path.join(tempDir(), 'junk.mp4');
    writeFileSync(junk, Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * 7919) % 251)));
});
const dataDir = () => path.join(tempDir(), 'data');

/**
 * Runs a command that must fail with this exit code and one line on standard error that matches the
 * pattern.
 */
async function refused(args, code, pattern, options) {
    const result = await terrace(args, { env: english, ...options });
    assert.equal(result.code, code, `${args.join(' ')}: ${result.stdout}${result.stderr}`);
    assert.match(result.stderr, /^[^\n]+\n$/, args.join(' '));
    assert.match(result.stderr, pattern, args.join(' '));
}

/** Starts a command. Returns what it has printed so far, and a promise of its end. */
function start(args, env = english) {
    const child = spawn(terraceBin, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    const said = { out: '', err: '' };
    child.stdout.on('data', (d) => { said.out += d; });
    child.stderr.on('data', (d) => { said.err += d; });
    const ended = new Promise((resolve) => child.on('close', (code, signal) => resolve({ code, signal, ...said })));
    return { child, said, ended };
}

test('every command prints a help text', async () => {
    const overview = await terraceOk(['help']);
    for (const command of COMMANDS) {
        const words = command.split(' ');
        const help = await terraceOk([...words, '--help']);
        assert.match(help, new RegExp(`^terrace ${command}`), command);
        assert.ok(overview.includes(`  ${words[0]}`), command);
    }
    assert.equal(await terraceOk(['help', 'ingest']), await terraceOk(['ingest', '--help']));
    assert.match(await terraceOk(['--version']), /^terrace \d+\.\d+\.\d+\n$/);
});

test('the manual pages name every command, every option and every line of the configuration', async () => {
    const pages = await Promise.all(['1', '5'].map((section) => terraceOk(['man', section])));
    const [commands, configuration] = pages.map((page) => page.replaceAll('\\-', '-').replace(/\\f[BIR]/g, ''));
    for (const command of COMMANDS.filter((name) => name !== 'user')) {
        const section = commands.split('\n.SS ').find((text) => text.startsWith(`terrace ${command} [OPTION...]`));
        assert.ok(section, command);
        const help = (await terraceOk([...command.split(' '), '--help'])).split('\nThe configuration')[0];
        for (const [option] of help.matchAll(/^  --(?!data|help)\S+/gm))
            assert.ok(section.includes(`\n.B ${option.trim()}`), `${command} ${option}`);
    }
    for (const [, name] of (await terraceOk(['config'])).matchAll(/^(\w+) = /gm))
        assert.ok(configuration.includes(`\n.TP\n.B ${name}\n`), name);
});

test('wrong usage exits with 2 and prints one line that points to the help', async () => {
    const data = dataDir();
    const cases = [[], ['frobnicate'], ['ls', 'x'], ['ls', '--jso'], ['ls', '--json=1'], ['ls', '-x'], ['ls', '--data'], ['ls', '--data', ''],
        ['show'], ['show', '0'], ['show', '-1'], ['show', '1x'], ['show', '99999999999999999999'], ['rm', '1', '2'], ['ingest'],
        ['ingest', 'a', 'b', '--title', 't'], ['ingest', 'a', '--language', 'z h'], ['serve', '--listen', 'here'],
        ['serve', '--workers', '-1'], ['serve', '--metrics-public', 'maybe'], ['serve', 'x'], ['user'], ['user', 'frob'], ['user', 'add', 'x'],
        ['user', 'add', 'x', '--role', 'king'], ['user', 'add', 'a b', '--role', 'admin'], ['backup'], ['help', 'frobnicate'],
        ['ingest', 'x.mp4', '--title', '课'.repeat(201)], ['ingest', 'x.mp4', '--topic', 'x'.repeat(101)], ['ingest', 'x.mp4', '--description', 'x'.repeat(5001)]];
    for (const args of cases)
        await refused(args.includes('--data') || args.length === 0 ? args : [...args, '--data', data], 2, /--help`\)/);
    assert.ok(!existsSync(data));
});

test('a missing or a wrong data folder is refused', async () => {
    const missing = path.join(tempDir(), 'nowhere');
    for (const args of [['ls'], ['show', '1'], ['rm', '1'], ['doctor'], ['backup', path.join(tempDir(), 'b')], ['user', 'ls'], ['user', 'add', 'x', '--role', 'admin']])
        await refused([...args, '--data', missing], 1, args[0] === 'doctor' ? /nowhere/ : /nowhere; start a node first.*terrace serve/, { input: 'a good long password\n' });
    assert.ok(!existsSync(missing));
    await refused(['user', 'add', 'x', '--role', 'admin', '--data', tempDir()], 1, /no catalog.*start a node first/, { input: 'a good long password\n' });
});

test('root leaves another user’s folder alone', { skip: process.getuid() !== 0 && 'SKIPPED: needs root' }, async () => {
    const data = dataDir(), source = makeClip(path.join(tempDir(), 'clip.mp4'), { seconds: 1 });
    await terraceOk(['ingest', source, '--data', data]);
    chownSync(path.join(data, 'catalog.db'), 65534, 65534);
    for (const args of [['ingest', source], ['user', 'add', 'li', '--role', 'admin'], ['doctor']]) {
        const { code, stderr } = await terrace([...args, '--data', data]);
        assert.equal(code, 1, args[0]);
        assert.match(stderr, /^terrace: the data folder \S+ is another user's.*\(sudo -u '\w+' terrace \.\.\.\)\n$/);
    }
});

test('options come from the configuration file and the command line; mistakes in them are refused', async () => {
    const file = path.join(tempDir(), 'node.conf');
    const reference = await terraceOk(['config']);
    for (const name of ['listen', 'workers', 'loops', 'floor_bytes', 'session_hours', 'metrics_public', 'max_upload_bytes', 'max_connections', 'min_progress_bytes_per_minute'])
        assert.match(reference, new RegExp(`^${name} = \\S+$`, 'm'));
    writeFileSync(file, reference);
    assert.equal(await terraceOk(['config', '--config', file]), reference);
    writeFileSync(file, 'workers = 3\nsession_hours = 5\n');
    const both = await terraceOk(['config', '--config', file, '--workers=4']);
    assert.match(both, /^workers = 4$/m);
    assert.match(both, /^session_hours = 5$/m);
    writeFileSync(file, '\nworkers = lots\n');
    await refused(['serve', '--config', file, '--data', dataDir()], 1, /node\.conf:2: workers: "lots"/);
    await refused(['serve', '--config', `${file}.missing`, '--data', dataDir()], 1, /missing/);
    const help = await terraceOk(['serve', '--help']);
    assert.match(help, /--max-upload-bytes BYTES/);
});

test('a file that can’t become a lesson is refused before anything is copied', async () => {
    const data = dataDir();
    const dir = tempDir();
    const empty = path.join(dir, 'empty.mp4');
    const fifo = path.join(dir, 'fifo');
    writeFileSync(empty, '');
    await run('mkfifo', [fifo]);
    for (const [file, pattern] of [[path.join(dir, 'missing.mp4'), /missing\.mp4.*No such file/], [empty, /is empty/], [dir, /not a regular file/], [fifo, /not a regular file/]])
        await refused(['ingest', clip, file, '--data', data], 1, pattern);
    assert.ok(!existsSync(data));
});

test('without room on the disk, ingest is refused with the sizes that are needed and left', async () => {
    const config = path.join(tempDir(), 'c');
    writeFileSync(config, 'floor_bytes = 1024T\n');
    await refused(['ingest', clip, '--config', config, '--data', dataDir()], 1, /not enough room.*needed.*left/);
});

test('a lesson from the file to its removal', async () => {
    const data = dataDir();
    const flags = ['--data', data], ladder = oneRung();
    const said = await terraceOk(['ingest', clip, '--topic', '水稻', '--language', 'zh', ...flags, ...ladder]);
    assert.equal(said.trimEnd().split('\n').at(-1), `lesson 1: ${clip}`);
    assert.equal((await show(data, 1)).state, 'queued');
    const second = await terraceOk(['ingest', clip, junk, '--wait', ...flags, ...ladder], { env: english }).catch((error) => error);
    assert.match(second.message, /lesson 3 failed: [A-Z].* \(not_media[^)]*\)\n/);
    const lessons = JSON.parse(await terraceOk(['ls', '--json', ...flags])).lessons;
    // A process that runs workers does all jobs of the queue. So ingest --wait also finishes the
    // earlier lessons.
    assert.deepEqual(lessons.map(({ id, state }) => [id, state]), [[3, 'failed'], [2, 'ready'], [1, 'ready']]);
    assert.equal(lessons[2].source.name, '育秧 第一课.mp4');
    assert.equal(lessons[2].language, 'zh');
    await refused(['publish', '3', ...flags], 1, /failed/);
    await refused(['publish', '4', ...flags], 1, /there is no lesson 4/);
    await refused(['retry', '1', ...flags], 1, /has not failed/);
    await terraceOk(['publish', '1', ...flags]);
    assert.equal((await show(data, 1)).published, true);
    await terraceOk(['unpublish', '1', ...flags]);
    assert.equal((await show(data, 1)).published, false);
    await terraceOk(['retry', '3', ...flags]);
    assert.equal((await show(data, 3)).state, 'queued');
    assert.equal(readdirSync(path.join(data, 'sources')).length, 3);
    for (const number of ['1', '3'])
        await terraceOk(['rm', number, ...flags]);
    await refused(['rm', '1', ...flags], 1, /there is no lesson 1/);
    assert.equal(readdirSync(path.join(data, 'sources')).length, 1);
    assert.deepEqual(readdirSync(path.join(data, 'media')), ['2']);
    await terraceOk(['doctor', ...flags]);
});

test('show and ls print in the user’s language and remove control characters', async () => {
    const data = dataDir();
    const refused = await terrace(['ingest', junk, '--title', '病虫害\x1b[31m red', '--data', data], { env: english });
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /--title has control characters/);
    const disguised = path.join(tempDir(), '病虫害\x1b[31m red');
    copyFileSync(junk, disguised);
    await terrace(['ingest', disguised, '--wait', '--data', data]);
    const zh = await terraceOk(['ls', '--data', data], { env: chinese });
    assert.match(zh, /\p{Script=Han}+.*。 \(not_media[^)]*\)/u);
    assert.match(zh, /病虫害 \[31m red/);
    const en = await terraceOk(['show', '1', '--data', data], { env: english });
    assert.match(en, /^reason +[A-Z][a-z].*\. \(not_media[^)]*\)$/m);
    assert.doesNotMatch(zh + en, /\x1b/);
});

test('a file that was cut short becomes a lesson, and ingest says that it was cut short', async () => {
    const data = dataDir();
    const whole = makeClip(path.join(tempDir(), 'whole.mp4'), { seconds: 12, extra: ['-movflags', '+faststart'] });
    const half = path.join(tempDir(), 'half.mp4');
    const bytes = readFileSync(whole);
    writeFileSync(half, bytes.subarray(0, bytes.length / 2));
    const { code, stdout, stderr } = await terrace(['ingest', half, '--wait', '--data', data, ...oneRung()], { env: english });
    assert.equal(code, 0, stderr);
    assert.match(stdout, /lesson 1: ready/);
    assert.match(stderr, /^lesson 1: The file is incomplete; what is there was used \(\d+\/12 s\)\.$/m);
    assert.match(await terraceOk(['ls', '--data', data], { env: chinese }), /ready[^]*文件不完整/);
    const salvaged = JSON.parse(await terraceOk(['ls', '--json', '--data', data])).lessons[0].salvaged;
    assert.match(salvaged.detail, /^\d+\/12 s$/);
});

test('wide characters do not shift the columns of tables', async () => {
    const data = dataDir();
    await terrace(['ingest', junk, '--data', data]);
    for (const name of ['李老师', 'wang', '技术员wu'])
        await terraceOk(['user', 'add', name, '--role', 'admin', '--data', data], { input: 'a good long password\n' });
    const listed = await terraceOk(['user', 'ls', '--data', data], { env: { LC_ALL: 'C' } });
    const columns = listed.trimEnd().split('\n').map((line) => [...line.split('admin')[0]]
        .reduce((sum, c) => sum + (/\p{Script=Han}/u.test(c) ? 2 : 1), 0));
    assert.equal(columns.length, 3, listed);
    assert.equal(new Set(columns).size, 1, listed);
});

test('ls cuts a long title at the edge of the terminal', async () => {
    const data = dataDir();
    await terrace(['ingest', junk, '--title', 'x'.repeat(200), '--data', data]);
    const list = `stty cols 90; '${terraceBin}' ls --data '${data}'`;
    const { stdout } = await run('script', ['-qec', list, '/dev/null']);
    const row = stdout.split(/\r?\n/).find((line) => line.includes('xxx'));
    assert.equal(row?.length, 90, stdout);
});

test('in a pipe, progress is the state and then at most one line every 10 %', async () => {
    const data = dataDir();
    const said = (await terraceOk(['ingest', longClip, '--wait', '--data', data, ...oneRung()], { env: english })).trimEnd().split('\n');
    // a slow disk makes ingest print additional lines about copying
    const lines = said.filter((line) => !line.startsWith('copying '));
    assert.equal(lines[0], `lesson 1: ${longClip}`);
    assert.equal(lines.at(-1), 'lesson 1: ready');
    const steps = lines.filter((line) => line.endsWith('%')).map((line) => Number(line.match(/^lesson 1: (\d+) %$/)[1]));
    assert.ok(steps.length >= 2 && steps.length <= 10, lines.join('\n'));
    assert.deepEqual(steps, [...new Set(steps)].sort((a, b) => a - b));
    assert.ok(lines.length <= 14, lines.join('\n'));
});

/** Runs a command on a pseudo-terminal and types these lines into it. */
const onTerminal = (args, input = '') => run('script', ['-qec', args.map((a) => `'${a}'`).join(' '), '/dev/null'], { input, env: english });

test('on a terminal, progress is a single line that is redrawn', async () => {
    const { stdout, code } = await onTerminal([terraceBin, 'ingest', clip, '--wait', '--data', dataDir(), ...oneRung()]);
    assert.equal(code, 0, stdout);
    assert.match(stdout, /\r\x1b\[K\[#*-+\] +\d+ %  lesson 1/);
    assert.match(stdout, /lesson 1: ready\r\n$/);
});

test('users can be added with a password from a pipe, get a new password and be removed', async () => {
    const data = dataDir();
    const node = await startNode({ data });
    const flags = ['--data', data];
    await terraceOk(['user', 'add', 'li', '--role', 'operator', ...flags], { input: 'a good long password\nnot this\n' });
    await refused(['user', 'add', 'li', '--role', 'admin', ...flags], 1, /"li" already/, { input: 'a good long password\n' });
    await refused(['user', 'add', 'wu', '--role', 'admin', ...flags], 1, /password/i, { input: 'x\n' });
    await refused(['user', 'add', 'wu', '--role', 'admin', ...flags], 1, /password/i, { input: '' });
    await login(node.url, 'li', 'a good long password');
    await terraceOk(['user', 'passwd', 'li', ...flags], { input: 'another long password\n' });
    await login(node.url, 'li', 'another long password');
    await assert.rejects(login(node.url, 'li', 'a good long password'), /401/);
    await terraceOk(['user', 'rm', 'li', ...flags]);
    await refused(['user', 'rm', 'li', ...flags], 1, /no user "li"/);
    await refused(['user', 'passwd', 'li', ...flags], 1, /no user "li"/, { input: 'x\n' });
    await assert.rejects(login(node.url, 'li', 'another long password'), /401/);
    assert.deepEqual(await node.stop(), { code: 0, signal: null }, node.log());
});

test('on a terminal the password is asked for twice and not shown', async () => {
    const data = dataDir();
    await terrace(['ingest', junk, '--data', data]);
    const add = [terraceBin, 'user', 'add', 'li', '--role', 'admin', '--data', data];
    /** Types each answer as soon as its question is on the screen. */
    const answer = async (answers) => {
        const child = spawn('script', ['-qec', add.map((a) => `'${a}'`).join(' '), '/dev/null'], { env: { ...process.env, ...english } });
        let out = '', asked = 0;
        child.stdout.on('data', (d) => {
            out += d;
            while (asked < answers.length && (out.match(/ for li: /g) ?? []).length > asked)
                child.stdin.write(answers[asked++]);
        });
        return new Promise((resolve) => child.on('close', (code) => resolve({ code, out })));
    };
    const different = await answer(['a good long password\n', 'a good long passwort\n']);
    assert.equal(different.code, 1, different.out);
    assert.match(different.out, /not the same/);
    const interrupted = await answer(['a good long\x03']);
    assert.notEqual(interrupted.code, 0, interrupted.out);
    const good = await answer(['a good long password\n', 'a good long password\n']);
    assert.equal(good.code, 0, good.out);
    for (const { out } of [different, interrupted, good])
        assert.doesNotMatch(out, /a good long/);
});

test('a folder has at most one node; SIGHUP changes nothing, and SIGTERM ends the node cleanly', async () => {
    const data = dataDir();
    const node = await startNode({ data });
    await refused(['serve', '--data', data, '--listen', '127.0.0.1:0'], 1, new RegExp(`process ${node.pid}\\b`));
    await refused(['serve', '--data', dataDir(), '--listen', `127.0.0.1:${node.port}`], 1, new RegExp(`${node.port}.*in use`));
    process.kill(node.pid, 'SIGHUP');
    await until(() => /SIGHUP/.test(node.log()), 'the log to say that nothing is reloaded', 10_000);
    const health = await fetch(`${node.url}/healthz`);
    assert.equal((await health.json()).status, 'ok');
    const began = Date.now();
    assert.deepEqual(await node.stop(), { code: 0, signal: null }, node.log());
    assert.ok(Date.now() - began < 10_000);
});

test('`terrace routes` lists the routes that the node answers', async () => {
    const lines = (await terraceOk(['routes'])).trimEnd().split('\n').map((line) => line.split(/\s+/));
    const find = (pattern) => lines.find((line) => line[1] === pattern);
    assert.equal(find('/healthz')[2], 'public');
    assert.equal(find('/operator')[2], 'operator');
    assert.ok(lines.some(([method, pattern]) => method === 'PATCH' && pattern === '/api/uploads/:id'));
    assert.equal(new Set(lines.map((line) => `${line[0]} ${line[1]}`)).size, lines.length);
});

test('ingest --wait beside a node; the node is killed, and ingest finishes the work itself', async () => {
    const data = dataDir();
    const node = await startNode({ data, args: oneRung() });
    const ingest = start(['ingest', longClip, '--wait', '--data', data, ...oneRung()]);
    await until(async () => /lesson 1: [1-9]0 %/.test(ingest.said.out), 'ten per cent or more');
    await node.kill();
    const end = await ingest.ended;
    assert.equal(end.code, 0, end.err);
    assert.match(end.out, /lesson 1: ready\n$/);
    await terraceOk(['doctor', '--data', data]);
});

test('Ctrl-C in ingest --wait returns its jobs to the queue, and a waiting node continues them', async () => {
    const data = dataDir();
    const ingest = start(['ingest', longClip, '--wait', '--data', data, ...oneRung()]);
    await until(async () => /lesson 1: [1-9]0 %/.test(ingest.said.out), 'ten per cent or more');
    const node = await startNode({ data, args: oneRung() });
    await until(() => /runs the workers/.test(node.log()), 'the node to see who runs the workers', 10_000);
    assert.doesNotMatch(await terraceOk(['ls', '--data', data]), /no node/);
    ingest.child.kill('SIGINT');
    const end = await ingest.ended;
    assert.equal(end.code, 1);
    assert.match(end.err, /^terrace: interrupted; lesson 1 goes on/m);
    const lesson = await until(async () => {
        const now = await show(data, 1);
        return (now.state === 'ready' || now.state === 'failed') && now;
    }, 'the lesson');
    assert.equal(lesson.state, 'ready', JSON.stringify(lesson));
    assert.ok(lesson.jobs.every((job) => job.attempt <= 1), JSON.stringify(lesson.jobs));
    assert.deepEqual(await node.stop(), { code: 0, signal: null }, node.log());
});

test('doctor finds damaged, missing and extra files', async () => {
    const data = dataDir();
    await terraceOk(['ingest', clip, '--wait', '--data', data, ...oneRung()]);
    const rendition = (await show(data, 1)).renditions[0].name;
    const chunk = path.join(data, 'media/1/1', rendition, readdirSync(path.join(data, 'media/1/1', rendition)).find((n) => n !== 'init.mp4'));
    const source = path.join(data, 'sources', readdirSync(path.join(data, 'sources'))[0]);
    const doctor = (...more) => terrace(['doctor', '--data', data, ...more], { env: english });
    const sound = await doctor();
    assert.equal(sound.code, 0, sound.stdout);
    assert.match(sound.stdout, /^ok +worker: /m);
    assert.match(sound.stdout, /^ok +media: 1 lessons/m);
    assert.doesNotMatch(sound.stdout, /^BAD/m);

    if (process.getuid() === 0) { // only root can make a read-only view of the folder
        const view = await run('unshare', ['-m', 'sh', '-c', 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && shift && exec "$@"', 'sh', data, terraceBin, 'doctor', '--data', data], { env: english });
        assert.equal(view.code, 1, view.stdout + view.stderr);
        assert.match(view.stdout, /^BAD +disk: the data folder can't be written: Read-only file system/m);
    }

    writeFileSync(path.join(data, 'sources', 'f'.repeat(32)), 'left behind');
    const stray = await doctor();
    assert.equal(stray.code, 0, stray.stdout);
    assert.match(stray.stdout, /^WARN +stray files: 1/m);

    const keep = path.join(tempDir(), 'chunk');
    copyFileSync(chunk, keep);
    const bytes = readFileSync(chunk);
    bytes[bytes.length >> 1] ^= 1;
    writeFileSync(chunk, bytes);
    const damaged = await doctor();
    assert.equal(damaged.code, 1);
    assert.match(damaged.stdout, /^BAD +lesson 1: \S+\.chunk is damaged/m);
    assert.equal((await doctor('--fast')).code, 0);

    truncateSync(chunk, 100);
    assert.match((await doctor('--fast')).stdout, new RegExp(`has 100 bytes instead of ${statSync(keep).size}`));
    rmSync(chunk);
    rmSync(source);
    const missing = await doctor();
    assert.match(missing.stdout, /^BAD +lesson 1: \S+\.chunk is missing/m);
    assert.match(missing.stdout, /^BAD +lesson 1: the source is missing/m);

    const worker = await terrace(['doctor', '--fast', '--data', data], { env: { ...english, TERRACE_WORKER: '/bin/false' } });
    assert.match(worker.stdout, /^BAD +worker: /m);
});

test('a backup can be used as a catalog', async () => {
    const data = dataDir();
    await terrace(['ingest', junk, '--title', '备份', '--data', data]);
    const copy = tempDir();
    const file = path.join(copy, 'catalog.db');
    await terraceOk(['backup', file, '--data', data]);
    await refused(['backup', file, '--data', data], 1, /catalog\.db/);
    await refused(['backup', path.join(copy, 'no/such/folder'), '--data', data], 1, /folder/);
    for (const folder of ['sources', 'media'])
        mkdirSync(path.join(copy, folder), { recursive: true });
    const { lessons } = JSON.parse(await terraceOk(['ls', '--json', '--data', copy]));
    assert.deepEqual(lessons.map((l) => l.title), ['备份']);
});
