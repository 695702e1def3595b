/** What a route with a policy answers, with an upstream that may be away, and a clock that moves. */
import { afterEach, expect, test } from 'bun:test';
import { join } from 'node:path';
import { exchange } from '../../../../test/support/builders.ts';
import { virtualClock } from '../../../../test/support/clock.ts';
import { type Artifact, openSigner, simpleSigned } from '../../../../test/support/cosign.ts';
import { eventually, temporary } from '../../../../test/support/index.ts';
import { nothingAhead } from '../../../../test/support/prefetch.ts';
import type { Answer } from '../../../entry.ts';
import { openSqlite } from '../../../origin/metadata/sqlite.ts';
import type { Ask } from '../../../parent.ts';
import type { OriginDoor, OriginHome } from '../../../protocol.ts';
import type { Selector } from '../../../purge.ts';
import type { Stores } from '../../../store.ts';
import { digestOf } from '../digest.ts';
import { oci } from '../oci.ts';
import type { PolicyOptions } from './options.ts';
import { openPolicy } from './policy.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const bytesOf = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const imageType = 'application/vnd.oci.image.manifest.v1+json';
const indexType = 'application/vnd.oci.image.index.v1+json';
const configType = 'application/vnd.oci.image.config.v1+json';
const day = 86_400_000;
const release = openSigner('release');
const stranger = openSigner('stranger');

const nothing: PolicyOptions = { blocked: [], allowed: [], age: [], signatures: [] };
const signed = (key = release, more = {}): PolicyOptions => ({
  ...nothing,
  signatures: [{ images: ['*'], keys: [key], needed: 1, exempt: [], recheckS: 3600, ...more }],
});

async function world(first: PolicyOptions) {
  const folder = temporary('oci-policy');
  const clock = virtualClock();
  const metadata = await openSqlite({ path: join(folder.path, 'metadata.db'), clock });
  closing.push(
    () => folder[Symbol.dispose](),
    () => metadata.close(),
  );
  /** By path below the repository. */
  const upstream = new Map<string, { readonly bytes: Uint8Array<ArrayBuffer>; readonly type: string }>();
  const purged: { readonly selector: Selector; readonly soft: boolean }[] = [];
  const asked: string[] = [];
  let isAway = (_path: string) => false;
  let protocol = processWith(first);

  function processWith(policy: PolicyOptions) {
    const sources = [{ name: 'hub.example', url: 'http://hub.example' }];
    const ahead = { atOnce: 0, largestBytes: 0 };
    const mount = { route: 'oci', prefix: '', role: 'origin' } as const;
    const options = { sources, mirrors: null, hosted: null, policy, ahead, replication: [], metadata: {} };
    const made = oci(options, mount, clock);
    const purge: OriginDoor['purge'] = async (selectors, soft = false) => {
      for (const selector of selectors) purged.push({ selector, soft });
    };
    const stores = { metadata } as unknown as Stores;
    made.begin?.({ ...nothingAhead, stores, purge, warn: () => {} } satisfies OriginHome);
    closing.push(() => made.close?.());
    return made;
  }

  const door: OriginDoor = {
    ...{ stores: null, accounts: null, newestPurge: 0, spares: () => true },
    purge: async () => {},
    fetchAhead: async () => {},
    heldBytes: () => null,
    async fetch(_, url, { method }) {
      const path = new URL(url).pathname.replace('/v2/app/', '');
      asked.push(`${method} ${path}`);
      if (isAway(path)) return answer(502, null);
      const found = upstream.get(path);
      if (found === undefined) return answer(404, null);
      const { headers, status, body } = answer(200, found.bytes);
      headers.set('content-type', found.type);
      if (path.startsWith('manifests/')) headers.set('docker-content-digest', digestOf(found.bytes));
      return { status, headers, body: method === 'HEAD' ? null : body };
    },
    async read(resource, ask) {
      const { status, headers, body } = await protocol.pull({ ...ask, named: resource }, door);
      return { status, headers, bytes: await new Response(body).bytes() };
    },
  };

  async function get(path: string, method = 'GET') {
    const at = exchange({ method, target: `/v2/hub.example/app/${path}` });
    const named = protocol.name(at);
    if (named.as !== 'resource') throw new Error(path);
    const { signal } = new AbortController();
    const ask = { exchange: at, named, stored: null, background: false, reload: false, signal };
    const { status, body } = await protocol.pull(ask, door);
    return { status, text: await new Response(body).text() };
  }

  return {
    ...{ clock, upstream, purged, asked, get },
    status: async (path: string, method = 'GET') => (await get(path, method)).status,
    /** What the upstream has no answer for. */
    away(what: (path: string) => boolean) {
      isAway = what;
    },
    /** Another process, with the same store. */
    restart(policy: PolicyOptions) {
      protocol = processWith(policy);
    },
    manifest(value: unknown, tag: string, type = imageType) {
      const bytes = bytesOf(value);
      const digest = digestOf(bytes);
      for (const name of [tag, digest]) upstream.set(`manifests/${name}`, { bytes, type });
      return digest;
    },
    blob(value: unknown) {
      const bytes = bytesOf(value);
      upstream.set(`blobs/${digestOf(bytes)}`, { bytes, type: 'application/octet-stream' });
      return { digest: digestOf(bytes), size: bytes.length };
    },
    image(tag: string, config: object) {
      const made = { mediaType: configType, ...this.blob({ tag, ...config }) };
      return this.manifest({ schemaVersion: 2, mediaType: imageType, config: made, layers: [] }, tag);
    },
    put({ blobs, manifest, digest, tag }: Artifact) {
      for (const bytes of blobs) upstream.set(`blobs/${digestOf(bytes)}`, { bytes, type: 'x' });
      for (const name of [tag, digest])
        upstream.set(`manifests/${name}`, { bytes: manifest, type: imageType });
    },
  };
}

