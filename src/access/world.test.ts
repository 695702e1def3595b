import { describe, expect, test } from 'bun:test';
import type { Grant, Grantee } from './record.ts';
import { commonRights, openTo, ownRights, type World } from './world.ts';

function worldOf(grants: readonly (readonly [id: string, to: Grantee])[], disabled = false): World {
  const given = (id: string, to: Grantee): Grant => ({
    ...{ id, to, createdMs: 0, by: 'user:root' },
    ...{ actions: ['read'], routes: ['*'], subjects: [id] },
  });
  return {
    open: openTo(['web']),
    users: new Map([['alice', { name: 'alice', email: null, createdMs: 0, disabled }]]),
    teams: new Map([['core', { name: 'core', createdMs: 0, members: ['alice'] }]]),
    grants: new Map(grants.map(([id, to]) => [id, given(id, to)])),
  };
}
const grants = [
  ['a', 'everyone'],
  ['b', 'users'],
  ['c', 'user:alice'],
  ['d', 'team:core'],
  ['e', 'team:other'],
  ['f', 'user:bob'],
  ['g', 'machine:alice'],
] as const;
const subjects = (rights: ReturnType<typeof ownRights>) => rights?.flatMap((right) => right.subjects);

describe('rights', () => {
  test('of everybody are those of the config and those that are given to everybody', () =>
    expect(subjects(commonRights(worldOf(grants)))).toEqual(['*', 'a']));

  test('of a user are his own, those of his teams, and those of all users', () =>
    expect(subjects(ownRights(worldOf(grants), 'user:alice'))).toEqual(['b', 'c', 'd']));

  test('of a machine are its own, and none of a user of the same name', () =>
    expect(subjects(ownRights(worldOf(grants), 'machine:alice'))).toEqual(['g']));

  test('of nobody, and of somebody who is disabled, are none', () => {
    expect(ownRights(worldOf(grants), 'user:mallory')).toBeNull();
    expect(ownRights(worldOf(grants, true), 'user:alice')).toBeNull();
  });
});
