/**
 * Whatever is asked in whatever order, while the object changes, is dropped and expires: a response has the bytes of
 * one version at their right places, or it is cut off.
 */
import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { MeridianError } from '../../errors.ts';
import type { CacheKey } from '../../resource.ts';
import { world } from '../world.contract.ts';
import { type ObjectUpstream, objectUpstream, ranged } from './upstream.contract.ts';

const slice = 64 * 1024;
const size = 5 * slice + 777;

const range = fc
  .tuple(fc.nat(size - 1), fc.oneof(fc.nat(200), fc.nat(size)))
  .map(([start, length]) => ({ start, end: Math.min(start + length, size - 1) }));

type Step =
  | { readonly does: 'read'; readonly ranges: readonly { readonly start: number; readonly end: number }[] }
  | { readonly does: 'read whole' | 'change' | 'drop' | 'expire' | 'settle' }
  /** After so many requests to the upstream. */
  | { readonly does: 'change later'; readonly after: number }
  | { readonly does: 'leave'; readonly start: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      does: fc.constant('read' as const),
      ranges: fc.array(range, { minLength: 1, maxLength: 4 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      does: fc.constantFrom('read whole' as const, 'change' as const, 'drop' as const, 'expire' as const),
    }),
  },
  { weight: 2, arbitrary: fc.constant({ does: 'settle' as const }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('change later' as const), after: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('leave' as const), start: fc.nat(size - 1) }) },
);

/** A change between two slices of one response. */
const changed: Step[] = [
  { does: 'read', ranges: [{ start: 0, end: 10 }] },
  { does: 'change' },
  { does: 'read', ranges: [{ start: 0, end: size - 1 }] },
];

/** The version that these bytes are of; `null`: of none. */
function versionOf(bytes: Uint8Array, start: number, upstream: ObjectUpstream): number | null {
  for (let version = upstream.version; version > 0; version--) {
    const right = upstream.bytes(version).subarray(start, start + bytes.length);
    if (Buffer.compare(right, bytes) === 0) return version;
  }
  return null;
}

interface Tally {
  right: number;
  cut: number;
}

async function live(steps: readonly Step[], disk: boolean, tally: Tally): Promise<void> {
  const upstream = objectUpstream(size);
  await using given = await world({
    disk,
    memoryObjectBytes: disk ? 1024 : 2 * slice,
    slices: { fromBytes: 2 * slice, bytes: slice },
  });
  let changeAfter = Number.POSITIVE_INFINITY;
  given.parent = (ask) => {
    if (changeAfter-- === 0) upstream.change();
    return upstream.parent(ask);
  };

  async function read(start: number, end: number, asRange: boolean): Promise<void> {
    const before = upstream.version;
    const wanted = asRange ? ranged(`${start}-${end}`) : { inParts: true };
    try {
      const bytes = await (await given.get(wanted)).range(start, end);
      expect(bytes.length).toBe(end - start + 1);
      expect(versionOf(bytes, start, upstream)).not.toBeNull();
      tally.right++;
    } catch (error) {
      if (!(error instanceof MeridianError)) throw error;
      // Only a change explains it: nothing else ever fails here.
      expect(error.code).toBe('upstream-changed');
      expect(before > 1 || upstream.version > before).toBe(true);
      tally.cut++;
    }
  }

  async function leave(start: number): Promise<void> {
    const left = new AbortController();
    const { served } = await given.get(ranged(`${start}-`, { signal: left.signal }));
    if (served.source.from !== 'slices') return left.abort();
    const whole = { start, end: size - 1 };
    const opened = await served.source.object.open([whole], left.signal);
    if (!('again' in opened)) {
      const pieces = opened.pieces(whole);
      // Whether it has come to a change does not matter to one who leaves.
      await pieces.next().catch(() => undefined);
      await pieces.return(undefined);
    }
    left.abort();
  }

  for (const each of steps) {
    switch (each.does) {
      case 'read':
        await Promise.all(each.ranges.map(({ start, end }) => read(start, end, true)));
        break;
      case 'read whole':
        await read(0, size - 1, false);
        break;
      case 'change':
        upstream.change();
        break;
      case 'change later':
        changeAfter = each.after;
        break;
      case 'drop':
        given.cache.drop('web /' as CacheKey);
        break;
      case 'expire':
        given.clock.advance(61_000);
        break;
      case 'settle':
        await given.quiet();
        break;
      case 'leave':
        await leave(each.start);
        break;
    }
  }
  // When all has been said, whoever asks anew gets what there is now.
  given.clock.advance(61_000);
  changeAfter = Number.POSITIVE_INFINITY;
  const last = await (await given.get(ranged(`0-${size - 1}`))).range(0, size - 1);
  expect(versionOf(last, 0, upstream)).toBe(upstream.version);
}

for (const disk of [false, true]) {
  test(`no response mixes two versions, ${disk ? 'on disk' : 'in memory'}`, async () => {
    const tally = { right: 0, cut: 0 };
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), (steps) => live(steps, disk, tally)),
      { numRuns: disk ? 40 : 200, examples: [[changed]] },
    );
    // Both happened, or this proves nothing.
    expect(tally.right).toBeGreaterThan(50);
    expect(tally.cut).toBeGreaterThan(0);
  }, 60_000);
}
