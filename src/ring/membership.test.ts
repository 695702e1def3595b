import { describe, expect, test } from 'bun:test';
import { virtualClock } from '../../test/support/clock.ts';
import { type Member, type Membership, membership } from './membership.ts';
import { ring } from './ring.ts';

const goneMs = 60_000;
const clock = virtualClock();

function member(name: string, capacity = 1): Member {
  return { name, address: `http://${name}.example`, capacity };
}

function ringOf(own: readonly Member[] = [member('a.1'), member('a.2')]) {
  let changes = 0;
  const changed = () => void changes++;
  const of = membership({ own, goneMs, clock, changed });
  return { of, changes: () => changes };
}

const namesOf = ({ members }: Membership) => members.map(({ name }) => name).join(' ');

describe('members', () => {
  test('are those of the own node, those that are expected, and those that make themselves known', () => {
    const { of, changes } = ringOf();
    expect(namesOf(of)).toBe('a.1 a.2');
    of.expect([member('b.1')]);
    of.announced(member('c.1', 2), 1);
    expect(namesOf(of)).toBe('a.1 a.2 b.1 c.1');
    expect(changes()).toBe(2);
    of.announced(member('c.1', 2), 2);
    of.lives('b.1');
    expect(changes()).toBe(2);
    of.announced(member('c.1', 3), 3);
    expect(of.members.at(-1)?.capacity).toBe(3);
  });

  test('are what they say themselves rather than what is expected', () => {
    const { of } = ringOf();
    of.expect([member('b.1')]);
    of.announced(member('b.1', 4), 1);
    of.expect([member('b.1')]);
    expect(of.members.at(-1)?.capacity).toBe(4);
  });

  test('that are silent for a while only stay members, and are none any more after goneMs', () => {
    const { of } = ringOf();
    of.expect([member('b.1')]);
    of.announced(member('c.1'), 1);
    clock.advance(goneMs - 1);
    expect(of.look()).toEqual([]);
    expect(namesOf(of)).toBe('a.1 a.2 b.1 c.1');
    of.lives('b.1');
    clock.advance(1);
    expect(of.look()).toEqual(['c.1']);
    expect(namesOf(of)).toBe('a.1 a.2 b.1');
    clock.advance(goneMs);
    // It was never heard of on the bus, so there is nothing to strike off.
    expect(of.look()).toEqual([]);
    expect(namesOf(of)).toBe('a.1 a.2');
    // The config still speaks of it: it is looked for.
    expect(of.others.map(({ name }) => name)).toEqual(['b.1']);
    of.lives('b.1');
    expect(namesOf(of)).toBe('a.1 a.2 b.1');
  });

  test('that leave are none at once, and again when they come back', () => {
    const { of } = ringOf();
    of.expect([member('b.1')]);
    of.announced(member('b.1'), 1);
    of.left('b.1');
    expect(namesOf(of)).toBe('a.1 a.2');
    of.announced(member('b.1'), 2);
    expect(namesOf(of)).toBe('a.1 a.2 b.1');
    of.announced(member('c.1'), 1);
    of.left('c.1');
    expect(of.others.map(({ name }) => name)).toEqual(['b.1']);
  });

  test('do not live because what they once wrote down is read again', () => {
    const { of } = ringOf();
    of.announced(member('b.1'), 1);
    clock.advance(goneMs - 1);
    of.announced(member('b.1'), 1);
    clock.advance(1);
    expect(of.look()).toEqual(['b.1']);
    expect(namesOf(of)).toBe('a.1 a.2');
  });

  test('of the own node are never in doubt', () => {
    const { of } = ringOf();
    of.left('a.2');
    of.announced(member('a.2', 9), 1);
    clock.advance(goneMs * 2);
    of.look();
    expect(of.members).toEqual([member('a.1'), member('a.2')]);
  });

  test('that the config speaks of no more stay as long as they say that they are there', () => {
    const { of } = ringOf();
    of.expect([member('b.1'), member('c.1')]);
    of.announced(member('c.1'), 1);
    of.expect([]);
    expect(namesOf(of)).toBe('a.1 a.2 c.1');
  });
});

describe('whatever happens to members', () => {
  const keys = Array.from({ length: 4_000 }, (_, at) => `web\n/path/${at}.html`);
  const nodes = Array.from({ length: 12 }, (_, at) => member(`n${at}.1`, 1 + (at % 3)));
  const unbounded = { maxLoad: Number.POSITIVE_INFINITY };

  /** A number that looks like chance, and is the same in each run. */
  function chance(seed: string, below: number): number {
    return Number(Bun.hash.crc32(seed)) % below;
  }

  function owners(of: Membership): ReadonlyMap<string, string> {
    const circle = ring(of.members, unbounded);
    return new Map(keys.map((key) => [key, of.members[circle.ownerOf(key)]!.name]));
  }

  test.each([1, 2, 3, 4, 5])(
    'keys move from those that leave, and to those that join, and nowhere else (%d)',
    (run) => {
      const { of } = ringOf([member('own.1')]);
      let before = owners(of);
      for (let step = 0; step < 30; step++) {
        const had = new Set(of.members.map(({ name }) => name));
        const one = nodes[chance(`${run} ${step} who`, nodes.length)]!;
        const what = chance(`${run} ${step} what`, 4);
        if (what === 0) of.left(one.name);
        else if (what === 1) of.lives(one.name);
        else if (what === 2) clock.advance(goneMs / 3);
        else of.announced(one, step);
        of.look();
        const has = new Set(of.members.map(({ name }) => name));
        const after = owners(of);
        for (const [key, owner] of after) {
          const was = before.get(key)!;
          if (was !== owner) expect(!has.has(was) || !had.has(owner)).toBe(true);
        }
        before = after;
      }
    },
  );

  test('two that hear the same in another order agree', () => {
    const said = nodes.map((one, at) => [one, at] as const);
    const { of: one } = ringOf([member('own.1')]);
    const { of: other } = ringOf([member('own.1')]);
    for (const [who, beat] of said) one.announced(who, beat);
    for (const [who, beat] of said.toReversed()) other.announced(who, beat);
    expect(other.members).toEqual(one.members);
    expect([...owners(other)]).toEqual([...owners(one)]);
  });

  test('whoever is passed over has its keys taken by those that would have them if it were gone', () => {
    const { of } = ringOf([member('own.1')]);
    for (const [at, one] of nodes.entries()) of.announced(one, at);
    const whole = ring(of.members, unbounded);
    const all = of.members.map(({ name }) => name);
    const next = keys.map((key) => whole.ownersOf(key, 2).map((at) => all[at]!));
    for (const { name } of nodes) {
      const without = of.members.filter((each) => each.name !== name);
      const circle = ring(without, unbounded);
      for (const [at, key] of keys.entries()) {
        const [first, second] = next[at]!;
        if (first === name) expect(without[circle.ownerOf(key)]!.name).toBe(second!);
      }
    }
  });
});
