import { expect, test } from 'bun:test';
import { fewAtOnce } from './few-at-once.ts';

test('a few are at work, some wait for their turn, and the rest is turned away', async () => {
  const run = fewAtOnce(2, 1, 'tags');
  const ends: (() => void)[] = [];
  const work = () => new Promise<number>((resolve) => ends.push(() => resolve(ends.length)));
  const first = run(work);
  const second = run(work);
  const third = run(work);
  await expect(run(work)).rejects.toMatchObject({ code: 'overloaded' });
  expect(ends.length).toBe(2);
  ends[0]?.();
  await first;
  await Promise.resolve();
  expect(ends.length).toBe(3);
  for (const end of ends) end();
  await Promise.all([second, third]);
  expect(await run(async () => 'again')).toBe('again');
});

test('who fails gives his turn to the next', async () => {
  const run = fewAtOnce(1, 1, 'tags');
  const failing = run(() => Promise.reject(new Error('broken')));
  const next = run(async () => 'done');
  await expect(failing).rejects.toThrow('broken');
  expect(await next).toBe('done');
});
