import { expect, test } from 'bun:test';
import { etagOf, reprDigestOf } from './integrity.ts';

const hash = (algorithm: 'sha1' | 'sha256' | 'sha512') =>
  new Bun.CryptoHasher(algorithm).update('bytes').digest('base64');

test('the strongest digest counts', () => {
  const all = `sha1-${hash('sha1')} sha512-${hash('sha512')} sha256-${hash('sha256')}`;
  expect(reprDigestOf(all, undefined)).toBe(`sha-512=:${hash('sha512')}:`);
  expect(reprDigestOf(`sha256-${hash('sha256')}\n sha1-${hash('sha1')}`, null)).toBe(
    `sha-256=:${hash('sha256')}:`,
  );
  expect(reprDigestOf(`sha512-${hash('sha512')}?option`, null)).toBe(`sha-512=:${hash('sha512')}:`);
});

test('a digest of an unknown kind or of the wrong length does not', () => {
  const shasum = Buffer.from(hash('sha1'), 'base64').toString('hex');
  expect(reprDigestOf('md5-1B2M2Y8AsgTpgAmY7PhCfg==', shasum)).toBe(`sha=:${hash('sha1')}:`);
  expect(reprDigestOf(`sha512-${hash('sha256')}`, shasum)).toBe(`sha=:${hash('sha1')}:`);
  expect(reprDigestOf('md5-1B2M2Y8AsgTpgAmY7PhCfg==', undefined)).toBeNull();
  expect(reprDigestOf(undefined, shasum.slice(2))).toBeNull();
  expect(reprDigestOf(7, ['x'])).toBeNull();
});

test('the same bytes have the same strong entity tag everywhere', () => {
  expect(etagOf(`sha-256=:${hash('sha256')}:`)).toMatch(/^"[\w-]{27}"$/);
  expect(etagOf('sha-256=:+/+/+/==:')).toBe('"-_-_-_"');
});
