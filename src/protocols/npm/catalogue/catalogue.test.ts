/** Packages of an origin, for people who look for one. */
import { afterEach, describe, expect, test } from 'bun:test';
import { virtualClock } from '../../../../test/support/clock.ts';
import type { Described, FoundPackage, Held, HeldAnswer, Search } from '../../../catalogue.ts';
import type { Lent } from '../../../protocol.ts';
import type { CacheKey } from '../../../resource.ts';
import { type Home, openHome, published } from '../hosted/home.contract.ts';
import { packageKey } from '../hosted/record.ts';
import type { NpmOptions } from '../npm.ts';
import { closeWorld, exchangeOf, integrityOf, packumentOf, upstream } from '../world.contract.ts';
import { openCachedPackages } from './cached.ts';

afterEach(closeWorld);

const everybody = { mayRead: (_: string, restricted: boolean) => !restricted };

function heldWith(kept: Readonly<Record<string, number>>): Held {
  return {
    async *all() {
      for (const [key, sizeBytes] of Object.entries(kept))
        yield { key: key as CacheKey, sizeBytes, receivedMs: 0 };
    },
    sizeBytes: ({ key }) => kept[key] ?? null,
    etag: () => null,
  };
}

function lent({ origin }: Home, held = heldWith({}), reader: Lent['reader'] = everybody): Lent {
  const exchange = exchangeOf('/');
  const signal = AbortSignal.timeout(10_000);
  return {
    ask: {
      ...{ exchange, stored: null, background: false, reload: false, signal },
      named: { as: 'pass', kind: 'catalogue', why: 'bypass', ask: [] },
    },
    ...{ origin: origin.door, reader, held },
  };
}

const catalogueIn = ({ origin }: Home) => {
  const { catalogue } = origin.protocol;
  if (catalogue === undefined) throw new Error('npm has a catalogue');
  return catalogue;
};

const all: Search = { words: [], kind: null, limit: 100, after: null };

async function describedIn(home: Home, name: string, with_ = lent(home)): Promise<Described> {
  const found = await catalogueIn(home).describe(name, with_);
  if (found === null) throw new Error(`${name} is not there`);
  return found;
}

describe('a name in the cache', () => {
  const kept = {
    'npm packument/full/left-pad': 1_000,
    'npm tarball/left-pad/left-pad-1.0.0.tgz': 300,
    'npm tarball/left-pad/left-pad-1.1.0.tgz': 400,
    'npm index/unseen': 10,
    'npm packument/full/@acme/gone': 10,
    'npm tarball/own/own-1.0.0.tgz': 10,
    'npm packument/full/taken-away': 10,
    'npm keys': 10,
  };

  test('is listed with its tarballs, unless it lives here or has lived here', async () => {
    const home = await openHome({
      hosted: { scopes: ['@acme'], names: ['own'], others: true, access: 'public' },
    });
    await home.stores.metadata.transact(async (transaction) => {
      const rest = { access: 'restricted', tags: {}, versions: {}, deprecated: {}, owners: [], latest: null };
      await transaction.put(packageKey('npm', 'taken-away'), { ...rest, createdMs: 0, modifiedMs: 0 });
    });
    const { packages, total } = await catalogueIn(home).search(all, lent(home, heldWith(kept)));
    expect(packages.map(({ name, kind, cached }) => [name, kind, cached])).toEqual([
      ['left-pad', 'cached', { versions: 2, bytes: 700 }],
    ]);
    expect(total).toBe(1);
  });

  test('is looked for again only after twenty times as long as that took', async () => {
    const clock = virtualClock();
    const known = openCachedPackages(clock);
    let readings = 0;
    const held: Held = {
      sizeBytes: () => null,
      etag: () => null,
      async *all(): AsyncGenerator<HeldAnswer> {
        readings++;
        clock.advance(100);
        yield { key: `npm tarball/a/a-${readings}.tgz` as CacheKey, sizeBytes: 1, receivedMs: 0 };
      },
    };
    async function* mirrored() {
      yield 'kept-for-good';
    }
    const names = async () => [...(await known.known(held, mirrored)).keys()];
    expect(await names()).toEqual(['a', 'kept-for-good']);
    await Promise.all([names(), names()]);
    expect(readings).toBe(1);
    clock.advance(1_999);
    await names();
    expect(readings).toBe(1);
    clock.advance(1);
    await Promise.all([names(), names()]);
    expect(readings).toBe(2);
  });
});

