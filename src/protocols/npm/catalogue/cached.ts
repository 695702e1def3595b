/**
 * Which packages of other registries the origin has something of: by the keys of its cache. They are gone through when somebody wants to
 * know, and not again before twenty times as long has passed as that took, so that it never costs more than a twentieth of the process.
 */
import type { Amount, Held } from '../../../catalogue.ts';
import type { Clock } from '../../../clock.ts';
import { itemOf } from '../key.ts';

/** What is beyond is not listed. Some 200 bytes each. */
const MAX_PACKAGES = 200_000;
const FRESH_MS = 1_000;
const REST_FACTOR = 20;
/** Who asks waits for a reading that is expected to take no longer; else he gets the one before. */
const MAX_WAIT_MS = 250;

export interface CachedPackage extends Amount {
  /** When anything of it was fetched or confirmed last, ms since the epoch. */
  readonly receivedMs: number;
}

export interface CachedPackages {
  /** By name, those that live here among them. @param mirrored names of what is kept for good. */
  known(held: Held, mirrored: () => AsyncIterable<string>): Promise<ReadonlyMap<string, CachedPackage>>;
}

export function openCachedPackages(clock: Clock): CachedPackages {
  let last: { readonly packages: ReadonlyMap<string, CachedPackage>; atMs: number; tookMs: number } | null =
    null;
  let running: Promise<ReadonlyMap<string, CachedPackage>> | null = null;

  async function read(held: Held, mirrored: () => AsyncIterable<string>) {
    const startedMs = clock.elapsed();
    const packages = await packagesIn(held, mirrored());
    last = { packages, atMs: clock.elapsed(), tookMs: clock.elapsed() - startedMs };
    return packages;
  }

  return {
    async known(held, mirrored) {
      if (last !== null && clock.elapsed() - last.atMs < Math.max(FRESH_MS, REST_FACTOR * last.tookMs))
        return last.packages;
      running ??= read(held, mirrored).finally(() => {
        running = null;
      });
      if (last === null || last.tookMs <= MAX_WAIT_MS) return running;
      running.catch(() => {}); // whoever asks next begins another one
      return last.packages;
    },
  };
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
