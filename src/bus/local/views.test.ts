import { expect, test } from 'bun:test';
import { pageBytes, pageKeys, type Reached, type Step } from '../watch.ts';
import { openLogFile } from './database.ts';
import { type Views, views } from './views.ts';

const valueBytes = 100_000;
const value = JSON.stringify('x'.repeat(valueBytes - 2));
const keys = Array.from({ length: 60 }, (_, at) => `key ${String(at).padStart(4, '0')}`);

function steps(of: Views, from: Reached | null): Step[] {
  const found: Step[] = [];
  for (let reached = from; ; ) {
    const step = of.read('large', reached);
    found.push(step);
    if (!step.isMore && step.cursor === null) return found;
    reached = step;
  }
}

test('a page of large values has no more bytes than are allowed, and one value', async () => {
  const file = await openLogFile(':memory:');
  const of = views(file);
  of.putAll(
    'large',
    keys.map((key) => [key, value]),
  );
  const first = steps(of, null);
  expect(first.flatMap(({ held }) => held.map(({ key }) => key))).toEqual(keys);
  for (const { held } of first) expect((held.length - 1) * valueBytes).toBeLessThan(pageBytes);
  expect(first.length).toBe(Math.ceil(keys.length / Math.ceil(pageBytes / valueBytes)));

  of.putAll(
    'large',
    keys.map((key) => [key, value]),
  );
  const later = steps(of, first.at(-1) ?? null);
  expect(later.flatMap(({ changed }) => changed?.map(({ key }) => key) ?? [])).toEqual(keys);
  for (const { changed } of later) expect(((changed?.length ?? 0) - 1) * valueBytes).toBeLessThan(pageBytes);
  expect(later.length).toBe(first.length);
  file.close();
});

test('a page of small values has as many keys as are allowed', async () => {
  const file = await openLogFile(':memory:');
  const of = views(file);
  of.putAll(
    'large',
    Array.from({ length: pageKeys + 1 }, (_, at) => [`key ${at}`, '1'] as const),
  );
  expect(steps(of, null).map(({ held }) => held.length)).toEqual([pageKeys, 1]);
  file.close();
});
