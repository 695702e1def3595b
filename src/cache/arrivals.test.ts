import { expect, test } from 'bun:test';
import type { Selector } from '../purge.ts';
import type { CacheKey } from '../resource.ts';
import { arrivals } from './arrivals.ts';
import { openLedger } from './purge/ledger.ts';

const [a, b] = ['a', 'b'].map((key) => ({ key: key as CacheKey, tags: [] }));
if (!a || !b) throw new Error('no keys');
const german = { selecting: [['accept-language', 'de']] as const, tags: ['german'] };
const french = { selecting: [['accept-language', 'fr']] as const, tags: [] };

function world() {
  const ledger = openLedger();
  const purge = (selector: Selector, soft = false) => ledger.add({ selector, soft }, 0);
  return { ledger, purge, all: arrivals(ledger) };
}

test('a drop concerns what is under way for the key, and nothing that comes later', () => {
  const { all, purge } = world();
  const [before, other] = [all.begin(a), all.begin(b)];
  purge({ by: 'key', key: 'a' });
  const after = all.begin(a);
  expect([before.wanted, other.wanted, after.wanted]).toEqual([false, true, true]);
});

test('a purge by tag reaches what is under way as soon as its tags are known, and is not shared until then', () => {
  const { all, purge } = world();
  const before = all.begin(a);
  const another = all.begin(a);
  purge({ by: 'tag', tag: 'german' });
  expect([before.wanted, before.current]).toEqual([true, false]);
  before.landed(german);
  another.landed(french);
  expect([before.wanted, before.current]).toEqual([false, false]);
  expect([another.wanted, another.current]).toEqual([true, true]);
});

test('what is purged softly may still be stored, and is shared with nobody who comes now', () => {
  const { all, purge } = world();
  const before = all.begin(a);
  purge({ by: 'all' }, true);
  expect([before.wanted, before.current]).toEqual([true, false]);
});

test('what landed first does not replace what landed later, of the same variant', () => {
  const { all } = world();
  const [slow, french1, unknown, fast] = [all.begin(a), all.begin(a), all.begin(a), all.begin(a)];
  slow.landed(german);
  french1.landed(french);
  fast.landed(german);
  fast.stored();
  expect([slow.wanted, french1.wanted, unknown.wanted, fast.wanted]).toEqual([false, true, true, true]);
  unknown.landed(german);
  unknown.stored();
  expect([unknown.wanted, fast.wanted]).toEqual([true, false]);
});

test('a stored response on its way to another tier is older than all that lands', () => {
  const { all } = world();
  const landing = all.begin(a);
  landing.landed(german);
  const climbing = all.again({ ...a, ...german, asOf: 0 });
  landing.stored();
  expect(climbing.wanted).toBe(false);
});

test('what was only found stored is told of all that becomes of it, and of no other variant', () => {
  const { all, purge } = world();
  const stored = { ...a, ...german, asOf: 0 };
  const found = () => [all.inHand(stored), all.again(stored), all.inHand({ ...a, ...french, asOf: 0 })];
  const wanted = (some: ReturnType<typeof found>) => some.map((each) => each.wanted);

  const [confirmed, forgotten] = [found(), found()];
  expect(wanted(confirmed)).toEqual([true, true, true]);
  for (const each of forgotten) each.end();
  all.confirmed(stored);
  // What is on its way to another tier is looked up anew when it is there.
  expect(wanted(confirmed)).toEqual([false, true, true]);
  expect(wanted(forgotten)).toEqual([true, true, true]);

  const later = found();
  all.forgotten(stored);
  expect(wanted(later)).toEqual([false, false, true]);

  const replaced = found();
  const landing = all.begin(a);
  landing.landed(german);
  all.forgotten(stored);
  expect(landing.wanted).toBe(true);
  landing.stored();
  expect(wanted(replaced)).toEqual([false, false, true]);

  const purged = found();
  purge({ by: 'key', key: 'a' });
  expect(wanted(purged)).toEqual([false, false, false]);
});

test('it is under way until the last holder has ended it', () => {
  const { all, purge } = world();
  expect(all.judge()).toBe(Number.POSITIVE_INFINITY);
  const held = all.begin(a);
  purge({ by: 'all' });
  const later = all.begin(b);
  held.hold();
  held.end();
  expect(all.judge()).toBe(0);
  held.end();
  expect(all.judge()).toBe(1);
  later.end();
  expect(all.judge()).toBe(Number.POSITIVE_INFINITY);
});

test('what has shown its tags needs no purge to be remembered for it', () => {
  const { all, purge } = world();
  const [slow, purged, unknown] = [all.begin(a), all.begin(a), all.begin(b)];
  slow.landed(french);
  purged.landed(german);
  purge({ by: 'tag', tag: 'german' }, true);
  expect(all.judge()).toBe(0);
  expect([slow.current, purged.wanted, unknown.current]).toEqual([true, false, false]);
  unknown.landed(german);
  expect(all.judge()).toBe(1);
  expect([slow.current, unknown.wanted]).toEqual([true, false]);
});
