// SPDX-License-Identifier: GPL-3.0-or-later
// Simulates power cuts: kill -9 of workers and of the node at random moments of a transcode. The
// result must be the same as without interruption; only time is lost.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { makeClip, sha256, show, startNode, tempDir, terrace, terraceOk, until, withLadder } from '../harness/terrace.mjs';

// `sh tests/fuzz/run.sh kills` sets a higher number.
const KILLS = Number(process.env.TERRACE_KILLS ?? 10);

/** Returns the SHA-256 of each file below a lesson's media folder, by file name. */
function hashes(data) {
    const root = path.join(data, 'media/1/1');
    const walk = (dir) => readdirSync(dir).flatMap((name) => {
        const full = path.join(dir, name);
        return statSync(full).isDirectory() ? walk(full) : [full];
    });
    return Object.fromEntries(walk(root).sort().map((file) => [path.relative(root, file), sha256(readFileSync(file))]));
}

/**
 * Returns the identity of each chunk file, by name: its inode and the time when it was written. A
 * chunk that is made again gets another identity.
 */
function finished(data) {
    const root = path.join(data, 'media/1/1');
    const names = existsSync(root) ? readdirSync(root, { recursive: true }).filter((name) => name.endsWith('.chunk')) : [];
    return Object.fromEntries(names.flatMap((name) => {
        const status = statSync(path.join(root, name), { throwIfNoEntry: false });
        return status ? [[name, `${status.ino} ${status.mtimeMs}`]] : [];
    }));
}

/** Returns the process ids of the workers of one node. */
function workersOf(pid) {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number).filter((candidate) => {
        try {
            const stat = readFileSync(`/proc/${candidate}/stat`, 'latin1');
            const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
            return parent === pid && stat.includes('(terrace-worker');
        } catch {
            return false; // the process has ended in the meantime
        }
    });
}

const gone = (pid) => {
    try {
        return readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1].startsWith('Z');
    } catch {
        return true;
    }
};

test(`${KILLS} kills -9 at random moments: the lesson completes with the bytes of an uninterrupted run`, async () => {
    // By default the pictures are small. The lesson still has three chunks of each rendition, but
    // takes a tenth of the time.
    const clip = makeClip(path.join(tempDir(), 'clip.mp4'), { seconds: KILLS > 10 ? 200 : 130, ...(KILLS > 10 ? { size: '640x360' } : { size: '320x180', rate: 12 }) });
    const calm = path.join(tempDir(), 'data'), rough = path.join(tempDir(), 'data');

    const began = Date.now();
    // three rungs, so that a video job has several of them
    const ladder = withLadder([48, 130, 220]);
    await terraceOk(['ingest', clip, '--wait', '--data', calm, ...ladder]);
    const whole_ms = Date.now() - began;

    let node = await startNode({ data: rough, args: ladder });
    await terraceOk(['ingest', clip, '--data', rough]);
    let kills = 0, nodeKills = 0;
    const seen = new Map(); // the identity of each finished file at the last kill
    let madeAgain = 0;
    const look = () => {
        for (const [name, identity] of Object.entries(finished(rough))) {
            madeAgain += seen.has(name) && seen.get(name) !== identity;
            seen.set(name, identity);
        }
    };
    while (kills < KILLS) {
        // This wait makes the moment of the kill random. It does not synchronise anything.
        await new Promise((resolve) => setTimeout(resolve, Math.random() * whole_ms / 6));
        if ((await show(rough, 1)).state === 'ready')
            break;
        look();
        const workers = await until(() => { const w = workersOf(node.pid); return w.length && w; }, 'a worker', 60_000);
        if (kills % 2 === 0) {
            process.kill(workers[Math.floor(Math.random() * workers.length)], 'SIGKILL');
        } else {
            await node.kill();
            await until(() => workers.every(gone), 'the workers to end with their node', 10_000);
            node = await startNode({ data: rough, args: ladder });
            nodeKills++;
        }
        kills++;
    }
    console.log(`# killed ${kills - nodeKills} workers and ${nodeKills} nodes; undisturbed it takes ${whole_ms} ms`);
    assert.ok(kills >= KILLS / 2, `only ${kills} kills before the lesson was complete`);
    const lesson = await until(async () => {
        const now = await show(rough, 1);
        return (now.state === 'ready' || now.state === 'failed') && now;
    }, 'the lesson');
    assert.equal(lesson.state, 'ready', `${JSON.stringify(lesson.reason)}\n${node.log()}`);
    assert.deepEqual(hashes(rough), hashes(calm));
    look();
    // A kill destroys the chunks that are being made. A finished file is made again only if the
    // catalog did not know it yet. That is at most one file per rendition of the interrupted job.
    const renditions = lesson.renditions.length;
    console.log(`# ${madeAgain} finished files of ${seen.size} were made again`);
    assert.ok(madeAgain <= kills * renditions, `${madeAgain} made again after ${kills} kills`);
    assert.ok(lesson.jobs.every((job) => job.attempt <= 1), JSON.stringify(lesson.jobs));
    await node.stop();
    const doctor = await terrace(['doctor', '--data', rough]);
    assert.equal(doctor.code, 0, doctor.stdout + doctor.stderr);
    assert.doesNotMatch(doctor.stdout, /^BAD/m);
});
