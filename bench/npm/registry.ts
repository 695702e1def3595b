/**
 * The registry behind both servers, as a program of its own on the load generator's core. It has a few packages that are
 * made up, and passes on what the machine's own registry has, which it asks once for each document and file.
 *
 *     bun registry.ts <port> <address of the machine's registry>
 */

import type { CoreSet } from '../machine.ts';
import { bytesAt, KIB, MIB } from '../objects.ts';
import { capture, freePort, startPinned } from '../process.ts';
import type { Scratch } from '../scratch.ts';
import type { Upstream } from '../upstream.ts';

const COUNT_PATH = '/-/count';
const REMOTE_TIMEOUT_MS = 60_000;

/** A package with few versions, as most are. */
export const SMALL = 'meridian-bench-small';
/** A real one with many versions, each of which depends on much. */
export const HUGE = 'eslint';

export interface File {
  readonly label: string;
  readonly name: string;
  readonly version: string;
  readonly bytes: number;
}

/** Tarballs by length; each is a version of its own of the small package. */
export const FILES: readonly File[] = [
  { label: '56 KiB', name: SMALL, version: '1.0.0', bytes: 56 * KIB },
  { label: '1 MiB', name: SMALL, version: '2.0.0', bytes: MIB },
];

export const pathOf = ({ name, version }: File) => `/${name}/-/${name}-${version}.tgz`;
export const bytesOf = (file: File) => new Uint8Array(bytesAt(pathOf(file), file.bytes));

export async function startRegistry(scratch: Scratch, core: CoreSet): Promise<Upstream> {
  const remote = (await capture('npm', 'config', 'get', 'registry')).split('\n')[0]?.trim() ?? '';
  const port = await freePort();
  const child = startPinned(core, scratch.directory('registry'), [
    ...[process.execPath, import.meta.path, String(port), remote],
  ]);
  scratch.atEnd(() => child.stop());
  const url = `http://127.0.0.1:${port}`;
  const count = async () => (await (await fetch(url + COUNT_PATH)).json()) as Count;
  await child.until(count);
  return {
    ...{ url, port, pid: child.pid },
    requests: async () => (await count()).requests,
    bytes: async () => (await count()).bytes,
  };
}

interface Count {
  readonly requests: number;
  readonly bytes: number;
}

interface Kept {
  readonly status: number;
  readonly type: string;
  readonly body: Uint8Array<ArrayBuffer>;
}

function serve(port: number, remote: string): void {
  const own = `http://127.0.0.1:${port}/`;
  const known = new Map<string, Promise<Kept>>([
    [`/${SMALL}`, Promise.resolve(smallPackument(own))],
    ...FILES.map((file): [string, Promise<Kept>] => [
      pathOf(file),
      Promise.resolve({ status: 200, type: 'application/octet-stream', body: bytesOf(file) }),
    ]),
  ]);
  let [requests, bytes] = [0, 0];
  Bun.serve({
    hostname: '127.0.0.1',
    port,
    development: false,
    idleTimeout: 255,
    async fetch(request) {
      const { pathname } = new URL(request.url);
      if (pathname === COUNT_PATH) return Response.json({ requests, bytes });
      // A node looks now and then whether its upstream is there: that is no request for a package.
      if (pathname === '/' || request.method === 'HEAD') return new Response(null, { status: 204 });
      requests += 1;
      const answer = known.get(pathname) ?? askRemote(remote, pathname, own);
      known.set(pathname, answer);
      const { status, type, body } = await answer;
      bytes += body.byteLength;
      return new Response(body, { status, headers: { 'content-type': type } });
    },
  });
}

async function askRemote(remote: string, path: string, own: string): Promise<Kept> {
  const response = await fetch(new URL(path.slice(1), remote), {
    signal: AbortSignal.timeout(REMOTE_TIMEOUT_MS),
  });
  const type = response.headers.get('content-type') ?? 'application/octet-stream';
  if (!type.includes('json'))
    return { status: response.status, type, body: new Uint8Array(await response.arrayBuffer()) };
  // Links to tarballs lead here, so that every server asks for them here.
  const body = new TextEncoder().encode((await response.text()).replaceAll(remote, own));
  return { status: response.status, type, body };
}

function smallPackument(own: string): Kept {
  const versions = FILES.map((file) => {
    const { name, version } = file;
    const digest = new Bun.CryptoHasher('sha512').update(bytesOf(file)).digest('base64');
    const dist = {
      tarball: own + pathOf(file).slice(1),
      integrity: `sha512-${digest}`,
      shasum: new Bun.CryptoHasher('sha1').update(bytesOf(file)).digest('hex'),
    };
    const dependencies = Object.fromEntries(
      Array.from({ length: 12 }, (_, nth) => [`dependency-${nth}`, `^${nth}.0.0`]),
    );
    const more = { description: 'Made up.', license: 'MIT', scripts: { test: 'true' } };
    return [version, { name, version, ...more, dependencies, engines: { node: '>=18' }, dist }] as const;
  });
  const document = {
    name: SMALL,
    'dist-tags': { latest: FILES.at(-1)?.version },
    versions: Object.fromEntries(versions),
    time: { modified: '2026-01-01T00:00:00.000Z', created: '2025-01-01T00:00:00.000Z' },
    readme: 'A package that has a page to say of itself. '.repeat(40),
  };
  return {
    status: 200,
    type: 'application/json',
    body: new TextEncoder().encode(JSON.stringify(document)),
  };
}

if (import.meta.main) {
  const [port, remote = ''] = process.argv.slice(2);
  serve(Number(port), remote);
}
