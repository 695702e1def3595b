import { expect, test } from 'bun:test';
import fc from 'fast-check';
import type { Selector } from '../../purge.ts';
import type { CacheKey } from '../../resource.ts';
import { openLedger, type Purgeable } from './ledger.ts';
import { groupTag } from './tags.ts';

const of = (key: string, ...tags: string[]): Purgeable => ({ key: key as CacheKey, tags });

function fateOf(entry: Purgeable, ...selectors: Selector[]): string {
  const ledger = openLedger();
  for (const selector of selectors) ledger.add({ selector, soft: false }, 0);
  return ledger.fate(entry, 0).as;
}

test.each([
  ['web /a', 'web /a', 'gone'],
  ['web /a', 'web /ab', 'kept'],
  ['web /a', 'web /a?b', 'kept'],
  ['web /a', 'web /a\n0-1048575', 'gone'],
  ['npm tarball/a', 'npm tarball/a gzip https://packages.example.com', 'gone'],
  ['npm tarball/a gzip https://packages.example.com', 'npm tarball/a', 'kept'],
  ['web', 'web /a', 'kept'],
])('a purge of the key %j leaves what has the key %j %s', (key, other, fate) => {
  expect(fateOf(of(other), { by: 'key', key })).toBe(fate);
});

test.each([
  ['web /a', 'web /a', 'gone'],
  ['web /a', 'web /ab', 'kept'],
  ['web /*', 'web /', 'gone'],
  ['*', 'web /', 'gone'],
  ['*.js', 'web /a.js', 'gone'],
  ['*.js', 'web /a.js?b', 'kept'],
  ['web /*/x/*.js', 'web /a/x/b.js', 'gone'],
  ['web /*a*a', 'web /a', 'kept'],
  ['web /a*a', 'web /a', 'kept'],
  ['web /(.*)', 'web /(anything)', 'kept'],
])('a purge of the glob %j leaves what has the key %j %s', (glob, key, fate) => {
  expect(fateOf(of(key), { by: 'glob', glob })).toBe(fate);
});

test.each([
  ['model:bert:*', 'model:bert:v1', 'gone'],
  ['model:bert:*', 'model:bert:', 'gone'],
  ['model:bert:*', 'model:bertha:v1', 'kept'],
  ['prediction:*:2026', 'prediction:bert:2026', 'gone'],
  ['embedding:7:*', 'web /embedding:7:x', 'kept'],
])('a purge of the tags %j leaves what bears the tag %j %s', (glob, tag, fate) => {
  expect(fateOf(of('web /a', 'other', tag), { by: 'tag-glob', glob })).toBe(fate);
});

test('what is only under suspicion is stale; what was purged as well is gone', () => {
  const ledger = openLedger();
  ledger.add({ selector: { by: 'all' }, soft: true, suspect: true }, 7);
  expect(ledger.fate(of('web /a'), 0)).toEqual({ as: 'stale', sinceMs: 7, suspect: true });
  ledger.add({ selector: { by: 'all' }, soft: true }, 8);
  expect(ledger.fate(of('web /a'), 1)).toEqual({ as: 'stale', sinceMs: 8, suspect: false });
  expect(ledger.fate(of('web /a'), 0)).toMatchObject({ as: 'stale', suspect: true });
  ledger.add({ selector: { by: 'all' }, soft: false }, 9);
  expect(ledger.fate(of('web /a'), 0)).toEqual({ as: 'gone' });
});

test('a group is one of its route, and no tag that anybody could name', () => {
  const entry = of('web /a', groupTag('web', 'x'));
  expect(fateOf(entry, { by: 'group', route: 'web', group: 'x' })).toBe('gone');
  expect(fateOf(entry, { by: 'group', route: 'app', group: 'x' })).toBe('kept');
  expect(fateOf(entry, { by: 'tag', tag: 'x' })).toBe('kept');
});

test('a purge concerns what was asked for before it, and nothing later', () => {
  const ledger = openLedger();
  ledger.add({ selector: { by: 'all' }, soft: false }, 0);
  expect(ledger.fate(of('web /a'), 0).as).toBe('gone');
  expect(ledger.fate(of('web /a'), ledger.sequence).as).toBe('kept');
});

