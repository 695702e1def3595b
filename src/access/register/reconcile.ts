/**
 * Holds what the bus has of access against the records: whatever is missing there, is otherwise, or is there and should not be, is
 * told anew. A bus may have lost what it held, or been set back to an earlier day; and of two origins that tell the
 * same change at the same time, the slower one may put what the other has already replaced.
 */
import type { Bus } from '../../bus.ts';
import type { Clock } from '../../clock.ts';
import type { Document, DocumentReader, MetadataStore } from '../../store.ts';
import { type Change, writeUntold } from './act.ts';
import { all, documents, find, goneDocument, hashDocument, keys, read } from './documents.ts';
import { keyOf, type News, nameIn, news, tokenNews, viewName } from './news.ts';

export interface Reconciliation {
  close(): Promise<void>;
}

export interface ReconcileOptions {
  readonly metadata: MetadataStore;
  readonly bus: Bus;
  readonly clock: Clock;
  /** Tells what is written down to be told, and resolves once that is done, or takes longer than so many ms. */
  readonly tell: (withinMs: number) => Promise<unknown>;
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

/** What the bus has, by key: a hash of each value. */
type Held = Map<string, number | bigint>;

export function reconcile({ metadata, bus, clock, tell, warn }: ReconcileOptions): Reconciliation {
  const view = bus.view(viewName);
  /** Of the round that is under way, or since the last comparison. */
  let held: Held = new Map();
  let isWhole = false;
  let running: Promise<void> = Promise.resolve();
  let isClosed = false;
  let cancelCompare: (() => void) | null = null;
  let cancelSweep = clock.after(everyMs, sweep);

  const subscription = view.watch({
    changed({ key, value }) {
      held.set(key, hashOf(value));
      soon(settleMs);
    },
    caughtUp() {
      isWhole = true;
      soon(settleMs);
    },
  });

  function soon(delayMs: number): void {
    if (isClosed || cancelCompare !== null) return;
    cancelCompare = clock.after(delayMs, () => {
      cancelCompare = null;
      running = running.then(compare);
    });
  }

  async function compare(): Promise<void> {
    await tell(tellMs);
    if (isClosed) return;
    const [of, whole] = [held, isWhole];
    held = new Map();
    isWhole = false;
    try {
      const wrong = whole ? await differing(metadata, of) : await differingAmong(metadata, of);
      for (let at = 0; at < wrong.length && !isClosed; at += atOnce)
        await retell(wrong.slice(at, at + atOnce));
      if (wrong.length > 0) {
        // Of single changes, most were being replaced just then.
        if (whole) warn('the bus lacked what is known of access; it is told anew', { changes: wrong.length });
        await tell(tellMs);
      }
    } catch (error) {
      warn('what the bus has of access cannot be compared now; it is tried again', { error });
      for (const [key, hash] of of) if (!held.has(key)) held.set(key, hash);
      isWhole ||= whole;
      soon(againMs);
    }
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
      cancelCompare?.();
      cancelSweep();
      await running;
    },
  };
}

/** Keys that the bus does not have as the records have them, or has without need. */
async function differing(reader: DocumentReader, held: Held): Promise<string[]> {
  const wrong: string[] = [];
  for (const kind of kinds)
    for await (const document of all(reader, ['access', kind])) {
      const { name, ...change } = changeIn(kind, document);
      const key = keyOf(kind, name);
      if (held.get(key) !== hashOf(change)) wrong.push(key);
      held.delete(key);
    }
  for (const [key, hash] of held) if (isOurs(key) && hash !== hashOf(gone(key))) wrong.push(key);
  return wrong;
}

async function differingAmong(reader: DocumentReader, held: Held): Promise<string[]> {
  const wrong: string[] = [];
  for (const [key, hash] of held) {
    if (!isOurs(key)) continue;
    const { name: _, ...change } = await changeOf(reader, key);
    const isForgotten = change.value === null && hash === absent;
    if (hash !== hashOf(change) && !isForgotten) wrong.push(key);
  }
  return wrong;
}

/** Keys of another version of Meridian are none of our business. */
function isOurs(key: string): boolean {
  return kinds.some((kind) => key.startsWith(`${kind}.`));
}

function kindOf(key: string): News['of'] {
  return kinds.find((kind) => key.startsWith(`${kind}.`)) ?? 'grant';
}

function gone(key: string): Omit<Change, 'name'> {
  return { of: kindOf(key), value: null };
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
  const pointer = kind === 'token' ? await find(reader, hashDocument, keys.hash(name)) : { id: name };
  const document = pointer && (await reader.get(['access', kind, pointer.id]));
  return document ? changeIn(kind, document) : { of: kind, name, value: null };
}

/** Of a key that the bus has no value for. */
const absent = 0;

/** Of news without their number, whoever wrote them. */
function hashOf(told: unknown): number | bigint {
  if (told === null) return absent;
  const parsed = news.safeParse({ order: 1, ...Object(told) });
  return Bun.hash(JSON.stringify(parsed.success ? [parsed.data.of, parsed.data.value] : told));
}
