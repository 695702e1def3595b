/**
 * Copies of stored responses in one key/value store: found, kept, and no longer valid after a purge. Nothing here fails: whatever is
 * the matter with the store, the answer is that there is no copy, and why.
 *
 * Each copy bears the place (`store.ts`) at which its response was asked for, told by the store before that. A purge marks names; a
 * copy whose place is below the mark of any of its names is not valid.
 */
import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { breaker } from './breaker.ts';
import { type Copying, type CopyingLimits, copying } from './copying.ts';
import { inTime, TooLate } from './in-time.ts';
import { marking } from './marking.ts';
import { type CopyRecord, recordCodec, type Stamp } from './record.ts';
import type { KvStore, Standing } from './store.ts';

/** What is looked for. */
export interface Wanted {
  /** What the parent would be asked. The same for the same answer, for whatever node asks. */
  readonly question: string;
  /** The request's value for each of these fields. */
  select(names: readonly string[]): readonly string[];
  /** Names whose marks concern a response with these tags: those of all its purges. */
  marksOf(tags: readonly string[]): readonly string[];
  /** Tags that it has, whatever it says itself. */
  readonly tags: readonly string[];
  /** Whether a copy that these names concern may be used, if whoever made it had followed the purges so far. */
  trusts(names: readonly string[], followed: CopyRecord['followed']): boolean;
}

export interface Copy {
  readonly record: CopyRecord;
  /** `null`: it is long. */
  readonly bytes: Uint8Array<ArrayBuffer> | null;
}

/** Why there is none. */
export type Absence =
  | 'miss'
  | 'vary-miss'
  /** Asked for before it was purged, or before marks that are lost. */
  | 'purged'
  /** A purge that may concern it is not in the store yet, or was not known to whoever made the copy. */
  | 'purging'
  | 'corrupt'
  | 'slow'
  | 'failed'
  /** It has failed several times; nobody asked. */
  | 'down';

/** `stamp`: what a response that is asked for from now on may be kept with. */
export type Found =
  | { readonly as: 'copy'; readonly copy: Copy; readonly stamp: Stamp }
  | { readonly as: 'none'; readonly why: Absence; readonly stamp: Stamp | null };

/** What is known of a response that is to be copied. */
export interface Keeping {
  readonly wanted: Wanted;
  /** The names of the request's fields that it depends on. */
  readonly varies: readonly string[];
  readonly known: Pick<CopyRecord, 'status' | 'fields' | 'tags' | 'freshness' | 'etag'>;
  readonly stamp: Stamp;
  readonly followed: CopyRecord['followed'];
  /** Of no use after that. */
  readonly lifetimeMs: number;
  readonly objectBytes: number;
}

export interface CopiesStats {
  readonly name: string;
  readonly hits: number;
  readonly misses: number;
  /** Purged, or perhaps so. */
  readonly purged: number;
  /** Not what was written there: never served. */
  readonly corrupt: number;
  /** Look-ups that failed or took too long. */
  readonly failed: number;
  readonly kept: number;
  /** Copies for which there was no room or no time, or that could not be written. */
  readonly dropped: number;
  /** Marks that the store has not taken yet. */
  readonly marksPending: number;
  readonly isDown: boolean;
}

export interface Copies {
  readonly name: string;
  find(wanted: Wanted): Promise<Found>;
  /** Where the store was when it was last heard of: good for what is asked for after that. */
  readonly lastStamp: Stamp | null;
  /** The body of a long copy, from its first byte; `null`: it is not there. Fails where it is not what it has to be. */
  open(copy: Copy): Promise<ReadableStream<Uint8Array> | null>;
  /** `null`: there is no room. */
  keep(keeping: Keeping): Copying | null;
  /** Told at the end of a body that was not what it had to be. */
  spoilt(copy: Copy): void;
  purged(names: readonly string[]): void;
  readonly stats: CopiesStats;
  close(): Promise<void>;
}

export interface CopiesOptions {
  readonly name: string;
  readonly store: KvStore;
  readonly secret: string;
  readonly clock: Clock;
  /** For a look-up, until the first byte of a body. */
  readonly timeoutMs: number;
  readonly limits: CopyingLimits;
  /** The name whose mark concerns everything. */
  readonly everything: string;
  readonly warn: (message: string, fields: Record<string, unknown>) => void;
}

