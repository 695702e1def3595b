/**
 * What a search looks through: of every package that lives here the few words that it is found by, in the memory of each origin.
 * Read whole with the first search, and brought up to date with each one by what has changed since, whichever origin made
 * the change.
 */
import { z } from 'zod';
import type { Clock } from '../../../clock.ts';
import type { OriginHome } from '../../../protocol.ts';
import type { Document, DocumentReader } from '../../../store.ts';
import { changesKeptMs, changesLateMs, changesSince, forgetChanges } from './changes.ts';
import { type Owner, owner, packageKey, packagesPrefix, type Summary, summary } from './record.ts';

/** A kilobyte each, about. What is beyond is not found, in the order in which names were first seen. */
const MAX_PACKAGES = 200_000;
const PAGE = 500;

export interface Listed extends Summary {
  readonly name: string;
  readonly access: 'public' | 'restricted';
  readonly owners: readonly Owner[];
  /** Of the version, ms since the epoch. */
  readonly publishedMs: number;
  /** In lower case. */
  readonly found: { readonly description: string; readonly keywords: readonly string[] };
}

export interface Listing {
  /** Those that have a version, by name. */
  readonly packages: ReadonlyMap<string, Listed>;
  /** Names of which nothing is left. */
  readonly emptied: ReadonlySet<string>;
}

export interface Catalogue {
  /** As they are now. */
  listed(reader: DocumentReader): Promise<Listing>;
  /** Forgets old changes from time to time. */
  begin(home: OriginHome): void;
  close(): void;
}

/** Of a package's record what is listed; the rest may be long. */
const record = z.object({
  access: z.enum(['public', 'restricted']),
  owners: z.array(owner).readonly(),
  versions: z.unknown(),
  modifiedMs: z.number(),
  latest: summary.nullable(),
});

export function openCatalogue({
  route,
  clock,
}: {
  readonly route: string;
  readonly clock: Clock;
}): Catalogue {
  let known: Known = { packages: new Map(), emptied: new Set() };
  /** Changes that have been read, until they are too old to be met again: time by id. */
  const seen = new Map<string, number>();
  let upToMs: number | null = null;
  let running: Promise<void> | null = null;
  let next: Promise<void> | null = null;
  let cancel = () => {};

  async function readAll(reader: DocumentReader): Promise<void> {
    const startedMs = clock.now();
    const all: Known = { packages: new Map(), emptied: new Set() };
    const prefix = packagesPrefix(route);
    for (let after = prefix; ; ) {
      const page = await reader.scan(prefix, { after, limit: PAGE });
      for (const document of page) put(all, document.key.at(-1) ?? '', document);
      const last = page.at(-1);
      if (page.length < PAGE || last === undefined) break;
      after = last.key;
    }
    known = all;
    upToMs = startedMs;
  }

  async function readChanges(reader: DocumentReader, fromMs: number): Promise<void> {
    const startedMs = clock.now();
    const names = new Set<string>();
    for (const [id, atMs] of seen) if (atMs < fromMs) seen.delete(id);
    for await (const { id, name, atMs } of changesSince(reader, route, fromMs)) {
      if (!seen.has(id)) names.add(name);
      seen.set(id, atMs);
    }
    for (const name of names) put(known, name, await reader.get(packageKey(route, name)));
    upToMs = startedMs;
  }

  function refresh(reader: DocumentReader): Promise<void> {
    const isKnown = upToMs !== null && clock.now() - upToMs < changesKeptMs / 2;
    return isKnown && upToMs !== null ? readChanges(reader, upToMs - changesLateMs) : readAll(reader);
  }

  /** Those who come while it is being read wait for the next reading, all for the same one: this one may miss what they know of. */
  function upToDate(reader: DocumentReader): Promise<void> {
    if (running === null) {
      running = refresh(reader).finally(() => {
        running = null;
      });
      return running;
    }
    next ??= running
      .catch(() => {}) // who waits for that one hears of it
      .then(() => {
        next = null;
        return upToDate(reader);
      });
    return next;
  }

  return {
    async listed(reader) {
      await upToDate(reader);
      return known;
    },
    begin({ stores, warn }) {
      const next = () => {
        cancel = clock.after(changesKeptMs, () => {
          if (stores === null) return;
          forgetChanges(stores.metadata, route, clock.now() - changesKeptMs).catch((error: unknown) => {
            const reason = error instanceof Error ? error.message : String(error);
            warn('notes about changed packages could not be cleared away', { route, reason });
          });
          next();
        });
      };
      next();
    },
    close: () => cancel(),
  };
}

interface Known extends Listing {
  readonly packages: Map<string, Listed>;
  readonly emptied: Set<string>;
}

function put({ packages, emptied }: Known, name: string, document: Document | null): void {
  const pkg = document && record.parse(document.value);
  emptied.delete(name);
  if (pkg === null || pkg.latest === null) {
    packages.delete(name);
    if (pkg !== null && emptied.size < MAX_PACKAGES) emptied.add(name);
    return;
  }
  if (packages.size >= MAX_PACKAGES && !packages.has(name)) return;
  const { access, owners, latest, versions, modifiedMs } = pkg;
  packages.set(name, {
    ...{ ...latest, name, access, owners },
    publishedMs: timeOf(versions, latest.version) ?? modifiedMs,
    found: {
      description: latest.description.toLowerCase(),
      keywords: latest.keywords.map((keyword) => keyword.toLowerCase()),
    },
  });
}

function timeOf(versions: unknown, version: string): number | null {
  if (typeof versions !== 'object' || versions === null) return null;
  const found = Object.entries(versions).findLast(([each]) => each === version)?.[1];
  return typeof found === 'number' ? found : null;
}