test('five thousand packages are paged through, each once, in bounded time and memory', async () => {
  const home = await openHome();
  const count = 5_000;
  const name = (at: number) => `@acme/package-${String(at).padStart(5, '0')}`;
  for (let from = 0; from < count; from += 500)
    await home.stores.metadata.transact(async (transaction) => {
      for (let at = from; at < from + 500; at++) {
        const latest = {
          version: '1.0.0',
          description: `Number ${at}`,
          keywords: ['many'],
          publisher: 'alice',
        };
        const access = at % 10 === 0 ? 'restricted' : 'public';
        const rest = { access, tags: {}, versions: { '1.0.0': 1 }, deprecated: {}, owners: [] };
        await transaction.put(packageKey('npm', name(at)), { ...rest, latest, createdMs: 0, modifiedMs: 0 });
      }
    });
  const catalogue = catalogueIn(home);
  await catalogue.search(all, lent(home)); // reads them
  const before = process.cpuUsage();
  const seen: string[] = [];
  let after: Search['after'] = null;
  for (;;) {
    const page: { packages: readonly FoundPackage[]; total: number } = await catalogue.search(
      { ...all, after },
      lent(home),
    );
    expect(page.total).toBe(4_500);
    expect(page.packages.length).toBeLessThanOrEqual(100);
    seen.push(...page.packages.map((each) => each.name));
    const last = page.packages.at(-1);
    if (last === undefined) break;
    after = { score: last.score, name: last.name, isNext: false };
  }
  const { user, system } = process.cpuUsage(before);
  expect(seen).toEqual(
    Array.from({ length: count }, (_, at) => at)
      .filter((at) => at % 10 > 0)
      .map(name),
  );
  // 46 pages; each compares all of them.
  expect((user + system) / 1_000 / 46).toBeLessThan(100);
  const [first] = (await catalogue.search({ ...all, words: ['number', '4321'] }, lent(home))).packages;
  expect(first?.name).toBe(name(4_321));
}, 60_000);

describe('a package that lives here', () => {
  test('tells what its publisher says of it, and no address that a page could not follow', async () => {
    const home = await openHome();
    const manifest = {
      description: 'Buttons',
      license: 'MIT',
      keywords: ['ui', 7],
      homepage: 'javascript:alert(1)',
      repository: { type: 'git', url: 'git+https://git.example/acme/ui.git' },
      dependencies: { a: '1', b: '1' },
    };
    await published(home, '@acme/ui', '1.0.0', { manifest });
    await published(home, '@acme/ui', '1.1.0-beta.1', { tags: { beta: '1.1.0-beta.1' } });
    const found = await describedIn(home, '@acme/ui');
    expect(found).toMatchObject({
      ...{ kind: 'hosted', description: 'Buttons', licence: 'MIT', keywords: ['ui'], homepage: null },
      ...{ repository: 'https://git.example/acme/ui', versionCount: 2, note: null },
      tags: { latest: '1.0.0', beta: '1.1.0-beta.1' },
    });
    const dependencies = Object.fromEntries(found.versions.map((each) => [each.version, each.dependencies]));
    expect(dependencies).toEqual({ '1.0.0': 2, '1.1.0-beta.1': 0 });
  });
});

