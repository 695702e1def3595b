/**
 * Ranges far ahead of a fill that is under way: nobody waits for gigabytes to pass by. What they need comes in slices,
 * next to the fill and under a name of the fill's own, so that those who read ahead share them.
 */
import { parseRange } from '../../http/range.ts';
import type { Resource } from '../../resource.ts';
import type { Engine } from '../engine.ts';
import type { Fill } from '../fill.ts';
import type { Question } from '../question.ts';
import { sliceBytesFor, wantsRange } from './first.ts';
import { type Layout, newLayout } from './layout.ts';
import { hasDigest, versionOfHead } from './version.ts';

/** A range that begins no further ahead than this waits for the fill. */
const patienceBytes = 8 * 1024 * 1024;

export function isFarAhead(fill: Fill, asked: Pick<Question, 'resource' | 'exchange' | 'parent'>): boolean {
  const { announcedBytes, head, receivedBytes } = fill;
  if (announcedBytes === null || head.status !== 200 || awaited.has(fill)) return false;
  if (!asked.resource.inParts || !wantsRange(asked)) return false;
  const ranges = parseRange(asked.exchange.headers.get('range') ?? '', announcedBytes);
  if (typeof ranges === 'string') return false;
  return ranges.some(({ start }) => start > receivedBytes + patienceBytes);
}

/** Fills of which the parent has no parts: it knows no ranges, or has another version by now. */
const awaited = new WeakSet<Fill>();

/** From now on, whoever wants a range of it waits for it. */
export function haveAwaited(fill: Fill): void {
  awaited.add(fill);
}

const layouts = new WeakMap<Fill, Layout>();

/**
 * `null` when parts of it could not be told from parts of another version, or not be checked. What is checked as a whole (`ahead`) may be
 * read in parts until then: nobody finds them any more when the fill is over, whether its bytes were right or not.
 */
export function layoutOfFill(fill: Fill, { inParts }: Resource, engine: Engine): Layout | null {
  const known = layouts.get(fill);
  if (known) return known;
  const { announcedBytes, head } = fill;
  const sliceBytes = sliceBytesFor(engine);
  if (announcedBytes === null || sliceBytes === null) return null;
  if ((hasDigest(head) && inParts !== 'ahead') || versionOfHead(head, announcedBytes) === null) return null;
  const layout = newLayout(announcedBytes, sliceBytes);
  layouts.set(fill, layout);
  return layout;
}