test('a hard purge outweighs a soft one, whichever came first', () => {
  for (const softFirst of [true, false]) {
    const ledger = openLedger();
    for (const soft of [softFirst, !softFirst]) ledger.add({ selector: { by: 'all' }, soft }, 7);
    expect(ledger.fate(of('web /a'), 0)).toEqual({ as: 'gone' });
    // What came between the two is concerned by the second alone.
    expect(ledger.fate(of('web /a'), 1)).toEqual(
      softFirst ? { as: 'gone' } : { as: 'stale', sinceMs: 7, suspect: false },
    );
  }
});

test('what is repeated is remembered once', () => {
  const ledger = openLedger();
  for (let n = 0; n < 1000; n++) ledger.add({ selector: { by: 'tag', tag: 'x' }, soft: n % 2 === 0 }, n);
  expect(ledger.size).toBe(1);
});

test('too many purges become one of everything; none is lost', () => {
  for (const [limit, selector] of [
    [65_536, (n: number): Selector => ({ by: 'tag', tag: `${n}` })],
    [256, (n: number): Selector => ({ by: 'prefix', prefix: `web /${n}` })],
  ] as const) {
    const ledger = openLedger();
    for (let n = 0; n < limit; n++) ledger.add({ selector: selector(n), soft: true }, n);
    expect(ledger.fate(of('web /a'), 0).as).toBe('kept');
    expect(ledger.add({ selector: selector(limit), soft: true }, limit).selector.by).toBe('all');
    expect(ledger.size).toBe(1);
    expect(ledger.fate(of('web /a'), 0).as).toBe('stale');
    expect(ledger.fate(of('web /a'), ledger.sequence).as).toBe('kept');
  }
});

test('it decides as one would who remembers every purge and compares each entry with each', () => {
  const word = fc.constantFrom('a', 'b', 'ab');
  const key = fc.tuple(word, word, fc.constantFrom('', '\n0', ' gzip')).map(([r, k, s]) => `${r} /${k}${s}`);
  const selector: fc.Arbitrary<Selector> = fc.oneof(
    key.map((k) => ({ by: 'key' as const, key: k })),
    key.map((k) => ({ by: 'prefix' as const, prefix: k })),
    key.map((k) => ({ by: 'glob' as const, glob: k.replace('a', '*') })),
    word.map((tag) => ({ by: 'tag' as const, tag })),
    word.map((route) => ({ by: 'route' as const, route })),
    fc.constant({ by: 'all' as const }),
  );
  const step = fc.record({ selector, soft: fc.boolean(), retire: fc.nat(9).map((n) => n === 0) });
  fc.assert(
    fc.property(fc.array(step), key, fc.array(word), fc.nat(10), (steps, own, tags, since) => {
      const ledger = openLedger();
      const entry = of(own, ...tags);
      let expected = 'kept';
      for (const [at, { selector: each, soft, retire }] of steps.entries()) {
        ledger.add({ selector: each, soft }, at);
        if (retire) ledger.retire(Math.min(at, since));
        if (at + 1 > since && means(each, entry) && expected !== 'gone') expected = soft ? 'stale' : 'gone';
      }
      expect(ledger.fate(entry, since).as).toBe(expected as 'kept');
    }),
    { numRuns: 2000 },
  );
});

function means(selector: Selector, { key, tags }: Purgeable): boolean {
  switch (selector.by) {
    case 'key':
      return [selector.key, `${selector.key}\n`, `${selector.key} `].some((start, at) =>
        at === 0 ? key === start : key.startsWith(start),
      );
    case 'prefix':
      return key.startsWith(selector.prefix);
    case 'glob':
      return new RegExp(`^${selector.glob.replaceAll('*', '[^]*')}$`).test(key);
    case 'tag':
      return tags.includes(selector.tag);
    case 'route':
      return key.startsWith(`${selector.route} `);
    default:
      return selector.by === 'all';
  }
}
