// SPDX-License-Identifier: GPL-3.0-or-later
// Each message of the pages exists in both languages, and each message is used.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { binDir } from '../harness/terrace.mjs';

const src = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../node/web/src');
const table = path.join(src, 'lib/messages.ts');

/**
 * Returns the sections of the message table: {section: {key: [zh, en]}}. esbuild is taken from the
 * build folder.
 */
async function readSections() {
    const require = createRequire(path.resolve(binDir, 'node/web/npm/package.json'));
    const { code } = require('esbuild').transformSync(readFileSync(table, 'utf8'), { loader: 'ts', format: 'esm' });
    const { ...sections } = await import(`data:text/javascript,${encodeURIComponent(code)}`);
    return sections;
}

const sections = await readSections();
const messages = Object.entries(sections).flatMap(([section, rows]) => Object.entries(rows).map(([key, row]) => ({ name: `${section}.${key}`, key, row })));

test('both languages have the same keys, and no text is empty', () => {
    const [zh, en] = [0, 1].map((language) => messages.filter(({ row }) => row[language]?.trim()).map(({ name }) => name));
    assert.ok(zh.length > 80);
    assert.deepEqual(zh, en);
    assert.equal(zh.length, messages.length);
    for (const { name, row } of messages)
        assert.equal(row.length, 2, name);
});

test('both languages have the same placeholders', () => {
    const placeholders = (text) => [...text.matchAll(/\{\w+\}/g)].map(([found]) => found).sort();
    for (const { name, row: [zh, en] } of messages)
        assert.deepEqual(placeholders(zh), placeholders(en), name);
});

test('each message is used', () => {
    const files = readdirSync(src).flatMap((folder) => readdirSync(path.join(src, folder)).map((file) => path.join(src, folder, file)));
    const words = new Set(files.filter((file) => /\.tsx?$/.test(file) && file !== table).flatMap((file) => readFileSync(file, 'utf8').match(/\w+/g)));
    assert.deepEqual(messages.filter(({ key }) => !words.has(key)).map(({ name }) => name), []);
});
