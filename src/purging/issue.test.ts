import { expect, test } from 'bun:test';
import { type CutBus, hub } from '../../test/support/bus.ts';
import { virtualClock } from '../../test/support/clock.ts';
import type { Position } from '../bus.ts';
import { turns } from '../cache/answers.contract.ts';
import { follow } from './follow.ts';
import { issuer } from './issue.ts';
import { members } from './members.ts';

const silent = { info: () => {}, warn: () => {} };
const order = { selectors: [{ by: 'all' }] as const, soft: true, by: 'a test' };

function world(...names: string[]) {
  const clock = virtualClock();
  const network = hub(clock.now);
  const nodes = names.map((name, at) => join(name, at === 0 ? 'origin' : 'pop'));

  function join(name: string, role: 'origin' | 'pop') {
    const bus: CutBus = network.join(name);
    const done: Position[] = [];
    const keeper = {
      position: null,
      isEmpty: true,
      purge: (_: unknown, at: Position) => void done.push(at),
      passed: () => {},
      suspect: () => {},
    };
    let applied = (_: string) => false;
    const { following } = follow({
      ...{ bus, keeper, node: name, clock, trustMs: 30_000, log: silent },
      applied: (id) => applied(id),
    });
    const self = { name, role, startedMs: clock.now() };
    const present = members({ bus, clock, self, applied: () => following.position });
    const issuing = issuer({ bus, clock, members: present, node: name });
    applied = issuing.appliedHere;
    return { name, bus, done, members: present, issuer: issuing };
  }

  async function pass(ms: number): Promise<void> {
    await turns();
    for (let left = ms; left > 0; left -= 250) {
      clock.advance(Math.min(250, left));
      await turns();
    }
  }
  return { clock, nodes, pass };
}

test('an order that nobody waits for is on the bus, and reaches every node', async () => {
  const { nodes, pass } = world('origin', 'pop');
  await pass(250);
  const { position, applied } = await nodes[1]!.issuer.issue(order);
  await pass(250);
  expect([position.sequence, applied]).toEqual([1, undefined]);
  for (const { done } of nodes) expect(done).toMatchObject([position]);
});

test('one that is waited for is answered when all that live have carried it out', async () => {
  const { nodes, pass } = world('origin', 'pop-a', 'pop-b');
  await pass(3_000);
  for (const { issuer } of nodes) {
    const issued = issuer.issue(order, 10_000);
    // A PoP begins to listen for members now.
    await pass(3_000);
    expect((await issued).applied).toEqual({
      all: true,
      nodes: { origin: 0, 'pop-a': 0, 'pop-b': 0 },
      gone: [],
    });
  }
});

test('right after the start, nobody is left out because he has not been heard of yet', async () => {
  const { nodes, pass } = world('origin', 'pop');
  let answered = false;
  const issued = nodes[0]!.issuer.issue(order, 10_000).finally(() => {
    answered = true;
  });
  await pass(1_000);
  expect(answered).toBe(false);
  await pass(2_000);
  expect((await issued).applied).toMatchObject({ all: true, nodes: { origin: 0, pop: 0 } });
});

test('one that does not answer is named: as late while it lives, as gone when nothing is heard of it', async () => {
  const { nodes, pass } = world('origin', 'pop');
  await pass(3_000);
  nodes[1]!.bus.cut();
  const early = nodes[0]!.issuer.issue(order, 1_000);
  await pass(1_250);
  expect((await early).applied).toEqual({ all: false, nodes: { origin: 0, pop: null }, gone: [] });
  const patient = nodes[0]!.issuer.issue(order, 10_000);
  await pass(7_000);
  expect((await patient).applied).toEqual({ all: true, nodes: { origin: 0 }, gone: ['pop'] });
  nodes[1]!.bus.heal();
  await pass(500);
  expect(nodes[1]!.done).toHaveLength(2);
});

test('where nobody can say who lives, not all are said to have carried it out', async () => {
  const { nodes, pass } = world('origin', 'pop');
  const { bus, issuer } = nodes[1]!;
  await pass(3_000);
  bus.blind();
  const issued = issuer.issue(order, 4_000);
  await pass(5_000);
  expect((await issued).applied?.all).toBe(false);
});

test('one that has left is not waited for', async () => {
  const { nodes, pass } = world('origin', 'pop');
  await pass(3_000);
  await nodes[1]!.members.close();
  await pass(250);
  expect([...nodes[0]!.members.known.keys()]).toEqual(['origin']);
});