function answer(status: number, body: Uint8Array<ArrayBuffer> | null): Answer {
  return { status, headers: new Headers({ 'content-length': String(body?.length ?? 0) }), body };
}

const soonMs = 4000;
const isAboutSignatures = (path: string) => path.includes('.sig') || path.startsWith('referrers');

test('what is not given out is let go of, so that its file does not stay open', async () => {
  const digest = digestOf(bytesOf('an image'));
  let isOpen = true;
  const body = new ReadableStream<Uint8Array>({
    cancel() {
      isOpen = false;
    },
  });
  const headers = new Headers({ 'docker-content-digest': digest });
  const policy = openPolicy(
    { ...nothing, blocked: [`hub.example/app@${digest}`] },
    {
      ...{ route: 'oci', clock: virtualClock(), isHosted: () => false, fullName: (name) => name },
      unjudged: () => Promise.reject(new Error('nothing is read')),
    },
  );
  const item = { kind: 'tag', name: 'hub.example/app', tag: 'v1' } as const;
  const next = async () => ({ status: 200, headers, body });
  const { status } = await policy.admit(item, {} as Ask, {} as OriginDoor, next);
  expect([status, isOpen]).toEqual([403, false]);
  policy.close();
});

test('an image is let through once it is signed, and goes on so while its signatures cannot be read', async () => {
  const here = await world(signed());
  const digest = here.image('v1', {});
  expect(await here.status('manifests/v1')).toBe(403);
  here.put(simpleSigned({ digest }, release));
  here.clock.advance(soonMs);
  expect(await here.status('manifests/v1')).toBe(200);
  expect(await here.status('manifests/v1', 'HEAD')).toBe(200);
  const before = here.asked.filter((each) => each.includes('.sig')).length;
  expect(await here.status(`manifests/${digest}`)).toBe(200);
  expect(here.asked.filter((each) => each.includes('.sig')).length).toBe(before);
  // Two hours on, and after a restart: nobody can be asked about signatures.
  here.clock.advance(2 * 3_600_000);
  here.restart(signed());
  here.away(isAboutSignatures);
  expect(await here.status('manifests/v1')).toBe(200);
});

test('where nobody can be asked for signatures, an image of which none is known is refused, with that reason', async () => {
  const here = await world(signed());
  const digest = here.image('v1', {});
  here.away(isAboutSignatures);
  const { status, text } = await here.get(`manifests/${digest}`);
  expect(status).toBe(403);
  expect(text).toContain('cannot be checked for signatures now (the registry answers 502)');
});

test('a signature that is gone counts no more after a while, and all nodes are told', async () => {
  const here = await world(signed());
  const digest = here.image('v1', {});
  here.put(simpleSigned({ digest }, release));
  expect(await here.status('manifests/v1')).toBe(200);
  here.upstream.delete(`manifests/${digest.replace(':', '-')}.sig`);
  here.clock.advance(3_500_000);
  expect(await here.status('manifests/v1')).toBe(200);
  here.clock.advance(200_000);
  expect(await here.status('manifests/v1')).toBe(403);
  await eventually('the nodes to be told', () =>
    here.purged.some(({ selector }) => Bun.deepEquals(selector, { by: 'tag', tag: 'oci:hub.example/app' })),
  );
});

