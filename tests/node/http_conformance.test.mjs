// SPDX-License-Identifier: GPL-3.0-or-later
// Sends the malformed and borderline requests of the table to a node, over raw sockets.
import assert from 'node:assert/strict';
import net from 'node:net';
import { after, before, test } from 'node:test';
import { lectureData, startNode } from '../harness/terrace.mjs';
import { table } from './http_conformance_table.mjs';

const FOLLOW_UP = 'GET /healthz HTTP/1.1\r\nHost: terrace\r\n\r\n';
let node, file;

/** A connection that reads its answers one by one. */
class Connection {
    constructor(port) {
        this.received = '';
        this.ended = false;
        this.socket = net.connect({ port, host: '127.0.0.1' });
        this.socket.on('data', (d) => { this.received += d.toString('latin1'); this.wake?.(); });
        this.socket.on('end', () => { this.ended = true; this.wake?.(); });
        this.socket.on('error', (error) => { this.error = error; this.ended = true; this.wake?.(); });
    }

    say(text) {
        this.socket.write(Buffer.from(text, 'latin1'));
    }

    /**
     * Waits until probe() returns a true value, and returns that value. Returns null if the
     * connection ends first.
     */
    async until(probe) {
        for (;;) {
            const value = probe();
            if (value || this.ended)
                return value ?? null;
            await new Promise((resolve) => { this.wake = resolve; });
        }
    }

    take(bytes) {
        const taken = this.received.slice(0, bytes);
        this.received = this.received.slice(bytes);
        return taken;
    }

    /**
     * Reads the next answer: {status, headers, body}. Returns null if the connection ends before
     * it.
     */
    async answer(withoutBody) {
        const end = await this.until(() => { const at = this.received.indexOf('\r\n\r\n'); return at < 0 ? null : at + 4; });
        if (!end)
            return null;
        const [line, ...lines] = this.take(end).trimEnd().split('\r\n');
        const status = Number(line.match(/^HTTP\/1\.1 (\d{3}) \S/)?.[1]);
        const headers = {};
        for (const text of lines) {
            const [, name, value] = text.match(/^([^:\s]+): (.*)$/);
            assert.ok(!(name.toLowerCase() in headers), `${name} twice`);
            headers[name.toLowerCase()] = value;
        }
        const bytes = withoutBody || status < 200 || status === 204 || status === 304 ? 0 : Number(headers['content-length']);
        await this.until(() => this.received.length >= bytes || null);
        return { status, headers, body: this.take(bytes) };
    }

    /** Returns true if the connection ends without any further bytes and without a reset. */
    async endsSilently() {
        await this.until(() => this.received.length > 0 || null);
        return this.ended && this.received.length === 0 && !this.error;
    }
}

before(async () => {
    node = await startNode({ data: await lectureData(), args: ['--loops', '1'] });
    const path = '/v/1/1/a24/0.m4s';
    const response = await fetch(node.url + path);
    file = { path, bytes: (await response.arrayBuffer()).byteLength,
        etag: response.headers.get('etag'), modified: response.headers.get('last-modified') };
    assert.ok(file.bytes > 1100 && file.modified, JSON.stringify(file));
});
after(async () => {
    assert.deepEqual(await node?.stop(), { code: 0, signal: null }, node?.log());
});

function checkAnswer(answer, status, { headers = {}, bytes, body }) {
    const said = JSON.stringify(answer);
    assert.ok(answer, 'no answer');
    assert.ok([status].flat().includes(answer.status), `${answer.status} instead of ${status}: ${said}`);
    for (const [name, wanted] of Object.entries(headers)) {
        if (wanted === null)
            assert.ok(!(name in answer.headers), `${name}: ${answer.headers[name]}`);
        else if (wanted instanceof RegExp)
            assert.match(answer.headers[name] ?? '(none)', wanted, name);
        else
            assert.equal(answer.headers[name], wanted, name);
    }
    if (bytes !== undefined)
        assert.equal(answer.body.length, typeof bytes === 'function' ? bytes(file) : bytes);
    if (body)
        assert.match(answer.body, body);
    if (answer.status >= 400 && answer.body)
        assert.ok(JSON.parse(answer.body).error.code, said);
}

async function checkRow([source, what, request, status, end, more = {}]) {
    const text = typeof request === 'function' ? request(file) : request;
    const connection = new Connection(node.port);
    connection.say(text);
    if (more.interim) {
        checkAnswer(await connection.answer(), 100, {});
        connection.say(more.interim);
    }
    checkAnswer(await connection.answer(text.startsWith('HEAD ')), status, more);
    if (more.follows)
        checkAnswer(await connection.answer(), more.follows, {});
    if (end === 'closed') {
        assert.ok(await connection.endsSilently(), `still open, or more came: ${connection.received} ${connection.error ?? ''}`);
    } else {
        connection.say(FOLLOW_UP);
        const next = await connection.answer();
        assert.equal(next?.status, 200, `the connection is out of step: ${JSON.stringify(next)}`);
        assert.match(next.body, /"status": "ok"/);
    }
    connection.socket.destroy();
}

test('the table has at least 150 rows, each with a source, and no row twice', () => {
    assert.ok(table.length >= 150, String(table.length));
    for (const [source, what, , , end] of table) {
        assert.match(source, /^(\d{4} .*|fetch [\d.]+|ours)$/, what);
        assert.ok(['kept', 'closed'].includes(end), what);
    }
    const requests = table.map(([, , request]) => (typeof request === 'function' ? request(file) : request));
    assert.equal(new Set(requests).size, table.length);
});

for (const row of table)
    test(`${row[0]}: ${row[1]}`, { timeout: 60_000 }, () => checkRow(row));
