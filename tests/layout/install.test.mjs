// SPDX-License-Identifier: GPL-3.0-or-later
// `cmake --install` puts everything in its place, and the installed node works.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { binDir, makeClip, oneRung, run, tempDir } from '../harness/terrace.mjs';

test('an installed node has its worker, and all that docs/operations.md names', async () => {
    const prefix = path.join(tempDir(), 'prefix'), data = path.join(tempDir(), 'data');
    const installed = await run('cmake', ['--install', binDir, '--prefix', prefix]);
    assert.equal(installed.code, 0, installed.stderr);
    for (const file of ['bin/terrace', 'libexec/terrace/terrace-worker', 'lib/systemd/system/terrace.service', 'share/doc/terrace/terrace.conf', 'share/man/man1/terrace.1', 'share/man/man5/terrace.conf.5'])
        assert.ok(existsSync(path.join(prefix, file)), file);
    const terrace = path.join(prefix, 'bin/terrace'), env = { TERRACE_WORKER: undefined };
    // The worker is found without any help, and makes a lesson.
    const clip = makeClip(path.join(tempDir(), 'clip.mp4'), { seconds: 2, size: '160x90' });
    const made = await run(terrace, ['ingest', clip, '--wait', '--data', data, ...oneRung()], { env });
    assert.equal(made.code, 0, made.stderr);
    const doctor = await run(terrace, ['doctor', '--data', data], { env });
    assert.match(doctor.stdout, /^ok +worker: /m);
    assert.doesNotMatch(doctor.stdout, /BAD/);
});
