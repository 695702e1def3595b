import { describe, expect, test } from 'bun:test';
import { cachingPolicy } from './targeted.ts';

const policy = (fields: Record<string, string>) => cachingPolicy(new Headers(fields));
const general = { 'cache-control': 'max-age=1' };

describe('a targeted field (RFC 9213)', () => {
  test('counts instead of Cache-Control', () => {
    const { control, isTargeted } = policy({ ...general, 'cdn-cache-control': 'max-age=60, no-transform' });
    expect([control.maxAge, control.noTransform, isTargeted]).toEqual([60, true, true]);
  });

  test('counts less than the one for Meridian alone', () => {
    const fields = { 'cdn-cache-control': 'max-age=60', 'meridian-cdn-cache-control': 'no-store' };
    expect(policy(fields).control).toMatchObject({ noStore: true, maxAge: undefined });
  });

  test('may name fields, carry parameters, and say what nobody knows', () => {
    const { control } = policy({ 'cdn-cache-control': 'max-age=60;a=1, private="x, y", foo, bar=(1 2)' });
    expect(control).toMatchObject({ maxAge: 60, private: ['x', 'y'] });
  });

  test('says nothing with a flag that is false', () => {
    const { control, isTargeted } = policy({ ...general, 'cdn-cache-control': 'no-store=?0' });
    expect([control.noStore, control.maxAge, isTargeted]).toEqual([false, undefined, true]);
  });

  const ignored = [
    '',
    'max-age=60, &&&',
    'max-age="60"',
    'MAX-AGE=60',
    'max-age=1.5',
    'no-store=1',
    'private=x',
  ];
  test.each([...ignored, 'max-age =60', 'max-age'])('is ignored as a whole: %p', (value) => {
    expect(policy({ ...general, 'cdn-cache-control': value })).toMatchObject({
      control: { maxAge: 1 },
      isTargeted: false,
    });
  });
});