test('a signature of an index covers what it names, and nothing else', async () => {
  const here = await world(signed());
  const child = here.image('child', {});
  const other = here.image('other', {});
  const digest = here.manifest({ schemaVersion: 2, manifests: [{ digest: child }] }, 'v1', indexType);
  expect(await here.status(`manifests/${child}`)).toBe(403);
  here.put(simpleSigned({ digest }, release));
  here.clock.advance(soonMs);
  expect(await here.status('manifests/v1')).toBe(200);
  here.restart(signed());
  expect(await here.status(`manifests/${child}`)).toBe(200);
  expect(await here.status(`manifests/${other}`)).toBe(403);
});

test('a blocked index cannot be had, nor what it names, from the moment at which it was asked for', async () => {
  const here = await world(nothing);
  const child = here.image('child', {});
  const digest = here.manifest({ schemaVersion: 2, manifests: [{ digest: child }] }, 'v1', indexType);
  expect(await here.status(`manifests/${child}`)).toBe(200);
  here.restart({ ...nothing, blocked: [digest] });
  expect([await here.status('manifests/v1'), await here.status(`manifests/${digest}`)]).toEqual([403, 403]);
  expect((await here.get(`manifests/${child}`)).text).toContain('is part of an index that is blocked');
});

test('an image that poses as its own signature is refused, and nobody waits for ever', async () => {
  const here = await world(signed());
  const digest = here.image('v1', {});
  const own = here.upstream.get('manifests/v1');
  if (own !== undefined) here.upstream.set(`manifests/${digest.replace(':', '-')}.sig`, own);
  expect(await here.status('manifests/v1')).toBe(403);
  expect(await here.status(`manifests/${digest.replace(':', '-')}.sig`)).toBe(403);
});

test('a key that was taken out of the config counts no more, from the moment at which that is in force', async () => {
  const here = await world(signed());
  const digest = here.image('v1', {});
  here.put(simpleSigned({ digest }, release));
  expect(await here.status('manifests/v1')).toBe(200);
  here.restart(signed(stranger));
  expect(await here.status('manifests/v1')).toBe(403);
  await eventually('all that nodes keep to be purged', () =>
    here.purged.some(
      ({ selector, soft }) => !soft && Bun.deepEquals(selector, { by: 'prefix', prefix: 'oci tag' }),
    ),
  );
});

test('signers may have to call the image by a name', async () => {
  const here = await world(signed(release, { signedFor: ['registry.example/acme/*'] }));
  const [one, two] = [here.image('one', {}), here.image('two', {})];
  here.put(simpleSigned({ digest: one, reference: 'registry.example/acme/app:one' }, release));
  here.put(simpleSigned({ digest: two, reference: 'registry.example/other/app' }, release));
  expect([await here.status('manifests/one'), await here.status('manifests/two')]).toEqual([200, 403]);
});

test('an image becomes old enough by when it was first seen, also over a restart', async () => {
  const age = { images: [], minimumS: 7 * 86_400, withoutTime: 'refuse', exempt: [] } as const;
  const policy: PolicyOptions = { ...nothing, age: [{ ...age, since: 'seen' }] };
  const here = await world(policy);
  const digest = here.image('v1', { created: '2020-01-01T00:00:00Z' });
  const index = here.manifest({ schemaVersion: 2, manifests: [{ digest }] }, 'index', indexType);
  expect((await here.get('manifests/index')).text).toContain('was first seen here');
  here.clock.advance(6 * day);
  here.restart(policy);
  expect(await here.status(`manifests/${index}`)).toBe(403);
  here.clock.advance(day);
  expect(await here.status('manifests/index')).toBe(200);
  // It has been known for as long as the index that names it.
  expect(await here.status(`manifests/${digest}`)).toBe(200);
});

test('an image is as old as it says where its makers are believed: by the later one of two dates', async () => {
  const age = { images: [], minimumS: 7 * 86_400, withoutTime: 'refuse', exempt: [] } as const;
  const here = await world({ ...nothing, age: [{ ...age, since: 'created' }] });
  const at = (daysAgo: number) => new Date(here.clock.now() - daysAgo * day).toISOString();
  here.image('old', { created: at(8) });
  here.image('young', { created: at(6) });
  here.image('future', { created: at(-100) });
  here.image('timeless', {});
  here.image('epoch', { created: '1970-01-01T00:00:00Z' });
  const all = ['old', 'young', 'future', 'timeless', 'epoch'];
  const found = await Promise.all(all.map((tag) => here.status(`manifests/${tag}`)));
  expect(found).toEqual([200, 403, 403, 403, 403]);
  expect((await here.get('manifests/epoch')).text).toContain('does not say when it was made');
});
