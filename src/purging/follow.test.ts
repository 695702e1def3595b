import { expect, test } from 'bun:test';
import { hub } from '../../test/support/bus.ts';
import { virtualClock } from '../../test/support/clock.ts';
import type { Place } from '../bus.ts';
import { turns } from '../cache/answers.contract.ts';
import type { Purge, Selector } from '../purge.ts';
import { purgeEvent } from './event.ts';
import { catchUpMs, follow, type Keeper } from './follow.ts';

const trustMs = 30_000;

interface Kept {
  done: string[];
  at: Place | null;
}

/** A keeper that writes down what it is told, and survives a restart. */
function keeperOf(kept: Kept, isEmpty: boolean): Keeper {
  return {
    get position() {
      return kept.at;
    },
    isEmpty,
    purge(purges: readonly Purge[], at) {
      for (const { selector } of purges) kept.done.push(selector.by === 'tag' ? selector.tag : selector.by);
      kept.at = at;
    },
    passed(at) {
      kept.at = at;
    },
    suspect: () => void kept.done.push('suspect'),
  };
}

function world() {
  const clock = virtualClock();
  const network = hub(clock.now);
  const issuer = network.join('issuer');
  const kept: Kept = { done: [], at: null };
  const bus = network.join('pop');
  const warnings: string[] = [];
  const log = { info: () => {}, warn: (message: string) => void warnings.push(message) };

  const start = (isEmpty = true) =>
    follow({ bus, keeper: keeperOf(kept, isEmpty), node: 'pop', clock, trustMs, log });

  const purge = (tag: string, more: object = {}) => {
    const selectors: Selector[] = [{ by: 'tag', tag }];
    return issuer.publish(
      'purge',
      purgeEvent({ id: tag, selectors, soft: false, by: 'a test', acknowledge: false, ...more }),
    );
  };
  /** Time passes as it does: in small steps, with all that happens in each. */
  async function pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 250) {
      clock.advance(Math.min(250, left));
      await turns();
    }
  }
  return { clock, network, bus, issuer, kept, warnings, start, purge, pass };
}

test('purges are carried out in their order, from the moment on at which an empty node comes', async () => {
  const { start, purge, kept } = world();
  await purge('before');
  const { following, ready } = start();
  await ready;
  for (const tag of ['a', 'b']) await purge(tag);
  await turns();
  expect(kept.done).toEqual(['a', 'b']);
  expect(following.state).toBe('current');
  expect(kept.at).toMatchObject(following.position!);
});

test('a node that was away carries out what it has missed before it is ready, and nothing twice', async () => {
  const { start, purge, kept } = world();
  const first = start();
  await first.ready;
  await purge('a');
  await turns();
  first.following.close();
  await purge('b');
  await start(false).ready;
  expect(kept.done).toEqual(['a', 'b']);
});

test('what an unknown type says is skipped, counted, and passed', async () => {
  const { start, issuer, kept, purge } = world();
  const { following, ready } = start();
  await ready;
  await issuer.publish('purge', { type: 'other', version: 1, data: {} });
  await turns();
  expect([following.counts.skipped, kept.at?.sequence]).toEqual([1, 1]);
  await purge('a');
  await turns();
  expect(kept.done).toEqual(['a']);
});

test('a purge of an unknown version or form is passed, and makes everything suspect', async () => {
  const { start, issuer, kept, purge, warnings } = world();
  const { following, ready } = start();
  await ready;
  await issuer.publish('purge', { type: 'purge', version: 2, data: {} });
  await issuer.publish('purge', { type: 'purge', version: 1, data: { selectors: [{ by: 'moon' }] } });
  await turns();
  expect([following.counts.skipped, kept.at?.sequence, warnings.length]).toEqual([2, 2, 2]);
  await purge('a');
  await turns();
  expect(kept.done).toEqual(['suspect', 'suspect', 'a']);
});

test('everything is suspect when the bus has lost what was heard, and has grown past it, while the node was away', async () => {
  for (const isHeard of [true, false]) {
    const { start, purge, network, kept, warnings } = world();
    if (!isHeard) await purge('before');
    const first = start();
    await first.ready;
    if (isHeard) await purge('a');
    await turns();
    first.following.close();
    network.loseLast(1);
    await purge('b');
    await purge('c');
    const second = start(false);
    await second.ready;
    expect([kept.done.slice(isHeard ? 1 : 0), warnings.length]).toEqual([['suspect', 'b', 'c'], 1]);
    second.following.close();
  }
});