export function copies(options: CopiesOptions): Copies {
  const { name, store, clock, timeoutMs, warn } = options;
  const codec = recordCodec(options.secret);
  const asks = breaker(clock, (error) => {
    if (error === null) warn('a key/value store answers again', { store: name });
    else warn('a key/value store does not answer; the parents are asked instead', { store: name, error });
  });
  const marks = marking(store, clock, options.everything);
  const writer = copying(options, codec);
  const counts = { hits: 0, misses: 0, purged: 0, corrupt: 0, failed: 0 };
  let lastStamp: Stamp | null = null;

  function stampOf({ log, newest }: Standing): Stamp {
    lastStamp = { log, place: newest };
    return lastStamp;
  }

  const nameFor = ({ question, select }: Wanted, varies: readonly string[]) => {
    const full = questionOf(question, varies, select);
    return { full, at: codec.nameOf(full) };
  };

  async function look(wanted: Wanted): Promise<Found> {
    const names = wanted.marksOf(wanted.tags);
    const plain = nameFor(wanted, []);
    const [bytes, standing] = await Promise.all([store.get(plain.at), store.standing(names)]);
    const stamp = stampOf(standing);
    const none = (why: Absence): Found => ({ as: 'none', why, stamp });
    if (bytes === null) return none('miss');
    let decoded = codec.decode(bytes, plain.full);
    if (decoded?.record.as === 'varies') {
      const variant = nameFor(wanted, decoded.record.by);
      const other = await store.get(variant.at);
      if (other === null) return none('vary-miss');
      decoded = codec.decode(other, variant.full);
    }
    if (decoded?.record.as !== 'copy') return none('corrupt');
    const { record, body } = decoded;
    if (!isValid(record.stamp, standing)) return none('purged');
    // What it says of its tags itself is known only now.
    const further = wanted.marksOf(record.tags).filter((each) => !names.includes(each));
    if (marks.isPending(further)) return none('purging');
    if (further.length > 0 && !isValid(record.stamp, await store.standing(further))) return none('purged');
    if (!wanted.trusts([...names, ...further], record.followed)) return none('purging');
    return {
      as: 'copy',
      copy: { record, bytes: record.apart === null ? new Uint8Array(body) : null },
      stamp,
    };
  }

  function corrupt(question: string): void {
    counts.corrupt++;
    warn('a copy is not what was written there; it was not used', { store: name, copy: question });
  }

  function count(found: Found, { question }: Wanted): void {
    if (found.as === 'copy') counts.hits++;
    else if (found.why === 'purged' || found.why === 'purging') counts.purged++;
    else if (found.why === 'corrupt') corrupt(question);
    else counts.misses++;
  }

  // The first request should not wait for the connection. Where there is none yet, it finds that out.
  store.standing([]).then(stampOf, () => undefined);

  function failed(error: unknown): void {
    counts.failed++;
    asks.failed(error);
    // A connection that leads nowhere any more may take long to notice.
    if (asks.isOpen) store.reset();
  }

  return {
    name,
    get lastStamp() {
      return lastStamp;
    },

    async find(wanted) {
      if (marks.isPending(wanted.marksOf(wanted.tags))) {
        counts.purged++;
        return { as: 'none', why: 'purging', stamp: lastStamp };
      }
      if (!asks.allows()) return { as: 'none', why: 'down', stamp: null };
      try {
        const found = await inTime(look(wanted), timeoutMs, clock);
        asks.worked();
        count(found, wanted);
        return found;
      } catch (error) {
        failed(error);
        return { as: 'none', why: error instanceof TooLate ? 'slow' : 'failed', stamp: lastStamp };
      }
    },

    async open({ record }) {
      if (record.apart === null) return null;
      const body = store.read(record.apart).then(begun);
      try {
        const found = await inTime(body, timeoutMs, clock);
        if (found === null) corrupt(record.question);
        return found;
      } catch (error) {
        // What comes too late is not wanted any more; whether it comes at all does not matter.
        body.then((late) => late?.cancel()).catch(() => undefined);
        failed(error);
        return null;
      }
    },

    keep: (keeping) => {
      const { wanted, varies } = keeping;
      const pointer = varies.length > 0 ? { ...nameFor(wanted, []), by: varies } : null;
      return writer.begin({ ...keeping, ...nameFor(wanted, varies), pointer, apart: randomUUID() });
    },

    spoilt({ record }) {
      corrupt(record.question);
      // The next who asks shall not meet it again. Where it cannot be deleted, he meets the same end.
      store.delete(codec.nameOf(record.question)).catch(() => undefined);
    },

    purged: (names) => marks.mark(names),

    get stats() {
      return {
        name,
        ...counts,
        ...writer.stats,
        marksPending: marks.pending,
        isDown: asks.isOpen,
      };
    },

    async close() {
      await Promise.all([marks.close(), writer.close()]);
      await store.close();
    },
  };
}

/** Nothing in a question or a field's value has a line break in it. */
function questionOf(question: string, varies: readonly string[], select: Wanted['select']): string {
  const values = varies.length === 0 ? [] : select(varies);
  return [question, ...varies.map((field, at) => `${field}: ${values[at] ?? ''}`)].join('\n');
}

function isValid({ log, place }: Stamp, standing: Standing): boolean {
  return log === standing.log && standing.marked.every((mark) => mark <= place);
}

/** The same bytes, the first of which are there; `null`: there is none. */
async function begun(body: ReadableStream<Uint8Array> | null): Promise<ReadableStream<Uint8Array> | null> {
  if (body === null) return null;
  const reader = body.getReader();
  const { done, value } = await reader.read();
  if (done) return null;
  let first: Uint8Array | null = value;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const next = first ? { done: false, value: first } : await reader.read();
        first = null;
        if (next.value) controller.enqueue(next.value);
        if (next.done) controller.close();
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}
