// SPDX-License-Identifier: GPL-3.0-or-later
// node lecture.mjs DATA: makes the lesson that several tests look at, once for all of them.
import { rmSync } from 'node:fs';
import { ingestLecture } from './terrace.mjs';

const [data] = process.argv.slice(2);
rmSync(data, { recursive: true, force: true });
await ingestLecture(data);
