/**
 * Responses on their way into a key/value store, while they stream to somebody else, who never waits for it: what does not get there
 * fast enough is not kept.
 */
import type { Clock } from '../clock.ts';
import { breaker } from './breaker.ts';
import { inTime } from './in-time.ts';
import type { CopyRecord, KvRecord, RecordCodec } from './record.ts';
import type { KvStore } from './store.ts';

/** One copy, as it is being made. */
export interface Copying {
  /** The next bytes of the body, which stay as they are. */
  add(bytes: Uint8Array): void;
  /** The body was whole. */
  end(): void;
  abandon(): void;
}

export interface Draft {
  /** The question with the fields that select this answer, and the name that it lies under. */
  readonly full: string;
  readonly at: string;
  /** Where somebody who does not know of those fields looks first. */
  readonly pointer: { readonly full: string; readonly at: string; readonly by: readonly string[] } | null;
  /** A name for a long body. */
  readonly apart: string;
  readonly known: Pick<CopyRecord, 'status' | 'fields' | 'tags' | 'freshness' | 'etag'>;
  readonly stamp: CopyRecord['stamp'];
  readonly followed: CopyRecord['followed'];
  readonly lifetimeMs: number;
  readonly objectBytes: number;
}

export interface CopyingLimits {
  /** Of all bodies on their way together. */
  readonly queueBytes: number;
}

export interface Writer {
  /** `null`: there is no room, or the store does not take anything at the moment. */
  begin(draft: Draft): Copying | null;
  readonly stats: { readonly kept: number; readonly dropped: number };
  /** Waits for what is being written; what has not been begun is dropped. */
  close(): Promise<void>;
}

/** A longer body lies apart. */
const shortBytes = 256 * 1024;
/** Copies on their way. */
const maxCopies = 1024;
/** Of these, in conversation with the store. */
const writesAtOnce = 16;
/** Of these, long ones: each is written for as long as its response takes. */
const longAtOnce = 8;
/** Of one long body, what the store has not taken yet. */
const behindBytes = 4 * 1024 * 1024;
/** For one short copy. */
const writeMs = 5000;
/** For what is left of a long body when its response has ended. */
const longMs = 30_000;
const nothing = new Uint8Array();

interface WriterOptions {
  readonly name: string;
  readonly store: KvStore;
  readonly clock: Clock;
  readonly limits: CopyingLimits;
  readonly warn: (message: string, fields: Record<string, unknown>) => void;
}

