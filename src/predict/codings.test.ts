import { expect, test } from 'bun:test';
import { openCodings } from './codings.ts';

const pip = 'pip/23.2.1 {"ci":true}';

test('what a program takes for one kind says nothing of another', () => {
  const codings = openCodings();
  codings.saw('pypi', 'project', pip, 'gzip, deflate');
  codings.saw('pypi', 'metadata', pip, 'identity');
  expect(codings.of('pypi', 'project', pip, 'identity')).toBe('gzip, deflate');
  expect(codings.of('pypi', 'metadata', pip, 'gzip, deflate')).toBe('identity');
  expect(codings.of('pypi', 'file', pip, 'identity')).toBeNull();
  expect(codings.of('mine', 'project', pip, 'identity')).toBeNull();
});

test('another version does as the ones that are known, until it has asked itself; another program does not', () => {
  const codings = openCodings();
  for (let times = 0; times < 9; times++) codings.saw('pypi', 'project', pip, 'gzip, deflate');
  expect(codings.of('pypi', 'project', 'pip/26.0 {}', 'identity')).toBe('gzip, deflate');
  expect(codings.of('pypi', 'project', 'uv/0.9 {}', 'identity')).toBeNull();
  codings.saw('pypi', 'project', 'pip/26.0 {}', 'gzip, zstd');
  expect(codings.of('pypi', 'project', 'pip/26.0 {}', 'identity')).toBe('gzip, zstd');
});

test('of programs that are called the same, each goes on as it began, unless hardly any do so', () => {
  const codings = openCodings();
  const browser = 'Mozilla/5.0 (X11; Linux x86_64)';
  for (let times = 0; times < 100; times++) codings.saw('web', 'page', browser, 'gzip, br');
  for (let times = 0; times < 30; times++) codings.saw('web', 'page', browser, 'gzip');
  codings.saw('web', 'page', browser, 'identity');
  expect(codings.of('web', 'page', browser, 'gzip')).toBe('gzip');
  expect(codings.of('web', 'page', browser, 'identity')).toBe('gzip, br');
  expect(codings.all('web', 'page')).toEqual(['gzip, br', 'gzip', 'identity']);
  expect(codings.all('web', 'script')).toEqual([]);
});

test('it is there again after a restart', () => {
  const codings = openCodings();
  codings.saw('pypi', 'metadata', pip, 'identity');
  codings.saw('pypi', 'metadata', pip, 'identity');
  codings.saw('npm', 'packument', 'npm/10', '');
  const again = openCodings();
  again.restore(codings.rows());
  expect(again.of('pypi', 'metadata', pip, 'gzip')).toBe('identity');
  expect(again.of('npm', 'packument', 'npm/10', 'gzip')).toBe('');
  expect(again.rows()).toEqual(codings.rows());
});

test('who comes with many names or without end drives nobody out', () => {
  const codings = openCodings();
  for (let nth = 0; nth < 1_000; nth++) {
    codings.saw('npm', 'packument', 'npm/10', 'gzip');
    codings.saw('npm', 'packument', `odd/${nth}`, 'br');
    codings.saw('npm', `kind-${nth}`, 'npm/10', 'gzip');
  }
  codings.saw('npm', 'packument', 'a'.repeat(1_000), 'gzip');
  expect(codings.of('npm', 'packument', 'npm/10', 'br')).toBe('gzip');
  expect(codings.rows().length).toBeLessThanOrEqual(64 + 256);
});
