/** Which packages of other registries the origin has something of: by the keys of its cache. */
import type { Amount, Held } from '../../../catalogue.ts';
import type { Clock } from '../../../clock.ts';
import { seldom } from '../../seldom.ts';
import { itemOf } from '../key.ts';

/** What is beyond is not listed. Some 200 bytes each. */
const MAX_PACKAGES = 200_000;

export interface CachedPackage extends Amount {
  /** When anything of it was fetched or confirmed last, ms since the epoch. */
  readonly receivedMs: number;
}

export interface CachedPackages {
  /** By name, those that live here among them. @param mirrored names of what is kept for good. */
  known(held: Held, mirrored: () => AsyncIterable<string>): Promise<ReadonlyMap<string, CachedPackage>>;
}

export function openCachedPackages(clock: Clock): CachedPackages {
  const read = seldom(clock, ([held, mirrored]: Parameters<CachedPackages['known']>) =>
    packagesIn(held, mirrored()),
  );
  return { known: (held, mirrored) => read([held, mirrored]) };
}

async function packagesIn(
  held: Held,
  mirrored: AsyncIterable<string>,
): Promise<ReadonlyMap<string, CachedPackage>> {
  const packages = new Map<string, { versions: number; bytes: number; receivedMs: number }>();
  for await (const { key, sizeBytes, receivedMs } of held.all()) {
    const item = itemOf(key);
    if (item === null || !('name' in item) || !listed.has(item.kind)) continue;
    let known = packages.get(item.name);
    if (known === undefined) {
      if (packages.size >= MAX_PACKAGES) continue;
      known = { versions: 0, bytes: 0, receivedMs };
      packages.set(item.name, known);
    }
    known.receivedMs = Math.max(known.receivedMs, receivedMs);
    if (item.kind !== 'tarball') continue;
    known.versions++;
    known.bytes += sizeBytes;
  }
  for await (const name of mirrored) {
    if (packages.size >= MAX_PACKAGES) break;
    if (!packages.has(name)) packages.set(name, { versions: 0, bytes: 0, receivedMs: 0 });
  }
  return packages;
}

/** Whoever has one of these has been told that there is such a package. */
const listed: ReadonlySet<string> = new Set(['packument', 'manifest', 'tarball']);
