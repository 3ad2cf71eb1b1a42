// SPDX-License-Identifier: GPL-3.0-or-later
// node build.mjs NPM_DIR OUT.c: bundles the pages with the packages in NPM_DIR/node_modules, and
// writes them, gzipped, as a C file.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const [npmDir, out] = process.argv.slice(2);
const require = createRequire(path.join(path.resolve(npmDir), 'package.json'));
const esbuild = require('esbuild');
const src = path.join(path.dirname(fileURLToPath(import.meta.url)), 'src');
const modules = path.join(path.resolve(npmDir), 'node_modules');

// A page is src/NAME/NAME.ts (or .tsx, or .css where there is no script).
const pages = [
    { name: 'terminal', entry: 'terminal/terminal.ts', theme: 'dark' },
    { name: 'login', entry: 'login/login.ts', theme: 'light' },
    { name: 'code', entry: 'code/code.ts', theme: 'light' },
    { name: 'operator', entry: 'operator/operator.tsx', theme: 'light' },
    { name: 'technician', entry: 'technician/technician.tsx', theme: 'light' },
    {
        name: 'not_found',
        entry: 'not_found/not_found.css',
        theme: 'light',
        content: 'not_found/not_found.html',
    },
];
const TITLE = 'Terrace'; // until the script puts the title in the reader's language
const APP = `<noscript>请打开浏览器的 JavaScript。 Please turn JavaScript on.</noscript>
<div id="app"></div>`;

// The parts of hls.js that village players never need are left out: at 64 kbit/s, 8 kB take a
// second to load.
const hlsFeatures = {
    __VERSION__: JSON.stringify(require('hls.js/package.json').version),
    __HLS_WORKER_BUNDLE__: 'undefined',
    __IN_WORKER__: 'false',
    __USE_ALT_AUDIO__: 'true',
    __USE_SUBTITLES__: 'true',
    __USE_CMCD__: 'true',
    __USE_CONTENT_STEERING__: 'false',
    __USE_EME_DRM__: 'false',
    __USE_IFRAMES__: 'false',
    __USE_INTERSTITIALS__: 'false',
    __USE_M2TS_ADVANCED_CODECS__: 'false',
    __USE_MEDIA_CAPABILITIES__: 'false',
    __USE_VARIABLE_SUBSTITUTION__: 'false',
};

const esbuildOptions = {
    bundle: true,
    minify: true,
    write: false,
    outdir: '/out',
    legalComments: 'none',
    charset: 'utf8',
    logLevel: 'warning',
    target: ['es2017', 'chrome61'],
    format: 'iife',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    absWorkingDir: src,
    nodePaths: [modules],
    alias: { 'hls.js': path.join(modules, 'hls.js/src/hls.ts') },
};

const types = {
    css: 'text/css; charset=utf-8',
    html: 'text/html; charset=utf-8',
    js: 'text/javascript; charset=utf-8',
};
const assets = []; // {url, type, bytes}
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** Bundles an entry, adds its parts to `assets`, and returns their addresses: {js?, css?}. */
async function bundle(name, entry, define) {
    const entryPoints = { [name]: path.join(src, entry) };
    const built = await esbuild.build({ ...esbuildOptions, entryPoints, define });
    const urls = {};
    for (const { path: file, contents, text } of built.outputFiles) {
        const undefinedFeature = /__USE_[A-Z0-9_]+__/.exec(text);
        if (undefinedFeature)
            throw new Error(
                `${entry}: ${undefinedFeature[0]} is not defined; decide on it in hlsFeatures`,
            );
        const extension = path.extname(file).slice(1);
        const bytes = Buffer.from(contents);
        urls[extension] = `/assets/${name}.${sha256(bytes).slice(0, 12)}.${extension}`;
        assets.push({ url: urls[extension], type: types[extension], bytes });
    }
    return urls;
}

const template = readFileSync(path.join(src, 'lib/page.html'), 'utf8');

/** Fills in the template: {{name}} is replaced by values.name. */
const fillTemplate = (values) =>
    template.replace(/\{\{(\w+)\}\}/g, (_, name) => {
        if (!(name in values)) throw new Error(`lib/page.html: nothing is known for ${name}`);
        return values[name];
    });

async function addPage({ name, entry, theme, content }, define) {
    const { js, css } = await bundle(name, entry, define);
    const html = fillTemplate({
        title: TITLE,
        theme,
        styles: `<link rel="stylesheet" href="${css}">`,
        content: content ? readFileSync(path.join(src, content), 'utf8').trim() : APP,
        scripts: js ? `<script src="${js}"></script>` : '',
    });
    assets.push({ url: `/${name}`, type: types.html, bytes: Buffer.from(html) });
}

/** One asset as an initializer of struct web_asset; prints its size. */
function assetInitializer({ url, type, bytes }) {
    const gzip = gzipSync(bytes, { level: 9 });
    const literal = gzip
        .toString('hex')
        .replace(/../g, '\\x$&')
        .replace(/(?:\\x..){64}/g, '$&"\n    "');
    console.log(`${url}: ${bytes.length} bytes, ${gzip.length} gzipped`);
    const tag = `\\"${sha256(bytes).slice(0, 16)}\\"`;
    return `    {"${url}", "${type}", "${tag}", "W/${tag}", ${bytes.length}, ${gzip.length},
    (const unsigned char *)"${literal}"},
`;
}

const player = await bundle('player', 'player/player.ts', hlsFeatures);
for (const page of pages) await addPage(page, { PLAYER_URL: JSON.stringify(player.js) });
writeFileSync(
    out,
    `/* Made by node/web/build.mjs. */
#include "node/web/assets.h"

const struct web_asset web_assets[] = {
${assets.map(assetInitializer).join('')}};
const size_t web_asset_count = sizeof(web_assets) / sizeof(web_assets[0]);
`,
);
