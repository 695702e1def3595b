/**
 * Holds what the bus has of access against the records: whatever is missing there, is otherwise, or is there and should not be, is
 * told anew. A bus may have lost what it held, or been set back to an earlier day; and of two origins that tell the
 * same change at the same time, the slower one may put what the other has already replaced.
 *
 * All of it is compared by sums (`sums.ts`), which take the same memory however much there is; only where they differ, the bus is
 * read once more, for those keys alone, a bounded number at a time.
 */
import { setImmediate } from 'node:timers/promises';
import type { Bus, Subscription } from '../../bus.ts';
import type { Clock } from '../../clock.ts';
import type { Document, DocumentReader, MetadataStore } from '../../store.ts';
import { type Change, writeUntold } from './act.ts';
import { all, documents, find, goneDocument, keys, pointerDocument, read } from './documents.ts';
import { keyOf, type News, nameIn, news, tokenNews, viewName } from './news.ts';
import { bucketOf, groups, type Sums, sums } from './sums.ts';

export interface Reconciliation {
  close(): Promise<void>;
}

export interface ReconcileOptions {
  readonly metadata: MetadataStore;
  readonly bus: Bus;
  readonly clock: Clock;
  /** Tells what is written down to be told, and resolves once that is done, or takes longer than so many ms. */
  readonly tell: (withinMs: number) => Promise<boolean>;
  readonly warn: (message: string, fields: Record<string, unknown>) => void;
}

const kinds = ['user', 'team', 'grant', 'token'] as const;
/** Told in one transaction. */
const atOnce = 256;
/** After the store has failed. */
const againMs = 1_000;
/** Changes arrive together; what is being told just now is the same as the records soon. */
const settleMs = 500;
const tellMs = 5_000;
/** How long a node may be away and still hear that something is gone. */
const goneMs = 24 * 60 * 60_000;
const everyMs = 60 * 60_000;

/** Keys that are looked at one by one, and a hash of what the bus has of each. */
type Held = Map<string, bigint>;
/** Beyond it, all is compared anew. */
const mostHeld = 100_000;
/** Others want to be served after so many records. */
const recordsInTurn = 256;

export function reconcile({ metadata, bus, clock, tell, warn }: ReconcileOptions): Reconciliation {
  const view = bus.view(viewName);
  /** What the bus has, while it is read; `null`: it has been read. */
  let reading: Sums | null = null;
  /** All that the bus had, to be compared. */
  let whole: Sums | null = null;
  /** What has changed since then. */
  let held: Held = new Map();
  let running: Promise<void> = Promise.resolve();
  let isClosed = false;
  let cancelCompare: (() => void) | null = null;
  let cancelSweep = clock.after(everyMs, sweep);
  let stopReading = () => {};
  let subscription = listen();

  function listen(): Subscription {
    reading = sums();
    held = new Map();
    whole = null;
    return view.watch({
      begins() {
        reading = sums();
        held = new Map();
        whole = null;
      },
      changed({ key, value }) {
        const hash = hashOf(value);
        if (reading === null) {
          if (held.size <= mostHeld) held.set(key, hash);
        } else if (isOurs(key) && !isGone(value)) reading.add(key, hash);
        soon(settleMs);
      },
      caughtUp() {
        whole = reading;
        reading = null;
        soon(settleMs);
      },
    });
  }

  function soon(delayMs: number): void {
    if (isClosed || cancelCompare !== null) return;
    cancelCompare = clock.after(delayMs, () => {
      cancelCompare = null;
      running = running.then(compare);
    });
  }

  async function compare(): Promise<void> {
    // What waits to be told differs, and will not for long.
    if (!(await tell(tellMs))) return soon(againMs);
    if (isClosed) return;
    if (held.size > mostHeld) {
      subscription.close();
      subscription = listen();
      return;
    }
    const [of, all] = [held, whole];
    held = new Map();
    whole = null;
    try {
      // Of single changes, most were being replaced just then.
      await retellAll(differingAmong(metadata, of));
      const changes = all === null ? 0 : await putRight(all);
      if (changes > 0) warn('the bus lacked what is known of access; it is told anew', { changes });
    } catch (error) {
      warn('what the bus has of access cannot be compared now; it is tried again', { error });
      for (const [key, hash] of of) if (!held.has(key)) held.set(key, hash);
      if (reading === null) whole ??= all;
      soon(againMs);
    }
  }

  /** @returns how many records were told anew. */
  async function putRight(all: Sums): Promise<number> {
    const truth = sums();
    for await (const [key, change] of changesIn(metadata)) {
      if (isClosed) return 0;
      truth.add(key, hashOf(change));
    }
    let changes = 0;
    for (const chosen of groups(all, all.differing(truth), mostHeld)) {
      if (isClosed) break;
      const there = await heldIn(chosen);
      if (isClosed) break;
      changes += await retellAll(differing(metadata, there, chosen));
    }
    return changes;
  }

  /** What the bus has in some buckets now. */
  function heldIn(chosen: ReadonlySet<number>): Promise<Held> {
    const { promise, resolve } = Promise.withResolvers<Held>();
    const found: Held = new Map();
    const of = view.watch({
      begins: () => found.clear(),
      changed({ key, value }) {
        if (!isOurs(key) || !chosen.has(bucketOf(key))) return;
        if (isGone(value)) found.delete(key);
        else found.set(key, hashOf(value));
      },
      caughtUp: () => resolve(found),
    });
    stopReading = () => resolve(found);
    return promise.finally(() => of.close());
  }

  async function retellAll(wrong: AsyncIterable<string>): Promise<number> {
    let some: string[] = [];
    let count = 0;
    for await (const key of wrong) {
      if (isClosed) return count;
      count++;
      if (some.push(key) < atOnce) continue;
      await retell(some);
      some = [];
    }
    if (some.length > 0) await retell(some);
    if (count > 0) await tell(tellMs);
    return count;
  }

  /** As the records are by then. */
  async function retell(some: readonly string[]): Promise<void> {
    await metadata.transact(async (transaction) => {
      const changes: Change[] = [];
      for (const key of some) changes.push(await changeOf(transaction, key));
      await writeUntold(transaction, changes, clock.now());
    });
  }

  function sweep(): void {
    running = running.then(forgetGone).finally(() => {
      if (!isClosed) cancelSweep = clock.after(everyMs, sweep);
    });
  }

  /** Takes from the bus that something is gone once everybody has heard of it. */
  async function forgetGone(): Promise<void> {
    try {
      for (;;) {
        const page = await metadata.scan(['access', 'gone'], { limit: atOnce });
        const old = page.filter(({ key }) => Number(key[2]) < clock.now() - goneMs);
        for (const document of old) {
          const { key } = read(goneDocument, document);
          if ((await changeOf(metadata, key)).value === null) await view.delete(key);
        }
        await metadata.transact(async (transaction) => {
          for (const { key } of old) await transaction.delete(key);
        });
        if (old.length < atOnce || isClosed) return;
      }
    } catch (error) {
      warn('the bus keeps what is gone for another while', { error });
    }
  }

  return {
    async close() {
      isClosed = true;
      subscription.close();
      stopReading();
      cancelCompare?.();
      cancelSweep();
      await running;
    },
  };
}

