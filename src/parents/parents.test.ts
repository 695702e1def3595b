import { afterEach, describe, expect, test } from 'bun:test';
import { virtualClock } from '../../test/support/clock.ts';
import { type ErrorCode, MeridianError } from '../errors.ts';
import type { Leash } from '../http/client/leash.ts';
import type { Verdict } from './attempt.ts';
import { openParents, type ParentLimits } from './parents.ts';

const limits: ParentLimits = {
  health: { failures: 3, ejectMs: 30_000, rampMs: 10_000 },
  check: { everyMs: 10_000, failingMs: 1_000, timeoutMs: 1_000, silentMs: 500 },
  retries: { percent: 20, atLeast: 3 },
  hedges: { percent: 5, atLeast: 0, afterMs: 10 },
};

/** What one does with a request: answers, fails, or keeps silent until it is called off. */
type Manner = Verdict | ErrorCode | 'silent';
const verdicts: readonly Manner[] = ['good', 'unable', 'relayed'];
const open: { close(): void }[] = [];

afterEach(() => {
  for (const each of open.splice(0)) each.close();
});

function world(names: readonly string[]) {
  const clock = virtualClock();
  const manners = new Map<string, Manner>(names.map((name) => [name, 'good']));
  const asked: string[] = [];
  const checked: string[] = [];
  const discarded: string[] = [];
  const parents = openParents<string>({
    parents: names.map((name) => ({ name, parent: name })),
    limits,
    clock,
    random: () => 0.5,
    changed: () => {},
    async sendCheck(name, signal) {
      checked.push(name);
      const manner = manners.get(name);
      if (manner === 'silent') await silence(signal);
      if (manner === 'upstream-unreachable' || manner === 'upstream-timeout')
        throw new MeridianError(manner, 'as told');
    },
  });
  open.push(parents);
  return {
    clock,
    asked,
    checked,
    discarded,
    parents,
    behaves: (name: string, manner: Manner) => manners.set(name, manner),
    states: () => parents.status().map(({ state }) => state),
    ask: (key = 'key', more: { mayRepeat?: boolean; signal?: AbortSignal } = {}) =>
      parents.ask<{ from: string; verdict: Verdict }>({
        key,
        mayRepeat: true,
        mayHedge: true,
        signal: new AbortController().signal,
        async send(name, leash) {
          asked.push(name);
          const manner = manners.get(name) ?? 'good';
          if (manner === 'silent') return leashed(leash, more.signal);
          if (verdicts.includes(manner)) return { from: name, verdict: manner as Verdict };
          throw new MeridianError(manner as ErrorCode, `as ${name} was told`);
        },
        judge: ({ verdict }) => verdict,
        discard: ({ from }) => discarded.push(from),
        ...more,
      }),
  };
}

function silence(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
}

function leashed(leash: Leash, signal?: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    leash.hold(reject);
    signal?.addEventListener('abort', () => reject(signal.reason));
  });
}

