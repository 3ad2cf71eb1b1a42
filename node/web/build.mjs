// SPDX-License-Identifier: GPL-3.0-or-later
// node build.mjs NPM_DIR OUT.c: bundles the pages with the packages in NPM_DIR/node_modules and writes them, gzipped, as a C file.
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const [npmDir, out] = process.argv.slice(2);
const require = createRequire(path.join(path.resolve(npmDir), 'package.json'));
const esbuild = require('esbuild');
const src = path.join(path.dirname(fileURLToPath(import.meta.url)), 'src');
const modules = path.join(path.resolve(npmDir), 'node_modules');

// What village players never need is left out of hls.js: a second of loading at 64 kbit/s is 8 KB.
const hlsFeatures = {
    __VERSION__: JSON.stringify(require('hls.js/package.json').version),
    __HLS_WORKER_BUNDLE__: 'undefined', __IN_WORKER__: 'false',
    __USE_ALT_AUDIO__: 'true', __USE_SUBTITLES__: 'true', __USE_CMCD__: 'true',
    __USE_CONTENT_STEERING__: 'false', __USE_EME_DRM__: 'false', __USE_IFRAMES__: 'false', __USE_INTERSTITIALS__: 'false', __USE_M2TS_ADVANCED_CODECS__: 'false',
    __USE_MEDIA_CAPABILITIES__: 'false', __USE_VARIABLE_SUBSTITUTION__: 'false',
};
const common = {
    bundle: true, minify: true, write: false, legalComments: 'none', charset: 'utf8', logLevel: 'warning',
    target: ['es2017', 'chrome61'], nodePaths: [modules], format: 'iife', absWorkingDir: src,
    alias: { 'hls.js': path.join(modules, 'hls.js/src/hls.ts') },
};

const assets = []; // {url, type, bytes}
const hashed = (name, extension, bytes) => `/assets/${name}.${createHash('sha256').update(bytes).digest('hex').slice(0, 12)}.${extension}`;

async function bundle(entry, options = {}) {
    const built = await esbuild.build({ ...common, entryPoints: [path.join(src, entry)], outdir: '/out', ...options });
    const urls = {};
    for (const file of built.outputFiles) {
        const extension = path.extname(file.path).slice(1);
        const bytes = Buffer.from(file.contents);
        const undefinedFeature = file.text.match(/__USE_[A-Z0-9_]+__/);
        if (undefinedFeature)
            throw new Error(`${entry}: ${undefinedFeature[0]} is not defined; decide on it in hlsFeatures`);
        urls[extension] = hashed(path.basename(entry, path.extname(entry)), extension, bytes);
        const type = extension === 'css' ? 'text/css; charset=utf-8' : 'text/javascript; charset=utf-8';
        assets.push({ url: urls[extension], type, bytes });
    }
    return urls;
}

const player = await bundle('player/player.js', { define: hlsFeatures });
const style = await bundle('lib/style.css');
for (const page of ['terminal', 'login', 'operator', 'technician']) {
    const { js, css } = await bundle(`${page}/${page}.js`, { define: { PLAYER_URL: JSON.stringify(player.js) } });
    const html = readFileSync(path.join(src, page, `${page}.html`), 'utf8')
        .replace('</head>', `<link rel="stylesheet" href="${style.css}">${css ? `<link rel="stylesheet" href="${css}">` : ''}</head>`)
        .replace('</body>', `<script src="${js}"></script></body>`);
    assets.push({ url: `/${page}`, type: 'text/html; charset=utf-8', bytes: Buffer.from(html) });
}
assets.push({ url: '/nowhere', type: 'text/html; charset=utf-8', bytes: Buffer.from(readFileSync(path.join(src, 'not_found/not_found.html'), 'utf8')
    .replace('</head>', `<link rel="stylesheet" href="${style.css}"></head>`)) });

const literal = (bytes) => bytes.toString('hex').replace(/../g, '\\x$&').replace(/(?:\\x..){64}/g, '$&"\n    "');
const chunks = assets.map(({ url, type, bytes }) => {
    const gzip = gzipSync(bytes, { level: 9 });
    const etag = createHash('sha256').update(bytes).digest('hex').slice(0, 16);
    console.log(`${url}: ${bytes.length} bytes, ${gzip.length} gzipped`);
    return `    {"${url}", "${type}", "\\"${etag}\\"", ${bytes.length}, ${gzip.length}, (const unsigned char *)\n    "${literal(gzip)}"},\n`;
});
writeFileSync(out, `/* Made by node/web/build.mjs. */\n#include "node/web/assets.h"\n\nconst struct web_asset web_assets[] = {\n${chunks.join('')}};\n`
    + `const size_t web_asset_count = sizeof(web_assets) / sizeof(web_assets[0]);\n`);
