// SPDX-License-Identifier: GPL-3.0-or-later
// node parsers_memory.mjs TARGET...: replays the corpus of each fuzz target again and again, and the
// n-th allocation fails, for n = 1, 2, 3 ... until a run reaches no fault. No run may crash.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { binDir, run, tempDir } from '../harness/terrace.mjs';

const COUNT_ALLOCATIONS = 1;
const corpora = path.join(path.dirname(fileURLToPath(import.meta.url)), 'corpus');
const state = path.join(tempDir(), 'state');
let runs = 0, crashes = 0;

/** Replays with the n-th allocation failing. Returns whether it was reached. */
async function replay(target, n) {
    writeFileSync(state, Buffer.from(Int32Array.from([0, n, 0, 0, COUNT_ALLOCATIONS, ...Array(11).fill(0)]).buffer));
    const program = `fuzz_${target}`;
    const { signal, stderr } = await run(path.join(binDir, 'tests', program), [path.join(corpora, target)],
        { env: { LD_PRELOAD: path.join(binDir, 'tests/libfault_shim.so'), FAULT_ROOT: '/nowhere', FAULT_STATE: state, FAULT_PROGRAM: program } });
    runs++;
    // A target ends itself without a word if it needs memory for its own checks. If the heap is
    // broken, the C library says so.
    if (signal && !(signal === 'SIGABRT' && stderr === '')) {
        crashes++;
        console.log(`${target}, allocation ${n}: ${signal} ${stderr}`);
    }
    return readFileSync(state).readInt32LE(0) >= n;
}

for (const target of process.argv.slice(2)) {
    let n = 1;
    while (await replay(target, n))
        n++;
    console.log(`# ${target}: ${n - 1} allocations; ${runs} runs so far, ${crashes} with a crash`);
}
process.exit(crashes ? 1 : 0);
