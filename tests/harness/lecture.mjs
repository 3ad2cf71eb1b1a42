// SPDX-License-Identifier: GPL-3.0-or-later
// node lecture.mjs DATA: makes the lesson that several tests use, so that it is encoded only once.
import { rmSync } from 'node:fs';
import { ingestLecture } from './terrace.mjs';

const [data] = process.argv.slice(2);
rmSync(data, { recursive: true, force: true });
await ingestLecture(data);
