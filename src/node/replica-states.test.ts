import { expect, test } from 'bun:test';
import type { PrefetchList } from '../foresight.ts';
import type { ProcessProgress } from '../prefetch/wire.ts';
import { type MeantNode, replicaStates } from './replica-states.ts';

const atMs = 1_000;
const items = ['/a', '/b', '/c'].map((target) => ({ target, bytes: 10, etag: null }));
const list: PrefetchList = { route: 'npm', group: 'id', to: ['lhr'], items, error: null, atMs };

function said(
  worker: string,
  counts: Partial<ProcessProgress['groups'][number]>,
  lookedMs = atMs,
): ProcessProgress {
  const none = { wanted: 0, present: 0, wantedBytes: 0, missingBytes: 0, beyondBytes: 0, error: null };
  const groups = [{ route: 'npm', group: 'id', atMs, ...none, ...counts }];
  return { node: worker.replace(/\.\d+$/, ''), worker, toldMs: 5_000, lookedMs, groups };
}

const pop = (name: string): MeantNode => ({ name, role: 'pop' });

function stateOf(heard: readonly ProcessProgress[], living: readonly string[], nodes = [pop('lhr')]) {
  const told = { lists: [list], to: ['lhr'], isGrowing: false };
  return replicaStates(told, { nodes, heard, living }).map(({ node, state, wanted, present }) => {
    return [node, state, `${present}/${wanted}`];
  });
}

test('a node is whole when all its workers that live have looked, and have together what there is', () => {
  const one = said('lhr.1', { wanted: 2, present: 2 });
  const two = said('lhr.2', { wanted: 1, present: 1 });
  expect(stateOf([one], ['lhr.1', 'lhr.2'])).toEqual([['lhr', 'coming', '2/3']]);
  expect(stateOf([one, said('lhr.2', {}, atMs - 1)], ['lhr.1', 'lhr.2'])).toEqual([['lhr', 'coming', '2/3']]);
  expect(stateOf([one, two], ['lhr.1', 'lhr.2'])).toEqual([['lhr', 'whole', '3/3']]);
});

test('what is missing is coming, or failing, or has no room', () => {
  const counts = { wanted: 3, present: 1, missingBytes: 20 };
  expect(stateOf([said('lhr', counts)], ['lhr'])).toEqual([['lhr', 'coming', '1/3']]);
  expect(stateOf([said('lhr', { ...counts, error: 'no' })], ['lhr'])).toEqual([['lhr', 'failing', '1/3']]);
  expect(stateOf([said('lhr', { ...counts, beyondBytes: 20 })], ['lhr'])).toEqual([['lhr', 'beyond', '1/3']]);
});

test('a node that does not live is away, and one that is not meant is not told of', () => {
  const nodes = [pop('lhr'), pop('nrt'), { name: 'origin', role: 'origin' } as const];
  expect(stateOf([said('lhr', { wanted: 3, present: 3 })], [], nodes)).toEqual([['lhr', 'away', '3/3']]);
});

test('what one node of a ring shall have, any of them may keep', () => {
  const ring = { name: 'crew' } as NonNullable<MeantNode['ring']>;
  const nodes = ['lhr', 'lhr-b'].map((name) => ({ ...pop(name), ring }));
  const heard = [said('lhr.1', { wanted: 1, present: 1 }), said('lhr-b.1', { wanted: 2, present: 2 })];
  expect(stateOf(heard, ['lhr.1', 'lhr-b.1'], nodes)).toEqual([['lhr', 'whole', '3/3']]);
});