describe('a package of another registry', () => {
  const options = (answer: (request: Request) => Response, more: Partial<NpmOptions> = {}) => ({
    remotes: [{ url: upstream(answer).url }],
    ...more,
  });

  test('tells nothing but what it is allowed to be: whatever the document says is text, or left out', async () => {
    const hostile = {
      ...JSON.parse(packumentOf('odd', 'http://x.example', ['1.0.0'])),
      description: { toString: 'no' },
      license: ['x'],
      keywords: 'one, two',
      maintainers: [null, 'Ann', { name: 5 }, { name: 'Ben', email: ['x'] }],
      homepage: 'https://user:secret@x.example/',
      repository: 'file:///etc/passwd',
      time: { created: 'yesterday', '1.0.0': 5 },
      readme: '<script>alert(1)</script>'.repeat(50_000),
    };
    hostile['dist-tags'] = { latest: '1.0.0', odd: 5 };
    const text = JSON.stringify(hostile).replace('"1.0.0":{', '"__proto__":{"dependencies":[]},"1.0.0":{');
    const home = await openHome(options(() => new Response(text), { maxPackumentBytes: 4 * 2 ** 20 }));
    const found = await describedIn(home, 'odd');
    expect(found).toMatchObject({
      ...{ description: '', licence: null, keywords: [], homepage: null, repository: null },
      maintainers: [
        { name: 'Ann', email: null },
        { name: 'Ben', email: null },
      ],
      ...{ tags: { latest: '1.0.0' }, createdMs: null },
    });
    expect(found.versions.map((each) => [each.version, each.dependencies])).toEqual([
      ['1.0.0', 1],
      ['__proto__', 0],
    ]);
    expect(found.readme).toHaveLength(1024 * 1024);
    expect(await catalogueIn(home).readme('odd', lent(home))).toHaveLength(1024 * 1024);
  });

  test('has at most a thousand versions in one answer, the newest, and says how many there are', async () => {
    const versions = Array.from({ length: 1_200 }, (_, at) => `1.0.${at}`);
    const home = await openHome(
      options(() => new Response(packumentOf('many', 'http://x.example', versions))),
    );
    const found = await describedIn(home, 'many');
    expect([found.versions.length, found.versionCount, found.versions[0]?.version]).toEqual([
      1_000,
      1_200,
      '1.0.1199',
    ]);
  });

  test('that is refused as a whole says why, and asks nobody', async () => {
    let asked = 0;
    const policy = { blocked: ['evil'], provenance: [] };
    const home = await openHome(options(() => Response.json({}, { status: 500 + asked++ }), { policy }));
    const { blocked, versions } = await describedIn(home, 'evil');
    expect([blocked, versions, asked]).toEqual([
      { rules: ['blocked'], why: 'is blocked (all versions)', untilMs: null },
      [],
      0,
    ]);
  });

  test('of which no version may be used says so, with each of them', async () => {
    const policy = { blocked: ['bad@1', 'bad@2'], provenance: [] };
    const document = packumentOf('bad', 'http://x.example', ['1.0.0', '2.0.0']);
    const home = await openHome(options(() => new Response(document), { policy }));
    const { blocked, versions, versionCount } = await describedIn(home, 'bad');
    expect(blocked?.rules).toEqual(['blocked']);
    expect(versions.map((each) => [each.version, each.blocked?.rules])).toEqual([
      ['1.0.0', ['blocked']],
      ['2.0.0', ['blocked']],
    ]);
    expect(versionCount).toBe(2);
  });

  test('is told by what is kept of it, while its upstream cannot be asked', async () => {
    const home = await openHome(options(() => new Response('away', { status: 503 })));
    const record = { blob: 'f'.repeat(64), integrity: integrityOf('x'), sizeBytes: 7, mirroredMs: 1 };
    await home.stores.metadata.transact(async (transaction) => {
      await transaction.put(['npm-mirror', 'npm', 'kept', '1.0.0'], record);
    });
    const found = await describedIn(home, 'kept');
    expect(found.note).toStartWith('The upstream cannot be asked');
    expect(found.versions).toMatchObject([
      { version: '1.0.0', kept: 'mirrored', sizeBytes: 7, digest: record.integrity },
    ]);
    // With nothing to tell, it is an error, and not that there is no such package.
    await expect(catalogueIn(home).describe('other', lent(home))).rejects.toThrow();
  });
});