/** Keys in these buckets that the bus does not have as the records have them, or has without need. */
async function* differing(
  reader: DocumentReader,
  held: Held,
  chosen: ReadonlySet<number>,
): AsyncGenerator<string> {
  for await (const [key, change] of changesIn(reader)) {
    if (!chosen.has(bucketOf(key))) continue;
    if (held.get(key) !== hashOf(change)) yield key;
    held.delete(key);
  }
  yield* held.keys();
}

async function* differingAmong(reader: DocumentReader, held: Held): AsyncGenerator<string> {
  for (const [key, hash] of held) {
    if (!isOurs(key)) continue;
    const { name: _, ...change } = await changeOf(reader, key);
    const isForgotten = change.value === null && hash === absent;
    if (hash !== hashOf(change) && !isForgotten) yield key;
  }
}

/** All that is written down, as it is told, by its key. */
async function* changesIn(
  reader: DocumentReader,
): AsyncGenerator<readonly [key: string, change: Omit<Change, 'name'>]> {
  let records = 0;
  for (const kind of kinds)
    for await (const document of all(reader, ['access', kind])) {
      const { name, ...change } = changeIn(kind, document);
      yield [keyOf(kind, name), change];
      if (++records % recordsInTurn === 0) await setImmediate();
    }
}

/** What says so, or says nothing. */
function isGone(told: unknown): boolean {
  return told === null || Object(told).value === null;
}

/** Keys of another version of Meridian are none of our business. */
function isOurs(key: string): boolean {
  return kinds.some((kind) => key.startsWith(`${kind}.`));
}

function kindOf(key: string): News['of'] {
  return kinds.find((kind) => key.startsWith(`${kind}.`)) ?? 'grant';
}

function changeIn(kind: News['of'], document: Document): Change {
  if (kind === 'token') {
    const token = read(documents.token, document);
    return { of: kind, name: token.hash, value: tokenNews.parse(token) };
  }
  const name = document.key.at(-1) ?? '';
  if (kind === 'user') return { of: kind, name, value: read(documents.user, document) };
  if (kind === 'team') return { of: kind, name, value: read(documents.team, document) };
  return { of: kind, name, value: read(documents.grant, document) };
}

/** What is true of a key now. */
async function changeOf(reader: DocumentReader, key: string): Promise<Change> {
  const [kind, name] = [kindOf(key), nameIn(key)];
  const pointer = kind === 'token' ? await find(reader, pointerDocument, keys.hash(name)) : { id: name };
  const document = pointer && (await reader.get(['access', kind, pointer.id]));
  return document ? changeIn(kind, document) : { of: kind, name, value: null };
}

/** Of a key that the bus has no value for. */
const absent = 0n;

/** Of news without their number, whoever wrote them. */
function hashOf(told: unknown): bigint {
  if (told === null) return absent;
  const parsed = news.safeParse({ order: 1, ...Object(told) });
  return Bun.hash.xxHash64(JSON.stringify(parsed.success ? [parsed.data.of, parsed.data.value] : told));
}
