/**
 * The packages of a route, for people who look for one: those that live here, and those of other registries of which the origin has something.
 */
import {
  type Amount,
  type Described,
  type FoundPackage,
  type Held,
  pageOf,
  relevance,
  type Search,
} from '../../../catalogue.ts';
import type { Catalogue, Lent, OriginDoor } from '../../../protocol.ts';
import { pacer } from '../../pace.ts';
import { holdingsOf } from '../holdings.ts';
import { storesOf } from '../hosted/claims.ts';
import { findPackage, type HostedPackage } from '../hosted/record.ts';
import type { NpmOrigin } from '../origin.ts';
import { isPackageName } from '../path.ts';
import { openCachedPackages } from './cached.ts';
import { describeHosted, readmeOf } from './hosted.ts';
import { describePulled } from './pulled.ts';

/** Packages that are compared with a search before everybody else has a turn. */
const AT_ONCE = 5_000;

const nothing: Amount = { versions: 0, bytes: 0 };

export function catalogueOf(npm: NpmOrigin): Catalogue {
  const cached = openCachedPackages(npm.clock);
  const holdings = holdingsOf(npm);
  const known = (held: Held, { stores }: OriginDoor) =>
    cached.known(held, () => (stores === null ? none() : holdings.names(stores.metadata, 'mirrored')));

  async function search(wanted: Search, { origin, reader, held }: Lent) {
    const { words, kind } = wanted;
    const page = pageOf<FoundPackage>(wanted);
    const paced = pacer(AT_ONCE);
    const here = npm.hosted && (await npm.catalogue.listed(storesOf(origin).metadata));
    if (here && kind !== 'cached')
      for (const {
        name,
        access,
        found,
        version,
        description,
        keywords,
        publishedMs,
        publisher,
      } of here.packages.values()) {
        const score = relevance({ name, ...found }, words);
        if (score > 0 && reader.mayRead(name, access === 'restricted'))
          page.add({
            ...{
              name,
              score,
              kind: 'hosted',
              access,
              latest: version,
              description,
              keywords,
              publishedMs,
              publisher,
            },
            cached: nothing,
          });
        await paced();
      }
    if (kind === 'hosted') return packagesOf(page);
    const elsewhere = await known(held, origin);
    const isElsewhere = (name: string) =>
      !npm.hosted?.claims(name) && !here?.packages.has(name) && !here?.emptied.has(name);
    for (const [name, { versions, bytes }] of elsewhere) {
      const score = relevance({ name, description: '', keywords: [] }, words);
      if (score > 0 && isElsewhere(name) && reader.mayRead(name, false))
        page.add({ ...unknown, name, score, cached: { versions, bytes } });
      await paced();
    }
    return packagesOf(page);
  }

  async function describe(name: string, lent: Lent): Promise<Described | null> {
    const found = await findReadable(npm, name, lent);
    if (found === null) return null;
    if (found !== 'elsewhere') return describeHosted(npm, name, found, lent);
    const amount = (await known(lent.held, lent.origin)).get(name) ?? nothing;
    return describePulled(npm, name, amount, lent);
  }

  return {
    search,
    describe,
    async readme(name, lent) {
      const found = await findReadable(npm, name, lent);
      if (found === null) return null;
      if (found !== 'elsewhere') return readmeOf(npm, name, lent);
      return (await describePulled(npm, name, nothing, lent))?.readme ?? null;
    },
  };
}

/**
 * What lives here of a name, or that nothing does. `null` for what he may not read, and in the same way, and as late, for what there is not
 * of a name that is claimed.
 */
async function findReadable(
  npm: NpmOrigin,
  name: string,
  { origin, reader }: Lent,
): Promise<HostedPackage | 'elsewhere' | null> {
  if (!isPackageName(name)) return null;
  const byName = reader.mayRead(name, true);
  if (!byName && !reader.mayRead(name, false)) return null;
  if (npm.hosted === null) return 'elsewhere';
  const found = await findPackage(storesOf(origin).metadata, npm.route, name);
  if (found === null) return npm.hosted.claims(name) ? null : 'elsewhere';
  const { latest, access } = found.package;
  return latest === null || (access === 'restricted' && !byName) ? null : found.package;
}

const unknown = {
  kind: 'cached',
  access: 'public',
  latest: null,
  description: '',
  keywords: [],
  publishedMs: null,
  publisher: null,
} as const;

function packagesOf(page: ReturnType<typeof pageOf<FoundPackage>>) {
  const { found, total } = page.done();
  return { packages: found, total };
}

async function* none(): AsyncGenerator<string> {}
