/**
 * What is behind the origin, as a program of its own on the clients' core: the machine's own npm registry, and an index of the Python packages that the
 * machine's own pip has downloaded. It is asked while the origin is warmed, and by measurements for nothing: audits alone, which no cache may
 * answer, it answers itself ("nothing known"), so that no measurement depends on somebody else's server.
 *
 *     bun upstream.ts <port> <address of the npm registry> <folder of wheels>
 */
import { join } from 'node:path';
import { openZip, zipEntry } from '../../src/protocols/registry/archive/zip.ts';
import type { BlobRange } from '../../src/store.ts';
import type { CoreSet } from '../machine.ts';
import { capture, startPinned } from '../process.ts';
import type { Scratch } from '../scratch.ts';

const COUNT_PATH = '/count';
const REMOTE_TIMEOUT_MS = 60_000;
const METADATA_BYTES = 4 * 2 ** 20;
const JSON_INDEX = 'application/vnd.pypi.simple.v1+json';

export interface WorldUpstream {
  readonly url: string;
  /** Addresses that were asked for since the start, audits left out. */
  asked(): Promise<readonly string[]>;
}

export async function startWorldUpstream(
  scratch: Scratch,
  core: CoreSet,
  port: number,
  wheels: string,
): Promise<WorldUpstream> {
  const remote = (await capture('npm', 'config', 'get', 'registry')).split('\n')[0]?.trim() ?? '';
  const child = startPinned(core, scratch.directory('upstream'), [
    ...[process.execPath, import.meta.path, String(port), remote, wheels],
  ]);
  scratch.atEnd(() => child.stop());
  const url = `http://127.0.0.1:${port}`;
  const asked = async () => (await (await fetch(url + COUNT_PATH)).json()) as string[];
  await child.until(asked);
  return { url, asked };
}

interface Wheel {
  readonly file: string;
  readonly project: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly metadata: Uint8Array<ArrayBuffer>;
}

async function serve(port: number, remote: string, folder: string): Promise<void> {
  const wheels = await readWheels(folder);
  const asked: string[] = [];
  Bun.serve({
    hostname: '127.0.0.1',
    port,
    development: false,
    idleTimeout: 255,
    async fetch(request) {
      const { pathname } = new URL(request.url);
      if (pathname === COUNT_PATH) return Response.json(asked);
      if (request.method === 'HEAD') return new Response(null, { status: 204 });
      if (pathname.startsWith('/npm/-/npm/v1/security/')) return Response.json({});
      asked.push(pathname);
      const [, kind, ...rest] = pathname.split('/');
      if (kind === 'npm') return askRemote(remote, rest.join('/'), `http://127.0.0.1:${port}/npm/`);
      if (kind === 'simple') return indexOf(wheels, rest[0] ?? '');
      if (kind === 'files') return fileOf(wheels, folder, rest[0] ?? '');
      return new Response(null, { status: 404 });
    },
  });
}

async function askRemote(remote: string, path: string, own: string): Promise<Response> {
  const response = await fetch(new URL(path, remote), { signal: AbortSignal.timeout(REMOTE_TIMEOUT_MS) });
  const type = response.headers.get('content-type') ?? 'application/octet-stream';
  const { status } = response;
  if (!type.includes('json'))
    return new Response(response.body, { status, headers: { 'content-type': type } });
  // Links to tarballs lead here.
  const body = (await response.text()).replaceAll(remote, own);
  return new Response(body, { status, headers: { 'content-type': type } });
}

function indexOf(wheels: readonly Wheel[], project: string): Response {
  const own = wheels.filter((wheel) => wheel.project === project);
  if (own.length === 0) return new Response(null, { status: 404 });
  const files = own.map(({ file, sha256, sizeBytes, metadata }) => ({
    filename: file,
    url: `/files/${file}`,
    hashes: { sha256 },
    size: sizeBytes,
    'core-metadata': { sha256: digestOf(metadata) },
    'upload-time': '2025-01-01T00:00:00Z',
    yanked: false,
  }));
  const versions = [...new Set(own.map(({ file }) => file.split('-')[1]))];
  const page = { meta: { 'api-version': '1.1' }, name: project, versions, files };
  return new Response(JSON.stringify(page), { headers: { 'content-type': JSON_INDEX } });
}

function fileOf(wheels: readonly Wheel[], folder: string, name: string): Response {
  const wheel = wheels.find(({ file }) => name === file || name === `${file}.metadata`);
  if (!wheel) return new Response(null, { status: 404 });
  const headers = { 'content-type': 'application/octet-stream' };
  return new Response(name === wheel.file ? Bun.file(join(folder, name)) : wheel.metadata, { headers });
}

async function readWheels(folder: string): Promise<Wheel[]> {
  const files = await Array.fromAsync(new Bun.Glob('*.whl').scan(folder));
  return Promise.all(
    files.map(async (file) => {
      const bytes = await Bun.file(join(folder, file)).bytes();
      const open = async ({ from, to }: BlobRange) => new Blob([bytes.subarray(from, to + 1)]).stream();
      const zip = await openZip({ sizeBytes: bytes.byteLength, open });
      const name = [...zip.entries.keys()].find((entry) => entry.endsWith('.dist-info/METADATA')) ?? '';
      const metadata = (await zipEntry(zip, name, METADATA_BYTES)) ?? new Uint8Array();
      const project = (file.split('-')[0] ?? '').toLowerCase().replace(/[-_.]+/g, '-');
      return { file, project, sha256: digestOf(bytes), sizeBytes: bytes.byteLength, metadata };
    }),
  );
}

const digestOf = (bytes: Uint8Array) => new Bun.CryptoHasher('sha256').update(bytes).digest('hex');

if (import.meta.main) {
  const [port, remote = '', folder = ''] = process.argv.slice(2);
  await serve(Number(port), remote, folder);
}
