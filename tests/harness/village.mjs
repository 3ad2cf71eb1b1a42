// SPDX-License-Identifier: GPL-3.0-or-later
// Lets a test file run itself again behind an emulated link (tests/link/). The test runs in the
// village; its servers run in the county, at the other end of the link.
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './terrace.mjs';

const emulator = path.join(path.dirname(fileURLToPath(import.meta.url)), '../link/run.sh');

/**
 * The prefix for a command that is to run in the county. It is empty if this process is not in a
 * village.
 */
export const county = (process.env.LINK_COUNTY ?? '').split(' ').filter(Boolean);
export const COUNTY_ADDRESS = '10.77.0.1';

/**
 * Runs a JavaScript file in a village behind the link `profile`. Returns the last line that it
 * printed, parsed from JSON. If this machine can't emulate links, skips the test and returns null.
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
