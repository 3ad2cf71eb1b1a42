// SPDX-License-Identifier: GPL-3.0-or-later
// Runs terrace-worker on a file without a node, by means of job_tool, and judges the result.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import { binDir, tempDir } from './terrace.mjs';
import { plainReasons } from './hostile.mjs';

const jobTool = path.join(binDir, 'tests/job_tool');
export const workerBin = path.join(binDir, 'terrace-worker');
/** Output folders are created in this folder. */
const workRoot = path.join(tempDir(), 'work');
mkdirSync(workRoot);

/**
 * Does the work `pieces` on a file. A run that takes longer than deadline_ms is killed. Returns
 * {code, late, stdout, stderr, reason, detail, killed, took_ms}.
 */
export function work(file, pieces = ['probe'], { worker = workerBin, before = [], options = [], env, deadline_ms = 120_000 } = {}) {
    const out = mkdtempSync(path.join(workRoot, 'out-'));
    const command = [...before, jobTool, ...options, worker, file, out, ...pieces];
    // job_tool gets a process group of its own, so that a kill ends the worker too.
    const child = spawn(command[0], command.slice(1), { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env }, detached: true });
    const result = { stdout: '', stderr: '', late: false };
    child.stdout.on('data', (d) => { result.stdout += d; });
    child.stderr.on('data', (d) => { result.stderr += d; });
    const began = Date.now();
    const timer = setTimeout(() => {
        result.late = true;
        process.kill(-child.pid, 'SIGKILL');
    }, deadline_ms);
    return new Promise((resolve, reject) => {
        child.on('error', reject);
        child.on('close', (code) => {
            clearTimeout(timer);
            rmSync(out, { recursive: true, force: true });
            const [, reason, detail] = result.stdout.match(/^failed (\S+) ?(.*)$/m) ?? [];
            const killed = Number(result.stdout.match(/^killed (\d+)$/m)?.[1] ?? 0);
            resolve({ ...result, code, reason, detail, killed, took_ms: Date.now() - began });
        });
    });
}

/**
 * Returns what is wrong with a result. Returns "" if the file became a lesson or failed with a
 * plain reason.
 */
export function wrong({ code, late, reason, detail, killed, stdout, stderr }) {
    if (late)
        return 'it hangs';
    if (killed)
        return `the worker was killed by signal ${killed}: ${stderr.slice(-2000)}`;
    if (/Sanitizer|runtime error/.test(stderr))
        return stderr.slice(0, 3000);
    if (code === 0)
        return '';
    if (!reason)
        return `no reason: ${stdout.slice(-500)} ${stderr.slice(-2000)}`;
    return plainReasons.has(reason) ? '' : `failed ${reason}: ${detail}`;
}

/** Runs task(item) for all items, at most `width` at a time. */
export async function inParallel(items, task, width = 2) {
    const queue = items[Symbol.iterator]();
    await Promise.all(Array.from({ length: width }, async () => {
        for (const item of queue)
            await task(item);
    }));
}
