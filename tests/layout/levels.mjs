// SPDX-License-Identifier: GPL-3.0-or-later
// Reads the table of levels in docs/architecture.md and checks the includes of the sources against
// it.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';

const TREES = ['catalog', 'node', 'transcoder'];

/**
 * Parses the table: [{folder, uses: [folder], levels: [[name]]}]. A line without indentation names
 * a folder and what that folder may use from elsewhere. The indented lines below it are its levels,
 * the highest first. A name is a folder, or a file without its extension.
 */
export function parseTable(markdown) {
    const block = markdown.match(/^```levels\n([\s\S]*?)^```$/m);
    if (!block)
        throw new Error('docs/architecture.md has no ```levels block');
    const table = [];
    for (const line of block[1].split('\n').filter((text) => text.trim())) {
        const names = line.trim().split(/\s+/);
        if (/^\s/.test(line)) {
            table.at(-1).levels.push(names);
        } else {
            const [folder, ...uses] = names;
            table.push({ folder, uses: uses.filter((name) => name !== 'uses'), levels: [] });
        }
    }
    return table;
}

function sourceFiles(root, folder) {
    return readdirSync(path.join(root, folder), { withFileTypes: true }).flatMap((entry) => {
        const name = `${folder}/${entry.name}`;
        if (entry.isDirectory())
            return entry.name === 'node_modules' ? [] : sourceFiles(root, name);
        return /\.[ch]$/.test(entry.name) ? [name] : [];
    });
}

const stem = (file) => file.replace(/\.[ch]$/, '');
const isBelow = (file, folder) => file.startsWith(`${folder}/`);

/**
 * Returns the level of a file in one part of the table, and the name there that the file belongs
 * to. Level 0 is the highest.
 */
function place(part, file) {
    const inside = stem(file).slice(part.folder.length + 1);
    for (const [level, names] of part.levels.entries())
        for (const name of names)
            if (inside === name || inside.startsWith(`${name}/`))
                return { level, name };
    return null;
}

function checkInclude(table, from, to) {
    // A file can belong to several parts of the table. The innermost part that contains both files
    // decides.
    const shared = table.filter(({ folder }) => isBelow(from, folder) && isBelow(to, folder))
        .sort((a, b) => b.folder.length - a.folder.length)[0];
    if (shared) {
        const above = place(shared, from), below = place(shared, to);
        for (const [file, found] of [[from, above], [to, below]])
            if (!found)
                return `${file} has no level in ${shared.folder}`;
        if (above.name === below.name || above.level < below.level)
            return null;
        const direction = above.level === below.level ? 'sideways' : 'upwards';
        return `${from} includes ${direction}: ${to}`;
    }
    const user = table.filter(({ folder }) => isBelow(from, folder)).sort((a, b) => a.folder.length - b.folder.length)[0];
    if (!user)
        return `${from} is in no part of the table`;
    return user.uses.some((folder) => isBelow(to, folder)) ? null : `${from} includes what ${user.folder} may not use: ${to}`;
}

/**
 * Finds cycles among modules. A module is NAME.c together with NAME.h. Each cycle is a list of its
 * modules.
 */
export function findCircles(edges) {
    const index = new Map(), low = new Map(), stack = [], circles = [];
    const visit = (node) => {
        index.set(node, index.size);
        low.set(node, index.get(node));
        stack.push(node);
        for (const next of edges.get(node) ?? []) {
            if (!index.has(next))
                visit(next);
            if (stack.includes(next))
                low.set(node, Math.min(low.get(node), low.get(next)));
        }
        if (low.get(node) !== index.get(node))
            return;
        const circle = stack.splice(stack.indexOf(node));
        if (circle.length > 1)
            circles.push(circle.sort());
    };
    for (const node of edges.keys())
        if (!index.has(node))
            visit(node);
    return circles;
}

/** Returns all violations of the table by includes below `root`, one line each. */
export function checkLevels(root) {
    const table = parseTable(readFileSync(path.join(root, 'docs/architecture.md'), 'utf8'));
    const problems = new Set(), edges = new Map();
    for (const file of TREES.flatMap((tree) => sourceFiles(root, tree))) {
        const module = stem(file);
        if (!edges.has(module))
            edges.set(module, new Set());
        for (const [, target] of readFileSync(path.join(root, file), 'utf8').matchAll(/^#include "([^"]+)"/gm)) {
            if (!existsSync(path.join(root, target)))
                continue; // the build generates this file
            const problem = checkInclude(table, file, target);
            if (problem)
                problems.add(problem);
            if (stem(target) !== module)
                edges.get(module).add(stem(target));
        }
    }
    for (const circle of findCircles(edges))
        problems.add(`a circle: ${circle.join(', ')}`);
    return [...problems].sort();
}
