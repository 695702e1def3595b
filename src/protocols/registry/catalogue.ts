/**
 * The packages of a route, for people who look for one: those that live here, and those of upstreams of which the origin keeps something. Of
 * what somebody may not read, he hears what he hears of nothing.
 */
import {
  type Amount,
  type Described,
  type DescribedVersion,
  type FoundPackage,
  type Held,
  mostVersions,
  pageOf,
  relevance,
  type Search,
} from '../../catalogue.ts';
import type { Catalogue, Lent } from '../../protocol.ts';
import type { CacheKey } from '../../resource.ts';
import { fewAtOnce } from '../few-at-once.ts';
import { pacer } from '../pace.ts';
import { seldom } from '../seldom.ts';
import { webAddress } from '../web-address.ts';
import type { Item, RegistryOrigin } from './ecosystem.ts';
import { findPackage, namesOf, versionsOf } from './hosted/find.ts';
import type { HostedVersion } from './hosted/record.ts';
import { remove } from './hosted/remove.ts';

/** Packages that are compared with a search before everybody else has a turn. */
const atOnce = 5_000;
/** Packages that are looked at closely at the same time: a large one has thousands of documents. */
const mostReadings = 4;
const mostWaiting = 100;
/** What is beyond is not listed. Some 200 bytes each. */
const mostPackages = 200_000;
/** Versions of which the cache has something that are told one by one. */
const mostCached = mostVersions;

interface CachedPackage extends Amount {
  /** When anything of it was fetched or confirmed last, ms since the epoch. */
  readonly receivedMs: number;
  /** Bytes of the files of each version. */
  readonly files: ReadonlyMap<string, number>;
}

interface Found {
  readonly name: string;
  readonly score: number;
  /** `null`: it lives here. */
  readonly cached: CachedPackage | null;
}

type Page = ReturnType<typeof pageOf<Found>>;

const nothing: Amount = { versions: 0, bytes: 0 };
const plain = { description: '', keywords: [], publishedMs: null, publisher: null } as const;

export function catalogueOf(registry: RegistryOrigin): Catalogue {
  const { hosted, clock, ecosystem } = registry;
  const reading = fewAtOnce(mostReadings, mostWaiting, 'packages');
  const cached = seldom(clock, (held: Held) => cachedPackages(registry, held));
  const here = ({ origin }: Lent) => ({ registry, door: origin });

  async function search(wanted: Search, lent: Lent) {
    const page = pageOf<Found>(wanted);
    if (wanted.kind !== 'cached') await addHosted(page, wanted.words, lent);
    if (wanted.kind !== 'hosted') await addCached(page, wanted.words, lent);
    const { found, total } = page.done();
    const packages: FoundPackage[] = [];
    for (const each of found) packages.push(await listed(each, lent));
    return { packages, total };
  }

  async function addHosted(page: Page, words: readonly string[], lent: Lent) {
    if (hosted === null) return;
    const paced = pacer(atOnce);
    for await (const name of namesOf(here(lent))) {
      const score = relevance({ name: name.toLowerCase(), description: '', keywords: [] }, words);
      if (score > 0 && hosted.claims(name) && lent.reader.mayRead(name, !hosted.isPublic(name)))
        if (((await findPackage(here(lent), name))?.versions ?? 0) > 0)
          page.add({ name, score, cached: null });
      await paced();
    }
  }

  async function addCached(page: Page, words: readonly string[], { held, reader }: Lent) {
    const paced = pacer(atOnce);
    for (const [name, known] of await cached(held)) {
      const score = relevance({ name: name.toLowerCase(), description: '', keywords: [] }, words);
      if (score > 0 && reader.mayRead(name, false)) page.add({ name, score, cached: known });
      await paced();
    }
  }

  async function listed({ name, score, cached: known }: Found, lent: Lent): Promise<FoundPackage> {
    if (known !== null) {
      const latest = newestOf([...known.files.keys()]);
      const { versions, bytes } = known;
      return { ...plain, name, score, kind: 'cached', access: 'public', latest, cached: { versions, bytes } };
    }
    const access = hosted?.isPublic(name) === true ? 'public' : 'restricted';
    const newest = (await newestVersions(name, lent, 1))[0] ?? null;
    const told = newest && ecosystem.describe?.(newest);
    return {
      ...{ name, score, kind: 'hosted', access, latest: newest?.version ?? null, cached: nothing },
      ...{ description: told?.description ?? '', keywords: told?.keywords ?? [] },
      ...{ publishedMs: newest?.publishedMs ?? null, publisher: newest?.publisher ?? null },
    };
  }

  /** The highest first. Of a package of thousands of versions, all are compared, and a few are kept. */
  async function newestVersions(name: string, lent: Lent, limit: number): Promise<readonly HostedVersion[]> {
    let best: HostedVersion[] = [];
    const cut = () => {
      best = best.sort((a, b) => byVersion(b.version, a.version)).slice(0, limit);
    };
    for await (const version of versionsOf(here(lent), name)) {
      best.push(version);
      if (best.length >= 4 * limit) cut();
    }
    cut();
    return best;
  }

  function byVersion(a: string, b: string): number {
    const { order } = ecosystem;
    const [isA, isB] = [order.isVersion(a), order.isVersion(b)];
    if (isA && isB) return order.compare(a, b);
    return Number(isA) - Number(isB) || (a < b ? -1 : Number(a > b));
  }

  function newestOf(versions: readonly string[]): string | null {
    return versions.reduce<string | null>(
      (best, each) => (best === null || byVersion(each, best) > 0 ? each : best),
      null,
    );
  }

  async function describeHosted(name: string, lent: Lent): Promise<Described | null> {
    const known = await findPackage(here(lent), name);
    if (known === null || known.versions === 0) return null;
    const found = await newestVersions(name, lent, mostVersions);
    const newest =
      found.find(({ version, yanked }) => yanked === null && !ecosystem.order.isPrerelease(version)) ??
      found[0];
    const told = newest === undefined ? {} : (ecosystem.describe?.(newest) ?? {});
    return {
      ...{ name, kind: 'hosted', access: hosted?.isPublic(name) === true ? 'public' : 'restricted' },
      ...{
        description: told.description ?? '',
        licence: told.licence ?? null,
        keywords: told.keywords ?? [],
      },
      homepage: webAddress(told.homepage ?? null),
      repository: webAddress(told.repository ?? null),
      maintainers: (told.authors ?? []).map((author) => ({ name: author, email: null })),
      ...{ createdMs: known.createdMs, modifiedMs: known.changedMs },
      tags: newest === undefined ? {} : { latest: newest.version },
      versions: found.map((version) => describedVersion(version)),
      ...{
        versionCount: known.versions,
        readme: told.readme ?? null,
        cached: nothing,
        blocked: null,
        note: null,
      },
    };
  }

  function describedVersion(version: HostedVersion): DescribedVersion {
    const [first] = version.files;
    return {
      ...{ version: version.version, publishedMs: version.publishedMs, publisher: version.publisher },
      sizeBytes: version.files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
      ...{ unpackedBytes: null, digest: first === undefined ? null : `sha256:${first.blob}` },
      ...{ deprecated: version.yanked === '' ? null : version.yanked, yanked: version.yanked !== null },
      ...{ blocked: null, dependencies: ecosystem.describe?.(version).dependencies ?? null, kept: 'hosted' },
    };
  }

  function describeCached(name: string, { files, versions, bytes, receivedMs }: CachedPackage): Described {
    const known = [...files].sort(([a], [b]) => byVersion(b, a)).slice(0, mostCached);
    return {
      ...{ name, kind: 'cached', access: 'public', description: '', licence: null, keywords: [] },
      ...{ homepage: null, repository: null, maintainers: [], createdMs: null, modifiedMs: receivedMs },
      tags: known[0] === undefined ? {} : { latest: known[0][0] },
      versions: known.map(([version, sizeBytes]) => ({ ...unknown, version, sizeBytes })),
      ...{ versionCount: files.size, readme: null, cached: { versions, bytes }, blocked: null },
      note: 'These are the versions of which files were pulled through here; its registry may have more',
    };
  }

  async function describe(asked: string, lent: Lent): Promise<Described | null> {
    const name = ecosystem.canonical(asked);
    if (hosted?.claims(name) === true) {
      const mayRead = lent.reader.mayRead(name, !hosted.isPublic(name));
      const found = await reading(() => describeHosted(name, lent));
      return mayRead ? found : null;
    }
    if (!lent.reader.mayRead(name, false)) return null;
    const known = (await cached(lent.held)).get(name);
    return known === undefined ? null : describeCached(name, known);
  }

  return {
    search,
    describe,
    readme: async (name, lent) => (await describe(name, lent))?.readme ?? null,
    async remove(asked, version, { ask, origin }) {
      const name = ecosystem.canonical(asked);
      const at = { registry, ask, door: origin };
      await registry.teller.noting(remove(at, { name, version, file: null }));
    },
  };
}

