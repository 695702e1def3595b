/**
 * What an origin does for its stores without being asked: counts them once, collects blobs that nothing refers to, carries out what
 * a collection has left that was killed, ends uploads that nobody goes on with, and removes tokens that have expired, those of users
 * who were removed, and old lines of the audit log.
 */
import type { Register } from '../access/register/register.ts';
import { asMeridianError, MeridianError } from '../errors.ts';
import { finishLeft } from '../origin/collection/condemn.ts';
import { readLast, writeLast } from '../origin/collection/seen.ts';
import { lastRecount, recount } from '../origin/usage/recount.ts';
import type { Log } from '../telemetry/log.ts';
import { type CollectionOptions, collection, ledgersOf } from './tasks.ts';
import type { Works } from './works.ts';

/** How often it is looked whether there is anything to do. */
const lookMs = 10 * 60_000;

/** For so long, who shows a token that has expired is told so; after that, nothing is known of it. */
const expiredMs = 24 * 3600_000;

export interface HousekeepingOptions extends CollectionOptions {
  /** An upload that nothing was added to for so long is given up; as the config says now. */
  readonly uploadRestMs: () => number;
  /** 0: never. */
  readonly everyMs: number;
  readonly register: Pick<
    Register,
    'fillHolders' | 'finishRemovals' | 'removeExpired' | 'dropAudit' | 'appendAudit'
  >;
  /** How long lines of the audit log are kept, as the config says now; `null`: for good. */
  readonly auditMs: () => number | null;
  readonly works: Works;
  readonly log: Log;
}

export interface Housekeeping {
  /** To be called once there are routes. */
  begin(): void;
  /** Waits for what is under way. */
  close(): Promise<void>;
}

export function keepHouse(options: HousekeepingOptions): Housekeeping {
  const { stores, everyMs, graceMs, works, clock, log, by } = options;
  let cancelNext = () => {};
  let closed = false;
  const closing = new AbortController();
  let looking: Promise<void> = Promise.resolve();

  async function look(): Promise<void> {
    try {
      await finishLeft({ stores, clock, writtenBeforeMs: clock.now() - graceMs });
      await stores.blobs.uploads.expire(clock.now() - options.uploadRestMs());
      if ((await lastRecount(stores.metadata)) === null) await countFirst();
      await tidyAccess(options, closing.signal);
      if (everyMs > 0 && (await isDue())) await collectNow();
    } catch (thrown) {
      if (!closed)
        log.warn('the stores could not be tidied; it is tried again later', {
          error: asMeridianError(thrown),
        });
    }
    if (!closed) cancelNext = clock.after(lookMs, begin);
  }

  function begin(): void {
    looking = look();
  }

  async function isDue(): Promise<boolean> {
    const last = await readLast(stores.metadata);
    if (last !== null) return clock.now() - last.atMs >= everyMs;
    // A new store has nothing to collect, and its time begins now.
    await writeLast(stores.metadata, { atMs: clock.now() });
    return false;
  }

  async function collectNow(): Promise<void> {
    const { state, error, counts } = await works.carryOut(collection(options, false), {
      by,
      token: null,
      from: null,
    });
    if (state !== 'done') throw new MeridianError('store-unavailable', error ?? 'it was stopped');
    log.info('blobs that nothing refers to were collected', counts);
  }

  /** A store of before there were totals; in a new one there is nothing to count. */
  async function countFirst(): Promise<void> {
    const counts = { packages: 0, corrected: 0 };
    const count = (what: keyof typeof counts) => void counts[what]++;
    const ledgers = ledgersOf(options);
    await recount({ metadata: stores.metadata, ledgers, clock, count, signal: closing.signal });
    if (counts.packages > 0) log.info('what is stored was counted', counts);
  }

  return {
    begin,
    async close() {
      closed = true;
      closing.abort();
      cancelNext();
      await looking;
    },
  };
}

async function tidyAccess(
  { register, auditMs, clock, log, by }: HousekeepingOptions,
  signal: AbortSignal,
): Promise<void> {
  const actor = { by, token: null, from: null };
  const filled = await register.fillHolders(signal);
  if (filled > 0) log.debug('tokens of before were listed by their owners', { tokens: filled });
  const users = await register.finishRemovals(actor, signal);
  if (users > 0) log.info('what users had left who were removed is gone', { users });
  if (signal.aborted) return;
  const tokens = await register.removeExpired(actor, clock.now() - expiredMs);
  if (tokens > 0) log.info('tokens that expired a day ago were removed', { tokens });
  const keptMs = auditMs();
  if (keptMs === null) return;
  const atMs = clock.now();
  const lines = await register.dropAudit(atMs - keptMs);
  if (lines === 0) return;
  await register.appendAudit([{ ...actor, atMs, what: 'audit.drop', subject: 'audit', detail: { lines } }]);
}
