/**
 * Varnish in front of the upstream: objects in memory (malloc), one thread pool for the one core with a thread
 * ready for each connection, its working directory in memory too, as its own guides advise.
 *
 * Varnish always writes its log, to shared memory, from which another program may take it to a file. The row
 * with a log is Varnish as it comes (and still spared that other program); in the row without, its log is masked.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GIB, MIB } from '../objects.ts';
import { capture, freePort, startPinned } from '../process.ts';
import { ANSWER_TIMEOUT_MS, ask, firstPath, type Keep, type Peer } from './peer.ts';

const PARAMETERS = {
  thread_pool_min: '200',
  thread_pool_max: '1000',
  timeout_idle: '3600',
  // With the default of 50, a long object finds no room in a store that is full of short ones.
  nuke_limit: '5000',
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

export interface VarnishSetup {
  readonly name: string;
  readonly label: string;
  readonly against?: readonly string[];
  readonly log?: boolean;
  /** Default: `malloc`. */
  readonly storage?: 'malloc' | 'file';
  /** How it purges by tag: by a list that each look-up is held against, or by an index (of package varnish-modules). */
  readonly purging?: 'ban' | 'xkey';
  /** Of threads, which all cores share: one unless said. */
  readonly pools?: number;
}

export function varnish(setup: VarnishSetup): Peer {
  const { name, label, against = [], log = false, storage = 'malloc', purging, pools = 1 } = setup;
  const mask = MASKED_TAGS.map((tag) => `-${tag}`).join(',');
  const parameters = { ...PARAMETERS, thread_pools: String(pools), ...(!log && { vsl_mask: mask }) };
  return {
    name,
    label,
    software: 'Varnish',
    against,
    commands: ['varnishd', 'taskset'],
    version: async () => /varnishd \(varnish-(\S+)/.exec(await capture('varnishd', '-V'))?.[1] ?? 'unknown',

    async start(stage) {
      const { scratch, upstream, cores, keep } = stage;
      const directory = scratch.directory(name);
      const files = scratch.directory(`${name}-files`, keep.filesOn);
      const port = await freePort();
      const vclPath = join(directory, 'bench.vcl');
      writeFileSync(vclPath, vcl(upstream.port, purging));

      const child = startPinned(cores.server, directory, [
        ...['varnishd', '-F', '-j', 'none', '-n', join(directory, 'work'), '-f', vclPath],
        ...['-a', `127.0.0.1:${port}`, '-s', storageOf(keep, storage, files)],
        ...Object.entries(parameters).flatMap(([parameter, value]) => ['-p', `${parameter}=${value}`]),
      ]);
      scratch.atEnd(() => child.stop());

      const url = `http://127.0.0.1:${port}`;
      await child.until(() => ask(url, firstPath(stage), 'http/1.1'));
      return {
        pids: [child.pid],
        on: { 'http/1.1': url, 'https/1.1': { because: NO_TLS }, h2: { because: NO_TLS } },
        isHit: (headers) => isHit(headers.get('x-varnish')),
        ...(storage === 'file' && { files }),
        purge: purging ? (tag) => purge(url, tag) : { because: 'it is not set up for that' },
      };
    },
  };
}

const NO_TLS = 'Varnish, as Debian has it, speaks no TLS; another program would have to in front of it';

/** How long it may write a list of purged objects, or go through its index. */
const PURGE_TIMEOUT_MS = 60_000;

async function purge(url: string, tag: string): Promise<void> {
  const answer = await fetch(`${url}/`, {
    method: 'PURGE',
    headers: { 'x-tag': tag },
    signal: AbortSignal.timeout(PURGE_TIMEOUT_MS + ANSWER_TIMEOUT_MS),
  });
  if (answer.status !== 200) throw new Error(`the purge was answered with ${answer.status}`);
}

const MALLOC_BYTES = 512 * MIB;

function storageOf(keep: Keep, storage: 'malloc' | 'file', files: string): string {
  if (storage === 'malloc') return `malloc,${keep.memoryBytes ?? MALLOC_BYTES}`;
  return `file,${join(files, 'storage.bin')},${keep.diskBytes ?? GIB}`;
}

/** The built-in VCL does the rest: a plain GET is looked up, and kept as long as its `Cache-Control` says. */
function vcl(upstreamPort: number, purging: 'ban' | 'xkey' | undefined): string {
  return `vcl 4.1;
${purging === 'xkey' ? 'import xkey;' : ''}
backend origin { .host = "127.0.0.1"; .port = "${upstreamPort}"; }
${purging ? PURGES[purging] : ''}
`;
}

const PURGES = {
  // What a ban says about the object alone, the ban lurker can test as well.
  ban: `sub vcl_recv {
  if (req.method == "PURGE") { ban("obj.http.cache-tag == " + req.http.x-tag); return (synth(200)); }
}`,
  xkey: `sub vcl_recv {
  if (req.method == "PURGE") { set req.http.n = xkey.purge(req.http.x-tag); return (synth(200)); }
}
sub vcl_backend_response { set beresp.http.xkey = beresp.http.cache-tag; }`,
} as const;

/** Two numbers: this request's, and that of the request that fetched the object. One number: it was fetched just now. */
export function isHit(field: string | null): boolean {
  return /^\d+ \d+$/.test(field ?? '');
}
