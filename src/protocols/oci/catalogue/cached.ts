/** What the origin keeps of repositories of other registries, by the keys of its cache. */
import type { Amount, Held } from '../../../catalogue.ts';
import { itemOf } from '../key.ts';
import type { Sources } from '../sources.ts';

/** What is beyond is not listed: some 200 bytes for each repository, and as much for each tag of all of them. */
const mostRepositories = 100_000;
const mostTags = 200_000;

export interface CachedRepository extends Amount {
  /** When anything of it was fetched or confirmed last, ms since the epoch. */
  readonly receivedMs: number;
  /** Those that have been pulled, with the time. */
  readonly tags: ReadonlyMap<string, number>;
}

export async function cachedRepositories(
  held: Held,
  sources: Sources,
): Promise<ReadonlyMap<string, CachedRepository>> {
  const found = new Map<
    string,
    { versions: number; bytes: number; receivedMs: number; tags: Map<string, number> }
  >();
  let tags = 0;
  for await (const { key, sizeBytes, receivedMs } of held.all()) {
    const item = itemOf(key);
    // What lives here passes through the same cache.
    if (item === null || sources.placeOf(item.name) === null) continue;
    let known = found.get(item.name);
    if (known === undefined) {
      if (found.size >= mostRepositories) continue;
      known = { versions: 0, bytes: 0, receivedMs, tags: new Map() };
      found.set(item.name, known);
    }
    known.receivedMs = Math.max(known.receivedMs, receivedMs);
    if (item.kind === 'manifest') known.versions++;
    if (item.kind === 'manifest' || item.kind === 'blob') known.bytes += sizeBytes;
    if (item.kind !== 'tag' || tags >= mostTags) continue;
    known.tags.set(item.tag, receivedMs);
    tags++;
  }
  return found;
}
