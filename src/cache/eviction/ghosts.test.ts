import { expect, test } from 'bun:test';
import { ghosts } from './ghosts.ts';

test('recalls a name with its count, once', () => {
  const dropped = ghosts();
  dropped.remember(7, 3);
  expect(dropped.recall(7)).toBe(3);
  expect(dropped.recall(7)).toBeNull();
  expect(dropped.recall(8)).toBeNull();
});

test('recalls names whose hash is zero or negative', () => {
  const dropped = ghosts();
  for (const mark of [0, -5, 0x80000000]) {
    dropped.remember(mark, 9);
    expect(dropped.recall(mark)).toBe(9);
  }
});

test('forgets the oldest when there are more than it has room for', () => {
  const dropped = ghosts();
  for (let mark = 1; mark <= 5000; mark++) dropped.remember(mark, 1);
  let recent = 0;
  for (let mark = 4901; mark <= 5000; mark++) if (dropped.recall(mark) !== null) recent++;
  let old = 0;
  for (let mark = 1; mark <= 1000; mark++) if (dropped.recall(mark) !== null) old++;
  expect(recent).toBeGreaterThan(90);
  expect(old).toBeLessThan(5);
});

test('takes its names along when it grows, and gives up room that is far too much', () => {
  const dropped = ghosts();
  for (let mark = 1; mark <= 50; mark++) dropped.remember(mark, mark);
  dropped.resize(10_000);
  for (let mark = 1; mark <= 50; mark++) expect(dropped.recall(mark)).toBe(mark);
  const wide = dropped.bytes;
  dropped.resize(100);
  expect(dropped.bytes).toBeLessThan(wide / 16);
});
