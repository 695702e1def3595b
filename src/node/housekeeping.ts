/**
 * What an origin does for its stores without being asked: collects blobs that nothing refers to, carries out what a collection
 * has left that was killed, ends uploads that nobody goes on with, and removes tokens that have expired and old lines of the audit log.
 */
import { z } from 'zod';
import type { Register } from '../access/register/register.ts';
import { asMeridianError, MeridianError } from '../errors.ts';
import { finishLeft } from '../origin/collection/condemn.ts';
import type { DocumentKey } from '../store.ts';
import type { Log } from '../telemetry/log.ts';
import { type CollectionOptions, collection } from './tasks.ts';
import type { Works } from './works.ts';

/** How often it is looked whether there is anything to do. */
const lookMs = 10 * 60_000;
/** An upload that nothing was added to for so long is given up. */
const uploadMs = 24 * 3600_000;

/** For so long, who shows a token that has expired is told so; after that, nothing is known of it. */
const expiredMs = 24 * 3600_000;

/** When any origin of this store last collected. */
const lastKey: DocumentKey = ['collection', 'last'];
const last = z.object({ atMs: z.number() });

export interface HousekeepingOptions extends CollectionOptions {
  /** 0: never. */
  readonly everyMs: number;
  readonly register: Pick<Register, 'removeExpired' | 'dropAudit' | 'appendAudit'>;
  /** How long lines of the audit log are kept, as the config says now; `null`: for good. */
  readonly auditMs: () => number | null;
  readonly works: Works;
  readonly log: Log;
}

export interface Housekeeping {
  /** Waits for what is under way. */
  close(): Promise<void>;
}

export function keepHouse(options: HousekeepingOptions): Housekeeping {
  const { stores, everyMs, graceMs, works, clock, log, by } = options;
  let cancelNext = () => {};
  let closed = false;
  let looking: Promise<void> = Promise.resolve();

  async function look(): Promise<void> {
    try {
      await finishLeft({ stores, clock, writtenBeforeMs: clock.now() - graceMs });
      await stores.blobs.uploads.expire(clock.now() - uploadMs);
      await tidyAccess(options);
      if (everyMs > 0 && (await isDue())) await collectNow();
    } catch (thrown) {
      log.warn('the stores could not be tidied; it is tried again later', { error: asMeridianError(thrown) });
    }
    if (!closed) cancelNext = clock.after(lookMs, begin);
  }

  function begin(): void {
    looking = look();
  }

  async function isDue(): Promise<boolean> {
    const found = await stores.metadata.get(lastKey);
    if (found !== null) return clock.now() - last.parse(found.value).atMs >= everyMs;
    // A new store has nothing to collect, and its time begins now.
    await stores.metadata.transact((transaction) => transaction.put(lastKey, { atMs: clock.now() }));
    return false;
  }

  async function collectNow(): Promise<void> {
    const atMs = clock.now();
    const { state, error, counts } = await works.carryOut(collection(options, false), {
      by,
      token: null,
      from: null,
    });
    if (state !== 'done') throw new MeridianError('store-unavailable', error ?? 'it was stopped');
    await stores.metadata.transact((transaction) => transaction.put(lastKey, { atMs }));
    log.info('blobs that nothing refers to were collected', counts);
  }

  begin();
  return {
    async close() {
      closed = true;
      cancelNext();
      await looking;
    },
  };
}

async function tidyAccess({ register, auditMs, clock, log, by }: HousekeepingOptions): Promise<void> {
  const actor = { by, token: null, from: null };
  const tokens = await register.removeExpired(actor, clock.now() - expiredMs);
  if (tokens > 0) log.info('tokens that expired a day ago were removed', { tokens });
  const keptMs = auditMs();
  if (keptMs === null) return;
  const atMs = clock.now();
  const lines = await register.dropAudit(atMs - keptMs);
  if (lines === 0) return;
  await register.appendAudit([{ ...actor, atMs, what: 'audit.drop', subject: 'audit', detail: { lines } }]);
}
