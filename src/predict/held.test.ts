import { describe, expect, test } from 'bun:test';
import { virtualClock } from '../../test/support/clock.ts';
import type { Foreseen } from '../foresight.ts';
import type { CacheKey } from '../resource.ts';
import { openHeld } from './held.ts';
import { keyOf, rows, settled, visitor, world } from './predictor.contract.ts';

const hanging = (once: readonly string[], ...targets: string[]) =>
  targets.map((target) => ({ target, once }));

function opened(most = 10, come: readonly CacheKey[] = []) {
  const clock = virtualClock();
  const keys = {
    keyOf: (_: string, target: string) => keyOf(target),
    hasCome: (key: CacheKey) => come.includes(key),
  };
  const held = openHeld({ clock, most, ...keys });
  const following = { route: 'npm', source: 'known', threshold: 0.5, visitor, rank: 7 } as const;
  return {
    clock,
    hold: (...foreseen: Parameters<typeof held.holdBack>[0]['foreseen']) =>
      foreseen.filter(held.holdBack({ ...following, foreseen })).map(({ target }) => target),
    shown: (target: string) =>
      held.shownBy(keyOf(target)).map(({ rank, foreseen }) => [rank, foreseen.map((row) => row.target)]),
  };
}

test('rows that hang on the same are shown together, once, with the rank of the first', () => {
  const { hold, shown } = opened();
  const [one, other] = [['/x', '/y'], ['/y']];
  expect(hold({ target: '/a' }, ...hanging(one, '/b', '/c'), ...hanging(other, '/d'))).toEqual(['/a']);
  expect(shown('/b')).toEqual([]);
  expect(shown('/x')).toEqual([[8, ['/b', '/c']]]);
  expect(shown('/y')).toEqual([[10, ['/d']]]);
  expect(shown('/y')).toEqual([]);
});

test('what has been shown already is followed now', () => {
  const { hold, shown } = opened(10, [keyOf('/y')]);
  expect(hold(...hanging(['/x', '/y'], '/b'), ...hanging(['/z'], '/c'))).toEqual(['/b']);
  expect(shown('/x')).toEqual([]);
});

test('where there is no room for more, the oldest goes', () => {
  const { hold, shown } = opened(3);
  hold(...hanging(['/x'], '/a', '/b'));
  hold(...hanging(['/y'], '/c', '/d'));
  expect(shown('/x')).toEqual([]);
  expect(shown('/y')).toEqual([[7, ['/c', '/d']]]);
});

describe('what hangs on what a client shows', () => {
  const hanging = (target: string, ...once: string[]): Foreseen => ({ target, bytes: 100, once });

  test('is fetched once he has asked for one of the things that show it, after what was more urgent', async () => {
    const { state, asks } = world();
    const signs = ['/sign', '/other'];
    state.plans.set('after=/a', [
      ...rows('/b'),
      { ...hanging('/c'), once: signs },
      { ...hanging('/d'), once: signs },
    ]);
    asks('/a');
    await settled();
    expect(state.fetched).toEqual(['/b']);
    asks('/other');
    await settled();
    expect(state.fetched).toEqual(['/b', '/c', '/d']);
  });

  test('is fetched at once if he had shown it before that was known, from memory or not', async () => {
    const { state, predictor, visit, asks } = world();
    const { promise, resolve } = Promise.withResolvers<void>();
    state.holdPlans = promise;
    state.plans.set('after=/a', [hanging('/b', '/missed'), hanging('/c', '/hit'), hanging('/d', '/never')]);
    asks('/a');
    asks('/missed');
    predictor.asked(visit('/hit', { whence: 'memory' }));
    await settled();
    resolve();
    await settled();
    expect(state.fetched).toEqual(['/b', '/c']);
  });

  test('is said to be held', async () => {
    const { state, predictor, asks } = world();
    state.plans.set('after=/a', [hanging('/b', '/sign')]);
    asks('/a');
    await settled();
    expect(predictor.fateOf(keyOf('/b'), 'npm', '/b')?.fate).toBe('held');
  });

  test('is forgotten when nobody has shown it for two minutes', async () => {
    const { state, asks, clock } = world();
    state.plans.set('after=/a', [hanging('/b', '/sign')]);
    asks('/a');
    await settled();
    clock.advance(121_000);
    asks('/sign');
    await settled();
    expect(state.fetched).toEqual([]);
  });

  test('is not fetched for a client who may not have it by then', async () => {
    const { state, asks } = world();
    state.plans.set('after=/a', [hanging('/b', '/sign')]);
    asks('/a');
    await settled();
    state.may = false;
    asks('/sign');
    await settled();
    expect(state.fetched).toEqual([]);
  });
});