/** Lets promises that can settle do so. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('a question', () => {
  test('goes to the first parent, and to the next one where that fails', async () => {
    const { ask, behaves, asked } = world(['a', 'b']);
    expect((await ask()).from).toBe('a');
    behaves('a', 'upstream-unreachable');
    expect((await ask()).from).toBe('b');
    expect(asked).toEqual(['a', 'a', 'b']);
  });

  test('that changes something is sent once only', async () => {
    const { ask, behaves, asked } = world(['a', 'b']);
    behaves('a', 'upstream-truncated');
    await expect(ask('key', { mayRepeat: false })).rejects.toMatchObject({ code: 'upstream-truncated' });
    await settle();
    expect(asked).toEqual(['a']);
  });

  test('ends with the last failure there was, and what was answered before is let go of', async () => {
    const { ask, behaves, discarded } = world(['a', 'b']);
    behaves('a', 'unable').set('b', 'relayed');
    expect(await ask()).toEqual({ from: 'b', verdict: 'relayed' });
    expect(discarded).toEqual(['a']);
  });

  test('that nobody wants any more fails with that reason, and nothing is held against the parent', async () => {
    const { ask, behaves, parents } = world(['a', 'b']);
    behaves('a', 'silent');
    const gone = new AbortController();
    const failed = ask('key', { signal: gone.signal }).catch((reason: unknown) => reason);
    gone.abort(new Error('left'));
    expect(await failed).toMatchObject({ message: 'left' });
    expect(parents.status()[0]).toMatchObject({ state: 'well', failures: 0 });
  });
});

test('a check that its own time-outs end is late, which is held against nobody who is the only one', async () => {
  const { behaves, states, checked, clock } = world(['a']);
  behaves('a', 'upstream-timeout');
  clock.advance(limits.check.everyMs);
  await settle();
  expect([checked, states()]).toEqual([['a'], ['well']]);
  behaves('a', 'upstream-unreachable');
  clock.advance(limits.check.everyMs);
  await settle();
  expect(states()).toEqual(['down']);
});

test('a connection that is lost with many requests on it counts as one failure', async () => {
  const { clock, parents, states } = world(['a', 'b']);
  const lost = new MeridianError('upstream-unreachable', 'closed');
  const question = {
    ...{ key: 'key', mayRepeat: false, mayHedge: false, signal: new AbortController().signal },
    judge: () => 'good' as const,
    discard() {},
  };
  const fail = (error: MeridianError) =>
    Array.from({ length: 5 }, () =>
      expect(parents.ask({ ...question, send: () => Promise.reject(error) })).rejects.toBe(error),
    );
  await Promise.all(fail(lost));
  await settle();
  expect(states()).toEqual(['well', 'well']);
  expect(parents.status()[0]).toMatchObject({ failures: 5 });
  await Promise.all([1, 2, 3].flatMap((n) => fail(new MeridianError('upstream-unreachable', `${n}`))));
  await settle();
  expect(states()).toEqual(['ejected', 'well']);
  clock.advance(1);
});

describe('a parent that refuses connections', () => {
  test('is down after one request, and asked for nothing until it answers a check', async () => {
    const { ask, behaves, asked, states, clock } = world(['a', 'b']);
    behaves('a', 'upstream-unreachable');
    await ask();
    await settle();
    expect(states()).toEqual(['down', 'well']);
    for (let n = 0; n < 50; n++) expect((await ask(`${n}`)).from).toBe('b');
    expect(asked.filter((name) => name === 'a')).toHaveLength(1);
    behaves('a', 'good');
    clock.advance(1_200);
    await settle();
    expect(states()).toEqual(['returning', 'well']);
  });

  test('that comes back is asked for a growing part of the keys, and always for the same ones', async () => {
    const { ask, behaves, clock } = world(['a', 'b']);
    behaves('a', 'upstream-unreachable');
    await ask();
    await settle();
    behaves('a', 'good');
    clock.advance(1_200);
    await settle();
    let before: string[] = [];
    for (const share of [0.3, 0.6, 0.9]) {
      clock.advance(3_000);
      const now: string[] = [];
      for (let n = 0; n < 1_000; n++) if ((await ask(`${n}`)).from === 'a') now.push(`${n}`);
      expect(now.length / 1_000).toBeWithin(share - 0.1, share + 0.1);
      expect(now).toEqual(expect.arrayContaining(before));
      before = now;
    }
  });

  test('and is the only one: each request finds out at once whether it is back', async () => {
    const { ask, behaves, asked, checked } = world(['a']);
    behaves('a', 'upstream-unreachable');
    await expect(ask()).rejects.toMatchObject({ code: 'upstream-unreachable' });
    await settle();
    const before = checked.length;
    await expect(Promise.all([ask(), ask(), ask()])).rejects.toMatchObject({ code: 'upstream-unreachable' });
    await settle();
    expect(checked.length - before).toBe(1);
    expect(asked).toEqual(['a']);
    behaves('a', 'good');
    expect((await ask()).from).toBe('a');
  });
});

describe('a parent that falls silent', () => {
  test('is found out within two seconds, and what it owed is asked of the next one', async () => {
    const { ask, behaves, clock, states } = world(['a', 'b']);
    behaves('a', 'silent');
    const answers = Promise.all([ask('1'), ask('2'), ask('3')]);
    for (let passedMs = 0; passedMs < 1_900; passedMs += 50) {
      clock.advance(50);
      await settle();
    }
    expect((await answers).map(({ from }) => from)).toEqual(['b', 'b', 'b']);
    expect(states()).toEqual(['down', 'well']);
  });

  test('and is the only one: a late answer is better than none', async () => {
    const { ask, behaves, clock, states } = world(['a']);
    behaves('a', 'silent');
    const failed = ask().catch(() => 'failed');
    for (let passedMs = 0; passedMs < 5_000; passedMs += 50) {
      clock.advance(50);
      await settle();
    }
    expect(states()).toEqual(['well']);
    expect(await Promise.race([failed, Promise.resolve('waiting')])).toBe('waiting');
  });
});

describe('a parent that cannot do its work', () => {
  test('is passed over after so many answers in a row', async () => {
    const { ask, behaves, states, asked } = world(['a', 'b']);
    behaves('a', 'unable');
    for (let n = 0; n < 3; n++) expect((await ask()).from).toBe('b');
    expect(states()).toEqual(['ejected', 'well']);
    await ask();
    expect(asked.at(-1)).toBe('b');
  });

  test('is not blamed for what lies beyond it', async () => {
    const { ask, behaves, states } = world(['a', 'b']);
    behaves('a', 'relayed').set('b', 'relayed');
    for (let n = 0; n < 20; n++) await ask();
    expect(states()).toEqual(['well', 'well']);
  });

  test('has no more than a fifth asked again', async () => {
    const { ask, behaves, asked } = world(['a', 'b']);
    behaves('a', 'relayed').set('b', 'relayed');
    for (let n = 0; n < 200; n++) await ask(`${n}`);
    expect(asked.filter((name) => name === 'b')).toHaveLength(40);
  });
});

describe('a parent that is slower than it mostly is', () => {
  test('has the next one asked as well, of one request in twenty at most, and is called off when that one is faster', async () => {
    const { ask, behaves, asked, clock, parents } = world(['a', 'b']);
    for (let n = 0; n < 100; n++) await ask();
    behaves('a', 'silent');
    const answers = Promise.all(Array.from({ length: 100 }, (_, n) => ask(`${n}`)));
    clock.advance(12);
    await settle();
    expect(asked.filter((name) => name === 'b')).toHaveLength(Math.floor((100 - 32 + 100) / 20));
    behaves('b', 'good');
    for (let passedMs = 0; passedMs < 1_900; passedMs += 50) {
      clock.advance(50);
      await settle();
    }
    expect((await answers).every(({ from }) => from === 'b')).toBe(true);
    expect(parents.status()[1]?.failures).toBe(0);
  });

  test('is asked alone as long as it answers in time', async () => {
    const { ask, clock, asked } = world(['a', 'b']);
    for (let n = 0; n < 100; n++) await ask();
    clock.advance(1_000);
    await settle();
    expect(asked.includes('b')).toBe(false);
  });
});