const unknown = {
  ...{ publishedMs: null, publisher: null, unpackedBytes: null, digest: null, dependencies: null },
  ...{ deprecated: null, yanked: false, blocked: null },
  kept: 'cached',
} as const;

async function cachedPackages(
  registry: RegistryOrigin,
  held: Held,
): Promise<ReadonlyMap<string, CachedPackage>> {
  const packages = new Map<
    string,
    { receivedMs: number; versions: number; bytes: number; files: Map<string, number> }
  >();
  for await (const { key, sizeBytes, receivedMs } of held.all()) {
    const item = itemAt(registry, key);
    if (item === null || item.name === null || registry.hosted?.claims(item.name) === true) continue;
    let known = packages.get(item.name);
    if (known === undefined) {
      if (packages.size >= mostPackages) continue;
      known = { receivedMs, versions: 0, bytes: 0, files: new Map() };
      packages.set(item.name, known);
    }
    known.receivedMs = Math.max(known.receivedMs, receivedMs);
    if (item.isFile !== true) continue;
    known.bytes += sizeBytes;
    const version = item.version;
    // One of several files is not yet another version.
    if (version === undefined || !known.files.has(version)) known.versions++;
    if (version !== undefined && (known.files.has(version) || known.files.size < mostCached))
      known.files.set(version, (known.files.get(version) ?? 0) + sizeBytes);
  }
  return packages;
}

/** What a key stands for: its path is an address of the route. `null` for what is kept for the origin's own use. */
function itemAt({ ecosystem, route }: RegistryOrigin, key: CacheKey): Item | null {
  const word = key.slice(route.length + 1).split(' ', 1)[0] ?? '';
  const slash = word.indexOf('/');
  const [path = '', query] = word.slice(slash).split(/(?=\?)/, 2);
  const read = ecosystem.read(path, query ?? '');
  if (read.as === 'item') return read.item.kind === word.slice(0, slash) ? read.item : null;
  return read.as === 'forms' ? (read.forms[0] ?? null) : null;
}
