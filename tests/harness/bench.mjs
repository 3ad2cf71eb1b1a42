// SPDX-License-Identifier: GPL-3.0-or-later
// What the benchmarks share: timed commands, medians, tables.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { run, tempDir } from './terrace.mjs';

/** Runs a command to its end: {wall_s, cpu_s, peak_bytes} with its children's; throws if it fails. */
export async function timed(program, args, options) {
    const report = path.join(tempDir(), 'time');
    const result = await run('/usr/bin/time', ['-f', '%e %U %S %M', '-o', report, program, ...args], options);
    if (result.code !== 0)
        throw new Error(`${program} ${args.join(' ')}: exit ${result.code}\n${result.stdout}${result.stderr}`);
    const [wall, user, system, peakKib] = readFileSync(report, 'utf8').trim().split(/\s+/).map(Number);
    return { wall_s: wall, cpu_s: user + system, peak_bytes: peakKib * 1024 };
}

export function median(values) {
    const sorted = [...values].sort((a, b) => a - b);
    return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}

/** Prints rows of cells under a head, numbers to the right. */
export function table(head, rows) {
    const text = [head, ...rows].map((row) => row.map(String));
    const widths = head.map((_, i) => Math.max(...text.map((row) => row[i].length)));
    for (const row of text)
        console.log(row.map((cell, i) => (i ? cell.padStart(widths[i]) : cell.padEnd(widths[i]))).join('  '));
}

/** The closing lines that other programs read. */
export const ratio = (name, value) => console.log(`ratio ${name} ${value.toFixed(3)}`);