test('without the bus, an order fails', async () => {
  const { nodes, pass } = world('origin', 'pop');
  await pass(250);
  nodes[0]!.bus.cut();
  await expect(nodes[0]!.issuer.issue(order)).rejects.toThrow('cannot be reached');
  const waiting = nodes[0]!.issuer.issue(order, 60_000);
  waiting.catch(() => {}); // Looked at below.
  await pass(2_000);
  await expect(waiting).rejects.toThrow('cannot be reached');
});

test('a large order takes several events, and only the last one is answered', async () => {
  const { nodes, pass } = world('origin', 'pop');
  await pass(3_000);
  const selectors = Array.from({ length: 1000 }, (_, n) => ({
    by: 'key' as const,
    key: `web /${n}${'x'.repeat(1000)}`,
  }));
  const issued = nodes[0]!.issuer.issue({ ...order, selectors }, 10_000);
  await pass(250);
  const { position, applied } = await issued;
  expect(applied?.all).toBe(true);
  expect(nodes[1]!.done.length).toBeGreaterThan(2);
  expect(nodes[1]!.done.at(-1)).toMatchObject(position);
});

test('what a node has seen goes with what it is about, so that no event is too long', async () => {
  const { nodes, pass } = world('origin', 'pop');
  await pass(3_000);
  const keys = Array.from({ length: 1000 }, (_, n) => `web /${n}${'日'.repeat(500)}`);
  const selectors = keys.map((key) => ({ by: 'key' as const, key }));
  const lengths: number[] = [];
  nodes[1]!.bus.subscribe('purge', 'oldest', {
    event: ({ data }) => void lengths.push(Buffer.byteLength(JSON.stringify(data))),
    gap: () => {},
    caughtUp: () => {},
  });
  const seen = { node: 'origin', keys };
  const issued = nodes[0]!.issuer.issue({ ...order, selectors, seen });
  await pass(250);
  expect((await issued).position.sequence).toBe(lengths.length);
  expect(lengths.length).toBeGreaterThan(5);
  expect(Math.max(...lengths)).toBeLessThan(512 * 1024 - 1024);
});

test('orders that come while others are under way go together, hard and soft ones apart', async () => {
  const { nodes, pass } = world('origin', 'pop');
  await pass(250);
  const { issuer, bus } = nodes[0]!;
  const keys = Array.from({ length: 500 }, (_, n) => n);
  const issued = keys.map((n) =>
    issuer.issue({ selectors: [{ by: 'key', key: `web /${n}` }], soft: n >= 400, by: 'a test' }),
  );
  await pass(250);
  const positions = (await Promise.all(issued)).map(({ position }) => position.sequence);
  expect([positions[0], positions[1], positions[2], positions[399], positions[400], positions[499]]).toEqual([
    1, 2, 3, 3, 4, 4,
  ]);
  expect((await bus.newest('purge')).sequence).toBe(4);
  expect(nodes[1]!.done).toHaveLength(4);
});

test('so do those that are waited for, and each is answered; whoever issued them acknowledges nothing to himself', async () => {
  const { nodes, pass } = world('origin', 'pop');
  await pass(3_000);
  const { issuer, bus } = nodes[0]!;
  const keys = Array.from({ length: 100 }, (_, n) => n);
  const issued = keys.map((n) =>
    issuer.issue({ selectors: [{ by: 'key', key: `web /${n}` }], soft: false, by: 'a test' }, 1_000),
  );
  await pass(250);
  for (const { applied } of await Promise.all(issued))
    expect(applied).toEqual({ all: true, nodes: { origin: 0, pop: 0 }, gone: [] });
  expect((await bus.newest('purge')).sequence).toBe(2);
  expect((await bus.newest('applied')).sequence).toBe(2);
});

test('a node that does not answer holds up its own order, and not those that come later', async () => {
  const { clock, nodes, pass } = world('origin', 'pop');
  await pass(3_000);
  nodes[1]!.bus.cut();
  const { issuer, bus } = nodes[0]!;
  const orderOf = (key: string) => issuer.issue({ ...order, selectors: [{ by: 'key', key }] }, 1_000);
  const issued = ['a', 'b', 'c'].map(orderOf);
  await pass(1);
  expect((await bus.newest('purge')).sequence).toBe(1);
  clock.advance(20);
  await turns();
  expect((await bus.newest('purge')).sequence).toBe(2);
  await pass(2_000);
  for (const { applied } of await Promise.all(issued)) expect(applied?.all).toBe(false);
});
