// SPDX-License-Identifier: GPL-3.0-or-later
// Shared parts of the benchmarks: timed commands, medians, tables.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { media, run, tempDir } from './terrace.mjs';

/**
 * Runs a command to its end. Returns {wall_s, cpu_s, peak_bytes}. cpu_s includes its children;
 * peak_bytes is the memory of the largest process among them. Throws if it fails.
 */
export async function timed(program, args, options) {
    const report = path.join(tempDir(), 'time');
    const result = await run('/usr/bin/time', ['-f', '%e %U %S %M', '-o', report, program, ...args], options);
    if (result.code !== 0)
        throw new Error(`${program} ${args.join(' ')}: exit ${result.code}\n${result.stdout}${result.stderr}`);
    const [wall, user, system, peakKib] = readFileSync(report, 'utf8').trim().split(/\s+/).map(Number);
    return { wall_s: wall, cpu_s: user + system, peak_bytes: peakKib * 1024 };
}

/**
 * Returns the videos that were named. If none was named, returns real lessons of different kinds,
 * or an empty list if there are no real media.
 */
export const lessons = (named) => (named.length ? named : ['slides-webcam-720p25-5min.mp4', 'gnome-windows-and-workspaces.webm',
    'act-perspective-video.mp4', 'webcam-signer-640x480.mkv', 'intel-one-by-one-person-detection.mp4', 'sintel_with_14_chapters.mp4']
    .map((name) => media(`lectures/${name}`)).filter(Boolean));

/** Copies the first minute of a video into a folder, and returns its path. */
export async function firstMinute(video, folder) {
    const file = path.join(folder, `minute${path.extname(video)}`);
    await timed('ffmpeg', ['-nostdin', '-v', 'error', '-i', video, '-t', '60', '-c', 'copy', file]);
    return file;
}

/** Returns the quantile of the values for a share from 0 to 1, interpolated between two values. */
export function quantile(values, share) {
    const sorted = [...values].sort((a, b) => a - b), at = share * (sorted.length - 1), below = Math.floor(at);
    return sorted[below] + (at - below) * (sorted[Math.ceil(at)] - sorted[below]);
}

export const median = (values) => quantile(values, 0.5);

/**
 * Runs the step that tests/bench/ab.mjs requests on the command line, and prints its result as the
 * last line. Returns false if the command line has no such step; the benchmark then compares
 * Terrace with its peer.
 * prepare(folder, ...args) makes the data that both builds are measured with. measure(folder,
 * ...args) returns the figures of one build.
 */
export async function runStep({ prepare, measure }) {
    const [step, folder, ...args] = process.argv.slice(2), steps = { '--prepare': prepare, '--measure': measure };
    if (!steps[step])
        return false;
    console.log(JSON.stringify(await steps[step](folder, ...args) ?? null));
    return true;
}

/** Prints a table with a head. The first column is aligned to the left, the others to the right. */
export function table(head, rows) {
    const text = [head, ...rows].map((row) => row.map(String));
    const widths = head.map((_, i) => Math.max(...text.map((row) => row[i].length)));
    for (const row of text)
        console.log(row.map((cell, i) => (i ? cell.padStart(widths[i]) : cell.padEnd(widths[i]))).join('  '));
}

/** Prints a closing line in a form that other programs read. */
export const ratio = (name, value) => console.log(`ratio ${name} ${value.toFixed(3)}`);

/**
 * Returns Bjontegaard's rate: the difference in bits that `ours` needs compared with `theirs` at
 * the same quality. It is negative if ours needs fewer bits. It is the mean of the logarithm of the
 * rate, piecewise linear over the quality, over the qualities that theirs reaches and ours reaches
 * too.
 * For a quality below the worst point of ours, ours is counted with the bits of that point. This is
 * more than it would need, so the result is an upper bound. Returns NaN if the worst point of
 * theirs is better than the best point of ours.
 */
export function bdRate(ours, theirs, quality) {
    const line = (points) => {
        const hull = [];
        for (const p of [...points].sort((a, b) => a.kbps - b.kbps))
            if (!hull.length || p[quality] > hull.at(-1).q)
                hull.push({ q: p[quality], log: Math.log(p.kbps) });
        return hull;
    };
    const at = (hull, q) => {
        if (q <= hull[0].q)
            return hull[0].log;
        const i = hull.findIndex((p) => p.q >= q);
        const [a, b] = [hull[i - 1], hull[i]];
        return a.log + (b.log - a.log) * (q - a.q) / (b.q - a.q);
    };
    const a = line(ours), b = line(theirs), low = b[0].q, high = Math.min(a.at(-1).q, b.at(-1).q);
    const steps = 1000;
    let sum = 0;
    for (let i = 0; i < steps; i++) {
        const q = low + (high - low) * (i + 0.5) / steps;
        sum += at(a, q) - at(b, q);
    }
    return low < high ? Math.exp(sum / steps) - 1 : NaN;
}

/**
 * Runs `inside` in a network namespace of its own: the script `url` is started again there, after
 * the shell has run `setup`.
 */
export async function inNamespace(url, setup, inside) {
    if (process.env.TERRACE_INSIDE)
        return inside();
    const child = spawn('unshare', ['-n', 'sh', '-ec', `${setup}; exec "$@"`, 'sh', process.execPath, fileURLToPath(url), ...process.argv.slice(2)],
        { stdio: 'inherit', env: { ...process.env, TERRACE_INSIDE: '1' } });
    child.on('close', (code) => process.exit(code ?? 1));
}
