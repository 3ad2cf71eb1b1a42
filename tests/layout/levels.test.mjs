// SPDX-License-Identifier: GPL-3.0-or-later
// Checks that files include downwards only, according to the table of levels in
// docs/architecture.md. Also checks that this check can fail.
import assert from 'node:assert/strict';
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { checkLevels, findCircles } from './levels.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const copies = mkdtempSync(path.join(tmpdir(), 'terrace-levels-'));
after(() => rmSync(copies, { recursive: true }));

/** Returns what the check reports if `line` is appended to `file`. */
function problemsWith(name, file, line) {
    const copy = path.join(copies, name);
    mkdirSync(path.join(copy, 'docs'), { recursive: true });
    cpSync(path.join(root, 'docs/architecture.md'), path.join(copy, 'docs/architecture.md'));
    for (const tree of ['catalog', 'node', 'transcoder'])
        cpSync(path.join(root, tree), path.join(copy, tree), { recursive: true, filter: (from) => !from.includes('node_modules') });
    appendFileSync(path.join(copy, file), `${line}\n`);
    return checkLevels(copy);
}

test('every include goes downwards, and there is no cycle', () => {
    assert.deepEqual(checkLevels(root), []);
});

test('an include that goes upwards is found', () => {
    const problems = problemsWith('up', 'node/http/body.c', '#include "node/http/response.h"');
    assert.ok(problems.includes('node/http/body.c includes upwards: node/http/response.h'), problems.join('\n'));
});

test('an include that goes sideways is found', () => {
    const problems = problemsWith('sideways', 'node/hls/hls.c', '#include "node/link/link.h"');
    assert.ok(problems.includes('node/hls/hls.c includes sideways: node/link/link.h'), problems.join('\n'));
});

test('an include of another program is found', () => {
    const problems = problemsWith('foreign', 'node/jobs/scheduler.c', '#include "transcoder/demux/input.h"');
    assert.ok(problems.includes('node/jobs/scheduler.c includes what node may not use: transcoder/demux/input.h'), problems.join('\n'));
});

test('a reversed include makes a cycle, which is found', () => {
    const problems = problemsWith('circle', 'transcoder/audio/meter.h', '#include "transcoder/audio/test_encode.h"');
    assert.ok(problems.some((problem) => problem.startsWith('a circle: ')), problems.join('\n'));
});

test('cycles are found among many modules', () => {
    const edges = new Map([['a', ['b']], ['b', ['c', 'd']], ['c', ['a']], ['d', []], ['e', ['e2']], ['e2', ['e']]]);
    assert.deepEqual(findCircles(edges), [['a', 'b', 'c'], ['e', 'e2']]);
});
