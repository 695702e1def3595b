/**
 * The repositories of a route, for people who look for one: those that live here, and those of other registries of which the origin keeps
 * something. Found by name; what else is told of one is read when it is shown.
 */
import {
  type Amount,
  type Described,
  type DescribedVersion,
  type FoundPackage,
  mostVersions,
  pageOf,
  type Rank,
  relevance,
  type Search,
  type VersionPage,
} from '../../../catalogue.ts';
import type { Clock } from '../../../clock.ts';
import { MeridianError } from '../../../errors.ts';
import type { Catalogue, Lent } from '../../../protocol.ts';
import { fewAtOnce } from '../../few-at-once.ts';
import { pacer } from '../../pace.ts';
import { seldom } from '../../seldom.ts';
import { storesOf } from '../hosted/claims.ts';
import type { Home } from '../hosted/home.ts';
import { allBelow, isRepository, repositoriesPrefix } from '../hosted/record.ts';
import type { OciOrigin } from '../origin.ts';
import { isName } from '../path.ts';
import type { Policy } from '../policy/policy.ts';
import { artifactOf, wordsOf } from './artifact.ts';
import { type CachedRepository, cachedRepositories } from './cached.ts';
import { cachedContent } from './cached-content.ts';
import { describeHosted, hostedVersions, newestTag } from './hosted.ts';
import { type HostedContent, hostedContent } from './hosted-content.ts';
import { removeFor } from './remove.ts';
import { blockedWhole, judgedArtifact, judgedTags } from './verdicts.ts';
import { aboutWords } from './words.ts';

/** Repositories that are compared with a search before everybody else has a turn. */
const atOnce = 5_000;

/** Repositories that are looked at closely at the same time: a large one has thousands of documents. */
const mostReadings = 4;
const mostWaiting = 100;

const nothing: Amount = { versions: 0, bytes: 0 };

