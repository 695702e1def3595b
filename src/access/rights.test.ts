import { describe, expect, test } from 'bun:test';
import type { Deed, Right } from '../identity.ts';
import { allowing } from './rights.ts';

const deed = (changed: Partial<Deed> = {}): Deed => ({
  action: 'read',
  route: 'npm',
  subject: '@acme/ui',
  restricted: false,
  ...changed,
});
const readAll: Right = { actions: ['read'], routes: ['*'], subjects: ['*'] };
const publishAcme: Right = { actions: ['read', 'publish'], routes: ['npm'], subjects: ['@acme/*'] };

describe('a right', () => {
  test('of everybody is for what is not restricted', () => {
    const may = allowing({ common: [readAll], own: [], limit: null });
    expect(may(deed())).toBe(true);
    expect(may(deed({ restricted: true }))).toBe(false);
  });

  test('of his own is for what is restricted, too', () => {
    const may = allowing({ common: [], own: [publishAcme], limit: null });
    expect(may(deed({ restricted: true }))).toBe(true);
    expect(may(deed({ action: 'publish' }))).toBe(true);
  });

  test('ends at its actions, its routes and its subjects', () => {
    const may = allowing({ common: [], own: [publishAcme], limit: null });
    expect(may(deed({ action: 'delete' }))).toBe(false);
    expect(may(deed({ route: 'web' }))).toBe(false);
    expect(may(deed({ subject: 'lodash' }))).toBe(false);
  });

  test('is not put together out of two', () => {
    const may = allowing({
      common: [],
      own: [
        { actions: ['publish'], routes: ['npm'], subjects: ['a'] },
        { actions: ['read'], routes: ['npm'], subjects: ['b'] },
      ],
      limit: null,
    });
    expect(may(deed({ action: 'publish', subject: 'b' }))).toBe(false);
  });

  test('is no more than what the token was made for', () => {
    const limited = { common: [readAll], own: [publishAcme] };
    const readOnly = allowing({ ...limited, limit: [{ ...readAll }] });
    expect(readOnly(deed())).toBe(true);
    expect(readOnly(deed({ action: 'publish' }))).toBe(false);
    const nothing = allowing({ ...limited, limit: [] });
    expect(nothing(deed())).toBe(false);
  });

  test('does not come from the token alone', () => {
    const all: Right = { actions: ['read', 'publish', 'delete', 'admin'], routes: ['*'], subjects: ['*'] };
    const may = allowing({ common: [], own: [], limit: [all] });
    expect(may(deed())).toBe(false);
  });
});
