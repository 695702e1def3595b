/** What an origin keeps, in numbers: read from running totals, so that it takes no longer for a million versions. */
import type { StorageDesk } from '../access/api/endpoint.ts';
import type { StorageOverview } from '../access/api/storage-message.ts';
import type { Cache } from '../cache/cache.ts';
import { type Last, readLast, readSeen } from '../origin/collection/seen.ts';
import { lastRecount } from '../origin/usage/recount.ts';
import {
  type Amount,
  amount,
  lanes,
  nothing,
  packageUses,
  plus,
  routeUses,
  scopeUses,
  usesBelow,
} from '../origin/usage/totals.ts';
import { condemnedBlobs, type DocumentKey, documentLimits, type Kept, kinds } from '../store.ts';
import type { Site } from './node.ts';
import type { Stores } from './stores.ts';

/** Scopes that are named. */
const maxScopes = 1_000;

export interface StorageDeskOptions {
  readonly stores: Stores;
  readonly cache: Cache;
  readonly site: () => Site;
}

type Overview = StorageOverview;

export function storageDesk({ stores, cache, site }: StorageDeskOptions): StorageDesk {
  const { metadata } = stores;

  async function routeOf(route: string, kept: Kept, use: Amount): Promise<Overview['routes'][number]> {
    const { protocol } = site().routes.named(route) ?? {};
    const scopes = new Map<string, Amount>();
    for await (const { key, use: part } of usesBelow(metadata, scopeUses(route, kept))) {
      const scope = key[3] ?? '';
      scopes.set(scope, plus(scopes.get(scope) ?? nothing, part));
    }
    const largestFirst = [...scopes].sort(([, a], [, b]) => b.bytes - a.bytes).slice(0, maxScopes);
    return {
      ...{ route, kept, ...use },
      bounds: { ...protocol?.holdings?.bounds(kept) },
      scopes: largestFirst.map(([scope, amount]) => ({ scope, ...amount })),
    };
  }

  /** Routes of the config, and those that are gone from it. */
  async function routes(): Promise<Overview['routes']> {
    const uses = new Map<string, Map<Kept, Amount>>();
    for (const { name, protocol } of site().routes.all) if (protocol.holdings) uses.set(name, new Map());
    for await (const { key, use } of usesBelow(metadata, routeUses())) {
      const [, route = '', text] = key;
      const kept = kinds.find((kind) => kind === text);
      if (kept === undefined) continue;
      const known = uses.get(route) ?? new Map<Kept, Amount>();
      uses.set(route, known.set(kept, plus(known.get(kept) ?? nothing, use)));
    }
    const all = [...uses].flatMap(([route, ofRoute]) =>
      kinds.map((kept) => routeOf(route, kept, ofRoute.get(kept) ?? nothing)),
    );
    return Promise.all(all);
  }

  function cached(): Overview['cache'] {
    const { disk } = cache.stats;
    if (disk === null) return null;
    const { entries, bytes, limitBytes, unused } = disk;
    return { entries, bytes, limitBytes, unused: { ...unused } };
  }

  return {
    async overview() {
      const each = await routes();
      const last = await readLast(metadata);
      const condemned = await metadata.scan(condemnedBlobs);
      const { quotaBytes = null, minFreeBytes } = stores.bounds;
      return {
        routes: each,
        store: { ...each.reduce<Amount>(plus, nothing), quotaBytes },
        blobs: await readSeen(metadata),
        condemned: condemned.length,
        collection: last && collectedIn(last),
        counted: await lastRecount(metadata),
        uploads: stores.blobs.uploads.underWay,
        disks: [...(await stores.space())],
        minFreeBytes,
        cache: cached(),
      };
    },

    async packages({ route, kept, after }) {
      let at = placeIn(after);
      for (;;) {
        const prefix = packageUses(route, kept, at.lane);
        const from: DocumentKey | undefined = at.name === null ? undefined : [...prefix, at.name];
        const page = await metadata.scan(prefix, from ? { after: from } : {});
        const packages = page.flatMap(({ key, value }) => {
          const { versions, bytes } = amount.parse(value);
          return versions === 0 ? [] : [{ name: key.at(-1) ?? '', versions, bytes }];
        });
        const isWhole = page.length < documentLimits.page;
        const last = page.at(-1)?.key.at(-1);
        at = isWhole || last === undefined ? { lane: at.lane + 1, name: null } : { ...at, name: last };
        if (packages.length > 0 || at.lane >= lanes)
          return { packages, next: at.lane >= lanes ? null : `${at.lane}/${at.name ?? ''}` };
      }
    },
  };
}

function collectedIn({ atMs, deleted, ...rest }: Last): Overview['collection'] {
  if (deleted === undefined) return null;
  const { deletedBytes = 0, retired = 0, retiredBytes = 0 } = rest;
  return { atMs, deleted, deletedBytes, retired, retiredBytes };
}

/** `<lane>/<name>`: after that package; without a name, from the start of the lane. */
function placeIn(after: string | undefined): { readonly lane: number; readonly name: string | null } {
  const [, lane = '0', name = ''] = /^(\d)\/(.*)$/.exec(after ?? '') ?? [];
  return { lane: Number(lane), name: name === '' ? null : name };
}
