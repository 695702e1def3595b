/**
 * A response that is kept in slices, as those who reply see it: its head, and any range of its bytes.
 */
import type { Head } from '../../entry.ts';
import { MeridianError } from '../../errors.ts';
import { parseCacheControl } from '../../http/cache-control.ts';
import { type Range, rangeBytes } from '../../http/range.ts';
import type { Outcome } from '../../outcome.ts';
import { gathered, gatheredBytes, pieces } from '../pieces.ts';
import type { Forwarding, Served } from '../served.ts';
import { sliceIndex, sliceRange } from './layout.ts';
import { obtainSlice, placeOf, type Sliced } from './slice.ts';

/** What `obtain` hands back: a response, or one that has to be put together. */
export type Obtained =
  | Served
  | (Omit<Served, 'source'> & {
      readonly source: { readonly from: 'slices'; readonly object: SlicedObject };
    });

export interface SlicedObject {
  readonly head: Head;
  readonly sizeBytes: number;
  /**
   * Gets hold of the first byte of these ranges, in this order, so that what may fail fails before a head is sent.
   * Nothing has been sent when the parent turns out to have another version: then there is another response.
   */
  open(ranges: readonly Range[], gone: AbortSignal): Promise<Opened | { readonly again: Obtained }>;
}

export interface Opened {
  readonly outcome: Outcome;
  readonly forwarding: Forwarding | null;
  /** The only range, when it lies in one stored slice or is small: bytes that the runtime sends by itself. */
  readonly blob: Blob | null;
  /** Bytes of one of the ranges. Ends early when the parent has another version by now, or fails. */
  pieces(range: Range): AsyncGenerator<Uint8Array>;
}

/** Slices looked up to tell whether a request can be answered from store alone. */
const maxLookUps = 256;

export interface ObjectOptions {
  readonly sliced: Sliced;
  readonly head: Head;
  /** How the layout was found. */
  readonly found: Pick<Served, 'outcome' | 'forwarding'>;
  /** The parent has another version: gives what there is instead. */
  readonly again: () => Promise<Obtained>;
  /** The same, when bytes of this one have been sent already. */
  readonly forget: () => void;
}

export function slicedObject({ sliced, head, found, again, forget }: ObjectOptions): SlicedObject {
  const { layout, asked } = sliced;

  /** The part of a range that lies in a slice, counted from the slice's start. */
  function within({ start, end }: Range, index: number): Range {
    const slice = sliceRange(layout, index);
    return { start: Math.max(start, slice.start) - slice.start, end: Math.min(end, slice.end) - slice.start };
  }

  /** Sends slice after slice. The next one is asked for when half of the present one has been sent. */
  async function* inOrder(
    range: Range,
    first: AsyncGenerator<Uint8Array> | null,
    gone: AbortSignal,
  ): AsyncGenerator<Uint8Array> {
    const left = new AbortController();
    const leave = () => left.abort();
    gone.addEventListener('abort', leave, { once: true });
    const read = async (index: number) =>
      pieces((await obtainSlice(sliced, index)).source, within(range, index), left.signal);
    const last = sliceIndex(layout, range.end);
    let index = sliceIndex(layout, range.start);
    try {
      let present = first ?? (await read(index));
      for (;;) {
        const { start, end } = within(range, index);
        let sent = 0;
        let next: Promise<AsyncGenerator<Uint8Array>> | null = null;
        for await (const piece of present) {
          yield piece;
          if (gone.aborted) return;
          sent += piece.length;
          if (next === null && index < last && sent * 2 > end - start) next = ahead(read(index + 1));
        }
        if (index === last) return;
        index++;
        present = await (next ?? read(index));
      }
    } catch (error) {
      if (isChanged(error)) forget();
      throw error;
    } finally {
      gone.removeEventListener('abort', leave);
      leave();
    }
  }

  /** What of the ranges is stored: all of it, and where, or not all of it. */
  function placeOfAll(ranges: readonly Range[]): 'memory' | 'disk' | null {
    let worst: 'memory' | 'disk' = 'memory';
    let lookUps = 0;
    for (const { start, end } of ranges) {
      for (let index = sliceIndex(layout, start); index <= sliceIndex(layout, end); index++) {
        const where = lookUps++ < maxLookUps ? placeOf(sliced, index) : null;
        if (where === null) return null;
        if (where === 'disk') worst = 'disk';
      }
    }
    return worst;
  }

  return {
    head,
    sizeBytes: layout.sizeBytes,

    async open(ranges, gone) {
      const [range] = ranges;
      if (!range) throw new MeridianError('internal', 'no range of an object in slices was asked for');
      const where = placeOfAll(ranges);
      if (where === null && onlyIfCached(asked.exchange.headers)) {
        throw new MeridianError('only-if-cached', 'not all of the bytes asked for are stored');
      }
      let first: Served;
      try {
        first = await obtainSlice(sliced, sliceIndex(layout, range.start));
      } catch (error) {
        if (!isChanged(error)) throw error;
        forget();
        return { again: await again() };
      }
      const index = sliceIndex(layout, range.start);
      const inOne = ranges.length === 1 && sliceIndex(layout, range.end) === index;
      const stored = inOne ? blobOf(first.source, within(range, index)) : null;
      let unused = stored ? null : pieces(first.source, within(range, index), gone);
      const gathers = inOne && unused !== null && rangeBytes(range) <= gatheredBytes;
      const blob = gathers && unused ? await gathered(unused) : stored;
      return {
        ...account(found, where, first),
        blob,
        pieces(wanted) {
          const held = wanted === range ? unused : null;
          if (held) unused = null;
          return inOrder(wanted, held, gone);
        },
      };
    },
  };
}

/** Fails where somebody waits for it, and nowhere else. */
function ahead<T>(promise: Promise<T>): Promise<T> {
  // Whoever comes to need it gets the error; whoever has left does not.
  promise.catch(() => undefined);
  return promise;
}

function account(
  found: ObjectOptions['found'],
  where: 'memory' | 'disk' | null,
  first: Served,
): Pick<Served, 'outcome' | 'forwarding'> {
  const { outcome, forwarding } = found;
  if (outcome !== 'hit' && outcome !== 'hit-disk' && outcome !== 'hit-stale') return found;
  if (where === null) return { outcome: 'partial', forwarding: first.forwarding };
  return { outcome: outcome === 'hit' && where === 'disk' ? 'hit-disk' : outcome, forwarding };
}

function blobOf(source: Served['source'], { start, end }: Range): Blob | null {
  if (source.from === 'memory') return source.resident.body.slice(start, end + 1);
  return source.from === 'disk' ? source.body.slice(start, end + 1) : null;
}

function onlyIfCached(headers: Headers): boolean {
  return parseCacheControl(headers.get('cache-control')).onlyIfCached;
}

function isChanged(error: unknown): boolean {
  return error instanceof MeridianError && error.code === 'upstream-changed';
}
