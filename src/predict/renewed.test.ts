/** What is brought because it is in use. */
import { expect, test } from 'bun:test';
import { keyOf, rows, settled, world } from './predictor.contract.ts';

test('what has been renewed for all leads on like anything else', async () => {
  const { state, predictor, visit } = world();
  const fetch = async () => ({ bytes: 0, isKept: true, firstByteMs: 5 });
  predictor.bring('npm', { key: keyOf('/a'), fetch }, 'renewed', 0);
  await settled();
  state.plans.set('after=/a', rows('/b'));
  expect(predictor.asked(visit('/a', { whence: 'here' }))).toBe(true);
  await settled();
  expect(state.fetched).toEqual(['/b']);
});

test('nothing is renewed twice at the same time', async () => {
  const { predictor } = world();
  const { promise, resolve } = Promise.withResolvers<void>();
  let fetched = 0;
  const fetch = async () => {
    fetched++;
    await promise;
    return { bytes: 0, isKept: true, firstByteMs: 5 };
  };
  for (let time = 0; time < 3; time++) predictor.bring('npm', { key: keyOf('/a'), fetch }, 'renewed', 0);
  resolve();
  await settled();
  expect(fetched).toBe(1);
  expect(predictor.tallies.of.renewed).toMatchObject({ foreseen: 1, fetched: 1, inVain: 0 });
});

test('where nothing that was renewed is ever asked for, little is', async () => {
  const { clock, predictor } = world();
  const renew = (at: number) => {
    const fetch = async () => ({ bytes: 10, isKept: true, firstByteMs: 5 });
    predictor.bring('npm', { key: keyOf(`/${at}`), fetch }, 'renewed', 10);
  };
  for (let at = 0; at < 60; at++) renew(at);
  await settled();
  clock.advance(70_000);
  const { inVain, fetched } = predictor.tallies.of.renewed;
  expect([inVain, fetched]).toEqual([60, 60]);
  for (let at = 100; at < 116; at++) renew(at);
  await settled();
  expect(predictor.tallies.of.renewed).toMatchObject({ fetched: 61, doubted: 15 });
});