export function copying({ name, store, clock, limits, warn }: WriterOptions, codec: RecordCodec): Writer {
  const stats = { kept: 0, dropped: 0 };
  const writes = breaker(clock, (error) => {
    if (error === null) warn('a key/value store takes copies again', { store: name });
    else warn('a key/value store takes no copies', { store: name, error });
  });
  const waiting: (() => Promise<void>)[] = [];
  const running = new Set<Promise<void>>();
  let copiesUnderWay = 0;
  let longUnderWay = 0;
  let heldBytes = 0;

  function next(): void {
    while (running.size < writesAtOnce) {
      const task = waiting.shift();
      if (!task) return;
      const run: Promise<void> = task().finally(() => {
        running.delete(run);
        next();
      });
      running.add(run);
    }
  }

  async function put(draft: Draft, record: KvRecord, body: Uint8Array): Promise<void> {
    const { at, pointer, lifetimeMs } = draft;
    await store.put(at, codec.encode(record, body), lifetimeMs);
    if (pointer === null) return;
    const { full: question, by } = pointer;
    const value = codec.encode({ as: 'varies', question, by: [...by] }, nothing);
    await store.put(pointer.at, value, lifetimeMs);
  }

  function begin(draft: Draft): Copying | null {
    if (copiesUnderWay >= maxCopies || !writes.allows()) {
      stats.dropped++;
      return null;
    }
    copiesUnderWay++;
    const hasher = new Bun.CryptoHasher('sha256');
    let pieces: Uint8Array[] = [];
    let size = 0;
    let held = 0;
    let long: Long | null = null;
    let isOver = false;

    function over(isKept: boolean): void {
      copiesUnderWay--;
      if (long) longUnderWay--;
      heldBytes -= held;
      held = 0;
      pieces = [];
      stats[isKept ? 'kept' : 'dropped']++;
    }

    function taken(bytes: number): void {
      held -= bytes;
      heldBytes -= bytes;
    }

    function abandon(): void {
      if (isOver) return;
      isOver = true;
      long?.abandon();
      over(false);
    }

    /** Too long to lie with its record. */
    function lengthen(): void {
      if (longUnderWay >= longAtOnce) {
        abandon();
        return;
      }
      longUnderWay++;
      long = longBody((body) => store.write(draft.apart, body, draft.lifetimeMs), taken);
      long.written.catch(() => abandon());
      for (const piece of pieces) long.add(piece);
      pieces = [];
    }

    function write(): Promise<void> {
      const { full: question, known, stamp, followed, apart } = draft;
      const { status, fields, tags, freshness, etag } = known;
      const place = { apart: long ? apart : null, sizeBytes: size, sha256: hasher.digest('hex') };
      const facts = { status, fields, tags, freshness, etag };
      const record: KvRecord = { as: 'copy', question, ...facts, stamp, followed, ...place };
      const body = long ? nothing : Buffer.concat(pieces, size);
      return inTime(put(draft, record, body), writeMs, clock).then(
        () => {
          writes.worked();
          over(true);
        },
        (error) => {
          writes.failed(error);
          over(false);
        },
      );
    }

    function endLong({ end, written }: Long): void {
      end();
      inTime(written, longMs, clock).then(
        () => {
          if (isOver) return;
          isOver = true;
          waiting.push(write);
          next();
        },
        (error) => {
          writes.failed(error);
          abandon();
        },
      );
    }

    return {
      add(bytes) {
        if (isOver || bytes.length === 0) return;
        size += bytes.length;
        held += bytes.length;
        heldBytes += bytes.length;
        if (size > draft.objectBytes || heldBytes > limits.queueBytes || held > behindBytes) return abandon();
        hasher.update(bytes);
        if (long) return long.add(bytes);
        pieces.push(bytes);
        if (size > shortBytes) lengthen();
      },

      end() {
        if (isOver) return;
        if (long) return endLong(long);
        isOver = true;
        waiting.push(write);
        next();
      },

      abandon,
    };
  }

  return {
    begin,
    stats,
    async close() {
      waiting.length = 0;
      while (running.size > 0) await Promise.all(running);
    },
  };
}

interface Long {
  /** Resolves when the store has all of it. */
  readonly written: Promise<void>;
  add(bytes: Uint8Array): void;
  end(): void;
  abandon(): void;
}

/** @param taken told of bytes that are no longer held here. */
function longBody(
  write: (body: ReadableStream<Uint8Array>) => Promise<void>,
  taken: (bytes: number) => void,
): Long {
  const pieces: Uint8Array[] = [];
  let state: 'open' | 'ended' | 'abandoned' = 'open';
  let woken: (() => void) | null = null;
  const wake = () => {
    woken?.();
    woken = null;
  };

  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        while (pieces.length === 0 && state === 'open') {
          await new Promise<void>((resolve) => {
            woken = resolve;
          });
        }
        if (state === 'abandoned') return controller.error(new Error('the copy was abandoned'));
        const piece = pieces.shift();
        if (!piece) return controller.close();
        taken(piece.length);
        controller.enqueue(piece);
      },
      cancel() {
        state = 'abandoned';
      },
    },
    { highWaterMark: 0 },
  );

  return {
    written: write(body),
    add(bytes) {
      if (state !== 'open') return;
      pieces.push(bytes);
      wake();
    },
    end() {
      if (state === 'open') state = 'ended';
      wake();
    },
    abandon() {
      state = 'abandoned';
      pieces.length = 0;
      wake();
    },
  };
}
