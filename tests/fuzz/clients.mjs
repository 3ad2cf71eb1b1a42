// SPDX-License-Identifier: GPL-3.0-or-later
// A crowd of random clients for a node: players, downloads, uploads, slow readers, incomplete
// requests, random bytes and connections that end suddenly.
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import tls from 'node:tls';
import { gunzipSync } from 'node:zlib';

/**
 * A random number generator (xorshift32). The same seed gives the same choices of each client, but
 * the interleaving of the clients differs between runs.
 */
function makeRandom(seed) {
    let state = seed * 2654435761 >>> 0 || 1;
    const draw = () => {
        state ^= state << 13;
        state ^= state >>> 17;
        state ^= state << 5;
        return (state >>> 0) / 2 ** 32;
    };
    return { below: (n) => Math.floor(draw() * n), one: (items) => items[Math.floor(draw() * items.length)], chance: (share) => draw() < share };
}

const SILENT_MS = 60_000;
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

class Client {
    constructor(node, lesson, session, seed) {
        Object.assign(this, { node, lesson, session, random: makeRandom(seed) });
        this.agents = [new http.Agent({ keepAlive: true }), new https.Agent({ keepAlive: true, rejectUnauthorized: false })];
    }

    /**
     * Sends a request like fetch(), with or without TLS. The connections are kept open by the
     * agents. Returns {status, headers, body}.
     */
    ask(path, { method = 'GET', headers = {}, body, secure = this.random.chance(0.5) } = {}) {
        const agent = this.agents[Number(secure)], port = secure ? this.node.tlsPort : this.node.port;
        return new Promise((resolve, reject) => {
            const request = (secure ? https : http).request({ agent, port, host: '127.0.0.1', path, method, headers }, (response) => {
                const got = [];
                response.on('data', (d) => got.push(d)).on('error', reject);
                response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(got) }));
            });
            request.on('error', reject);
            request.setTimeout(SILENT_MS, () => request.destroy(new Error('the node has fallen silent')));
            request.end(body);
        });
    }

    async expect(status, path, options) {
        const answer = await this.ask(path, options);
        if (answer.status !== status)
            throw new Error(`${path}: ${answer.status} instead of ${status}`);
        return answer;
    }

    /** Opens a connection without a request. Errors on it are ignored. */
    connect() {
        const secure = this.random.chance(0.5), where = { port: secure ? this.node.tlsPort : this.node.port, host: '127.0.0.1' };
        const socket = secure ? tls.connect({ ...where, rejectUnauthorized: false }) : net.connect(where);
        socket.on('error', () => {});
        return socket;
    }

    /**
     * Ends a connection after up to 200 ms, in one of three ways at random: by FIN, by a reset, or
     * by destroying the socket.
     */
    async leave(socket) {
        await sleep(this.random.below(200));
        if (this.random.chance(0.3))
            socket.end();
        else if (!socket.encrypted && this.random.chance(0.5))
            socket.resetAndDestroy();
        socket.destroy();
    }

    close() {
        this.agents.forEach((agent) => agent.destroy());
    }
}

const get = (path, fields = '') => `GET ${path} HTTP/1.1\r\nHost: h\r\n${fields}\r\n`;
const plain = (answer) => (answer.headers['content-encoding'] === 'gzip' ? { ...answer, body: gunzipSync(answer.body) } : answer);
const lines = (answer) => answer.body.toString().split('\n').filter((line) => line && !line.startsWith('#'));