test('everything is suspect after a gap, once', async () => {
  for (const how of ['lose', 'truncate'] as const) {
    const { start, purge, network, kept, warnings } = world();
    const first = start();
    await first.ready;
    await purge('a');
    await turns();
    first.following.close();
    if (how === 'lose') network.lose();
    for (const tag of ['b', 'c', 'd']) await purge(tag);
    if (how === 'truncate') network.truncate(1);
    const { following, ready } = start(false);
    await ready;
    expect(kept.done).toEqual(how === 'lose' ? ['a', 'suspect', 'b', 'c', 'd'] : ['a', 'suspect', 'd']);
    expect([following.counts.gaps, following.counts.suspected, warnings.length]).toEqual([1, 1, 1]);
  }
});

test('what a node has kept that followed nothing is suspect', async () => {
  const { start, kept } = world();
  await start(false).ready;
  expect(kept.done).toEqual(['suspect']);
});

for (const quietly of [false, true]) {
  const how = quietly ? 'without noticing' : '';

  test(`a node that is cut off ${how} trusts nothing after a while, for as long as that lasts`, async () => {
    const { start, bus, kept, pass, purge } = world();
    const { following, ready } = start();
    await ready;
    await pass(60_000);
    expect([kept.done, following.state]).toEqual([[], 'current']);
    bus.cut(quietly);
    await pass(5_000);
    expect([following.state, following.knows()]).toEqual(['behind', following.position!]);
    expect(kept.at).toMatchObject(following.position!);
    await pass(trustMs);
    expect([kept.done, following.state, following.knows()]).toEqual([['suspect'], 'suspect', 'unsure']);
    await pass(2 * trustMs + 2_000);
    expect(kept.done).toEqual(['suspect', 'suspect', 'suspect']);
    await purge('a');
    bus.heal();
    await pass(2_000);
    expect([kept.done.at(-1), following.state, following.knows()]).toEqual([
      'a',
      'current',
      following.position!,
    ]);
    expect(kept.at).toMatchObject(following.position!);
    await pass(2 * trustMs);
    expect(kept.done).toHaveLength(4);
  });
}

test('a node that cannot reach the bus opens after a while, and trusts nothing until it can', async () => {
  const { start, bus, kept, pass } = world();
  bus.cut();
  const { following, ready } = start();
  let isReady = false;
  void ready.then(() => {
    isReady = true;
  });
  await pass(catchUpMs - 1);
  expect(isReady).toBe(false);
  await pass(1);
  expect([isReady, following.state, kept.done]).toEqual([true, 'suspect', ['suspect']]);
  bus.heal();
  await pass(2_000);
  // What was stored since has not been compared with anything.
  expect([following.state, kept.done]).toEqual(['current', ['suspect', 'suspect']]);
});

test('whoever knows of more is kept waiting until this node does, for a moment', async () => {
  const { start, bus, network, purge, clock, pass } = world();
  const { following, ready } = start();
  await ready;
  const { sequence, log } = await network.join('x').newest('purge');
  const next = { log, sequence: sequence + 1 };
  expect(following.meets({ log, sequence })).toBe(true);
  const met = following.meets(next);
  await purge('a');
  expect(await met).toBe(true);
  const late = following.meets({ log, sequence: sequence + 2 });
  clock.advance(250);
  expect(await late).toBe(false);
  expect(following.meets('unsure')).toBe(true);
  bus.cut();
  await pass(5_000);
  expect([following.meets('unsure'), following.meets({ log, sequence: 9 })]).toEqual([false, false]);
});

test('a purge that wants an answer gets one, after it was carried out', async () => {
  const { start, issuer, purge } = world();
  await start().ready;
  const answers: unknown[] = [];
  issuer.subscribe('applied', 'now', {
    event: ({ data }) => void answers.push(data),
    gap: () => {},
    caughtUp: () => {},
  });
  await turns();
  await purge('a', { acknowledge: true });
  await turns();
  expect(answers).toEqual([{ id: 'a', node: 'pop' }]);
});
