// SPDX-License-Identifier: GPL-3.0-or-later
// Checks HTTPS: protocol versions, a change of the certificate during transfers, invalid
// certificate files and misbehaving clients.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, readdirSync, truncateSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import tls from 'node:tls';
import { lectureData, login, run, startNode, tempDir, terrace, terraceOk, until } from '../harness/terrace.mjs';

const dir = tempDir();
const certificate = path.join(dir, 'cert.pem'), key = path.join(dir, 'key.pem');
let data, node, rendition;

/** Makes a self-signed certificate for 127.0.0.1: {certificate, key}. */
function makeCertificate(name, args = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256']) {
    const made = { certificate: path.join(dir, `${name}-cert.pem`), key: path.join(dir, `${name}-key.pem`) };
    const { status, stderr } = spawnSync('openssl', ['req', '-x509', ...args, '-nodes', '-days', '30', '-subj', `/CN=${name}`,
        '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', made.key, '-out', made.certificate], { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    return made;
}

function install(made) {
    copyFileSync(made.certificate, certificate);
    copyFileSync(made.key, key);
}

const first = makeCertificate('first');
const tlsArgs = ['--tls-listen', '127.0.0.1:0', '--tls-certificate', certificate, '--tls-key', key];

const curl = (where, ...args) => run('curl', ['-sS', '--cacert', certificate, ...args, node.tlsUrl + where]);

const connect = (port = node.tlsPort, options = {}) => new Promise((resolve, reject) => {
    const socket = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options }, () => resolve(socket));
    socket.on('error', reject);
});

const readAll = (socket) => new Promise((resolve, reject) => {
    const got = [];
    socket.on('data', (d) => got.push(d));
    socket.on('end', () => resolve(Buffer.concat(got)));
    socket.on('error', reject);
});

/** Returns the name on the certificate that the node presents now. */
async function shownName() {
    const socket = await connect();
    const name = socket.getPeerCertificate().subject.CN;
    socket.destroy();
    return name;
}

before(async () => {
    install(first);
    data = await lectureData();
    node = await startNode({ data, args: ['--loops', '3', '--hsts-seconds', '600', ...tlsArgs] });
    const master = await (await fetch(`${node.url}/v/1/1/master.m3u8`)).text();
    rendition = master.match(/^(v\w+)\/index\.m3u8/m)[1];
});
after(async () => {
    assert.deepEqual(await node?.stop(), { code: 0, signal: null }, node?.log());
});

test('TLS 1.2 and 1.3, nothing older; HTTP/1.1 by ALPN', async () => {
    for (const [version, max] of [['1.2', '--tls-max'], ['1.3', '--tlsv1.3']]) {
        const args = version === '1.2' ? ['--tlsv1.2', max, '1.2'] : [max];
        const { code, stdout, stderr } = await curl('/healthz', '-v', ...args);
        assert.equal(code, 0, stderr);
        assert.match(stdout, /"status": "ok"/);
        assert.match(stderr, new RegExp(`SSL connection using TLSv${version.replace('.', '\\.')}`));
        assert.match(stderr, /ALPN.* http\/1\.1/);
        assert.match(stderr, /< Strict-Transport-Security: max-age=600/i);
    }
    const old = await run('openssl', ['s_client', '-connect', `127.0.0.1:${node.tlsPort}`, '-tls1_1', '-cipher', 'ALL:@SECLEVEL=0']);
    assert.notEqual(old.code, 0);
    const h2 = await run('openssl', ['s_client', '-connect', `127.0.0.1:${node.tlsPort}`, '-alpn', 'h2']);
    assert.match(h2.stderr + h2.stdout, /no application protocol/);
    const plain = await fetch(`${node.url}/healthz`);
    assert.equal(plain.headers.get('strict-transport-security'), null, 'not without TLS (RFC 6797 section 7.2)');
});

