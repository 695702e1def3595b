import { describe, expect, test } from 'bun:test';
import type { Item } from '../registry/ecosystem.ts';
import { go } from './go.ts';

const { read, write, needs, foresee } = go({ database: 'sum.example.com' });
const at = { read: async () => null };
const itemAt = (path: string): Item => {
  const found = read(`/${path}`, '');
  if (found.as !== 'item') throw new Error(`${path} is nothing that is read`);
  return found.item;
};

describe('go', () => {
  test('is told by the plain name of a module, and keeps it by its escaped one', () => {
    expect(itemAt('example.com/!m/@v/v1.0.0.zip')).toMatchObject({
      ...{
        kind: 'zip',
        name: 'example.com/M',
        version: 'v1.0.0',
        isFile: true,
        path: 'example.com/!m/@v/v1.0.0.zip',
      },
    });
    expect(itemAt('sumdb/sum.example.com/lookup/example.com/!m@v1.0.0').name).toBe('example.com/M');
    expect(itemAt('sumdb/sum.example.com/tile/8/0/000').name).toBeNull();
  });

  test('needs of a locked version what go asks for, and of one that is only chosen from its go.mod', async () => {
    const wanted = { name: 'example.com/M', version: 'v1.0.0', integrity: 'h1:x' };
    const paths = (await needs?.(wanted, at))?.map(({ path }) => path);
    expect(paths).toEqual([
      '/example.com/!m/@v/v1.0.0.info',
      '/example.com/!m/@v/v1.0.0.mod',
      '/example.com/!m/@v/v1.0.0.zip',
    ]);
    expect(await needs?.({ ...wanted, version: 'v1.0.0/go.mod' }, at)).toEqual([
      { path: '/example.com/!m/@v/v1.0.0.mod' },
    ]);
  });

  test('needs nothing of what no module is called', async () => {
    for (const [name, version] of [
      ['../m', 'v1.0.0'],
      ['example.com/m', 'main'],
    ] as const) {
      expect(await needs?.({ name, version, integrity: null }, at)).toEqual([]);
    }
  });

  test('foresees the go.mod and the zip of whoever has asked about a version', () => {
    const info = Buffer.from('{"Version":"v1.1.0","Time":"2026-01-01T00:00:00Z"}');
    const next = (path: string) => foresee?.(itemAt(path), info).map((item) => item.path);
    expect(next('example.com/m/@v/v1.1.0.info')).toEqual([
      'example.com/m/@v/v1.1.0.mod',
      'example.com/m/@v/v1.1.0.zip',
    ]);
    expect(next('example.com/m/@latest')).toEqual(['example.com/m/@v/v1.1.0.mod']);
    expect(next('example.com/m/@v/v1.1.0.mod')).toEqual([]);
    expect(next('sumdb/sum.example.com/latest')).toEqual([]);
  });

  test('takes modules by PUT, takes them away by DELETE, and knows nothing else', () => {
    const ways = [
      ['PUT', '/example.com/m/@v/v1.0.0.zip', 'upload'],
      ['PUT', '/example.com/m/@v/v1.0.0.source', 'source'],
      ['DELETE', '/example.com/m/@v/v1.0.0.zip', 'remove'],
    ] as const;
    for (const [method, path, what] of ways) {
      expect(write?.(method, path, '')).toMatchObject({ as: 'change', what, name: 'example.com/m' });
    }
    for (const [method, path] of [
      ['POST', '/example.com/m/@v/v1.0.0.zip'],
      ['PUT', '/example.com/m/@v/v1.0.0.mod'],
      ['PUT', '/example.com/m/@v/master.zip'],
      ['DELETE', '/example.com/m/@v/v1.0.0.source'],
    ] as const) {
      expect(write?.(method, path, '')).toBeNull();
    }
    expect(write?.('PUT', '/example.com/../m/@v/v1.0.0.zip', '')).toHaveProperty('as', 'malformed');
  });
});
