import { expect, test } from 'bun:test';
import { MeridianError } from '../../errors.ts';
import { rate } from '../../remotes/rate.ts';
import { attempts } from './attempts.ts';

const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'done',
    (error) => (error instanceof MeridianError ? error.code : String(error)),
  );

test('for one user, ten attempts at once and then one in ten seconds, from wherever they come', async () => {
  const tried = attempts({ pace: rate });
  const from = (number: number, nowMs = 0) =>
    codeOf(tried.try('alice', `192.0.2.${number}`, nowMs, async () => 1));
  for (let number = 0; number < 10; number++) expect(await from(number)).toBe('done');
  expect(await from(10)).toBe('too-many-attempts');
  expect(await from(11, 9_999)).toBe('too-many-attempts');
  expect(await from(12, 10_000)).toBe('done');
});

test('from one network, fifty at once, for whomever they are', async () => {
  const tried = attempts({ pace: rate });
  const of = (number: number) =>
    codeOf(tried.try(`user${number}`, `2001:db8:0:1::${number}`, 0, async () => 1));
  for (let number = 0; number < 50; number++) expect(await of(number)).toBe('done');
  expect(await of(50)).toBe('too-many-attempts');
});

test('four passwords are compared at a time, sixty-four more wait, and others are sent away', async () => {
  const tried = attempts({ pace: () => ({ take: () => 0 }) });
  const gate = Promise.withResolvers<void>();
  let running = 0;
  const started = Array.from({ length: 68 }, (_, user) =>
    tried.try(`user${user}`, null, 0, async () => {
      running++;
      await gate.promise;
    }),
  );
  expect(running).toBeLessThanOrEqual(4);
  expect(await codeOf(tried.try('one-more', null, 0, async () => 1))).toBe('overloaded');
  expect(running).toBe(4);
  gate.resolve();
  await Promise.all(started);
  expect(running).toBe(68);
});