const kinds = {
    async plays(client) {
        const { lesson, random } = client, folder = lesson.slice(0, lesson.lastIndexOf('/') + 1);
        const variant = random.one(lines(await client.expect(200, lesson))), base = folder + variant.slice(0, variant.lastIndexOf('/') + 1);
        const segments = lines(await client.expect(200, folder + variant, { headers: { 'Accept-Encoding': random.one(['gzip', 'identity']) } }).then(plain));
        await client.expect(200, `${base}init.mp4`);
        const from = random.below(segments.length);
        for (const name of segments.slice(from, from + 1 + random.below(5)))
            await client.expect(200, `${base}${name}?CMCD=${encodeURIComponent(`bl=${random.below(60_000)},sid="${random.below(50)}"`)}`);
    },
    async seeks(client) {
        const { random } = client;
        for (let i = random.below(5); i >= 0; i--) {
            const first = random.below(client.fileBytes), second = random.below(client.fileBytes);
            const range = random.chance(0.3) ? `${first}-${first},${second}-${second}` : `${first}-${first + random.below(100_000)}`;
            const answer = await client.ask(client.file, { headers: { Range: `bytes=${range}` } });
            if (answer.status !== 206)
                throw new Error(`Range ${range}: ${answer.status}`);
        }
    },
    async asks(client) {
        const [path, status] = client.random.one([['/', 200], ['/api/lessons', 200], ['/healthz', 200], ['/nothing', 404], ['/api/session', 401],
            ['/api/operator/lessons', 401], ['/api/terminal', 200], ['/v/9/9/master.m3u8', 404], ['/metrics', 200]]);
        await client.expect(status, path);
    },
    async manages(client) {
        const headers = { Cookie: client.session.cookie, 'X-CSRF-Token': client.session.csrf }, call = (status, path, options) => client.expect(status, path, { headers, secure: false, ...options });
        await call(200, client.random.one(['/api/operator/lessons', '/api/technician/terminals', '/api/technician/uplink', '/api/session']));
        await call(200, '/api/technician/link', { method: 'PUT', body: JSON.stringify({ uplink_bps: client.random.one([0, 10_000_000_000]) }) });
    },
    async uploads(client) {
        const headers = { Cookie: client.session.cookie, 'X-CSRF-Token': client.session.csrf, 'Tus-Resumable': '1.0.0' };
        const bytes = 1 + client.random.below(400_000), secure = client.random.chance(0.5);
        const { headers: { location } } = await client.expect(201, '/api/uploads', { method: 'POST', secure, headers: { ...headers, 'Upload-Length': bytes + 1 } });
        const where = new URL(location, client.node.url).pathname;
        await client.expect(204, where, { method: 'PATCH', secure, body: Buffer.alloc(bytes), headers: { ...headers, 'Upload-Offset': 0, 'Content-Type': 'application/offset+octet-stream' } });
        await client.expect(204, where, { method: 'DELETE', secure, headers });
    },
    async listens(client) {
        const socket = client.connect();
        socket.write(get('/api/operator/events', `Cookie: ${client.session.cookie}\r\n`));
        socket.resume();
        await sleep(client.random.below(2000));
        await client.leave(socket);
    },
    async breaksOff(client) {
        const socket = client.connect();
        let left = client.random.below(client.fileBytes);
        socket.write(get(client.file).repeat(1 + client.random.below(4)));
        await new Promise((resolve, reject) => {
            socket.on('data', (d) => { left -= d.length; if (left < 0) resolve(); });
            socket.on('close', () => reject(new Error('the node hung up')));
            socket.setTimeout(SILENT_MS, () => reject(new Error('the node has fallen silent')));
        }).finally(() => socket.setTimeout(0));
        await client.leave(socket);
    },
    async readsSlowly(client) {
        const socket = client.connect();
        socket.write(get(client.file).repeat(5));
        for (let i = client.random.below(30); i >= 0; i--) {
            await sleep(100);
            socket.read(1 + client.random.below(20_000));
        }
        await client.leave(socket);
    },
    async stops(client) {
        const socket = client.connect(), text = get(client.file, 'If-None-Match: "a"\r\n') + `POST /api/login HTTP/1.1\r\nHost: h\r\nContent-Length: 50\r\n\r\n{"name": "x"`;
        socket.write(text.slice(0, client.random.below(text.length)));
        await client.leave(socket);
    },
    async babbles(client) {
        const socket = client.connect(), bytes = Buffer.from(Array.from({ length: client.random.below(2000) }, () => client.random.below(256)));
        (socket.encrypted && client.random.chance(0.5) ? net.connect(client.node.tlsPort, '127.0.0.1').on('error', () => {}) : socket)
            .end(client.random.chance(0.5) ? bytes : Buffer.concat([Buffer.from(get('/healthz')), bytes]));
        await client.leave(socket);
    },
};

/**
 * Runs `count` clients against a node with TLS, until going() returns false. `lesson` is the
 * multivariant playlist, `file` is a rendition as one MP4 file, `session` is the session of an
 * admin. Returns {asked: {kind: times}, errors: descriptions of wrong behaviour of the node}.
 */
export async function runClients({ node, lesson, file, session, count, seed = 1, going }) {
    const asked = Object.fromEntries(Object.keys(kinds).map((kind) => [kind, 0])), errors = [];
    const fileBytes = Number((await fetch(node.url + file, { method: 'HEAD' })).headers.get('content-length'));
    await Promise.all(Array.from({ length: count }, async (_, n) => {
        const client = Object.assign(new Client(node, lesson, session, seed * 1000 + n), { file, fileBytes });
        while (going()) {
            const kind = client.random.one(Object.keys(kinds));
            await kinds[kind](client).catch((error) => errors.push(`${kind}: ${error.message}`));
            asked[kind]++;
            if (client.random.chance(0.1))
                client.close(); // the next request opens new connections
        }
        client.close();
    }));
    return { asked, errors };
}
