import { afterEach, expect, test } from 'bun:test';
import { join } from 'node:path';
import { hub } from '../../test/support/bus.ts';
import { virtualClock } from '../../test/support/clock.ts';
import { temporary } from '../../test/support/temporary.ts';
import { eventually } from '../../test/support/wait.ts';
import type { PrefetchRecord } from '../messages/prefetch-order.ts';
import { openSqlite } from '../origin/metadata/sqlite.ts';
import { openLists } from '../prefetch/lists.ts';
import { openOrders } from '../prefetch/orders.ts';
import { openPrefetchDesk } from './prefetch-desk.ts';
import type { Purger } from './purge.ts';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function world() {
  const clock = virtualClock();
  const bus = hub(clock.now).join('origin');
  const folder = temporary('prefetch-desk');
  const metadata = await openSqlite({ path: join(folder.path, 'metadata.db'), clock });
  const lists = openLists(bus, clock);
  const warned: string[] = [];
  const log = { warn: (message: string) => void warned.push(message) };
  const purging = { members: { known: new Map() } };
  const node = { name: 'origin', clock, log, purging, site: { services: null } } as unknown as Purger;
  const nodes = () => [{ name: 'lhr', role: 'pop' } as const];
  const desk = openPrefetchDesk({ node, lists, metadata, bus, nodes, warm: { records: [] } });
  closing.push(async () => {
    await desk.close();
    lists.close();
    await metadata.close();
    folder[Symbol.dispose]();
  });
  const orders = openOrders(metadata);
  async function add(id: string, change: Partial<PrefetchRecord>) {
    const record: PrefetchRecord = {
      ...{ id, name: null, by: 'user:ci', to: ['lhr'], dryRun: false, atMs: clock.now(), untilMs: null },
      ...{ state: 'told', origin: 'origin', wanted: 1, looked: 1, items: 1, bytes: 1, refused: [] },
      ...{ refusedCount: 0, error: null, ...change },
    };
    await orders.add(record);
    const items = [{ target: '/a', bytes: 1, etag: null }];
    const until = record.untilMs === null ? {} : { untilMs: record.untilMs };
    await lists.ordered.tell(`${id}/0`, {
      route: 'npm',
      group: id,
      to: ['lhr'],
      items,
      error: null,
      ...until,
    });
  }
  return { clock, lists, desk, orders, add, warned, metadata };
}

test('what has expired is let go of, and told to nobody meanwhile', async () => {
  const { clock, lists, desk, orders, add, warned } = await world();
  await add('short', { untilMs: clock.now() + 10_000 });
  await add('long', { untilMs: clock.now() + 3_600_000 });
  clock.advance(10_000);
  expect((await desk.all(null)).map(({ id }) => id)).toEqual(['long']);
  expect(await desk.find('short', null)).toBeNull();
  clock.advance(30_000);
  await eventually('it to be gone', async () => (await orders.find('short')) === null);
  await eventually('its list to be gone', async () => !lists.ordered.told().has('short/0'));
  expect([[...lists.ordered.told().keys()], warned]).toEqual([['long/0'], []]);
});

test('what this origin was stopped at is failed, and says what to do; what another one is at is left to it', async () => {
  const { clock, desk, orders, add } = await world();
  await add('left', { state: 'looking' });
  await add('other', { state: 'looking', origin: 'origin-b' });
  clock.advance(30_000);
  await eventually('it to be failed', async () => (await orders.find('left'))?.state === 'failed');
  expect((await desk.find('left', null))?.error).toContain('order it again');
  expect((await desk.find('other', null))?.state).toBe('looking');
});

test('there are no more orders than may be', async () => {
  const { orders, add, metadata } = await world();
  await add('first', {});
  const first = await orders.find('first');
  await metadata.transact(async (transaction) => {
    for (let nth = 1; nth < 1_000; nth++)
      await transaction.put(['prefetch', `id-${nth}`], { ...first, id: `id-${nth}` });
  });
  await expect(add('one-more', {})).rejects.toThrow('1000 orders');
  expect((await orders.all()).length).toBe(1_000);
});
