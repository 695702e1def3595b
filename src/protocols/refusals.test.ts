/** What is kept of refusals. */
import { afterEach, expect, test } from 'bun:test';
import { join } from 'node:path';
import { eventually, temporary, virtualClock } from '../../test/support/index.ts';
import { openSqlite } from '../origin/metadata/sqlite.ts';
import type { OriginHome } from '../protocol.ts';
import type { MetadataStore } from '../store.ts';
import { closeLater, closeWorld } from './npm/world.contract.ts';
import { openRefusals } from './refusals.ts';

afterEach(closeWorld);

/** An origin's store, and processes that come and go. */
async function world() {
  const folder = temporary('refusals');
  closeLater(() => folder[Symbol.dispose]());
  const clock = virtualClock();
  const metadata = await openSqlite({ path: join(folder.path, 'metadata.db'), clock });
  closeLater(() => metadata.close());
  const process = (store: MetadataStore = metadata) => {
    const refusals = openRefusals({ documents: 'npm-refused', route: 'npm', clock });
    const home: OriginHome = {
      stores: { metadata: store, blobs: null as never, usage: null as never, audit: null as never },
      warn: () => {},
      purge: async () => {},
    };
    refusals.begin(home);
    return refusals;
  };
  const stored = async () => (await metadata.scan(['npm-refused'])).length;
  return { clock, metadata, process, stored };
}

test('outlives the process, and counts what several origins refuse', async () => {
  const { clock, process, stored } = await world();
  const [one, other] = [process(), process()];
  one.note('left@1.0.0', ['blocked'], 'is blocked');
  clock.advance(1000);
  other.note('left@1.0.0', ['blocked'], 'is blocked by 1.x');
  one.note('right@2.0.0', ['releaseAge'], 'is young');
  clock.advance(10_000);
  await eventually('it to be written down', async () => (await stored()) === 2);
  one.close();
  const rest = { rules: ['blocked'], why: 'is blocked by 1.x', times: 2, lastMs: clock.now() - 10_000 };
  await eventually('both to be', async () => (await process().list()).some(({ times }) => times === 2));
  const list = await process().list();
  expect(list).toContainEqual({ subject: 'left@1.0.0', ...rest });
  expect(list.map(({ subject }) => subject).sort()).toEqual(['left@1.0.0', 'right@2.0.0']);
});

test('is whole as soon as somebody asks', async () => {
  const { process } = await world();
  const refusals = process();
  refusals.note('left@1.0.0', ['blocked'], 'is blocked');
  expect(await refusals.list()).toMatchObject([{ subject: 'left@1.0.0', times: 1 }]);
});

test('keeps the newest ten thousand, for thirty days', async () => {
  const { clock, process, stored, metadata } = await world();
  const refusals = process();
  for (let at = 0; at < 11_000; at++) {
    clock.advance(1);
    refusals.note(`left@${at}.0.0`, ['blocked'], 'is blocked');
    if (at % 500 === 499) await refusals.list();
  }
  const list = await refusals.list();
  expect([list.length, list[0]?.subject, list.at(-1)?.subject]).toEqual([
    10_000,
    'left@10999.0.0',
    'left@1000.0.0',
  ]);
  clock.advance(31 * 86_400_000);
  const later = process();
  later.note('left@1.0.0', ['blocked'], 'is blocked');
  expect((await later.list()).map(({ subject }) => subject)).toEqual(['left@1.0.0']);
  expect([await stored(), (await metadata.get(['npm-refused', 'npm', 'left@1.0.0'])) !== null]).toEqual([
    1,
    true,
  ]);
}, 60_000);

test('is not lost while the store is away', async () => {
  const { clock, metadata, process } = await world();
  let isAway = true;
  const refusals = process({
    ...metadata,
    get: (key) => metadata.get(key),
    scan: (prefix, scan) => metadata.scan(prefix, scan),
    transact: (work) => (isAway ? Promise.reject(new Error('away')) : metadata.transact(work)),
  });
  refusals.note('left@1.0.0', ['blocked'], 'is blocked');
  clock.advance(10_000);
  await Promise.resolve();
  await expect(refusals.list()).rejects.toThrow('away');
  isAway = false;
  expect(await refusals.list()).toMatchObject([{ times: 1 }]);
});
