import { expect, test } from 'bun:test';
import { virtualClock } from '../../test/support/clock.ts';
import type { CacheKey } from '../resource.ts';
import { openHeld } from './held.ts';
import { keyOf, visitor } from './predictor.contract.ts';

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
