import { expect, test } from 'bun:test';
import { workersOf } from './worker-count.ts';

test('a node has a worker for each core', () => {
  expect(workersOf({ workers: 'auto' }, 8)).toBe(8);
});

test('on one core, it is one process', () => {
  expect(workersOf({ workers: 'auto' }, 1)).toBe(1);
});

test('on a machine with very many cores, it has as many as a config may say', () => {
  expect(workersOf({ workers: 'auto' }, 192)).toBe(64);
});

test('it has as many as its config says, whatever the machine', () => {
  expect(workersOf({ workers: 3 }, 1)).toBe(3);
  expect(workersOf({ workers: 1 }, 8)).toBe(1);
});
