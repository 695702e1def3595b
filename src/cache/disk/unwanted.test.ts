/** What came ahead and nobody has come for: when the disk is full, it goes first. */
import { afterEach, beforeEach, expect, test } from 'bun:test';
import { virtualClock } from '../../../test/support/clock.ts';
import { type Temporary, temporary } from '../../../test/support/temporary.ts';
import type { Entry } from '../../entry.ts';
import type { CacheKey } from '../../resource.ts';
import { type Disk, openDisk } from './disk.ts';
import { entryBytes } from './index.ts';
import { sha256Of } from './objects.ts';

const none = new Headers();
const key = (name: string) => name as CacheKey;
const size = 3000;
const clock = virtualClock();
let folder: Temporary;
let tier: Disk;

beforeEach(() => {
  folder = temporary('unwanted');
});
afterEach(async () => {
  await tier.close();
  folder[Symbol.dispose]();
});

/** With room for so many. */
async function open(entries: number): Promise<void> {
  const bytes = entries * (size + entryBytes) + 2000;
  tier = await openDisk({ folder: folder.path, bytes, objectBytes: bytes, clock, warn: () => {} });
}

function entry(name: string, body: string): Entry {
  return {
    ...{ key: key(name), status: 200, fields: [], selecting: [], tags: [], sizeBytes: body.length },
    sha256: sha256Of(Buffer.from(body)),
    freshness: {
      ...{
        receivedMs: clock.now(),
        initialAgeS: 0,
        lifetimeS: 60,
        staleWhileRevalidateS: 0,
        staleIfErrorS: 0,
      },
      ...{ staleIfDisconnectedS: 0, immutable: false, alwaysRevalidate: false, neverStale: false },
    },
    ...{ etag: null, lastModifiedMs: null, sourceEtag: null, asOf: 0 },
  };
}

function put(name: string): Promise<boolean> {
  const body = name.repeat(size);
  return tier.put(
    () => entry(name, body),
    Buffer.from(body),
    () => true,
  );
}

const there = () => ['a', 'b', 'c', 'd', 'e', 'f'].filter((name) => tier.variant(key(name), ''));

test('drops what nobody wants before all that has been used, and keeps it once somebody has come', async () => {
  await open(4);
  for (const name of ['a', 'b', 'c', 'd']) {
    await put(name);
    clock.advance(1000);
  }
  tier.unwanted(['b', 'c', 'd', 'nothing'].map(key));
  clock.advance(1000);
  // Somebody comes for one of them; to look is not to want.
  expect([tier.find(key('b'), none), tier.locate(key('c'), none)]).not.toContain(null);
  clock.advance(10_000);
  await put('e');
  expect(there()).toEqual(['a', 'b', 'd', 'e']);
  // What comes anew under the same key counts from then.
  await put('d');
  clock.advance(1000);
  await put('f');
  expect(there()).toEqual(['b', 'd', 'e', 'f']);
});

test('what has come anew while it was said that nobody wants it stays in its place', async () => {
  await open(2);
  await put('a');
  await put('b');
  tier.unwanted([key('a')]);
  // Later, but before anything has been done about that.
  clock.set(1);
  await put('a');
  clock.advance(1000);
  await put('c');
  expect(there()).toEqual(['a', 'c']);
});
