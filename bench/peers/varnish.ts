/**
 * Varnish in front of the upstream: objects in memory (malloc), one thread pool for the one core with a thread
 * ready for each connection, its working directory in memory too, as its own guides advise.
 *
 * Varnish always writes its log, to shared memory, from which another program may take it to a file. The row
 * with a log is Varnish as it comes (and still spared that other program); in the row without, its log is masked.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { capture, freePort, startPinned } from '../process.ts';
import { bodies } from '../upstream.ts';
import { ask, type Peer } from './peer.ts';

const PARAMETERS = {
  thread_pools: '1',
  thread_pool_min: '200',
  thread_pool_max: '1000',
  timeout_idle: '3600',
};

/** All that an answer from store would log. */
const MASKED_TAGS = [
  ...[
    'Begin',
    'End',
    'Link',
    'SessOpen',
    'SessClose',
    'Timestamp',
    'ReqStart',
    'ReqMethod',
    'ReqURL',
    'ReqProtocol',
  ],
  ...[
    'ReqHeader',
    'ReqUnset',
    'ReqAcct',
    'RespProtocol',
    'RespStatus',
    'RespReason',
    'RespHeader',
    'RespUnset',
  ],
  ...['VCL_use', 'VCL_call', 'VCL_return', 'Hit', 'Filters', 'Length', 'Storage', 'TTL'],
];

export const varnish = peer('varnish', 'Varnish', false);
export const varnishLogging = peer('varnish-logging', 'Varnish, log in shared memory', true);

function peer(name: string, label: string, log: boolean): Peer {
  const mask = MASKED_TAGS.map((tag) => `-${tag}`).join(',');
  const parameters = { ...PARAMETERS, ...(!log && { vsl_mask: mask }) };
  return {
    name,
    label,
    software: 'Varnish',
    against: log ? ['nginx-logging'] : ['nginx'],
    commands: ['varnishd', 'taskset'],
    version: async () => /varnishd \(varnish-(\S+)/.exec(await capture('varnishd', '-V'))?.[1] ?? 'unknown',

    async start({ scratch, upstream, cores }) {
      const directory = scratch.directory(name);
      const port = await freePort();
      const vclPath = join(directory, 'bench.vcl');
      writeFileSync(vclPath, vcl(upstream.port));

      const child = startPinned(cores.server, directory, [
        ...['varnishd', '-F', '-j', 'none', '-n', join(directory, 'work'), '-f', vclPath],
        ...['-a', `127.0.0.1:${port}`, '-s', 'malloc,512m'],
        ...Object.entries(parameters).flatMap(([parameter, value]) => ['-p', `${parameter}=${value}`]),
      ]);
      scratch.atEnd(() => child.stop());

      const url = `http://127.0.0.1:${port}`;
      await child.until(() => ask(url, bodies[0]?.path ?? '/', 'http/1.1'));
      return {
        pid: child.pid,
        on: { 'http/1.1': url, h2: { because: NO_TLS } },
        isHit: (headers) => isHit(headers.get('x-varnish')),
      };
    },
  };
}

const NO_TLS = 'Varnish, as Debian has it, speaks no TLS; another program would have to in front of it';

/** The built-in VCL does the rest: a plain GET is looked up, and kept as long as its `Cache-Control` says. */
function vcl(upstreamPort: number): string {
  return `vcl 4.1;
backend origin { .host = "127.0.0.1"; .port = "${upstreamPort}"; }
`;
}

/** Two numbers: this request's, and that of the request that fetched the object. One number: it was fetched just now. */
export function isHit(field: string | null): boolean {
  return /^\d+ \d+$/.test(field ?? '');
}
