// SPDX-License-Identifier: GPL-3.0-or-later
// Starts nginx. The benchmarks compare Terrace with it.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { tempDir } from './terrace.mjs';

/**
 * Starts nginx on an address, for the files in `root`. Its settings are the usual ones for fast
 * file serving: sendfile, tcp_nopush, cached descriptors, no access log.
 * under: a program that runs nginx, and its arguments. shared: each worker has a listening socket
 * of its own. extra: more lines for the server block, such as limit_rate.
 */
export async function startNginx({ root, listen, workers = 1, shared = true, under = [], extra = '' }) {
    const dir = tempDir(), config = path.join(dir, 'nginx.conf');
    writeFileSync(config, `
user root; daemon off; master_process on; worker_processes ${workers}; pid ${dir}/pid; error_log ${dir}/error.log warn;
worker_rlimit_nofile 65536;
events { worker_connections 16384; multi_accept on; }
http {
    access_log off; sendfile on; tcp_nopush on; tcp_nodelay on; keepalive_requests 1000000; keepalive_timeout 75;
    open_file_cache max=2000 inactive=60s; open_file_cache_valid 60s;
    types { application/vnd.apple.mpegurl m3u8; video/mp4 mp4 m4s; }
    client_body_temp_path ${dir}/body; proxy_temp_path ${dir}/proxy; fastcgi_temp_path ${dir}/fastcgi; uwsgi_temp_path ${dir}/uwsgi; scgi_temp_path ${dir}/scgi;
    server { listen ${listen}${shared ? ' reuseport backlog=4096' : ''}; root ${root}; gzip_static on; ${extra} }
}
`);
    const [program, ...rest] = [...under, 'nginx', '-c', config, '-p', dir];
    const child = spawn(program, rest, { stdio: ['ignore', 'ignore', 'pipe'] });
    let log = '';
    child.stderr.on('data', (d) => { log += d; });
    const exited = new Promise((resolve) => child.on('close', resolve));
    process.on('exit', () => child.kill('SIGTERM'));
    return { pid: child.pid, url: `http://${listen}`, log: () => log, stop: () => { child.kill('SIGTERM'); return exited; } };
}
