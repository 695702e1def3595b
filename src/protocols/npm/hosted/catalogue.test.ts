/** What a search finds, at the origin that made a change and at others. */
import { afterEach, expect, test } from 'bun:test';
import { z } from 'zod';
import { virtualClock } from '../../../../test/support/index.ts';
import type { DocumentReader, Scan } from '../../../store.ts';
import { closeWorld } from '../world.contract.ts';
import { openCatalogue } from './catalogue.ts';
import { forgetChanges } from './changes.ts';
import { alice, type Home, openHome, published, someone } from './home.contract.ts';
import { packageKey } from './record.ts';

afterEach(closeWorld);

const results = z.object({ objects: z.array(z.object({ package: z.object({ name: z.string() }) })) });

async function found(home: Home, text: string, identity = alice): Promise<string[]> {
  const answer = await home.as(identity, 'GET', `/-/v1/search?text=${encodeURIComponent(text)}`);
  return results.parse(JSON.parse(answer.text)).objects.map((each) => each.package.name);
}

test('a change is found at once, whichever origin has made it', async () => {
  const one = await openHome();
  const other = one.again();
  await published(one, '@acme/button', '1.0.0', { manifest: { description: 'to push' } });
  expect([await found(one, 'push'), await found(other, 'push')]).toEqual([
    ['@acme/button'],
    ['@acme/button'],
  ]);
  await published(other, '@acme/button', '1.1.0', {
    manifest: { description: 'to Press', keywords: ['UI'] },
  });
  await published(other, '@acme/lever', '1.0.0', { manifest: { description: 'to press down' } });
  for (const home of [one, other]) {
    expect(await found(home, 'press')).toEqual(['@acme/button', '@acme/lever']);
    expect(await found(home, 'keywords:ui')).toEqual(['@acme/button']);
    expect(await found(home, 'push')).toEqual([]);
  }
  const { _rev } = JSON.parse((await one.as(alice, 'GET', '/@acme%2flever?write=true')).text);
  expect((await one.as(alice, 'DELETE', `/@acme%2flever/-rev/${_rev}`)).status).toBe(200);
  expect(await found(other, 'press')).toEqual(['@acme/button']);
});

test('what is restricted is found by those only who may read it', async () => {
  const home = await openHome();
  await published(home, '@acme/open', '1.0.0', { access: 'public' });
  await published(home, '@acme/secret', '1.0.0', { access: 'restricted' });
  expect(await found(home, 'acme')).toEqual(['@acme/open', '@acme/secret']);
  expect(await found(home, 'acme', someone('mallory'))).toEqual(['@acme/open']);
});

/** Counts the packages that are read. */
function counting(reader: DocumentReader) {
  const seen = { scans: 0, gets: 0 };
  const counted: DocumentReader = {
    get(key) {
      seen.gets++;
      return reader.get(key);
    },
    scan(prefix, scan?: Scan) {
      if (prefix[0] === 'npm-package') seen.scans++;
      return reader.scan(prefix, scan);
    },
  };
  return { seen, counted };
}

test('packages are read once, and then those that have changed', async () => {
  const { stores } = await openHome();
  const clock = virtualClock();
  const catalogue = openCatalogue({ route: 'npm', clock });
  const { seen, counted } = counting(stores.metadata);
  const names = async () => [...(await catalogue.listed(counted)).packages.keys()];
  const put = (name: string, atMs: number) =>
    stores.metadata.transact(async (transaction) => {
      const latest = { version: '1.0.0', description: '', keywords: [], publisher: 'alice' };
      const rest = { access: 'public', tags: {}, versions: {}, deprecated: {}, owners: [] };
      const key = packageKey('npm', name);
      await transaction.put(key, { ...rest, latest, createdMs: 0, modifiedMs: 0 });
      await transaction.put(['npm-changed', 'npm', String(atMs).padStart(16, '0'), name], { name });
    });
  await put('one', clock.now());
  expect(await names()).toEqual(['one']);
  await Promise.all([names(), names(), names()]);
  expect(seen).toEqual({ scans: 1, gets: 1 });
  // By the clock of another origin, which is minutes behind.
  await put('two', clock.now() - 299_000);
  expect(await names()).toEqual(['one', 'two']);
  clock.advance(1_000_000);
  expect(await names()).toEqual(['one', 'two']);
  expect(seen).toEqual({ scans: 1, gets: 2 });
  // Nobody has looked for so long that the notes may be gone.
  clock.advance(3_000_000);
  await forgetChanges(stores.metadata, 'npm', clock.now());
  expect(await stores.metadata.scan(['npm-changed'])).toEqual([]);
  expect(await names()).toEqual(['one', 'two']);
  expect(seen.scans).toBe(2);
});