test('a TLS session is resumed by its ticket on any event loop, also after SIGHUP', async () => {
    const versions = ['-tls1_2', '-tls1_3'], ticket = (version) => path.join(dir, `ticket${version}`);
    const session = (version, ...args) => run('openssl', ['s_client', '-connect', `127.0.0.1:${node.tlsPort}`, version, '-ign_eof', ...args],
        { input: 'GET /healthz HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n' });
    const goesOn = async (version, times) => {
        for (let i = 0; i < times; i++)
            assert.match((await session(version, '-sess_in', ticket(version))).stdout, /Reused, TLSv1/);
    };
    for (const version of versions) {
        assert.match((await session(version, '-sess_out', ticket(version))).stdout, /New, TLSv1/);
        await goesOn(version, 12);
    }
    process.kill(node.pid, 'SIGHUP');
    await until(() => /certificate was loaded anew/.test(node.log()), 'the certificate', 20_000);
    for (const version of versions)
        await goesOn(version, 2);
});

test('a file has the same bytes with TLS and without, as a whole and in ranges', async () => {
    const where = `/v/1/1/${rendition}.mp4`;
    const whole = Buffer.from(await (await fetch(node.url + where)).arrayBuffer());
    assert.ok(whole.length > 200_000, String(whole.length));
    for (const [range, expected] of [['0-', whole], ['0-0', whole.subarray(0, 1)], ['65535-65536', whole.subarray(65535, 65537)],
        ['100000-199999', whole.subarray(100000, 200000)], ['-70000', whole.subarray(-70000)]]) {
        const file = path.join(dir, 'range');
        const { code, stderr } = await curl(where, '-r', range, '-o', file);
        assert.equal(code, 0, stderr);
        const got = await run('cmp', [file, '-'], { input: expected });
        assert.equal(got.code, 0, `${range}: ${got.stdout}${got.stderr}`);
    }
    const parts = await curl(where, '-r', '0-9,5000-5009', '-D', '-', '-o', '/dev/null');
    assert.match(parts.stdout, /206 Partial Content[^]*multipart\/byteranges/);
});

test('ffmpeg plays the lesson', async () => {
    const { code, stderr } = await run('ffmpeg', ['-v', 'error', '-i', `${node.tlsUrl}/v/1/1/master.m3u8`, '-map', '0:v:0', '-map', '0:a:0', '-c', 'copy', '-f', 'null', '-']);
    assert.equal(code, 0, stderr);
    assert.equal(stderr, '');
});

test('a client that has closed its sending side still gets its answer', async () => {
    const socket = await connect(node.tlsPort, { allowHalfOpen: true });
    socket.end(`GET /v/1/1/${rendition}.mp4 HTTP/1.1\r\nHost: h\r\n\r\n`);
    const got = await readAll(socket);
    const length = Number(got.toString('latin1').match(/Content-Length: (\d+)/)[1]);
    assert.equal(got.length, got.indexOf('\r\n\r\n') + 4 + length);
});

test('an upload of some megabytes arrives as it was sent', async () => {
    await terraceOk(['user', 'add', 'li', '--role', 'admin', '--data', data], { input: 'a good long password\n' });
    const ask = (where, ...args) => curl(where, '-D', '-', ...args);
    const body = JSON.stringify({ name: 'li', password: 'a good long password' });
    const said = (await ask('/api/login', '-H', 'Content-Type: application/json', '-d', body)).stdout;
    const cookie = said.match(/Set-Cookie: (__Host-terrace_session=\w+); .*; Secure/i)?.[1];
    assert.ok(cookie, said);
    const common = ['-H', `Cookie: ${cookie}`, '-H', `X-CSRF-Token: ${said.match(/"csrf":\s*"(\w+)"/)[1]}`, '-H', 'Tus-Resumable: 1.0.0'];
    const bytes = 5_000_000, file = path.join(dir, 'upload');
    writeFileSync(file, Buffer.alloc(bytes, 'terrace'));
    const created = (await ask('/api/uploads', ...common, '-X', 'POST', '-H', `Upload-Length: ${bytes + 1}`)).stdout;
    const where = created.match(/Location: (?:https?:\/\/[^/]+)?(\/\S+)/i)?.[1];
    assert.ok(where, created);
    const patched = (await ask(where, ...common, '-X', 'PATCH', '-H', 'Upload-Offset: 0', '-H', 'Content-Type: application/offset+octet-stream', '--data-binary', `@${file}`)).stdout;
    assert.match(patched, new RegExp(`Upload-Offset: ${bytes}\\r`, 'i'));
});

