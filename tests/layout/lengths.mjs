// SPDX-License-Identifier: GPL-3.0-or-later
// node tests/layout/lengths.mjs: prints a summary of the lengths of functions and files in lines.
// Fails if one is too long.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const MAX_FUNCTION_LINES = 60, MAX_FILE_LINES = 600;
const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

const files = execFileSync('git', ['ls-files', 'catalog', 'node', 'transcoder', 'tests'], { cwd: root, encoding: 'utf8' })
    .split('\n').filter((file) => /\.[ch]$/.test(file));

/**
 * Returns the functions of a file: [{name, lines}]. clang-format puts the braces of a function into
 * the first column, so they mark its beginning and its end.
 */
function functionsOf(file, lines) {
    const found = [];
    let start = -1;
    for (const [i, line] of lines.entries()) {
        if (line === '{')
            start = i;
        else if (line === '}' && start >= 0) {
            let head = start - 1;
            while (head > 0 && !/^\w/.test(lines[head]))
                head--;
            found.push({ name: `${file}:${head + 1} ${lines[head].match(/(\w+)\(/)?.[1] ?? '?'}`, lines: i - start - 1 });
            start = -1;
        }
    }
    return found;
}

const functions = [], tooLong = [];
for (const file of files) {
    const lines = readFileSync(path.join(root, file), 'utf8').split('\n');
    if (lines.length - 1 > MAX_FILE_LINES)
        tooLong.push(`${file}: ${lines.length - 1} lines; the bound is ${MAX_FILE_LINES}`);
    if (file.endsWith('.c') && !file.startsWith('tests/'))
        functions.push(...functionsOf(file, lines));
}
functions.sort((a, b) => a.lines - b.lines);
const at = (share) => functions[Math.min(functions.length - 1, Math.floor(functions.length * share))];
tooLong.push(...functions.filter(({ lines }) => lines > MAX_FUNCTION_LINES).map(({ name, lines }) => `${name}: ${lines} lines; the bound is ${MAX_FUNCTION_LINES}`));

console.log(`${functions.length} functions: median ${at(0.5).lines} lines, 90th percentile ${at(0.9).lines}, maximum ${at(1).lines} (${at(1).name})`);
console.log(`${files.length} files: ${tooLong.filter((text) => /^\S+: /.test(text)).length} over ${MAX_FILE_LINES} lines`);
for (const text of tooLong)
    console.error(text);
process.exit(tooLong.length ? 1 : 0);
