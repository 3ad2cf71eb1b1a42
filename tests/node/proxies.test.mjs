// SPDX-License-Identifier: GPL-3.0-or-later
// The node behind nginx, Caddy and HAProxy on the same machine, with the configurations that
// docs/operations.md gives. Clients have addresses of their own in the loopback network; the proxy
// has 127.0.0.1.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { test } from 'node:test';
import { addUserAndLogin, startNode, tempDir, until } from '../harness/terrace.mjs';

function freePort() {
    return new Promise((resolve) => {
        const server = net.createServer().listen(0, '127.0.0.1', () => { const { port } = server.address(); server.close(() => resolve(port)); });
    });
}

function request(port, localAddress, where, { method = 'GET', headers = {}, body } = {}) {
    return new Promise((resolve, reject) => {
        const sent = http.request({ host: '127.0.0.1', port, path: where, method, localAddress, headers, agent: false }, (response) => {
            const parts = [];
            response.on('data', (part) => parts.push(part));
            response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, text: Buffer.concat(parts).toString() }));
        });
        sent.on('error', reject);
        sent.end(body);
    });
}

const guess = (port, address, password = 'wrong', headers = {}) => request(port, address, '/api/login', { method: 'POST', headers: { 'Content-Type': 'application/json', ...headers }, body: JSON.stringify({ name: 'admin', password }) });

const proxies = {
    nginx: {
        program: '/usr/sbin/nginx',
        header: 'x-forwarded-for',
        write(dir, port, node) {
            writeFileSync(path.join(dir, 'nginx.conf'), `
daemon off; pid ${dir}/pid; error_log ${dir}/error.log; worker_processes 1;
events {}
http {
    access_log off; client_body_temp_path ${dir}/b; proxy_temp_path ${dir}/p; fastcgi_temp_path ${dir}/f; uwsgi_temp_path ${dir}/u; scgi_temp_path ${dir}/s;
    server {
        listen 127.0.0.1:${port};
        client_max_body_size 0; proxy_request_buffering off; proxy_buffering off;
        location / {
            proxy_pass http://127.0.0.1:${node};
            proxy_http_version 1.1;
            proxy_set_header Host $http_host;
            proxy_set_header Connection "";
            proxy_set_header X-Forwarded-For $remote_addr;
            proxy_set_header X-Forwarded-Proto $scheme;
        }
    }
}`);
            return ['-c', path.join(dir, 'nginx.conf'), '-p', dir];
        },
    },
    Caddy: {
        program: '/usr/bin/caddy',
        header: 'x-forwarded-for',
        write(dir, port, node) {
            writeFileSync(path.join(dir, 'Caddyfile'), `{\n    admin off\n    auto_https off\n}\nhttp://:${port} {\n    bind 127.0.0.1\n    reverse_proxy 127.0.0.1:${node}\n}\n`);
            return ['run', '--adapter', 'caddyfile', '--config', path.join(dir, 'Caddyfile')];
        },
    },
    'HAProxy by its PROXY protocol': {
        program: '/usr/sbin/haproxy',
        header: 'proxy',
        write: (dir, port, node) => haproxy(dir, port, `server node 127.0.0.1:${node} send-proxy-v2`),
    },
    'HAProxy by version 1 of it': {
        program: '/usr/sbin/haproxy',
        header: 'proxy',
        write: (dir, port, node) => haproxy(dir, port, `server node 127.0.0.1:${node} send-proxy`),
    },
    'HAProxy by Forwarded': {
        program: '/usr/sbin/haproxy',
        header: 'forwarded',
        write: (dir, port, node) => haproxy(dir, port, `http-request set-header Forwarded for=%[src]\n    server node 127.0.0.1:${node}`, 'http'),
    },
};

function haproxy(dir, port, server, mode = 'tcp') {
    writeFileSync(path.join(dir, 'haproxy.cfg'), `
defaults
    mode ${mode}
    timeout connect 5s
    timeout client 1h
    timeout server 1h
listen terrace
    bind 127.0.0.1:${port}
    ${server}
`);
    return ['-db', '-f', path.join(dir, 'haproxy.cfg')];
}

async function startProxy(t, proxy, node) {
    const dir = tempDir(), port = await freePort();
    mkdirSync(path.join(dir, 'data'), { recursive: true });
    const child = spawn(proxy.program, proxy.write(dir, port, node.port), { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, HOME: dir, XDG_DATA_HOME: dir, XDG_CONFIG_HOME: dir } });
    let log = '', over = false;
    child.stderr.on('data', (part) => { log += part; });
    child.on('close', () => { over = true; });
    t.after(() => child.kill());
    await until(async () => {
        assert.ok(!over, log);
        return request(port, '127.0.0.1', '/healthz').then(({ status }) => status === 200, () => false);
    }, 'the proxy');
    return port;
}

for (const [name, proxy] of Object.entries(proxies))
    test(`behind ${name}, each client is known by its own address`, { skip: existsSync(proxy.program) ? false : `SKIPPED: no ${proxy.program}` }, async (t) => {
        const node = await startNode({ data: path.join(tempDir(), 'data'), args: ['--trusted-proxies', '127.0.0.1', '--proxy-header', proxy.header] });
        t.after(() => node.stop());
        const port = await startProxy(t, proxy, node);
        // Clients of the proxy are not this machine, although the proxy is.
        assert.equal((await request(port, '127.0.0.20', '/metrics')).status, 401);
        // Guesses of one client do not lock out another.
        if (proxy.header !== 'proxy')
            await addUserAndLogin(node);
        for (let i = 0; i < 5; i++)
            assert.equal((await guess(port, '127.0.0.20')).status, 401);
        assert.equal((await guess(port, '127.0.0.20')).status, 429);
        assert.equal((await guess(port, '127.0.0.21')).status, 401);
        // What a client says of itself does not count.
        assert.equal((await guess(port, '127.0.0.20', 'wrong', { 'X-Forwarded-For': '127.0.0.22', Forwarded: 'for=127.0.0.22' })).status, 429);
    });

test('a client that is no trusted proxy is not believed, and is not local', async (t) => {
    const node = await startNode({ data: path.join(tempDir(), 'data'), args: ['--trusted-proxies', '127.0.0.1'] });
    t.after(() => node.stop());
    const session = await addUserAndLogin(node, 'wu', 'technician');
    assert.equal((await request(node.port, '127.0.0.30', '/metrics')).status, 200);
    for (const header of ['X-Forwarded-For', 'Forwarded', 'Via', 'X-Real-IP'])
        assert.equal((await request(node.port, '127.0.0.30', '/metrics', { headers: { [header]: '127.0.0.1' } })).status, 401, header);
    await request(node.port, '127.0.0.31', '/healthz', { headers: { 'X-Forwarded-For': '10.9.9.9' } });
    const { terminals } = await (await session.request('/api/technician/terminals')).json();
    const addresses = terminals.map(({ address }) => address);
    assert.ok(addresses.includes('127.0.0.31') && !addresses.includes('10.9.9.9'), addresses.join(' '));
    await request(node.port, '127.0.0.1', '/healthz', { headers: { 'X-Forwarded-For': '10.9.9.9, 127.0.0.1' } });
    await until(async () => (await (await session.request('/api/technician/terminals')).json()).terminals.some(({ address }) => address === '10.9.9.9'), 'the client behind the proxy');
});
