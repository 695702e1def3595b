import { describe, expect, test } from 'bun:test';
import { makeToken } from './token.ts';
import { isTokenInAddress, mayHoldToken } from './traces.ts';

const token = makeToken();

describe('a token is found in a field', () => {
  const fields: Record<string, string> = {
    'as it is': `Bearer ${token}`,
    mistyped: `Bearer ${token.slice(0, -3)}`,
    'among cookies': `a=b; session=${token}; c=d`,
    'in Base64, at any place': `Basic ${btoa(`alice:${token}`)}`,
    'in Base64, a sign later': `Basic ${btoa(`al:${token}`)}`,
    'in Base64, another sign later': `Basic ${btoa(`a:${token}`)}`,
    'in Base64, with a line break': `Basic ${btoa(`alice:${token}\n`)}`,
    'in Base64 for addresses': Buffer.from(`ÿÿÿ:${token}`, 'latin1').toString('base64url'),
  };
  for (const [how, value] of Object.entries(fields)) test(how, () => expect(mayHoldToken(value)).toBe(true));

  test('and not where there is none', () => {
    for (const value of [
      'Bearer npm_abcdefghijklmnopqrstuvwxyz0123456789',
      `Basic ${btoa('alice:a long password indeed, yes')}`,
      '"etag"',
    ])
      expect(mayHoldToken(value)).toBe(false);
  });
});

describe('an address', () => {
  test('is one with a token', () => {
    for (const target of [
      `/a?token=${token}`,
      `/${token}/b`,
      `/a?t=${token.replace('_', '%5f')}`,
      `/a?${token.slice(0, 38)}`,
    ])
      expect(isTokenInAddress(target)).toBe(true);
  });

  test('is none with a name that begins like one', () => {
    for (const target of ['/mrd_report.pdf', '/packages/mrd_', '/'])
      expect(isTokenInAddress(target)).toBe(false);
  });
});
