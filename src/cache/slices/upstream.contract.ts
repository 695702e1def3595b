/**
 * A parent that serves ranges of an object, which changes when a test says so, and notes what it was asked.
 */
import type { Answer } from '../../entry.ts';
import { parseRange } from '../../http/range.ts';
import type { Ask } from '../../parent.ts';
import { answerOf, noise } from '../answers.contract.ts';
import { type Wanted, type World, type WorldOptions, world } from '../world.contract.ts';

export interface ObjectUpstream {
  parent(ask: Ask): Answer;
  /** `Range` of every request so far; `null`: the whole. */
  readonly ranges: readonly (string | null)[];
  /** Of the version that there is now, or of an earlier one (counted from 1). */
  bytes(version?: number): Uint8Array<ArrayBuffer>;
  readonly version: number;
  change(): void;
  /** Fields of every answer from now on, instead of those that it has by default. */
  fields: Record<string, string>;
  knowsRanges: boolean;
}

export function objectUpstream(sizeBytes: number): ObjectUpstream {
  const versions = [noise(sizeBytes, 1)];
  const ranges: (string | null)[] = [];
  const present = () => versions.at(-1) ?? new Uint8Array();

  const self: ObjectUpstream = {
    ranges,
    get version() {
      return versions.length;
    },
    bytes: (version = versions.length) => versions[version - 1] ?? new Uint8Array(),
    change: () => void versions.push(noise(sizeBytes, versions.length + 1)),
    fields: { 'cache-control': 'max-age=60' },
    knowsRanges: true,

    parent({ part, stored }) {
      ranges.push(part?.range ?? null);
      const etag = `"v${versions.length}"`;
      const fields = { etag, ...self.fields };
      if (stored?.etag === etag) return answerOf(null, fields, 304);
      const holds = typeof part?.ifRange !== 'string' || part.ifRange === fields.etag;
      const asked = part && holds && self.knowsRanges ? parseRange(part.range, sizeBytes) : 'ignore';
      if (asked === 'unsatisfiable') {
        return answerOf('', { ...fields, 'content-range': `bytes */${sizeBytes}` }, 416);
      }
      const [range] = asked;
      if (asked === 'ignore' || typeof range !== 'object') return answerOf(present(), fields);
      const { start, end } = range;
      const content = { 'content-range': `bytes ${start}-${end}/${sizeBytes}` };
      return answerOf(present().slice(start, end + 1), { ...fields, ...content }, 206);
    },
  };
  return self;
}

/** A request for a range. */
export function ranged(range: string, more: Wanted = {}): Wanted {
  return { ...more, inParts: true, headers: { range: `bytes=${range}`, ...more.headers } };
}

export const slice = 64 * 1024;
/** Of an object that is kept in slices. */
export const size = 10 * slice + 1000;
export const slices = { fromBytes: 4 * slice, bytes: slice };

/** The `Range` of a request for a slice. */
export const range = (index: number) => `bytes=${index * slice}-${(index + 1) * slice - 1}`;

export async function sliced(
  options: WorldOptions = {},
): Promise<{ given: World; upstream: ObjectUpstream }> {
  const upstream = objectUpstream(size);
  const given = await world({ slices, ...options });
  given.parent = upstream.parent;
  return { given, upstream };
}
