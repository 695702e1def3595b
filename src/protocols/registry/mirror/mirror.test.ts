import { afterEach, describe, expect, test } from 'bun:test';
import { virtualClock } from '../../../../test/support/clock.ts';
import type { Answer, Entry } from '../../../entry.ts';
import { MeridianError } from '../../../errors.ts';
import type { Job, Wanted } from '../../../protocol.ts';
import type { Ecosystem, Item } from '../ecosystem.ts';
import {
  alice,
  bytesOf,
  closeHomes,
  openTestHome,
  referencesOf,
  refusalOf,
  type TestHome,
  testEcosystem,
  textOf,
} from '../hosted/home.contract.ts';
import { hostingOf } from '../hosted/hosting.ts';
import { mirrorOf } from './mirror.ts';
import { orMirrored, serveMirrored } from './serve.ts';

afterEach(closeHomes);

const sha256Of = (text: string) => new Bun.CryptoHasher('sha256').update(text).digest('hex');

/** Its index says the SHA-256 of each file. */
const ecosystem: Ecosystem = {
  ...testEcosystem,
  async needs({ name, version }, at) {
    const index = await at.read(`/${name}/index`);
    if (index === null) return [];
    const sums = JSON.parse(new TextDecoder().decode(index)) as Record<string, string>;
    const file = `${name}-${version}.tgz`;
    return [{ path: `/${name}/index` }, { path: `/${name}/${file}`, sha256: sums[file] }];
  },
};

const thing: Wanted = { name: 'Thing', version: '1.0', integrity: null };
const file: Item = { kind: 'file', name: 'thing', path: 'thing/thing-1.0.tgz', version: '1.0', isFile: true };
const index: Item = { kind: 'index', name: 'thing', path: 'thing/index' };

/** What is upstream, by its path, and what a job has counted and noted. */
function upstream(home: TestHome, bodies: Record<string, string>) {
  const counts: Record<string, number> = {};
  const notes: string[] = [];
  const asked: string[] = [];
  const job: Job = {
    ...{ stores: home.stores, purge: async () => {}, signal: new AbortController().signal },
    note: (sentence) => void notes.push(sentence),
    count(what, more = 1) {
      counts[what] = (counts[what] ?? 0) + more;
    },
    async get(path): Promise<Answer> {
      asked.push(path);
      const body = bodies[path];
      const headers = new Headers({ 'content-type': path.endsWith('index') ? 'application/json' : 'a/b' });
      return body === undefined
        ? { status: 404, headers, body: null }
        : { status: 200, headers, body: bytesOf(body) };
    },
  };
  const run = async (wanted: readonly Wanted[]) => mirrorOf(home.registry).mirror?.(wanted, job);
  return { run, job, counts, notes, asked, bodies };
}

const usual = () => ({
  '/packages/thing/index': JSON.stringify({
    'thing-1.0.tgz': sha256Of('bytes'),
    'thing-2.0.tgz': sha256Of('x'),
  }),
  '/packages/thing/thing-1.0.tgz': 'bytes',
});
const opened = (mirror: { readonly bytes?: number; readonly keepUnusedS?: number } = {}) =>
  openTestHome({ names: ['own-*'], mirror }, ecosystem);

