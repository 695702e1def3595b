import { expect, test } from 'bun:test';
import { turns } from './turns.ts';

test('so many work at a time, the others in order', async () => {
  const queue = turns(2);
  const finish: (() => void)[] = [];
  const begun: number[] = [];
  const all = Array.from({ length: 5 }, (_, n) =>
    queue.take(() => {
      begun.push(n);
      return new Promise<void>((resolve) => finish.push(resolve));
    }),
  );
  for (let done = 0; done < 5; done++) {
    await Bun.sleep(0);
    expect(begun).toEqual([0, 1, 2, 3, 4].slice(0, done + 2));
    finish[done]?.();
  }
  await Promise.all(all);
});

test('a failure hands on its turn', async () => {
  const queue = turns(1);
  const failing = queue.take(() => Promise.reject(new Error('broken')));
  const next = queue.take(async () => 'done');
  expect(await failing.catch((error: Error) => error.message)).toBe('broken');
  expect(await next).toBe('done');
  expect(await queue.take(async () => 'again')).toBe('again');
});
