/**
 * What an origin knows of the suites of an archive: which of their indexes clients ask for, and which bytes those had in the generations that it
 * has been through. By that it finds the digest of a file of the pool, whose address does not say whose it is. Kept in the metadata store, where
 * there is one: after a restart the first file is looked up like the last.
 */
import { z } from 'zod';
import type { DocumentKey, Stores } from '../../../store.ts';

/** Of one archive; suites that have not changed for longest are forgotten first. */
const mostSuites = 200;
/** Of one suite, likewise. */
const mostIndexes = 100;
/** Of one index. */
const mostGenerations = 4;
/** What another process of the origin has learnt is read again after this time. */
const readAgainMs = 5_000;

const stored = z.object({
  entered: z.string().nullable(),
  indexes: z.record(z.string(), z.array(z.string())),
});

export interface Suite {
  /** Of its `Release`, of the generation that is in force: hexadecimal SHA-256; `null`: none has been seen. */
  entered: string | null;
  /** Of indexes that have been asked for, by their paths below the folder of the suite: their SHA-256, the newest first. */
  readonly indexes: Map<string, readonly string[]>;
  /** A generation that cannot be entered, by its `Release`, and since when that has been tried; ms since the epoch. */
  waiting?: { readonly sha256: string; readonly sinceMs: number } | undefined;
}

/** Where suites are kept: `null` in memory alone. */
export type Memory = Pick<Stores, 'metadata'> | null;

export interface KnownSuites {
  /** By their folders, the one that was noted last first. */
  of(archive: string, memory: Memory, nowMs: number): Promise<ReadonlyMap<string, Suite>>;
  /** Writes down what is new of it. */
  note(
    at: { readonly archive: string; readonly folder: string },
    memory: Memory,
    change: (suite: Suite) => void,
  ): Promise<void>;
}

interface Archive {
  readonly suites: Map<string, Suite>;
  readMs: number;
}

export function openKnown(route: string): KnownSuites {
  const archives = new Map<string, Archive>();
  const prefix = (archive: string): DocumentKey => ['apt-suite', route, archive];

  async function open(archive: string, memory: Memory, nowMs: number): Promise<Archive> {
    const known = archives.get(archive);
    if (known !== undefined && nowMs - known.readMs < readAgainMs) return known;
    const found = known ?? { suites: new Map<string, Suite>(), readMs: nowMs };
    found.readMs = nowMs;
    archives.set(archive, found);
    const documents = (await memory?.metadata.scan(prefix(archive), { limit: mostSuites })) ?? [];
    for (const { key, value } of documents) {
      const { entered, indexes } = stored.parse(value);
      const folder = key.at(-1) ?? '';
      const { waiting } = found.suites.get(folder) ?? {};
      found.suites.set(folder, { entered, indexes: new Map(Object.entries(indexes)), waiting });
    }
    return found;
  }

  return {
    async of(archive, memory, nowMs) {
      return (await open(archive, memory, nowMs)).suites;
    },
    async note({ archive, folder }, memory, change) {
      const { suites } = await open(archive, memory, Number.NEGATIVE_INFINITY);
      const suite = suites.get(folder) ?? { entered: null, indexes: new Map() };
      const before = JSON.stringify(plain(suite));
      change(suite);
      forgetOldest(suite.indexes, mostIndexes);
      suites.delete(folder);
      suites.set(folder, suite);
      forgetOldest(suites, mostSuites);
      if (JSON.stringify(plain(suite)) === before || memory === null) return;
      // What is lost of it is learnt again.
      await memory.metadata.transact(
        async (transaction) => {
          await transaction.put([...prefix(archive), folder], plain(suite));
        },
        { lasting: false },
      );
    },
  };
}

function plain({ entered, indexes }: Suite): z.input<typeof stored> {
  return { entered, indexes: Object.fromEntries([...indexes].map(([path, hashes]) => [path, [...hashes]])) };
}

function forgetOldest(known: Map<string, unknown>, most: number): void {
  for (const name of known.keys()) {
    if (known.size <= most) return;
    known.delete(name);
  }
}

/** Says that these bytes are the ones of the index now. */
export function noteIndex({ indexes }: Suite, path: string, sha256: string): void {
  const before = indexes.get(path) ?? [];
  if (before[0] === sha256) return;
  indexes.delete(path);
  indexes.set(path, [sha256, ...before.filter((hash) => hash !== sha256)].slice(0, mostGenerations));
}
