import { afterEach, describe, expect, test } from 'bun:test';
import type { Entry } from '../../../entry.ts';
import { formatReprDigest } from '../../../http/digest.ts';
import { accessField, restrictedValue } from '../../../identity.ts';
import { findFile } from './find.ts';
import {
  type Asked,
  alice,
  closeHomes,
  openTestHome,
  published,
  refusalOf,
  type TestHome,
  textOf,
} from './home.contract.ts';
import { serveDocument, serveFile } from './serve.ts';

afterEach(closeHomes);

async function served(home: TestHome, asked: Asked = {}, name = 'thing') {
  const at = home.as(alice, asked);
  const found = await findFile(at, name, 'a');
  if (found === null) throw new Error('there is no such file');
  return serveFile(found, 'application/gzip', at);
}

const storedAs = (etag: string | null) => ({ etag }) as Entry;

describe('a file that lives here', () => {
  test('comes with what every tier compares it with', async () => {
    const home = await openTestHome();
    await published(home, { files: { a: '0123456789' } });
    const answer = await served(home);
    expect(answer.status).toBe(200);
    const value = new Bun.CryptoHasher('sha256').update('0123456789').digest('base64');
    expect(answer.headers.get('repr-digest')).toBe(formatReprDigest({ algorithm: 'sha256', value }));
    expect(answer.headers.get('content-type')).toBe('application/gzip');
    expect(answer.headers.get('content-length')).toBe('10');
    expect(await answer.file?.text()).toBe('0123456789');
    expect(await textOf(answer)).toBe('0123456789');
  });

  test('is given in part, whose head alone is asked for, or confirmed', async () => {
    const home = await openTestHome();
    await published(home, { files: { a: '0123456789' } });
    const part = await served(home, { part: { range: 'bytes=2-4' } });
    expect([part.status, part.headers.get('content-range'), await textOf(part)]).toEqual([
      ...[206, 'bytes 2-4/10', '234'],
    ]);
    const other = await served(home, { part: { range: 'bytes=2-4', ifRange: '"other"' } });
    expect([other.status, await textOf(other)]).toEqual([200, '0123456789']);
    const head = await served(home, { method: 'HEAD' });
    expect([head.status, head.body, head.headers.get('content-length')]).toEqual([200, null, '10']);
    const same = await served(home, { stored: storedAs(head.headers.get('etag')) });
    expect([same.status, same.body]).toEqual([304, null]);
  });

  test('is kept by nobody else where only some may read it', async () => {
    const home = await openTestHome();
    await published(home, { files: { a: 'secret' } });
    await published(home, { name: 'open-thing', files: { a: 'public' } });
    const own = await served(home);
    expect(own.headers.get(accessField)).toBe(restrictedValue);
    expect(own.headers.get('cache-control')).toStartWith('private');
    const open = await served(home, {}, 'open-thing');
    expect(open.headers.get(accessField)).toBeNull();
    expect(open.headers.get('cache-control')).toStartWith('public');
  });

  test('whose bytes are missing is an error, and no empty answer', async () => {
    const home = await openTestHome();
    await published(home, { files: { a: 'bytes' } });
    const found = await findFile(home.as(alice), 'thing', 'a');
    if (found !== null) await home.stores.blobs.delete(found.blob);
    expect(await refusalOf(served(home))).toBe('blob-damaged');
  });

  test('bears a tag of its own, by which it is purged when it is replaced', async () => {
    const home = await openTestHome();
    await published(home, { files: { a: 'one', b: 'two' } });
    const tag = (await served(home)).headers.get('cache-tag') ?? '';
    home.purged.length = 0;
    await published(home, { files: { a: 'other' }, onExisting: 'replace' });
    expect(home.purged).toContainEqual({ by: 'tag', tag });
  });
});

test('an index that names what only some may read is for those who may read all', async () => {
  const home = await openTestHome();
  const document = { body: 'index', type: 'text/plain' };
  const open = serveDocument({ name: null }, document, home.as(alice));
  expect(open.headers.get(accessField)).toBeNull();
  const own = serveDocument({ name: null }, document, home.as(alice), { isRestricted: true });
  expect(own.headers.get(accessField)).toBe(restrictedValue);
  expect(own.headers.get('cache-control')).toBe('private, no-cache');
  const named = serveDocument({ name: 'thing' }, document, home.as(alice));
  expect(named.headers.get(accessField)).toBe(restrictedValue);
});
