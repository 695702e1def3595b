/**
 * The registry behind both servers, as a program of its own on the load generator's core: one small image, and long layers, each of
 * which is new. It counts what it is asked for, and the bytes of blobs that were fetched from it.
 *
 *     bun registry.ts <port> <folder for long layers>
 */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CoreSet } from '../machine.ts';
import { bytesAt, KIB, MIB } from '../objects.ts';
import { freePort, startPinned } from '../process.ts';
import type { Scratch } from '../scratch.ts';
import type { Upstream } from '../upstream.ts';

const COUNT_PATH = '/-/count';
const LAYER_PATH = '/-/layer';

export const TAG = 'v1';
/** Of Docker: what a registry from before OCI images has gives to every client, too. */
export const MANIFEST_TYPE = 'application/vnd.docker.distribution.manifest.v2+json';
const CONFIG_TYPE = 'application/vnd.docker.container.image.v1+json';
const LAYER_TYPE = 'application/vnd.docker.image.rootfs.diff.tar.gzip';

export interface OciUpstream extends Upstream {
  /** Where the long layer lies, under its digest. */
  readonly directory: string;
  /** Makes a layer that nobody has seen yet, and lets go of the one before. Gives its digest. */
  layer(bytes: number): Promise<string>;
}

export async function startOciRegistry(scratch: Scratch, core: CoreSet): Promise<OciUpstream> {
  const port = await freePort();
  const directory = scratch.directory('oci-registry');
  const command = [process.execPath, import.meta.path, String(port), directory];
  const child = startPinned(core, directory, command);
  scratch.atEnd(() => child.stop());
  const url = `http://127.0.0.1:${port}`;
  const count = async () => (await (await fetch(url + COUNT_PATH)).json()) as Count;
  await child.until(count);
  return {
    ...{ url, port, pid: child.pid, directory },
    requests: async () => (await count()).requests,
    bytes: async () => (await count()).bytes,
    async layer(bytes) {
      const response = await fetch(`${url}${LAYER_PATH}?bytes=${bytes}`, { method: 'POST' });
      return await response.text();
    },
  };
}

interface Count {
  /** For manifests and blobs, GET and HEAD. */
  readonly requests: number;
  /** Of the blobs that were fetched. */
  readonly bytes: number;
}

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

export interface SmallImage {
  readonly digest: string;
  readonly manifest: Uint8Array<ArrayBuffer>;
  /** The config first. */
  readonly blobs: readonly (Descriptor & { readonly bytes: Uint8Array<ArrayBuffer> })[];
}

/** The same in every process. */
export function smallImage(): SmallImage {
  const layers = [56 * KIB, MIB].map((size, nth) => described(LAYER_TYPE, layerBytes(size, nth)));
  const diffIds = layers.map(({ digest }) => digest);
  const rootfs = { type: 'layers', diff_ids: diffIds };
  const config = described(CONFIG_TYPE, json({ architecture: 'amd64', os: 'linux', rootfs }));
  const plain = ({ mediaType, digest, size }: Descriptor) => ({ mediaType, digest, size });
  const manifest = json({
    ...{ schemaVersion: 2, mediaType: MANIFEST_TYPE },
    ...{ config: plain(config), layers: layers.map(plain) },
  });
  return { digest: digestOf(manifest), manifest, blobs: [config, ...layers] };
}

function layerBytes(size: number, nth: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytesAt(`/objects/${size}/layer-${nth}`, size));
}

function described(mediaType: string, bytes: Uint8Array<ArrayBuffer>) {
  return { mediaType, digest: digestOf(bytes), size: bytes.byteLength, bytes };
}

function json(value: unknown): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify(value));
}

export function digestOf(bytes: Uint8Array): string {
  return `sha256:${new Bun.CryptoHasher('sha256').update(bytes).digest('hex')}`;
}

function serve(port: number, directory: string): void {
  const image = smallImage();
  const blobs = new Map<string, Blob>(image.blobs.map(({ digest, bytes }) => [digest, new Blob([bytes])]));
  let long: { readonly digest: string; readonly file: string } | null = null;
  let [made, requests, bytes] = [0, 0, 0];

  function makeLayer(size: number): string {
    if (long !== null) {
      blobs.delete(long.digest);
      rmSync(long.file);
    }
    const layer = new Uint8Array(bytesAt('/objects/0/long', size));
    new DataView(layer.buffer).setUint32(0, ++made);
    const digest = digestOf(layer);
    const file = join(directory, digest);
    writeFileSync(file, layer);
    long = { digest, file };
    blobs.set(long.digest, Bun.file(file));
    return long.digest;
  }

  function blobAnswer(digest: string, isHead: boolean): Response {
    const blob = blobs.get(digest);
    if (blob === undefined) return new Response(null, { status: 404 });
    const headers = { 'content-type': 'application/octet-stream', 'docker-content-digest': digest };
    if (isHead) return new Response(null, { headers: { ...headers, 'content-length': String(blob.size) } });
    bytes += blob.size;
    return new Response(blob, { headers });
  }

  function manifestAnswer(isHead: boolean): Response {
    const { manifest, digest } = image;
    const headers = { 'content-type': MANIFEST_TYPE, 'docker-content-digest': digest };
    const length = { 'content-length': String(manifest.byteLength) };
    return new Response(isHead ? null : manifest, { headers: { ...headers, ...(isHead && length) } });
  }

  Bun.serve({
    hostname: '127.0.0.1',
    port,
    development: false,
    idleTimeout: 255,
    fetch({ method, url }) {
      const { pathname, searchParams } = new URL(url);
      if (pathname === COUNT_PATH) return Response.json({ requests, bytes });
      if (pathname === LAYER_PATH) return new Response(makeLayer(Number(searchParams.get('bytes'))));
      if (pathname === '/v2/') return Response.json({});
      const isHead = method === 'HEAD';
      if (pathname.startsWith('/v2/bench/')) requests++;
      const [, kind, name = ''] = /^\/v2\/bench\/small\/(manifests|blobs)\/([^/]+)$/.exec(pathname) ?? [];
      if (kind === 'blobs') return blobAnswer(name, isHead);
      if (kind === 'manifests' && (name === TAG || name === image.digest)) return manifestAnswer(isHead);
      return new Response(null, { status: 404 });
    },
  });
}

if (import.meta.main) {
  const [port, directory = ''] = process.argv.slice(2);
  serve(Number(port), directory);
}