test('after SIGHUP, transfers continue and new connections get the new certificate; an invalid certificate changes nothing', async () => {
    const where = `/v/1/1/${rendition}.mp4`, copies = 60;
    const length = Number((await fetch(node.url + where, { method: 'HEAD' })).headers.get('content-length'));
    const socket = await connect();
    socket.write(`GET ${where} HTTP/1.1\r\nHost: h\r\n\r\n`.repeat(copies - 1) + `GET ${where} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`);
    socket.pause(); // the answers are larger than the socket buffers, so the node has to wait
    install(makeCertificate('second'));
    process.kill(node.pid, 'SIGHUP');
    await until(async () => await shownName() === 'second', 'the new certificate', 20_000);
    writeFileSync(certificate, 'no certificate');
    process.kill(node.pid, 'SIGHUP');
    await until(() => /holds no certificate.*old certificate stays/.test(node.log()), 'the complaint', 20_000);
    assert.equal(await shownName(), 'second');
    socket.resume();
    const got = (await readAll(socket)).toString('latin1');
    assert.equal(got.split('HTTP/1.1 200 OK\r\n').length - 1, copies);
    assert.ok(got.length > copies * length);
    install(first);
    process.kill(node.pid, 'SIGHUP');
    await until(async () => await shownName() === 'first', 'the first certificate', 20_000);
});

