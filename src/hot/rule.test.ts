import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { type HotRule, hotObjects, type Known, type Load, lookAgain, nothingKnown } from './rule.ts';

const rule: HotRule = {
  perSecond: 10_000,
  viralPerSecond: 50_000,
  cpuPercent: 80,
  risingFromPerSecond: 1000,
  replicasAtLeast: 3,
  replicasAtMost: 5,
  keepS: 60,
};

/** Looks every five seconds, at rates of one key or at whole loads. */
function looking(first: Known = nothingKnown) {
  let known = first;
  let nowMs = 1_000_000;
  return {
    look(loads: number | ReadonlyMap<string, Load>) {
      const given = typeof loads === 'number' ? new Map([['a', { perSecond: loads, cpu: 0 }]]) : loads;
      nowMs += 5_000;
      known = lookAgain(known, given, nowMs, rule);
      const [object] = hotObjects(known);
      return object ? `${object.why} ${object.replicas}` : 'cold';
    },
    all: () => hotObjects(known),
    get watched() {
      return known.watched.size;
    },
  };
}

describe('an object', () => {
  test('is hot over the threshold, and has more copies the more it is asked for', () => {
    for (const [rate, said] of [
      [9_999, 'cold'],
      [10_000, 'rate 3'],
      [29_000, 'rate 4'],
      [49_999, 'rate 5'],
      [50_000, 'viral Infinity'],
    ] as const)
      expect(looking().look(rate)).toBe(said);
  });

  test('is hot when it takes most of what one worker has', () => {
    const load = (cpu: number) => new Map([['a', { perSecond: 300, cpu }]]);
    expect(looking().look(load(0.79))).toBe('cold');
    expect(looking().look(load(0.8))).toBe('cpu 3');
  });

  test('is hot when its rate has doubled above the floor', () => {
    const rising = looking();
    expect(rising.look(600)).toBe('cold');
    expect(rising.look(1_100)).toBe('cold');
    expect(rising.look(1_200)).toBe('rising 3');
    const low = looking();
    low.look(100);
    expect(low.look(900)).toBe('cold');
  });

  test('that nobody asked for is rising when it comes, but not at the first look, which knows of nothing before', () => {
    const first = looking();
    expect(first.look(5_000)).toBe('cold');
    expect(first.look(5_000)).toBe('cold');
    const later = looking();
    later.look(new Map());
    expect(later.look(5_000)).toBe('rising 3');
  });

  test('whose rate doubles slowly is not rising', () => {
    const slow = looking();
    for (let rate = 2_000; rate < 8_000; rate *= 2 ** (1 / 14)) expect(slow.look(rate)).toBe('cold');
  });

  test('leaves the list sixty seconds after it fell below, not before', () => {
    const falling = looking();
    expect(falling.look(12_000)).toBe('rate 3');
    for (let second = 5; second < 60; second += 5) expect(falling.look(3_000)).toBe('rate 3');
    expect(falling.look(3_000)).toBe('cold');
  });

  test('stays while it comes back in time', () => {
    const swinging = looking();
    swinging.look(12_000);
    for (let round = 0; round < 10; round++) {
      for (let look = 0; look < 11; look++) expect(swinging.look(9_000)).toBe('rate 3');
      expect(swinging.look(11_000)).toBe('rate 3');
    }
  });

  test('gives copies up as late as it leaves, and still leaves sixty seconds after it fell below', () => {
    const sinking = looking();
    expect(sinking.look(60_000)).toBe('viral Infinity');
    for (let second = 5; second < 60; second += 5) expect(sinking.look(12_000)).toBe('rate Infinity');
    expect(sinking.look(12_000)).toBe('rate 3');
    for (let second = 5; second < 60; second += 5) expect(sinking.look(10)).toBe('rate 3');
    expect(sinking.look(10)).toBe('cold');
  });

  test('of which nothing is heard any more is forgotten', () => {
    const gone = looking();
    gone.look(20_000);
    for (let second = 0; second <= 130; second += 5) gone.look(new Map());
    expect(gone.watched).toBe(0);
  });
});

describe('the list', () => {
  const keys = fc.array(
    fc.nat(400).map((n) => `key ${n}`),
    { maxLength: 500 },
  );

  test('is the same for all who have heard the same, in whatever order', () => {
    const rates = fc.array(
      fc.array(
        fc.tuple(
          fc.nat(20).map((n) => `key ${n}`),
          fc.nat(80_000),
        ),
        { maxLength: 30 },
      ),
      { maxLength: 30 },
    );
    fc.assert(
      fc.property(rates, (looks) => {
        const [one, other] = [looking(), looking()];
        for (const loads of looks) {
          const given = new Map(loads.map(([key, perSecond]) => [key, { perSecond, cpu: 0 }]));
          one.look(given);
          other.look(new Map([...given].toReversed()));
          expect(other.all()).toEqual(one.all());
        }
      }),
    );
  });

  test('never watches more than so many keys, and forgets the coldest first', () => {
    fc.assert(
      fc.property(fc.array(keys, { maxLength: 10 }), (looks) => {
        const many = looking();
        many.look(new Map([['hot', { perSecond: 20_000, cpu: 0 }]]));
        for (const names of looks) {
          many.look(new Map(names.map((key, at) => [key, { perSecond: at, cpu: 0 }])));
          expect(many.watched).toBeLessThanOrEqual(256);
          expect(many.all().map(({ key }) => key)).toContain('hot');
        }
      }),
      { numRuns: 30 },
    );
  });
});
