/** Trees as they are gone through: each thing once, several at a time, no further than is of use. */
import { describe, expect, test } from 'bun:test';
import { virtualClock } from '../../test/support/clock.ts';
import type { Foreseen } from '../foresight.ts';
import { type Step, type WalkOptions, walk } from './walk.ts';

const found = (target: string, more: Partial<Foreseen> = {}): Foreseen => ({ target, ...more });

/** A tree by the names of what each thing needs; each is foreseen by its own name. */
function through(
  tree: Readonly<Record<string, readonly string[]>>,
  options: Partial<WalkOptions<string>> = {},
  last?: () => readonly Foreseen[],
) {
  const looked: string[] = [];
  const expand = async (name: string): Promise<Step<string>> => {
    looked.push(name);
    const wants = tree[name];
    if (wants === undefined) throw new Error(`nobody knows ${name}`);
    return { foreseen: [found(name)], wants };
  };
  const plan = walk(['root'], { idOf: (name) => name, expand, clock: virtualClock(0), ...options }, last);
  return { plan, looked };
}

const targets = ({ foreseen }: { readonly foreseen: readonly Foreseen[] }) =>
  foreseen.map(({ target }) => target);

/** Whatever goes on by itself has got as far as it can. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

test('what is needed comes level by level, each once, also where it goes round', async () => {
  const { plan, looked } = through({ root: ['a', 'b'], a: ['c', 'b'], b: ['c', 'root'], c: [] });
  expect(targets(await plan)).toEqual(['root', 'a', 'b', 'c']);
  expect(looked).toEqual(['root', 'a', 'b', 'c']);
  expect((await plan).isWhole).toBe(true);
});

test('what nothing is known of leaves the rest as it is', async () => {
  const { plan } = through({ root: ['a', 'nowhere', 'b'], a: [], b: [] });
  expect(await plan).toEqual({ foreseen: ['root', 'a', 'b'].map((name) => found(name)), isWhole: true });
});

test('nothing wanted is nothing foreseen', async () => {
  const options = { idOf: String, expand: () => Promise.reject(new Error('no')), clock: virtualClock(0) };
  expect(await walk([], options)).toEqual({ foreseen: [], isWhole: true });
});

describe('what is foreseen several times', () => {
  const twice = (first: Partial<Foreseen>, second: Partial<Foreseen>) =>
    through({ root: [] }, {}, () => [found('x', first), found('y'), found('x', second)]).plan;

  test('stands where it is wanted first, as whoever is surest of it has it', async () => {
    const { foreseen } = await twice({ likelihood: 0.5 }, { likelihood: 0.8, bytes: 7 });
    expect(foreseen).toEqual([found('root'), found('x', { likelihood: 0.8, bytes: 7 }), found('y')]);
    expect((await twice({}, { likelihood: 0.2 })).foreseen[1]).toEqual(found('x'));
  });

  test('is one thing for each rendering', async () => {
    const { foreseen } = await twice({ accept: 'text/html' }, { accept: 'application/json' });
    expect(foreseen).toHaveLength(4);
  });
});

describe('bounds', () => {
  test('so many are looked at at once', async () => {
    let under = 0;
    let most = 0;
    const names = Array.from({ length: 20 }, (_, nth) => `n${nth}`);
    const plan = walk(['root'], {
      ...{ idOf: String, clock: virtualClock(0), atOnce: 3 },
      async expand(name: string) {
        most = Math.max(most, ++under);
        await settled();
        under--;
        return { foreseen: [found(name)], wants: name === 'root' ? names : [] };
      },
    });
    expect(targets(await plan)).toEqual(['root', ...names]);
    expect(most).toBe(3);
  });

  test('so much is foreseen, the first of it', async () => {
    const tree = { root: ['a', 'b', 'c'], a: [], b: [], c: [] };
    const plan = await through(tree, { mostForeseen: 2, atOnce: 1 }).plan;
    expect(plan).toEqual({ foreseen: [found('root'), found('a')], isWhole: false });
    const full = await through({ root: [] }, { mostForeseen: 2 }, () => [found('y'), found('z')]).plan;
    expect(full).toEqual({ foreseen: [found('root'), found('y')], isWhole: false });
  });

  test('so many things are looked at, whether they foresee anything or not', async () => {
    const endless = await walk(['0'], {
      ...{ idOf: String, clock: virtualClock(0), mostLooked: 50 },
      expand: async (name: string) => ({ foreseen: [], wants: [`${Number(name) + 1}`] }),
    });
    expect(endless).toEqual({ foreseen: [], isWhole: false });
  });

  test('what is known when time is over is told, and what comes later is not', async () => {
    const clock = virtualClock(0);
    const late = Promise.withResolvers<void>();
    const expand = async (name: string): Promise<Step<string>> => {
      if (name === 'late') await late.promise;
      return { foreseen: [found(name)], wants: name === 'root' ? ['late', 'soon'] : [] };
    };
    const plan = walk(['root'], { idOf: String, expand, clock, withinMs: 1_000 }, () => [found('last')]);
    await settled();
    clock.advance(1_000);
    expect(await plan).toEqual({ foreseen: [found('root'), found('soon'), found('last')], isWhole: false });
    late.resolve();
    await settled();
    expect(targets(await plan)).not.toContain('late');
  });

  test('what is known when nobody waits any more is told, and nothing more is looked at', async () => {
    const left = new AbortController();
    const looked: string[] = [];
    const plan = walk(['root'], {
      ...{ idOf: String, clock: virtualClock(0), signal: left.signal, atOnce: 1 },
      async expand(name: string): Promise<Step<string>> {
        looked.push(name);
        if (name === 'a') left.abort();
        return { foreseen: [found(name)], wants: name === 'root' ? ['a', 'b'] : [] };
      },
    });
    expect(await plan).toEqual({ foreseen: [found('root')], isWhole: false });
    expect(looked).toEqual(['root', 'a']);
    const never = through({ root: [] }, { signal: left.signal });
    expect(await never.plan).toEqual({ foreseen: [], isWhole: false });
    expect(never.looked).toEqual([]);
  });

  test('others have a turn every few milliseconds', async () => {
    const clock = virtualClock(0);
    let isOver = false;
    let atOnceMs = 0;
    let longestMs = 0;
    const plan = walk(['0'], {
      ...{ idOf: String, clock },
      async expand(name: string): Promise<Step<string>> {
        clock.advance(1);
        longestMs = Math.max(longestMs, ++atOnceMs);
        const next = Number(name) < 200 ? [1, 2, 3].map((more) => String(Number(name) + more)) : [];
        return { foreseen: [found(name)], wants: next };
      },
    }).finally(() => {
      isOver = true;
    });
    while (!isOver) {
      await settled();
      atOnceMs = 0;
    }
    expect((await plan).foreseen).toHaveLength(203);
    expect(longestMs).toBeLessThanOrEqual(8);
  });
});