/** @param home `null`: nothing lives here. @param policy `null`: everything may be pulled. */
export function catalogueOf(
  oci: OciOrigin,
  home: Home | null,
  policy: Policy | null,
  clock: Clock,
): Catalogue {
  const { sources, route } = oci;
  const reading = fewAtOnce(mostReadings, mostWaiting, 'repositories');
  const cached = seldom(clock, ({ held }: Pick<Lent, 'held'>) => cachedRepositories(held, sources));

  async function search(wanted: Search, lent: Lent) {
    const page = pageOf<Found>(wanted);
    if (wanted.kind !== 'cached') await addHosted(page, wanted.words, lent);
    if (wanted.kind !== 'hosted') await addCached(page, wanted.words, lent);
    const { found, total } = page.done();
    const packages: FoundPackage[] = [];
    for (const each of found) packages.push(await listed(each, lent));
    return { packages, total };
  }

  async function addHosted(page: Page, words: readonly string[], { origin, reader }: Lent) {
    if (home === null) return;
    const paced = pacer(atOnce);
    for await (const { key } of allBelow(storesOf(origin).metadata, repositoriesPrefix(route))) {
      const name = key.at(-1) ?? '';
      const score = relevance({ name, description: '', keywords: [] }, words);
      const isHere = score > 0 && home.hosted.claims(name) && sources.placeOf(name) === null;
      if (isHere && reader.mayRead(name, !home.hosted.isPublic(name)))
        page.add({ name, score, cached: null });
      await paced();
    }
  }

  async function addCached(page: Page, words: readonly string[], lent: Lent) {
    const paced = pacer(atOnce);
    for (const [name, known] of await cached(lent)) {
      const score = relevance({ name, description: '', keywords: [] }, words);
      if (score > 0 && lent.reader.mayRead(name, false)) page.add({ name, score, cached: known });
      await paced();
    }
  }

  async function listed({ name, score, cached: known }: Found, lent: Lent): Promise<FoundPackage> {
    if (known !== null) {
      const [latest = null] = [...known.tags].sort(([, a], [, b]) => b - a).map(([tag]) => tag);
      const { versions, bytes } = known;
      return { ...plain, name, score, kind: 'cached', access: 'public', latest, cached: { versions, bytes } };
    }
    const here = hostedHere(name, lent);
    const newest = here && (await newestTag(here));
    return {
      ...{ ...plain, name, score, kind: 'hosted', cached: nothing },
      access: home?.hosted.isPublic(name) ? 'public' : 'restricted',
      latest: newest?.name ?? null,
      description: newest?.record?.summary?.description ?? '',
      ...{ publishedMs: newest?.tag.movedMs ?? null, publisher: newest?.tag.by ?? null },
    };
  }

  function hostedHere(name: string, { origin, reader }: Lent): HostedContent | null {
    if (home === null) return null;
    const { metadata, blobs } = storesOf(origin);
    return { metadata, blobs, hosted: home.hosted, at: { route, name }, reader };
  }

  /** Where it is, for whom may read it. `null` for what he may not, and in the same way, and as late, for what there is not. */
  async function find(name: string, lent: Lent) {
    if (!isName(name)) return null;
    const { reader } = lent;
    if (sources.placeOf(name) !== null) {
      const known = reader.mayRead(name, false) ? (await cached(lent)).get(name) : undefined;
      return known === undefined ? null : ({ in: 'cache', known } as const);
    }
    const here = hostedHere(name, lent);
    if (here === null || !here.hosted.claims(name)) return null;
    const isThere = await isRepository(here.metadata, here.at);
    return isThere && reader.mayRead(name, !here.hosted.isPublic(name))
      ? ({ in: 'store', here } as const)
      : null;
  }

  const contentOf = (found: NonNullable<Awaited<ReturnType<typeof find>>>, name: string, lent: Lent) =>
    found.in === 'store' ? hostedContent(found.here) : cachedContent(oci, name, found.known, lent);

  async function cachedPage(name: string, known: CachedRepository, wanted: Wanted, lent: Lent) {
    const { versions, total } = cachedVersions(known, wanted);
    const content = cachedContent(oci, name, known, lent);
    return { versions: await Promise.all(versions.map((each) => summarised(each, content))), total };
  }

  async function describeCached(name: string, known: CachedRepository, lent: Lent): Promise<Described> {
    const { versions: told, total } = await cachedPage(
      name,
      known,
      { limit: mostVersions, after: null },
      lent,
    );
    const content = cachedContent(oci, name, known, lent);
    const newest = told[0] === undefined ? null : await content.resolve(told[0].version);
    const { receivedMs, versions: manifests, bytes } = known;
    return {
      ...{
        name,
        kind: 'cached',
        access: 'public',
        ...aboutWords(newest && (await wordsOf(content, newest))),
      },
      ...{
        createdMs: null,
        modifiedMs: receivedMs,
        tags: known.tags.has('latest') ? { latest: 'latest' } : {},
      },
      ...{ versions: told, versionCount: total, readme: null, blocked: null },
      cached: { versions: manifests, bytes },
      ...{
        sizes: null,
        note: 'These are the tags that were pulled through here; its registry may have more',
      },
    };
  }

  return {
    search,
    readme: async () => null,

    async describe(name, lent) {
      const found = await find(name, lent);
      if (found === null) return null;
      return reading(async () => {
        const isHere = found.in === 'store';
        const told = await (isHere ? describeHosted(found.here) : describeCached(name, found.known, lent));
        const versions = await judgedTags(policy, name, told.versions);
        return { ...told, versions, blocked: blockedWhole(policy, name) };
      });
    },

    async versions(name, page, lent) {
      const found = await find(name, lent);
      if (found === null) return null;
      return reading(async () => {
        const isHere = found.in === 'store';
        const { versions, total } = await (isHere
          ? hostedVersions(found.here, page)
          : cachedPage(name, found.known, page, lent));
        return { versions: await judgedTags(policy, name, versions), total };
      });
    },

    async artifact(name, version, lent) {
      const found = await find(name, lent);
      if (found === null) return null;
      return reading(async () => {
        const content = contentOf(found, name, lent);
        const told = await artifactOf(content, version);
        return told && judgedArtifact(policy, name, version, told, content, lent);
      });
    },

    async remove(name, version, lent) {
      const found = await find(name, lent);
      if (found?.in !== 'store' || home === null)
        throw new MeridianError('no-such-record', `${route} has no repository ${name} of its own`);
      await home.teller.noting(removeFor(home, name, version, lent));
    },
  };
}

interface Found {
  readonly name: string;
  readonly score: number;
  /** `null`: it lives here. */
  readonly cached: CachedRepository | null;
}

type Page = ReturnType<typeof pageOf<Found>>;

const plain = { description: '', keywords: [], publishedMs: null, publisher: null } as const;

interface Wanted {
  readonly limit: number;
  readonly after: Rank | null;
}

/** Tags that were pulled, the last first. */
function cachedVersions({ tags }: CachedRepository, wanted: Wanted): VersionPage {
  const page = pageOf<{ score: number; name: string }>(wanted);
  for (const [name, score] of tags) page.add({ name, score });
  const { found, total } = page.done();
  return {
    versions: found.map(({ name, score }) => ({ ...unknown, version: name, publishedMs: score })),
    total,
  };
}

const unknown = {
  ...{ publisher: null, sizeBytes: null, unpackedBytes: null, digest: null, dependencies: null },
  ...{ deprecated: null, yanked: false, blocked: null },
  kept: 'cached',
} as const;

/** What is known of a tag by the index of the cache. */
async function summarised(
  version: DescribedVersion,
  content: Pick<ReturnType<typeof cachedContent>, 'resolve'>,
): Promise<DescribedVersion> {
  return { ...version, digest: await content.resolve(version.version) };
}
