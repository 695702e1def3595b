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
  const state = { isOn: true, looks: 0 };
  const predictor: Pick<Predictor, 'bring'> = {
    bring: (route, { key }, source, bytes) => brought.push([route, key, source, bytes]),
  };
  const renewal = openRenewal({
    ...{ clock, popular, predictor },
    isOn: () => state.isOn,
    expiry: () => {
      state.looks++;
      return expiry && { inMs: 1_000, lifetimeMs: 60_000, ...expiry };
    },
    prospect: ({ key }) => ({
      key,
      fetch: () => Promise.resolve({ bytes: 0, isKept: true, firstByteMs: null }),
    }),
  });
  return { clock, brought, state, renewal };
}

test('what is in use and soon too old is renewed, and then left alone for a while', () => {
  const { clock, brought } = opened({});
  clock.advance(2_000);
  expect(brought).toEqual([['npm', 'npm a', 'renewed', 0]]);
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

test('what is fresh for long is looked at once a minute, and of very many, some at a time', () => {
  const { clock, state } = opened(
    { inMs: 600_000, lifetimeMs: 600_000 },
    Array.from({ length: 400 }, (_, at) => String(at)),
  );
  clock.advance(2_000);
  expect(state.looks).toBe(256);
  clock.advance(20_000);
  expect(state.looks).toBe(400);
});

test('what is soon too old is looked at in time', () => {
  const { clock, brought } = opened({ inMs: 9_000 });
  clock.advance(2_000);
  expect(brought).toEqual([]);
  clock.advance(2_000);
  clock.advance(2_000);
  // As it is found still, three seconds before it is due: it was looked at again by then.
  expect(brought).toEqual([]);
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
