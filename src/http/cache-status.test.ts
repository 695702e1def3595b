import { describe, expect, test } from 'bun:test';
import { type CacheStatus, formatCacheStatus, parseCacheStatus } from './cache-status.ts';

/** Without the parameters that are not there. */
function parsed(value: string): Partial<CacheStatus>[] {
  return parseCacheStatus(value).map((member) =>
    Object.fromEntries(Object.entries(member).filter(([, is]) => is)),
  );
}

describe('a member is written', () => {
  test('for a hit', () => {
    expect(formatCacheStatus({ cache: 'pop-1', hit: true, ttl: 376 })).toBe('pop-1;hit;ttl=376');
    expect(formatCacheStatus({ cache: 'pop-1', hit: true, ttl: -30.9, detail: 'disk' })).toBe(
      'pop-1;hit;ttl=-30;detail=disk',
    );
  });

  test('for a miss', () => {
    const status = {
      cache: 'shield',
      hit: false,
      fwd: 'uri-miss',
      fwdStatus: 200,
      ttl: 60,
      stored: true,
      collapsed: true,
    };
    expect(formatCacheStatus(status)).toBe('shield;fwd=uri-miss;fwd-status=200;stored;collapsed;ttl=60');
    expect(formatCacheStatus({ cache: 'shield', fwd: 'bypass', stored: false })).toBe('shield;fwd=bypass');
  });

  test('with a string where a token will not do', () => {
    expect(formatCacheStatus({ cache: '1st "pop"' })).toBe('"1st \\"pop\\""');
    expect(formatCacheStatus({ cache: 'ü' })).toBe('"?"');
    expect(formatCacheStatus({ cache: 'a', key: 'k', detail: 'two words' })).toBe(
      'a;key="k";detail="two words"',
    );
    expect(formatCacheStatus({ cache: 'a', detail: 'x\r\nSet-Cookie: y' })).toBe(
      'a;detail="x??Set-Cookie: y"',
    );
  });

  test('with hit or fwd, never both', () => {
    expect(formatCacheStatus({ cache: 'a', hit: true, fwd: 'stale', fwdStatus: 304 })).toBe('a;hit');
    expect(formatCacheStatus({ cache: 'a', hit: false, fwd: null })).toBe('a');
  });

  test('with integers only', () => {
    expect(formatCacheStatus({ cache: 'a', ttl: Infinity })).toBe('a;ttl=999999999999999');
    expect(formatCacheStatus({ cache: 'a', ttl: -0.5 })).toBe('a;ttl=0');
    expect(formatCacheStatus({ cache: 'a', ttl: NaN })).toBe('a;ttl=0');
  });
});

describe('a field is read', () => {
  test('with all its members and parameters', () => {
    expect(
      parsed('OriginCache; hit; ttl=1100, "CDN Company Here"; fwd=stale; fwd-status=304; collapsed; stored'),
    ).toEqual([
      { cache: 'OriginCache', hit: true, ttl: 1100 },
      { cache: 'CDN Company Here', fwd: 'stale', fwdStatus: 304, collapsed: true, stored: true },
    ]);
    expect(parsed('a;key="/x";detail=memory;unknown=1')).toEqual([
      { cache: 'a', key: '/x', detail: 'memory' },
    ]);
    expect(parsed('a;hit=?0;fwd="miss"')).toEqual([{ cache: 'a', fwd: 'miss' }]);
  });

  test('without what has the wrong type', () => {
    expect(parsed('a;ttl=soon;hit=1, 7, (a b)')).toEqual([{ cache: 'a' }]);
  });

  test('as nothing when it is malformed', () => {
    for (const value of ['', 'a;', 'a,', 'a b', '"a', 'a;Hit']) expect(parseCacheStatus(value)).toEqual([]);
  });
});
