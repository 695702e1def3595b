/**
 * What was refused lately, for whoever runs the network, of all origins and over restarts. Repetitions are counted; a node further down answers
 * them itself for seconds. Written down every ten seconds, so that no request waits for it: what comes last before a crash is lost.
 */
import { z } from 'zod';
import type { Clock } from '../clock.ts';
import type { OriginHome, Refused } from '../protocol.ts';
import { type DocumentKey, documentLimits, type MetadataStore, type Transaction } from '../store.ts';

/** What was refused last is kept, up to this many things, for this long. */
const MAX_KEPT = 10_000;
const KEPT_MS = 30 * 86_400_000;
/** Not written down yet. */
const MAX_PENDING = 1_000;
const WRITE_MS = 10_000;
/** New ones until those that are too many, or too old, are cleared away. */
const CLEARED_AFTER = 1_000;

export interface Refusals {
  note(subject: string, rules: readonly string[], why: string): void;
  /** The newest first. @throws `store-unavailable`. */
  list(): Promise<readonly Refused[]>;
  begin(home: OriginHome): void;
  close(): void;
}

const record = z.object({
  rules: z.array(z.string()).readonly(),
  why: z.string(),
  times: z.number(),
  lastMs: z.number(),
});

/** @param documents the first word of their keys, such as `npm-refused`. */
export function openRefusals({
  documents,
  route,
  clock,
}: {
  readonly documents: string;
  readonly route: string;
  readonly clock: Clock;
}): Refusals {
  const prefix: DocumentKey = [documents, route];
  let pending = new Map<string, Refused>();
  let home: OriginHome | null = null;
  let cancel: (() => void) | null = null;
  /** Since the last clearing; at first nobody knows what an earlier process has left. */
  let added = CLEARED_AFTER;

  async function write(metadata: MetadataStore): Promise<void> {
    const taken = [...pending.values()];
    pending = new Map();
    try {
      added += await metadata.transact((transaction) => putAll(transaction, prefix, taken));
    } catch (error) {
      for (const refused of taken) keep(refused);
      throw error;
    }
    if (added >= CLEARED_AFTER) {
      await clear(metadata, prefix, clock.now() - KEPT_MS);
      added = 0;
    }
  }

  /** Beyond what is kept, the oldest is forgotten. */
  function keep(refused: Refused): void {
    const { subject } = refused;
    const known = pending.get(subject);
    pending.delete(subject);
    pending.set(subject, known === undefined ? refused : together(known, refused));
    const [oldest] = pending.keys();
    if (pending.size > MAX_PENDING && oldest !== undefined) pending.delete(oldest);
  }

  function writeSoon(): void {
    const metadata = home?.stores?.metadata;
    if (cancel !== null || metadata === undefined) return;
    cancel = clock.after(WRITE_MS, () => {
      cancel = null;
      write(metadata).catch((error: unknown) => {
        warn(error);
        writeSoon();
      });
    });
  }

  function warn(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    home?.warn('what the policy has refused could not be written down', { route, reason });
  }

  return {
    note(subject, rules, why) {
      keep({ subject, rules, why, times: 1, lastMs: clock.now() });
      writeSoon();
    },
    async list() {
      const metadata = home?.stores?.metadata;
      if (metadata === undefined) return [...pending.values()].reverse();
      if (pending.size > 0) await write(metadata);
      return (await all(metadata, prefix)).slice(0, MAX_KEPT);
    },
    begin(given) {
      home = given;
      if (pending.size > 0) writeSoon();
    },
    close() {
      cancel?.();
      const metadata = home?.stores?.metadata;
      if (pending.size > 0 && metadata !== undefined) write(metadata).catch(warn);
    },
  };
}

function together(one: Refused, other: Refused): Refused {
  const newer = one.lastMs > other.lastMs ? one : other;
  return { ...newer, times: one.times + other.times };
}

/** @returns how many were not there before. */
async function putAll(
  transaction: Transaction,
  prefix: DocumentKey,
  refusals: readonly Refused[],
): Promise<number> {
  let added = 0;
  for (const refused of refusals) {
    const { subject } = refused;
    const key = [...prefix, subject];
    const before = await transaction.get(key);
    if (before === null) added++;
    const known = before && { subject, ...record.parse(before.value) };
    const { rules, why, times, lastMs } = known === null ? refused : together(known, refused);
    await transaction.put(key, { rules, why, times, lastMs });
  }
  return added;
}

async function all(metadata: MetadataStore, prefix: DocumentKey): Promise<readonly Refused[]> {
  const found: Refused[] = [];
  for (let after = prefix; ; ) {
    const page = await metadata.scan(prefix, { after });
    for (const { key, value } of page) found.push({ subject: key.at(-1) ?? '', ...record.parse(value) });
    const last = page.at(-1);
    if (page.length < documentLimits.page || last === undefined) break;
    after = last.key;
  }
  return found.sort((a, b) => b.lastMs - a.lastMs);
}

async function clear(metadata: MetadataStore, prefix: DocumentKey, beforeMs: number): Promise<void> {
  const kept = await all(metadata, prefix);
  const left = kept.filter(({ lastMs }, at) => at >= MAX_KEPT || lastMs < beforeMs);
  for (let at = 0; at < left.length; at += documentLimits.page)
    await metadata.transact(async (transaction) => {
      for (const { subject } of left.slice(at, at + documentLimits.page))
        await transaction.delete([...prefix, subject]);
    });
}
