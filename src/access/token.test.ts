import { describe, expect, test } from 'bun:test';
import { asToken, hashOfToken, makeToken } from './token.ts';

describe('a token', () => {
  test('is recognised, and no two are alike', () => {
    const made = Array.from({ length: 1_000 }, makeToken);
    for (const token of made) expect(asToken(token)).toBe(token);
    expect(new Set(made).size).toBe(made.length);
    expect(made[0]).toMatch(/^mrd_[0-9A-Za-z]{38}$/);
  });

  test('with one character changed is none', () => {
    const token = makeToken();
    for (let at = 0; at < token.length; at++) {
      const other = token.charAt(at) === 'x' ? 'y' : 'x';
      expect(asToken(token.slice(0, at) + other + token.slice(at + 1))).toBeUndefined();
    }
  });

  test('has a check sum that never changes', () => {
    const text = 'mrd_0123456789ABCDEFGHIJKLMNOPQRSTUV1ggZdL';
    expect<string | undefined>(asToken(text)).toBe(text);
  });

  for (const text of [
    '',
    'mrd_',
    'npm_0123456789abcdefghijklmnopqrstuvwxyz0123',
    ` ${makeToken()}`,
    `${makeToken()}x`,
  ])
    test(`is not "${text.slice(0, 12)}…" (${text.length} characters)`, () =>
      expect(asToken(text)).toBeUndefined());

  test('is kept as a hash of 43 characters', () => {
    const token = makeToken();
    expect(hashOfToken(token)).toMatch(/^[\w-]{43}$/);
    expect(hashOfToken(token)).toBe(hashOfToken(token));
    expect(hashOfToken(token)).not.toBe(hashOfToken(makeToken()));
  });
});
