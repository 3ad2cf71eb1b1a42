// SPDX-License-Identifier: GPL-3.0-or-later
// compares two builds of Terrace: BASE NAME [ARGUMENT...]; NAME is serve, ladder or link
// BASE is the old build: a git revision, or a folder with the programs of a release. The new build
// is the work tree.
// A pair is one measurement of each build. The order of the two builds changes with each pair
// (ABBA). So a machine that becomes slower or faster favours neither build. The variable PAIRS sets
// the number of pairs (10).
// All ratios are new divided by old. A ratio below 1 means that the new build is better; for
// requests per second, a ratio above 1 does.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { binDir, tempDir } from '../harness/terrace.mjs';
import { quantile, ratio, table } from '../harness/bench.mjs';

const [base, name, ...args] = process.argv.slice(2), pairs = Number(process.env.PAIRS ?? 10);
const script = path.join(path.dirname(fileURLToPath(import.meta.url)), `${name}.mjs`);

/**
 * Runs one step of the benchmark with the programs in `bin`. Returns the last line that it printed,
 * parsed from JSON.
 */
function runStep(step, bin, folder) {
    const result = spawnSync(process.execPath, [script, step, folder, ...args],
        { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, TERRACE_BIN: bin } });
    if (result.status !== 0)
        throw new Error(`${name} ${step} with ${bin}: exit ${result.status}\n${result.stdout}`);
    return JSON.parse(result.stdout.trim().split('\n').at(-1));
}

const folder = tempDir(), ratios = {};
const builds = { old: path.resolve(base), new: binDir };
// The old build prepares the data for both builds, so the new build must be able to read that data.
runStep('--prepare', builds.old, folder);
for (let pair = 0; pair < pairs; pair++) {
    const figures = {};
    for (const build of pair % 2 ? ['new', 'old'] : ['old', 'new'])
        figures[build] = runStep('--measure', builds[build], folder);
    console.error(`pair ${pair + 1} of ${pairs}: ${JSON.stringify(figures)}`);
    for (const figure of Object.keys(figures.old))
        (ratios[figure] ??= []).push(figures.new[figure] / figures.old[figure]);
}
table(['new / old', ...Array.from({ length: pairs }, (_, pair) => `pair ${pair + 1}`), 'lower quartile', 'median', 'upper quartile'],
    Object.entries(ratios).map(([figure, values]) => [figure, ...[...values, ...[0.25, 0.5, 0.75].map((share) => quantile(values, share))].map((value) => value.toFixed(3))]));
for (const [figure, values] of Object.entries(ratios))
    ratio(`${name}_${figure}`, quantile(values, 0.5));