test('a file that is truncated during a transfer ends that connection and nothing else', async () => {
    const own = await startNode({ data: await lectureData(), args: tlsArgs });
    const socket = await connect(own.tlsPort);
    socket.write(`GET /v/1/1/${rendition}.mp4 HTTP/1.1\r\nHost: h\r\n\r\n`.repeat(60));
    // the client reads no further, so the node has to wait
    await new Promise((resolve) => socket.once('readable', resolve));
    const chunks = readdirSync(path.join(own.data, 'media/1/1', rendition)).filter((name) => name !== 'init.mp4');
    assert.ok(chunks.length > 0);
    for (const name of chunks)
        truncateSync(path.join(own.data, 'media/1/1', rendition, name), 1000);
    let received = 0;
    const ended = new Promise((resolve) => socket.on('end', resolve).on('error', resolve));
    socket.on('data', (d) => { received += d.length; });
    await ended;
    assert.ok(received > 0);
    await until(() => /can't be sent: Input\/output error/.test(own.log()), 'the log to say so', 10_000);
    const alive = await run('curl', ['-sS', '--cacert', certificate, `${own.tlsUrl}/healthz`]);
    assert.match(alive.stdout, /ok/);
    assert.deepEqual(await own.stop(), { code: 0, signal: null }, own.log());
});

test('a start with invalid TLS options fails with one line that says what is wrong', async () => {
    const other = makeCertificate('other'), rsa = makeCertificate('rsa', ['-newkey', 'rsa:2048']);
    const weak = makeCertificate('weak', ['-newkey', 'rsa:512']);
    const locked = path.join(dir, 'locked.pem'), text = path.join(dir, 'text.pem');
    spawnSync('openssl', ['pkey', '-in', first.key, '-aes256', '-passout', 'pass:secret', '-out', locked]);
    writeFileSync(text, 'hello');
    const fresh = path.join(tempDir(), 'data');
    const refused = async (pattern, ...args) => {
        const { code, stderr } = await terrace(['serve', '--data', fresh, '--listen', '127.0.0.1:0', ...args]);
        assert.equal(code, 1, stderr);
        assert.match(stderr, /^[^\n]+\n$/);
        assert.match(stderr, pattern);
    };
    const files = (cert, pem) => ['--tls-listen', '127.0.0.1:0', '--tls-certificate', cert, '--tls-key', pem];
    await refused(/tls_listen needs tls_certificate and tls_key/, '--tls-listen', '127.0.0.1:0');
    await refused(/pages_need_tls needs tls_listen/, '--pages-need-tls', 'yes');
    await refused(/tls_certificate: .*missing.pem can't be read: No such file/, ...files(path.join(dir, 'missing.pem'), first.key));
    await refused(/tls_certificate: .*text.pem holds no certificate/, ...files(text, first.key));
    await refused(/tls_certificate: .* strong enough/, ...files(weak.certificate, weak.key));
    await refused(/tls_key: .*missing.pem can't be read/, ...files(first.certificate, path.join(dir, 'missing.pem')));
    await refused(/tls_key: .*text.pem holds no private key/, ...files(first.certificate, text));
    await refused(/tls_key: .*locked.pem holds no private key .* without a passphrase/, ...files(first.certificate, locked));
    await refused(/tls_key: .*other-key.pem is not the key of .*first-cert.pem/, ...files(first.certificate, other.key));
    await refused(/tls_key: .*rsa-key.pem is not the key of/, ...files(first.certificate, rsa.key));
    await refused(new RegExp(`127.0.0.1:${node.tlsPort} is in use`), '--tls-listen', `127.0.0.1:${node.tlsPort}`, '--tls-certificate', first.certificate, '--tls-key', first.key);
});

test('plain HTTP or random bytes at the TLS port end the connection without a reset', async () => {
    for (const text of [`GET / HTTP/1.1\r\nHost: h\r\nA: ${'b'.repeat(5000)}\r\n\r\n`, '\x16\x03\x01\x00\x05hello', '\0'.repeat(3000)]) {
        const socket = net.connect(node.tlsPort, '127.0.0.1');
        socket.write(Buffer.from(text, 'latin1'));
        await readAll(socket);
    }
    assert.equal((await curl('/healthz')).code, 0);
});

test('connections that never finish the handshake are closed to make room for others', async () => {
    const small = await startNode({ data: path.join(tempDir(), 'data'), args: ['--loops', '1', '--max-connections', '2', ...tlsArgs] });
    const idle = [net.connect(small.tlsPort, '127.0.0.1'), net.connect(small.tlsPort, '127.0.0.1')];
    const ended = Promise.race(idle.map((socket) => new Promise((resolve) => socket.on('close', resolve))));
    for (const socket of idle) {
        socket.write(Buffer.from('\x16\x03\x01\x02\x00', 'latin1')); // the beginning of a ClientHello
        socket.resume().on('error', () => {});
    }
    const { code, stdout } = await run('curl', ['-sS', '--cacert', certificate, '--max-time', '40', `${small.tlsUrl}/healthz`]);
    assert.equal(code, 0);
    assert.match(stdout, /ok/);
    await ended;
    idle.forEach((socket) => socket.destroy());
    await small.stop();
});

test('with pages_need_tls, other machines get only lessons without TLS', async (t) => {
    const outside = Object.values(os.networkInterfaces()).flat().find((a) => a.family === 'IPv4' && !a.internal)?.address;
    if (!outside)
        return t.skip('SKIPPED: this machine has no address but loopback');
    const listen = ['--listen', '0.0.0.0:0', '--tls-listen', '0.0.0.0:0', '--tls-certificate', certificate, '--tls-key', key];
    const strict = await startNode({ data: path.join(tempDir(), 'data'), args: [...listen, '--pages-need-tls', 'yes'] });
    await terraceOk(['user', 'add', 'wang', '--role', 'admin', '--data', strict.data], { input: 'a good long password\n' });
    const ask = (where, options) => fetch(`http://${outside}:${strict.port}${where}`, { redirect: 'manual', ...options });
    const page = await ask('/operator?a=b');
    assert.equal(page.status, 308);
    assert.equal(page.headers.get('location'), `https://${outside}:${strict.tlsPort}/operator?a=b`);
    assert.equal((await ask('/login')).status, 308);
    const refused = await ask('/api/login', { method: 'POST', body: '{"name": "wang", "password": "a good long password"}' });
    assert.equal(refused.status, 403);
    assert.equal((await refused.json()).error.code, 'tls_needed');
    for (const where of ['/api/operator/lessons', '/api/session', '/metrics'])
        assert.equal((await ask(where)).status, 403, where);
    for (const where of ['/', '/api/lessons', '/healthz'])
        assert.equal((await ask(where)).status, 200, where);
    assert.equal((await ask('/v/1/1/master.m3u8')).status, 404);
    // a login without TLS is allowed on loopback
    await login(`http://127.0.0.1:${strict.port}`, 'wang', 'a good long password');
    const secure = await run('curl', ['-sSk', `https://${outside}:${strict.tlsPort}/api/operator/lessons`, '-o', '/dev/null', '-w', '%{http_code}']);
    assert.equal(secure.stdout, '401');
    await strict.stop();
});
