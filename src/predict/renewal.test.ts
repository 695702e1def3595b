import { expect, test } from 'bun:test';
import { virtualClock } from '../../test/support/clock.ts';
import type { CacheKey } from '../resource.ts';
import { openPopular } from './popular.ts';
import type { Predictor } from './predictor.ts';
import { type Expiry, openRenewal } from './renewal.ts';

const visitor = { base: '', authority: '', headers: new Headers(), identity: null };

function opened(expiry: Partial<Expiry> | null, names = ['a']) {
  const clock = virtualClock();
  const popular = openPopular();
  for (let at = 0; at < 5; at++)
    for (const name of names)
      popular.hit(
        { key: `npm ${name}` as CacheKey, route: 'npm', target: `/${name}`, accept: null },
        () => visitor,
        clock.now() - at * 1_000 + 5_000,
      );
  for (let at = 0; at < 5; at++)
    for (const name of names)
      popular.hit(
        { key: `npm ${name}` as CacheKey, route: 'npm', target: `/${name}`, accept: null },
        () => visitor,
        clock.now() + 6_000 + at * 1_000,
      );
  const brought: unknown[][] = [];
  const state = { isOn: true };
  const predictor: Pick<Predictor, 'bring'> = {
    bring: (route, { key }, source, bytes) => brought.push([route, key, source, bytes]),
  };
  const renewal = openRenewal({
    ...{ clock, popular, predictor },
    isOn: () => state.isOn,
    expiry: () => expiry && { inMs: 1_000, lifetimeMs: 60_000, bytes: 7, ...expiry },
    prospect: ({ key }) => ({ key, fetch: () => Promise.resolve({ bytes: 0, firstByteMs: null }) }),
  });
  return { clock, brought, state, renewal };
}

test('what is in use and soon too old is renewed, and then left alone for a while', () => {
  const { clock, brought } = opened({});
  clock.advance(2_000);
  expect(brought).toEqual([['npm', 'npm a', 'renewed', 7]]);
  clock.advance(8_000);
  expect(brought).toHaveLength(1);
  clock.advance(4_000);
  expect(brought).toHaveLength(2);
});

test('what is fresh for a tenth of its lifetime and longer is not', () => {
  const { clock, brought } = opened({ inMs: 6_001 });
  clock.advance(10_000);
  expect(brought).toEqual([]);
});

test('what lives for seconds alone, or is gone, is not', () => {
  for (const expiry of [{ lifetimeMs: 14_999 }, null]) {
    const { clock, brought } = opened(expiry);
    clock.advance(10_000);
    expect(brought).toEqual([]);
  }
});

test('no more than 64 are begun in one look, and the rest in the next', () => {
  const { clock, brought } = opened(
    {},
    Array.from({ length: 100 }, (_, at) => String(at)),
  );
  clock.advance(2_000);
  expect(brought).toHaveLength(64);
  clock.advance(2_000);
  expect(new Set(brought.map(([, key]) => key)).size).toBe(100);
});

test('it may be turned off and on, and ends when it is closed', () => {
  const { clock, brought, state, renewal } = opened({});
  state.isOn = false;
  clock.advance(4_000);
  expect(brought).toEqual([]);
  state.isOn = true;
  clock.advance(2_000);
  expect(brought).toHaveLength(1);
  renewal.close();
  clock.advance(60_000);
  expect(brought).toHaveLength(1);
});
