/**
 * A mirror of the place where clients fetch their roots of trust from (Sigstore's repository in the TUF format) before they check any
 * signature, with a root of its own. It knows no registry's keys, so that a client asks the registry itself. Reached by way of a proxy, as on a
 * machine without internet.
 *
 * TUF 1.0: https://theupdateframework.github.io/specification/latest/
 */
import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { makeAuthority } from './certificate.ts';

const host = 'tuf-repo-cdn.sigstore.dev';

export interface SigningRoots extends AsyncDisposable {
  /** For a client's process: how to get there, and whom to believe. */
  readonly environment: Readonly<Record<string, string>>;
  /** Has an npm that keeps its cache in this folder start from our root, rather than the one that came with it. */
  trustIn(npmCache: string): void;
}

type Json = string | number | boolean | readonly Json[] | { readonly [member: string]: Json };
type Signed = { readonly _type: string; readonly [member: string]: Json };

export async function startSigningRoots(folder: string): Promise<SigningRoots> {
  mkdirSync(folder, { recursive: true });
  const documents = repository();
  const authority = await makeAuthority(folder, 'mirror');
  const { cert, key } = await authority.issue('mirror', `DNS:${host}`);
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    tls: { cert: Bun.file(cert), key: Bun.file(key) },
    fetch(request) {
      const found = documents.get(new URL(request.url).pathname);
      return found === undefined ? new Response(null, { status: 404 }) : new Response(found);
    },
  });
  const open = new Set<Socket>();
  const proxy = createServer((client) => {
    open.add(client.on('error', () => {}).on('close', () => open.delete(client)));
    // The one request that it gets is CONNECT, which fits into a packet.
    client.once('data', () => {
      const onward = connect(server.port ?? 0, '127.0.0.1').on('error', () => client.destroy());
      client.write('HTTP/1.1 200 OK\r\n\r\n');
      client.pipe(onward).pipe(client);
    });
  });
  const port = await new Promise<number>((resolve) => {
    proxy.listen(0, '127.0.0.1', () => {
      const address = proxy.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
  return {
    environment: {
      https_proxy: `http://127.0.0.1:${port}`,
      no_proxy: '127.0.0.1',
      NODE_EXTRA_CA_CERTS: authority.ca,
    },
    trustIn(npmCache) {
      const where = join(npmCache, '_tuf', host);
      mkdirSync(where, { recursive: true });
      writeFileSync(join(where, 'root.json'), documents.get('/1.root.json') ?? '');
    },
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      proxy.close();
      await server.stop(true);
    },
  };
}

/** One key for all roles, and no targets. */
function repository(): ReadonlyMap<string, string> {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32).toString('hex');
  const ours = { keytype: 'ed25519', scheme: 'ed25519', keyval: { public: raw } };
  const keyid = createHash('sha256').update(canonical(ours)).digest('hex');
  const role = { keyids: [keyid], threshold: 1 };
  const roles = { root: role, timestamp: role, snapshot: role, targets: role };
  const signed = (kind: string, more: Readonly<Record<string, Json>>) => {
    const document: Signed = { _type: kind, spec_version: '1.0.31', version: 1, expires: inADay(), ...more };
    return JSON.stringify({ signed: document, signatures: [signatureOf(document, keyid, privateKey)] });
  };
  return new Map([
    ['/1.root.json', signed('root', { keys: { [keyid]: ours }, roles, consistent_snapshot: true })],
    ['/timestamp.json', signed('timestamp', { meta: { 'snapshot.json': { version: 1 } } })],
    ['/1.snapshot.json', signed('snapshot', { meta: { 'targets.json': { version: 1 } } })],
    ['/1.targets.json', signed('targets', { targets: {} })],
  ]);
}

function inADay(): string {
  return new Date(Date.now() + 86_400_000).toISOString().replace(/\.\d+Z$/, 'Z');
}

function signatureOf(document: Signed, keyid: string, key: KeyObject) {
  return { keyid, sig: sign(null, Buffer.from(canonical(document)), key).toString('hex') };
}

/** Members in order, and no white space: what signatures are made over. */
function canonical(value: Json): string {
  if (typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, each]) => `${JSON.stringify(name)}:${canonical(each)}`).join(',')}}`;
}
