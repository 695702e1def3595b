/**
 * NGINX as a cache in front of the upstream, set up as its own guides advise for speed: one worker for each
 * core, connections kept open, the cache's files in memory and their descriptors kept, TLS sessions kept.
 *
 * How a file gets to the socket was tried out, and each size has what costs it the least processor time.
 * `sendfile`, the common advice, saves a large body a copy, but costs a small one a second system call, and does
 * nothing under TLS without TLS in the kernel. `tcp_nopush`, the other common advice, is off: with it, answers
 * of 100 KiB over loopback stall while the kernel waits for a full packet (2,500 a second instead of 34,000).
 * `nginx-guide` has both on for everything, to the letter of the guide.
 *
 * It runs from a directory of its own and reads nothing from the system's.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GIB } from '../objects.ts';
import { capture, freePort, startPinned } from '../process.ts';
import { addresses, ask, firstPath, type Peer, type Stage } from './peer.ts';

/** From here on, not copying the body is worth the second system call. */
const SENDFILE_FROM_BYTES = 16 * 1024;

/** The fields that Meridian's own access log has for each request, the request's id included. */
const LOG_FORMAT = `log_format json escape=json
    '{"time":"$time_iso8601","client":"$remote_addr","method":"$request_method","target":"$request_uri",'
    '"id":"$request_id","status":$status,"bytes":$body_bytes_sent,"seconds":$request_time,'
    '"outcome":"$upstream_cache_status","userAgent":"$http_user_agent"}';`;

/** What differs between the rows. */
export interface NginxSetup {
  readonly name: string;
  readonly label: string;
  readonly against?: readonly string[];
  readonly log?: boolean;
  /** `guide`: `sendfile`, `tcp_nopush` and `tcp_nodelay` for all, as NGINX's guide to serving content says. */
  readonly files?: 'measured' | 'guide';
  /** `false`: a plain proxy, which keeps nothing. */
  readonly cache?: boolean;
  /** Whether it may read ahead of its client: its default is to do so. */
  readonly buffering?: boolean;
  /** Keeps no more bodies than `keep.memoryBytes`, and keeps them in memory. */
  readonly bounded?: boolean;
  /** Processes. */
  readonly workers?: number;
}

export function nginx(setup: NginxSetup): Peer {
  const { name, label, against = [], log = false } = setup;
  return {
    name,
    label,
    software: 'NGINX',
    against,
    commands: ['nginx', 'taskset'],
    version: async () => (await capture('nginx', '-v')).replace(/^.*\//, '').trim(),

    async start(stage) {
      const directory = stage.scratch.directory(name);
      const files = stage.scratch.directory(`${name}-files`, setup.bounded ? 'memory' : stage.keep.filesOn);
      const [plain, secure] = [await freePort(), await freePort()];
      const configPath = join(directory, 'nginx.conf');
      writeFileSync(configPath, config(stage, { directory, files, plain, secure }, setup));

      const child = startPinned(stage.cores.server, directory, [
        ...['nginx', '-p', directory, '-c', configPath, '-e', join(directory, 'error.log')],
      ]);
      stage.scratch.atEnd(() => child.stop());

      const on = addresses(plain, secure);
      await child.until(() => ask(on.h2, firstPath(stage), 'h2'));
      return {
        pids: [child.pid],
        on,
        files,
        purge: { because: 'NGINX, unless it is paid for, purges nothing by tag' },
        isHit: (headers) => headers.get('x-cache-status') === 'HIT',
        ...(log && { accessLog: join(directory, 'access.log') }),
      };
    },
  };
}

interface Where {
  readonly directory: string;
  readonly files: string;
  readonly plain: number;
  readonly secure: number;
}

function config(stage: Stage, where: Where, setup: NginxSetup): string {
  const { directory, plain, secure } = where;
  const { log = false, files = 'measured' } = setup;
  const location = (prefix: string, measured: boolean) =>
    `location ${prefix} { proxy_pass http://origin; sendfile ${measured || files === 'guide' ? 'on' : 'off'}; }`;
  const lengths = [...new Set(stage.bodies.map(({ bytes }) => bytes))];
  const locations = (sendfile: (bytes: number) => boolean) =>
    [
      ...lengths.map((bytes) => location(`/objects/${bytes}/`, sendfile(bytes))),
      location('/', sendfile(GIB)),
    ].join('\n    ');
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  // As root, NGINX would give its worker to another user, who may not read the directory.
  const user = process.getuid?.() === 0 ? 'user root;' : '';
  return `${user}
daemon off;
pid ${directory}/nginx.pid;
worker_processes ${setup.workers ?? 1};
worker_rlimit_nofile 20000;
pcre_jit on;
events { worker_connections 4096; multi_accept on; }
http {
  ${temporary.map((what) => `${what}_temp_path ${directory}/${what};`).join('\n  ')}
  tcp_nodelay on;
  tcp_nopush ${files === 'guide' ? 'on' : 'off'};
  keepalive_timeout 1h;
  keepalive_requests 1000000000;
  reset_timedout_connection on;
  open_file_cache max=10000 inactive=1h;
  open_file_cache_valid 1h;
  open_file_cache_min_uses 1;
  server_tokens off;
  ${LOG_FORMAT}
  access_log ${log ? `${directory}/access.log json buffer=64k flush=1s` : 'off'};

  ssl_certificate ${stage.certificate.cert};
  ssl_certificate_key ${stage.certificate.key};
  ssl_protocols TLSv1.2 TLSv1.3;
  ssl_session_cache shared:tls:10m;
  ssl_session_timeout 1h;
  ssl_buffer_size 16k;
  http2_max_concurrent_streams 256;
  http2_chunk_size 16k;

  ${cacheOf(stage, where, setup)}
  proxy_buffering ${setup.buffering === false ? 'off' : 'on'};
  proxy_http_version 1.1;
  proxy_set_header Connection "";
  add_header X-Cache-Status $upstream_cache_status;
  upstream origin { server 127.0.0.1:${stage.upstream.port}; keepalive 64; }
  server {
    listen 127.0.0.1:${plain} backlog=1024;
    ${locations((bytes) => bytes > SENDFILE_FROM_BYTES)}
  }
  server {
    listen 127.0.0.1:${secure} ssl http2 backlog=1024;
    output_buffers 2 256k;
    ${locations(() => false)}
  }
}
`;
}

/** 1 MiB of a zone holds about 8,000 keys (ngx_http_proxy_module). */
const ZONE = '64m';

function cacheOf({ keep }: Stage, { files }: Where, { cache = true, bounded = false }: NginxSetup): string {
  if (!cache) return 'proxy_max_temp_file_size 0;';
  const most = bounded ? keep.memoryBytes : keep.diskBytes;
  const size = `max_size=${most ?? GIB}`;
  return `proxy_cache_path ${files} levels=1:2 keys_zone=objects:${ZONE} ${size} inactive=1h use_temp_path=off;
  proxy_cache objects;
  proxy_cache_lock on;`;
}
