// SPDX-License-Identifier: GPL-3.0-or-later
// A test file that runs itself behind an emulated link (tests/link/).
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './terrace.mjs';

const emulator = path.join(path.dirname(fileURLToPath(import.meta.url)), '../link/run.sh');

/** What goes before a command so that it runs in the county, where this process is in a village; else []. */
export const county = (process.env.LINK_COUNTY ?? '').split(' ').filter(Boolean);
export const COUNTY_ADDRESS = '10.77.0.1';

/**
 * Runs a JavaScript file in a village behind that link, and gives what it printed last, from JSON. Null, and the test is
 * skipped, where this machine can't.
 */
export async function inVillage(t, profile, file, args = []) {
    const result = await run('sh', [emulator, profile, '--', process.execPath, file, ...args]);
    if (result.code === 77) {
        t.skip(`SKIPPED: ${result.stderr.trim()}`);
        return null;
    }
    if (result.code !== 0)
        throw new Error(`${profile}: exit ${result.code}\n${result.stdout}${result.stderr}`);
    return JSON.parse(result.stdout.trim().split('\n').at(-1));
}
