/**
 * Counts anew what running totals say, and puts them right, while others publish: first the total of each package, unless
 * it changes meanwhile; then, lane by lane, the totals that are made of those.
 */
import { z } from 'zod';
import type { Clock } from '../../clock.ts';
import {
  type DocumentKey,
  type DocumentReader,
  type Kept,
  kinds,
  type MetadataStore,
  type Owned,
  type Transaction,
  type Weight,
} from '../../store.ts';
import {
  type Amount,
  changeUse,
  lanes,
  nothing,
  packageUseKey,
  packageUses,
  plus,
  routeUses,
  scopeOf,
  scopeUses,
  useAt,
  usesBelow,
  writeUse,
} from './totals.ts';

const countedKey: DocumentKey = ['usage-counted'];
const counted = z.object({ atMs: z.number(), corrected: z.number() });

/** What a route's own documents say. */
export interface Ledger {
  readonly route: string;
  names(reader: DocumentReader, kept: Kept): AsyncIterable<string>;
  weigh(reader: DocumentReader, kept: Kept, name: string): Promise<Weight>;
}

export interface RecountOptions {
  readonly metadata: MetadataStore;
  readonly ledgers: readonly Ledger[];
  readonly clock: Clock;
  /** `packages` that were counted; `corrected` totals. */
  readonly count: (what: 'packages' | 'corrected') => void;
  readonly signal: AbortSignal;
}

/** When totals were last counted anew, and how many were wrong then; `null`: never, so that they may lack what is older. */
export async function lastRecount(reader: DocumentReader): Promise<z.output<typeof counted> | null> {
  const found = await reader.get(countedKey);
  return found && counted.parse(found.value);
}

export async function recount(options: RecountOptions): Promise<void> {
  const { metadata, ledgers, clock } = options;
  const atMs = clock.now();
  let corrected = 0;
  const correct = { ...options, count: counting };
  for (const ledger of ledgers) for (const kept of kinds) await recountRoute(ledger, kept, correct);
  await metadata.transact((transaction) => transaction.put(countedKey, { atMs, corrected }));

  function counting(what: 'packages' | 'corrected'): void {
    if (what === 'corrected') corrected++;
    options.count(what);
  }
}

async function recountRoute(ledger: Ledger, kept: Kept, options: RecountOptions): Promise<void> {
  const { metadata, signal } = options;
  const { route } = ledger;
  // Those that have a total, which may be of something that is gone; then those that have none.
  for (let lane = 0; lane < lanes; lane++) {
    for await (const { key } of usesBelow(metadata, packageUses(route, kept, lane))) {
      signal.throwIfAborted();
      await recountPackage(ledger, { route, kept, name: key.at(-1) ?? '' }, options);
    }
  }
  for await (const name of ledger.names(metadata, kept)) {
    signal.throwIfAborted();
    const owned = { route, kept, name };
    if ((await metadata.get(packageUseKey(owned))) === null) await recountPackage(ledger, owned, options);
  }
  for (let lane = 0; lane < lanes; lane++) {
    signal.throwIfAborted();
    const wrong = await metadata.transact((transaction) => addUp(transaction, route, kept, lane));
    for (let nth = 0; nth < wrong; nth++) options.count('corrected');
  }
}

/** A package that changes while it is weighed, which may take a while, is weighed again. */
const tries = 5;

async function recountPackage(ledger: Ledger, owned: Owned, options: RecountOptions): Promise<void> {
  const { metadata, count } = options;
  const key = packageUseKey(owned);
  count('packages');
  for (let nth = 0; nth < tries; nth++) {
    const before = await metadata.get(key);
    const found = await ledger.weigh(metadata, owned.kept, owned.name);
    const outcome = await metadata.transact(async (transaction) => {
      const now = await transaction.get(key);
      // Whatever changes the package changes its total as well.
      if (now?.revision !== before?.revision) return 'changed';
      const said = await useAt(transaction, key);
      if (said.versions === found.versions && said.bytes === found.bytes) return 'right';
      await changeUse(transaction, owned, said, found);
      return 'corrected';
    });
    if (outcome === 'corrected') count('corrected');
    if (outcome !== 'changed') return;
  }
}

/** @returns how many totals of this lane were wrong. */
async function addUp(transaction: Transaction, route: string, kept: Kept, lane: number): Promise<number> {
  const wanted = new Map<string, Amount>();
  let all = nothing;
  for await (const { key, use } of usesBelow(transaction, packageUses(route, kept, lane))) {
    const scope = scopeOf(key.at(-1) ?? '');
    wanted.set(scope, plus(wanted.get(scope) ?? nothing, use));
    all = plus(all, use);
  }
  for await (const { key } of usesBelow(transaction, scopeUses(route, kept))) {
    const [scope = '', of] = key.slice(-2);
    if (of === String(lane) && !wanted.has(scope)) wanted.set(scope, nothing);
  }
  let wrong = 0;
  async function putRight(key: DocumentKey, use: Amount): Promise<void> {
    if (Bun.deepEquals(await useAt(transaction, key), use)) return;
    await writeUse(transaction, key, use);
    wrong++;
  }
  for (const [scope, use] of wanted) await putRight(scopeUses(route, kept, scope, String(lane)), use);
  await putRight(routeUses(route, kept, String(lane)), all);
  return wrong;
}
