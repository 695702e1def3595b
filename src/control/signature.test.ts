import { describe, expect, test } from 'bun:test';
import { isSigned, sign } from './signature.ts';

const secret = 'a secret that is long enough for this';
const now = Date.UTC(2026, 10, 21);
const signed = sign(secret, 'POST', '/reload', now);

describe('a signature', () => {
  test('holds for five minutes, in both directions', () => {
    for (const offMs of [-300_000, -1, 0, 1, 300_000])
      expect(isSigned(signed, secret, 'POST', '/reload', now + offMs)).toBe(true);
    for (const offMs of [-300_001, 300_001])
      expect(isSigned(signed, secret, 'POST', '/reload', now + offMs)).toBe(false);
  });

  test('holds for one method, one path and one secret', () => {
    expect(isSigned(signed, secret, 'GET', '/reload', now)).toBe(false);
    expect(isSigned(signed, secret, 'POST', '/drain', now)).toBe(false);
    expect(isSigned(signed, `${secret}.`, 'POST', '/reload', now)).toBe(false);
  });

  test('holds for its own time only', () => {
    expect(isSigned(signed.replace(String(now), String(now + 1)), secret, 'POST', '/reload', now)).toBe(
      false,
    );
  });

  test.each([
    null,
    '',
    'Bearer x',
    'Meridian',
    signed.slice(0, -1),
    `${signed}0`,
    signed.toUpperCase(),
    ` ${signed}`,
  ])('%p is none', (text) => {
    expect(isSigned(text, secret, 'POST', '/reload', now)).toBe(false);
  });
});
