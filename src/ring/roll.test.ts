import { afterEach, expect, test } from 'bun:test';
import { virtualClock } from '../../test/support/clock.ts';
import type { Bus, Watcher } from '../bus.ts';
import type { Member } from './membership.ts';
import { openRoll, type Roll } from './roll.ts';

const secret = 'a secret that is long enough for this';
const clock = virtualClock();

/** As much of a bus as a roll wants, with everything told at once. */
function busWithOneView(): { readonly bus: Pick<Bus, 'view'>; readonly held: Map<string, unknown> } {
  const held = new Map<string, unknown>();
  const watchers = new Set<Watcher>();
  const tell = (key: string, value: unknown) => {
    for (const watcher of watchers) watcher.changed({ key, value, revision: 1 });
  };
  const view = () => ({
    get: async () => null,
    async put(key: string, value: unknown) {
      held.set(key, structuredClone(value));
      tell(key, value);
      return 1;
    },
    putAll: () => Promise.reject(new Error('a roll puts one at a time')),
    async delete(key: string) {
      held.delete(key);
      tell(key, null);
    },
    watch(watcher: Watcher) {
      watchers.add(watcher);
      for (const [key, value] of held) watcher.changed({ key, value, revision: 1 });
      return { close: () => void watchers.delete(watcher) };
    },
  });
  return { bus: { view }, held };
}

const rolls: Roll[] = [];
afterEach(async () => {
  for (const roll of rolls.splice(0)) await roll.close();
});

function join(bus: Pick<Bus, 'view'>, name: string, own = secret, scheme = 'http') {
  const heard: string[] = [];
  const membership = {
    announced: ({ name: who, address, capacity }: Member) => heard.push(`${who} ${address} ${capacity}`),
    left: (who: string) => heard.push(`${who} left`),
  };
  const self = { name, address: `${scheme}://${name}.example`, capacity: 2 };
  const roll = openRoll({ bus, name: 'lhr', self, secret: () => own, membership, clock });
  rolls.push(roll);
  return { roll, heard };
}

test('members hear of each other, and of those that leave', async () => {
  const { bus } = busWithOneView();
  const a = join(bus, 'a.1');
  const b = join(bus, 'b.1');
  expect(a.heard.at(-1)).toBe('b.1 http://b.1.example 2');
  expect(b.heard).toContain('a.1 http://a.1.example 2');
  await b.roll.close();
  expect(a.heard.at(-1)).toBe('b.1 left');
});

test('a member says that it is there again and again, and at once when somebody has taken it for gone', () => {
  const { bus, held } = busWithOneView();
  const a = join(bus, 'a.1');
  const b = join(bus, 'b.1');
  const before = a.heard.length;
  clock.advance(5_000);
  expect(a.heard.slice(before)).toContain('b.1 http://b.1.example 2');
  a.roll.strike('b.1');
  expect(held.has('b.1')).toBe(true);
  expect(b.heard).not.toContain('b.1 left');
});

test('nobody is sent requests by a record that no member has signed', async () => {
  const { bus, held } = busWithOneView();
  join(bus, 'b.1');
  const genuine = held.get('b.1') as Record<string, unknown>;
  const a = join(bus, 'a.1');
  const other = join(bus, 'a.2', `${secret}!`);
  expect(other.heard).not.toContain('b.1 http://b.1.example 2');
  const before = a.heard.length;
  for (const forged of [
    { ...genuine, address: 'http://thief.example' },
    { ...genuine, seal: '' },
    { ...genuine, capacity: -1 },
  ])
    await bus.view('ring-lhr').put('b.1', forged);
  // Under another name, it is somebody else's.
  await bus.view('ring-lhr').put('c.1', genuine);
  expect(a.heard.slice(before)).toEqual([]);
});

test('a member that speaks TLS sends nothing in plain, whatever somebody has signed once', () => {
  const { bus } = busWithOneView();
  join(bus, 'b.1');
  const a = join(bus, 'a.1', secret, 'https');
  join(bus, 'c.1', secret, 'https');
  expect(a.heard).not.toContain('b.1 http://b.1.example 2');
  expect(a.heard).toContain('c.1 https://c.1.example 2');
});
