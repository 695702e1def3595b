import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { virtualClock } from '../../test/support/clock.ts';
import { type HealthState, health } from './health.ts';

const limits = { failures: 3, ejectMs: 10_000, rampMs: 4_000 };

function parent() {
  const clock = virtualClock();
  const told: HealthState[] = [];
  return { clock, told, ...{ it: health(limits, clock, (state) => told.push(state)) } };
}

function fail(it: ReturnType<typeof parent>['it'], times = 3): void {
  for (let n = 0; n < times; n++) it.failed();
}

describe('a parent that fails', () => {
  test('is passed over after so many failures in a row, and not before', () => {
    const { it } = parent();
    fail(it, 2);
    it.worked();
    fail(it, 2);
    expect(it.state).toBe('well');
    it.failed();
    expect(it.state).toBe('ejected');
    expect(it.share).toBe(0);
  });

  test('comes back with a share of the keys that grows from none to all', () => {
    const { it, clock } = parent();
    fail(it);
    clock.advance(10_000);
    expect([it.state, it.share]).toEqual(['returning', 0]);
    clock.advance(1_000);
    expect(it.share).toBe(0.25);
    clock.advance(3_000);
    expect([it.state, it.share]).toEqual(['well', 1]);
  });

  test('is passed over for longer each time, and forgiven after a long good time', () => {
    const { it, clock } = parent();
    fail(it);
    clock.advance(10_000);
    fail(it);
    clock.advance(19_999);
    expect(it.state).toBe('ejected');
    clock.advance(1);
    expect(it.state).toBe('returning');
    clock.advance(200_000);
    fail(it);
    clock.advance(10_000);
    expect(it.state).toBe('returning');
  });
});

describe('a parent that does not answer a check', () => {
  test('is down until it answers one, or a request', () => {
    const { it, clock, told } = parent();
    it.checked(false);
    clock.advance(1e6);
    expect(it.state).toBe('down');
    it.checked(true);
    expect(it.state).toBe('returning');
    it.checked(false);
    it.worked();
    expect(it.state).toBe('returning');
    expect(told).toEqual(['down', 'returning', 'down', 'returning']);
  });

  test('does not get around its ejection that way', () => {
    const { it, clock } = parent();
    fail(it);
    it.checked(false);
    it.checked(true);
    expect(it.state).toBe('ejected');
    clock.advance(10_000);
    expect(it.state).toBe('returning');
  });
});

test('whatever happens: no share while it is passed over, all of the keys while it is well, and well in the end', () => {
  const event = fc.oneof(
    fc.constant('worked' as const),
    fc.constant('failed' as const),
    fc.boolean(),
    fc.nat(30_000),
  );
  fc.assert(
    fc.property(fc.array(event, { maxLength: 100 }), (events) => {
      const { it, clock } = parent();
      for (const what of events) {
        if (typeof what === 'number') clock.advance(what);
        else if (typeof what === 'boolean') it.checked(what);
        else it[what]();
        const { state, share } = it;
        if (state === 'well') expect(share).toBe(1);
        else if (state === 'returning') expect(share >= 0 && share < 1).toBe(true);
        else expect(share).toBe(0);
      }
      it.checked(true);
      clock.advance(limits.ejectMs * 10 + limits.rampMs);
      expect(it.state).toBe('well');
    }),
  );
});
