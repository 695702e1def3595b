import { expect, test } from 'bun:test';
import type { NodeState } from './api.ts';
import { total } from './counts.ts';
import { arcsOf, healthOf, nodesOf } from './network-node.ts';

const counted = (requests: number, layer = 'memory') => ({
  layers: { [layer]: { requests, bytes: requests, buckets: [requests] } },
  errors: 0,
  routes: {},
});
const state = (node: string, more: Partial<NodeState> = {}): NodeState => ({
  ...{ node, role: 'pop', worker: 0, startedMs: 0, heardMs: 1000, version: '1.0.0', urls: [], fills: 1 },
  ...{
    memory: { entries: 1, bytes: 10, limitBytes: 100 },
    disk: null,
    rssBytes: 5,
    parents: [],
    place: null,
    predict: null,
  },
  ...{ counts: counted(10), recent: { ms: 10_000, counts: counted(20) }, trouble: [], silent: false },
  ...more,
});

test('workers of a node are one node', () => {
  const [node] = nodesOf([state('fra', { worker: 1 }), state('fra', { worker: 2, heardMs: 2000 })]);
  expect(node?.memory).toEqual({ entries: 2, bytes: 20, limitBytes: 200 });
  expect(node).toMatchObject({ rssBytes: 10, fills: 2, heardMs: 2000, isSilent: false });
  expect(total(node!.counts, 'requests')).toBe(20);
  expect(total(node!.perS, 'requests')).toBe(4);
});

test('a worker that has gone silent is trouble; a node of which all have is silent, and does nothing', () => {
  const [half] = nodesOf([state('fra', { worker: 1 }), state('fra', { worker: 2, silent: true })]);
  expect(healthOf(half!)).toMatchObject({ kind: 'warn', reasons: ['Its worker 2 has gone silent.'] });
  expect(half?.memory.entries).toBe(1);
  const [none] = nodesOf([state('fra', { silent: true })]);
  expect(healthOf(none!)).toMatchObject({ kind: 'bad', label: 'Silent' });
  expect(total(none!.perS, 'requests')).toBe(0);
});

test('trouble is told in sentences', () => {
  const [node] = nodesOf([state('fra', { trouble: ['parent eu', 'bus'] })]);
  expect(healthOf(node!).reasons).toEqual(['It passes over eu, which fails.', 'It cannot reach the bus.']);
});

test('an arc goes to the first parent that is up, with what was asked of it; the others stand by', () => {
  const fra = { parents: ['eu', 'us'], recent: { ms: 10_000, counts: counted(30, 'shield') } };
  const shields = [state('eu', { role: 'shield' }), state('us', { role: 'shield' })];
  const asked = (of: NodeState) =>
    arcsOf(nodesOf([of, ...shields])).map(({ parent, isAsked, requestsPerS }) => [
      parent.name,
      isAsked,
      requestsPerS,
    ]);
  expect(asked(state('fra', fra))).toEqual([
    ['eu', true, 3],
    ['us', false, 0],
  ]);
  expect(asked(state('fra', { ...fra, trouble: ['parent eu'] }))).toEqual([
    ['eu', false, 0],
    ['us', true, 3],
  ]);
});