describe('what is mirrored', () => {
  test('is answered without an upstream, with its type and what it is compared with', async () => {
    const home = await opened();
    const { run, counts } = upstream(home, usual());
    await run([thing]);
    expect(counts).toEqual({ mirrored: 2, bytes: expect.any(Number) });
    const answer = await serveMirrored(file, home.as(alice));
    expect([answer?.status, answer?.headers.get('content-type')]).toEqual([200, 'a/b']);
    expect(answer && (await textOf(answer))).toBe('bytes');
    expect(answer?.headers.get('repr-digest')).toContain('sha-256=:');
    const etag = answer?.headers.get('etag') ?? null;
    expect((await serveMirrored(file, home.as(alice, { stored: { etag } as Entry })))?.status).toBe(304);
    const part = await serveMirrored(file, home.as(alice, { part: { range: 'bytes=1-2' } }));
    expect(part && [part.status, await textOf(part)]).toEqual([206, 'yt']);
    expect((await serveMirrored(index, home.as(alice)))?.headers.get('cache-control')).toBe(
      'public, no-cache',
    );
    expect(await serveMirrored({ ...file, path: 'thing/thing-9.tgz' }, home.as(alice))).toBeNull();
  });

  test('of files comes before an upstream is asked; of indexes, and of what may be replaced, only when none can be', async () => {
    const home = await opened();
    const { run } = upstream(home, usual());
    await run([thing]);
    const of = async (item: Item, pull: () => Promise<Answer>, isAllowed = true) =>
      textOf(await orMirrored(item, home.as(alice), pull, () => isAllowed));
    const pulled = async () => ({ status: 200, headers: new Headers(), body: bytesOf('pulled') });
    const failing = async () => ({ status: 503, headers: new Headers(), body: null });
    const away = () => Promise.reject(new MeridianError('upstream-unreachable', 'nobody is there'));
    expect(await of(file, away)).toBe('bytes');
    expect(await of(file, pulled, false)).toBe('pulled');
    expect(await of(index, pulled)).toBe('pulled');
    expect(await of(index, away)).toBe(usual()['/packages/thing/index']);
    expect(await of(index, failing)).toBe(usual()['/packages/thing/index']);
    const snapshot = { ...file, isMutable: true };
    expect(await of(snapshot, pulled)).toBe('pulled');
    expect(await of(snapshot, away)).toBe('bytes');
    expect(await refusalOf(of(snapshot, away, false))).toBe('upstream-unreachable');
    expect(await refusalOf(of({ ...index, path: 'none/index' }, away))).toBe('upstream-unreachable');
  });

  test('is fetched once; its index anew each time', async () => {
    const home = await opened();
    const { run, counts, asked } = upstream(home, usual());
    await run([thing]);
    asked.length = 0;
    await run([thing]);
    expect(asked).toEqual(['/packages/thing/index', '/packages/thing/index']);
    expect(counts['there']).toBe(1);
    expect((await referencesOf(home)).length).toBe(2);
  });

  test('is fetched again where its bytes are gone', async () => {
    const home = await opened();
    const { run } = upstream(home, usual());
    await run([thing]);
    const blob = (await home.stores.blobs.list(null, 10)).find(({ sizeBytes }) => sizeBytes === 5);
    if (blob !== undefined) await home.stores.blobs.delete(blob.sha256);
    expect(await serveMirrored(file, home.as(alice))).toBeNull();
    await run([thing]);
    expect((await serveMirrored(file, home.as(alice)))?.status).toBe(200);
  });

  test('is named where it cannot be had, or is not what its index says, and the rest goes on', async () => {
    const home = await opened();
    const { run, counts, notes } = upstream(home, { ...usual(), '/packages/thing/thing-2.0.tgz': 'y' });
    await run([
      { ...thing, version: '2.0' },
      { ...thing, version: '3.0' },
      { ...thing, name: 'none' },
      thing,
    ]);
    expect(counts['missing']).toBe(3);
    expect(notes.join('\n')).toContain('Thing@3.0, /thing/thing-3.0.tgz: the upstream answers 404');
    expect(notes.join('\n')).toContain('none@1.0: nothing is known of this version');
    expect((await serveMirrored(file, home.as(alice)))?.status).toBe(200);
    expect(await serveMirrored({ ...file, path: 'thing/thing-2.0.tgz' }, home.as(alice))).toBeNull();
  });

  test('is nothing that lives here', async () => {
    const home = await opened();
    const { run, counts, asked } = upstream(home, {});
    await run([{ ...thing, name: 'own-thing' }]);
    expect([counts, asked]).toEqual([{ there: 1 }, []]);
  });

  test('counts, within its bound, and a bound that is reached ends it', async () => {
    const home = await opened({ bytes: 200 });
    const { run, job } = upstream(home, {
      ...usual(),
      '/packages/large/index': JSON.stringify({ x: 'y'.repeat(300) }),
    });
    await run([thing]);
    const { holdings } = hostingOf(home.registry);
    const weight = await holdings.weigh(home.stores.metadata, 'mirrored', 'thing');
    expect(weight).toEqual({ versions: 1, bytes: 5 + usual()['/packages/thing/index'].length });
    expect(await Array.fromAsync(holdings.names(job.stores.metadata, 'mirrored'))).toEqual(['thing']);
    expect(await refusalOf(run([{ ...thing, name: 'large' }]))).toBe('quota-exceeded');
    expect(await holdings.weigh(home.stores.metadata, 'mirrored', 'large')).toEqual({
      versions: 0,
      bytes: 0,
    });
  });

  test('goes when nobody has wanted it for long, and stays while somebody does', async () => {
    const clock = virtualClock();
    const day = 24 * 3600_000;
    const home = await openTestHome({ names: [], clock, mirror: { keepUnusedS: 3 * 86_400 } }, ecosystem);
    const { run, job, counts } = upstream(home, usual());
    await run([thing]);
    const { retire } = hostingOf(home.registry);
    clock.advance(3 * day);
    await serveMirrored(file, home.as(alice));
    for (let turn = 0; turn < 100; turn++) await new Promise(setImmediate);
    clock.advance(2 * day);
    await retire(job);
    expect(counts['retired']).toBe(1);
    expect(await serveMirrored(index, home.as(alice))).toBeNull();
    expect((await home.stores.metadata.scan(['registry-mirror'])).length).toBe(1);
    clock.advance(9 * day);
    await retire(job);
    expect(await referencesOf(home)).toEqual([]);
    const { holdings } = hostingOf(home.registry);
    expect(await holdings.weigh(home.stores.metadata, 'mirrored', 'thing')).toEqual({
      versions: 0,
      bytes: 0,
    });
  });
});
