/** A registry as the tests of the distribution specification ask it: a PoP whose origin is two hops away, and what they push there. */
import { expect } from 'bun:test';
import { oci } from '../../src/index.ts';
import { bearer, tokenFor } from '../support/access.ts';
import { random } from '../support/image.ts';
import { startNetwork, type TestNetwork } from '../support/index.ts';
import { type RawOptions, sendRaw } from '../support/raw-client.ts';

export const imageType = 'application/vnd.oci.image.manifest.v1+json';
export const indexType = 'application/vnd.oci.image.index.v1+json';

let network: TestNetwork;
let token: string;

/** For `beforeAll`, with 60 s. */
export async function startHosting(): Promise<void> {
  network = await startNetwork({
    nodes: {
      origin: { role: 'origin', store: {} },
      shield: { role: 'shield', parents: ['origin'] },
      pop: { role: 'pop', parents: ['shield'] },
    },
    routes: [oci({ hosted: { names: ['*'], public: ['*'], immutableTags: ['fixed-*'] } })],
  });
  const all = { actions: ['read', 'publish', 'delete'], routes: ['oci'], subjects: ['*'] } as const;
  ({ token } = await tokenFor(network.node('origin'), 'ci', [all]));
}

/** For `afterAll`. */
export async function stopHosting(): Promise<void> {
  await network?.stop();
}

export interface Sent extends Omit<RequestInit, 'headers'> {
  readonly headers?: Record<string, string>;
}

/** @param target a path below `/v2/`, or what a `Location` says. */
export function send(method: string, target: string, { headers, ...init }: Sent = {}): Promise<Response> {
  const url = new URL(target.startsWith('/') ? target : `/v2/${target}`, network.url('pop'));
  return fetch(url, { method, headers: { ...bearer(token), ...headers }, ...init });
}

const hexOf = (bytes: Uint8Array, algorithm: 'sha256' | 'sha512') =>
  new Bun.CryptoHasher(algorithm).update(bytes).digest('hex');
export const digestOf = (bytes: Uint8Array, algorithm: 'sha256' | 'sha512' = 'sha256') =>
  `${algorithm}:${hexOf(bytes, algorithm)}`;
export const placeIn = (response: Response) => response.headers.get('location') ?? '';
export const withDigest = (location: string, digest: string) =>
  `${location}${location.includes('?') ? '&' : '?'}digest=${digest}`;

/** For requests that no proper client would send: a request line, fields and a body, as they are. */
export function sendBytes(line: string, fields: readonly string[] = [], body = '', options: RawOptions = {}) {
  const { host, port } = new URL(network.url('pop'));
  const said = [`${line}`, `Host: ${host}`, `Authorization: Bearer ${token}`, ...fields, '', body];
  return sendRaw(Number(port), said.join('\r\n'), { lingerMs: 0, ...options });
}

/** Where it can be reached. */
export const addressOf = () => network.url('pop');
/** Credentials of who may do everything. */
export const credentials = () => bearer(token);

export async function codeIn(response: Response): Promise<string> {
  const { errors } = (await response.json()) as { errors: { code: string }[] };
  return errors[0]?.code ?? '';
}

export async function pushBlob(name: string, bytes: Uint8Array, digest = digestOf(bytes)): Promise<string> {
  const begun = await send('POST', `${name}/blobs/uploads/`);
  const put = await send('PUT', withDigest(placeIn(begun), digest), { body: bytes });
  expect(put.status).toBe(201);
  return digest;
}

export interface Made {
  readonly bytes: Uint8Array;
  readonly digest: string;
}

/** A manifest whose config and layer are in the repository. */
export async function manifestIn(name: string, more: Record<string, unknown> = {}): Promise<Made> {
  const layer = random(500);
  const config = new TextEncoder().encode(JSON.stringify({ noise: crypto.randomUUID() }));
  await pushBlob(name, layer);
  await pushBlob(name, config);
  return made({
    schemaVersion: 2,
    mediaType: imageType,
    config: {
      mediaType: 'application/vnd.oci.image.config.v1+json',
      digest: digestOf(config),
      size: config.length,
    },
    layers: [
      { mediaType: 'application/vnd.oci.image.layer.v1.tar', digest: digestOf(layer), size: layer.length },
    ],
    ...more,
  });
}

export function made(value: unknown): Made {
  // Not as anybody would write it anew: it has to come back byte for byte.
  const bytes = new TextEncoder().encode(`${JSON.stringify(value, null, 3)}\n`);
  return { bytes, digest: digestOf(bytes) };
}

export const putManifest = (name: string, reference: string, { bytes }: Made, type = imageType) =>
  send('PUT', `${name}/manifests/${reference}`, { body: bytes, headers: { 'content-type': type } });
