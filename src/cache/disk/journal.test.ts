import { expect, test } from 'bun:test';
import type { Entry } from '../../entry.ts';
import type { Selector } from '../../purge.ts';
import type { CacheKey } from '../../resource.ts';
import { openLedger } from '../purge/ledger.ts';
import type { DiskIndex } from './index.ts';
import { journal } from './journal.ts';

/** An index that only writes down what it is told, and can be broken. */
function world() {
  const ledger = openLedger();
  const done: string[] = [];
  const state = { isBroken: false };
  function act(what: string): void {
    if (state.isBroken) throw new Error('disk I/O error');
    done.push(what);
  }
  const index = {
    ledger,
    dropVariant({ key }) {
      act(`drop ${key}`);
      return [];
    },
    purgeKey(key: string) {
      act(`key ${key}`);
      return { orphans: [], isAll: true };
    },
    purges: {
      saved: [],
      position: null,
      save(marks, _, durable, at) {
        const what = marks.map(({ selector }) => selector.by).join(' ');
        act(`save ${what}${durable ? ' durably' : ''}${at ? ` at ${at.sequence}` : ''}`);
      },
      saveAlone: (mark) => act(`save ${mark.selector.by} alone`),
      passed: (sequence, at) => act(`passed ${sequence}${at ? ` at ${at.sequence}` : ''}`),
      retire: () => {},
      close: () => {},
    },
  } as Partial<DiskIndex> as DiskIndex;
  const purging = journal(index);
  const purge = (selector: Selector, durable = false, at?: number) => {
    const position = at === undefined ? undefined : { log: 'a', sequence: at, digest: null };
    return purging.add([ledger.add({ selector, soft: false }, 0)], durable, position);
  };
  return { done, state, purging, purge, ledger };
}

test('a key is carried out at once, and needs no memory but its number', () => {
  const { done, purge } = world();
  purge({ by: 'key', key: 'web /' });
  expect(done.splice(0)).toEqual(['key web /', 'passed 1']);
  purge({ by: 'key', key: 'web /' }, true);
  expect(done).toEqual(['key web /', 'save key durably']);
});

test('several at once are one note, of what is not carried out already', () => {
  const { done, state, purging, ledger } = world();
  const selectors: Selector[] = [
    { by: 'key', key: 'web /a' },
    { by: 'tag', tag: 'news' },
    { by: 'key', key: 'web /b' },
    { by: 'route', route: 'web' },
  ];
  const marks = selectors.map((selector) => ledger.add({ selector, soft: false }, 0));
  purging.add(marks, false, { log: 'a', sequence: 7, digest: null });
  expect(done.splice(0)).toEqual(['key web /a', 'key web /b', 'save tag route at 7']);
  state.isBroken = true;
  expect(() => purging.add(marks, false, { log: 'a', sequence: 8, digest: null })).toThrow('I/O');
  state.isBroken = false;
  purging.retry();
  expect(done).toEqual([
    ...['key web /a', 'passed 1', 'save tag', 'key web /b', 'passed 3', 'save route'],
    'passed 4 at 8',
  ]);
});

test('what the index cannot take now is made up for before anything else is done with it', () => {
  const { done, state, purging, purge } = world();
  state.isBroken = true;
  expect(() => purge({ by: 'key', key: 'web /' })).toThrow('I/O');
  expect(() => purge({ by: 'tag', tag: 'news' })).toThrow('I/O');
  expect(() => purging.retry()).toThrow('I/O');
  state.isBroken = false;
  purging.retry();
  expect(done).toEqual(['key web /', 'passed 1', 'save tag']);
  purging.retry();
  expect(done).toHaveLength(3);
});

test('so is what a parent has withdrawn, each variant once', () => {
  const { done, state, purging } = world();
  const withdrawn = ['web /a', 'web /b'].map((key) => ({ key }) as Entry);
  state.isBroken = true;
  for (const entry of [...withdrawn, ...withdrawn]) expect(() => purging.withdraw(entry)).toThrow('I/O');
  expect(() => purging.retry()).toThrow('I/O');
  state.isBroken = false;
  purging.retry();
  purging.retry();
  expect(done).toEqual(['drop web /a', 'drop web /b']);
});

test('more of it than can be remembered is a purge of everything', () => {
  const { done, state, purging, ledger } = world();
  state.isBroken = true;
  for (let n = 0; n < 10_001; n++)
    expect(() => purging.withdraw({ key: `web /${n}` } as Entry)).toThrow('I/O');
  expect(ledger.fate({ key: 'web /' as CacheKey, tags: [] }, 0).as).toBe('gone');
  state.isBroken = false;
  purging.retry();
  expect(done).toEqual(['save all alone', 'save all']);
});

test('the place on the bus is written with the purge, and not before what was missed', () => {
  const { done, state, purging, purge } = world();
  purge({ by: 'key', key: 'web /' }, false, 1);
  purge({ by: 'tag', tag: 'news' }, false, 2);
  expect(done.splice(0)).toEqual(['key web /', 'passed 1 at 1', 'save tag at 2']);
  state.isBroken = true;
  expect(() => purge({ by: 'route', route: 'web' }, false, 3)).toThrow('I/O');
  state.isBroken = false;
  purge({ by: 'tag', tag: 'news' }, false, 4);
  purging.passed({ log: 'a', sequence: 5, digest: null });
  expect(done.splice(0)).toEqual(['save tag']);
  purging.retry();
  expect(done).toEqual(['save route', 'passed 4 at 5']);
});

test('what is missed is bounded', () => {
  const { done, state, purging, purge } = world();
  state.isBroken = true;
  for (let n = 0; n < 10_001; n++) expect(() => purge({ by: 'tag', tag: 'the same' })).toThrow();
  state.isBroken = false;
  purging.retry();
  expect(done).toEqual(['save tag']);
});
