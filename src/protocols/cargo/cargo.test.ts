import { describe, expect, test } from 'bun:test';
import { cargo } from './cargo.ts';
import { crateItem, indexItem } from './item.ts';

const { read, write, needs, foresee, challenge, error } = cargo({ authRequired: false });
const line = (vers: string, yanked = false) =>
  JSON.stringify({
    name: 'Serde',
    vers,
    deps: [],
    cksum: vers.length.toString(16).repeat(64).slice(0, 64),
    yanked,
  });
const index = Buffer.from([line('1.0.0'), line('1.0.1'), line('1.0.2', true), line('1.1.0-rc.1')].join('\n'));

describe('cargo', () => {
  test('reads an index and crates by the name in lower case', () => {
    expect(read('/se/rd/Serde', '')).toEqual({ as: 'item', item: indexItem('serde') });
    expect(read('/api/v1/crates/Serde/1.0.0/download', '')).toEqual({
      as: 'item',
      item: crateItem('serde', '1.0.0'),
    });
    expect(read('/api/v1/crates', '?q=x')).toMatchObject({ as: 'pass', what: 'search', name: null });
    expect(read('/se/rd/%2e%2e', '')).toHaveProperty('as', 'malformed');
    expect(read('/api/v1/crates/serde/1.0.0/yank', '')).toHaveProperty('as', 'absent');
  });

  test('needs of a locked version its index and its file, with the sum of the lock file', async () => {
    const at = { read: async (path: string) => (path === '/se/rd/serde' ? index : null) };
    const sum = 'c'.repeat(64);
    const wanted = { name: 'serde', version: '1.0.0', integrity: `sha256:${sum}` };
    const file = '/api/v1/crates/serde/1.0.0/download';
    expect(await needs?.(wanted, at)).toEqual([{ path: '/se/rd/serde' }, { path: file, sha256: sum }]);
    expect((await needs?.({ ...wanted, integrity: null }, at))?.at(-1)?.sha256).toBe('5'.repeat(64));
    for (const version of ['9.9.9', 'main']) expect(await needs?.({ ...wanted, version }, at)).toEqual([]);
  });

  test('foresees the newest version that is neither yanked nor a pre-release', () => {
    expect(foresee?.(indexItem('serde'), index)).toEqual([crateItem('serde', '1.0.1')]);
    expect(foresee?.(indexItem('serde'), Buffer.from(''))).toEqual([]);
    expect(foresee?.(crateItem('serde', '1.0.0'), index)).toEqual([]);
  });

  test('lets cargo do what its commands do', () => {
    const ways = [
      ['PUT', '/api/v1/crates/new', 'publish', null],
      ['DELETE', '/api/v1/crates/serde/1.0.0/yank', 'yank', 'serde'],
      ['PUT', '/api/v1/crates/serde/1.0.0/unyank', 'unyank', 'serde'],
      ['DELETE', '/api/v1/crates/serde/owners', 'change-owners', 'serde'],
    ] as const;
    for (const [method, path, what, name] of ways)
      expect(write?.(method, path, '')).toMatchObject({ as: 'change', what, name });
    expect(write?.('DELETE', '/se/rd/serde', '')).toBeNull();
    expect(write?.('PUT', '/api/v1/crates/serde/1.0.0/yank', '')).toBeNull();
  });

  test('is told of errors, and where to log in, in its own words', () => {
    expect(error?.(403, 'no')).toEqual({ type: 'application/json', body: '{"errors":[{"detail":"no"}]}' });
    expect(challenge?.('https://a.example/cargo')).toBe('Cargo login_url="https://a.example/cargo/me"');
  });
});
