import { expect, test } from 'bun:test';
import { type NodeConfig, parseNetwork } from '../config/network.ts';
import { workersOf } from './worker-count.ts';

/** What a config says that names only what it has to, and one that says a number. */
function nodesOf(): Readonly<Record<string, NodeConfig>> {
  const node = (role: string, port: number) => ({ role, listen: [{ port }], parents: ['origin'] });
  const nodes = {
    origin: { role: 'origin', listen: [{ port: 1 }] },
    shield: node('shield', 2),
    pop: node('pop', 3),
    small: { ...node('pop', 4), workers: 1 },
  };
  const input = { nodes, routes: [{ protocol: 'npm' }] };
  const parsed = parseNetwork(input, { configDir: '/srv', env: {}, overrides: {} });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.mistakes));
  return parsed.network.nodes;
}

test('PoPs and shields use every core unless they say a number, and an origin uses one', () => {
  const counts = Object.entries(nodesOf()).map(([name, node]) => [name, workersOf(node, 8)]);
  expect(Object.fromEntries(counts)).toEqual({ origin: 1, shield: 8, pop: 8, small: 1 });
});

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
