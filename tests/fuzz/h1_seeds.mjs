// SPDX-License-Identifier: GPL-3.0-or-later
// Writes the initial corpus for fuzzing whole connections (fuzz_h1.c): the requests of the
// conformance table, and some connections as real clients make them.
// Arguments: the folder for the seeds. Each seed becomes a file in it.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { table } from '../node/http_conformance_table.mjs';

const folder = process.argv[2];
// The file that h1_routes.c serves.
const media = { path: '/v/1/1/a24/0.m4s', bytes: 50_000, etag: '"tag"', modified: 'Thu, 01 Jan 2026 00:00:00 GMT' };
const HOST = 'Host: h\r\n';
// The events between the bytes of a connection, with the numbers that fuzz_h1.c gives them.
const [cut, work, read, halfClose, leave, wait, drain] = '0123456'.split('').map((n) => `\xff${n}`);

const get = (target, fields = '', method = 'GET') => `${method} ${target} HTTP/1.1\r\n${HOST}${fields}\r\n`;
const upload = (body, fields = `Content-Length: ${body.length}\r\n`) => `PATCH /api/uploads/1 HTTP/1.1\r\n${HOST}${fields}\r\n${body}`;
const whole = '/v/1/1/v130.mp4';
const connections = [
    get('/api/lessons') + work + work + get('/healthz', '', 'HEAD') + get(media.path),
    get(media.path) + read + get(whole) + read + read + get('/v/1/1/master.m3u8', 'Accept-Encoding: gzip\r\n'),
    get(whole, 'Range: bytes=250-20400,30000-30010,-5\r\n') + cut + get(whole, 'Range: bytes=-1\r\nIf-Range: "tag"\r\n'),
    upload('a'.repeat(9000)) + work + get('/healthz'),
    `PATCH /api/uploads/1 HTTP/1.1\r\n${HOST}Content-Length: 20\r\n\r\n0123456789${cut}${work}0123456789${work}${get('/healthz')}`,
    upload(`5\r\nhel${cut}lo\r\n${work}3;a=b\r\nabc\r\n0\r\n\r\n`, 'Transfer-Encoding: chunked\r\n') + work + get('/healthz'),
    upload('01234', 'Content-Length: 9\r\n') + work + leave,
    upload('01234', 'Content-Length: 9\r\nExpect: 100-continue\r\n') + work + wait + wait,
    `POST /api/lessons HTTP/1.1\r\n${HOST}Expect: 100-continue\r\nContent-Length: 4\r\n\r\n${work}${work}${read}body${get('/')}`,
    `POST /api/logout HTTP/1.1\r\n${HOST}Content-Length: 3000\r\n\r\n${'b'.repeat(3000)}${get('/healthz')}`,
    `POST /api/login HTTP/1.1\r\n${HOST}Content-Length: 2000\r\n\r\n${'b'.repeat(2000)}${get('/healthz')}`,
    get('/api/operator/events') + read + get('/healthz'),
    `GET /api/operator/events HTTP/1.0\r\n\r\n${read}${read}`,
    get('/api/operator/events', '', 'HEAD') + get('/healthz'),
    get('/api/operator/events') + leave,
    get('/api/lessons') + leave,
    get('/api/lessons') + halfClose + work + work,
    get('/api/lessons') + drain + work + work,
    get(whole) + read + drain + read,
    get(media.path) + leave,
    get(media.path).repeat(9) + wait + wait,
    get('/healthz') + wait + get('/healthz'),
    `GET /hea${wait}lthz`,
    'G' + cut + 'ET /healthz HT' + cut + 'TP/1.1\r' + cut + '\nHost: h\r\n\r' + cut + '\n' + get('/healthz'),
    `no request\r\n\r\n${'x'.repeat(60_000)}`,
    get('/v/1/1/a24/0.m4s?CMCD=bl%3D1000%2Csid%3D%22a%22') + upload('x\xff\xff7y'),
];

mkdirSync(folder, { recursive: true });
const requests = table.map(([, , request, , , { interim = '' } = {}]) => (typeof request === 'function' ? request(media) : request) + cut + interim);
for (const [n, text] of [...requests, ...connections].entries())
    writeFileSync(path.join(folder, `seed-${String(n).padStart(3, '0')}`), Buffer.from(text, 'latin1'));
