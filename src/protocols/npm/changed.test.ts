import { describe, expect, test } from 'bun:test';
import type { Answer, Entry } from '../../entry.ts';
import type { Selector } from '../../purge.ts';
import type { CacheKey, Resource } from '../../resource.ts';
import { sourceField } from '../rendered.ts';
import { refusedAnswer } from './canonical.ts';
import { changer } from './changed.ts';
import type { JsonObject } from './json.ts';
import { openOutlines } from './outlines.ts';
import { derivePackument } from './packument.ts';
import { original, writeSource } from './source.ts';

/** A packument of `left`: tag → version, version → what its manifest says. */
interface Sketch {
  readonly tags: Readonly<Record<string, string>>;
  readonly versions: Readonly<Record<string, JsonObject>>;
  readonly readme?: string;
}

const simple: Sketch = {
  tags: { latest: '2.0.0', next: '2.0.0' },
  versions: { '1.0.0': { description: 'a' }, '2.0.0': { description: 'a' } },
};

/** What is purged when one document takes the place of another, as words. `null`: neither is remembered. */
function purgedBetween(
  before: Sketch,
  after: Sketch,
  { key = 'npm packument/full/left', isKnown = true, abbreviated = [] as readonly Sketch[] } = {},
): string[] {
  const outlines = openOutlines();
  const remember = (sketch: Sketch) => {
    const versions = Object.entries(sketch.versions).map(([version, more]) => {
      return [version, { name: 'left', version, ...more }] as const;
    });
    const document = {
      name: 'left',
      'dist-tags': sketch.tags,
      versions: Object.fromEntries(versions),
      readme: sketch.readme,
    };
    const text = JSON.stringify(document);
    const isAbbreviated = abbreviated.includes(sketch);
    const derived = derivePackument(text, {
      name: 'left',
      remoteUrl: 'http://registry.example',
      withFull: true,
      isAbbreviated,
      policy: null,
    });
    if (isKnown) outlines.remember('left', text, derived);
    const source = {
      remote: 'r',
      form: 'full',
      etag: null,
      lastModified: null,
      sha256: text,
      stamp: null,
    } as const;
    return { etag: `"${Bun.hash(text)}"`, source: writeSource(source) };
  };
  const [was, is] = [remember(before), remember(after)];
  const entry: Partial<Entry> = { status: 200, etag: was.etag, fields: [[sourceField, was.source]] };
  const answer: Answer = {
    status: 200,
    headers: new Headers({ etag: is.etag, [sourceField]: is.source }),
    body: null,
  };
  const named = { key: key as CacheKey } as Partial<Resource>;
  const change = changer('npm', outlines)(named as Resource, entry as Entry, answer);
  if (change !== null) expect([change.soft, change.seen]).toEqual([true, key]);
  return (change?.selectors ?? []).map(wordOf).toSorted();
}

const wordOf = (selector: Selector) =>
  selector.by === 'key' ? selector.key.slice('npm '.length) : `${selector.by} ${Object.values(selector)[1]}`;

const forms = ['packument/abbreviated/left', 'packument/full/left'];

describe('a new document of a package purges', () => {
  test('what a moved tag is about, and no version', () => {
    const after = { ...simple, tags: { ...simple.tags, latest: '1.0.0' } };
    expect(purgedBetween(simple, after)).toEqual(['dist-tags/left', 'manifest/left/latest', ...forms]);
  });

  test('a new version, the tag that it takes, and no other version', () => {
    const after = {
      tags: { ...simple.tags, latest: '3.0.0' },
      versions: { ...simple.versions, '3.0.0': {} },
    };
    const named = ['manifest/left/3.0.0', 'manifest/left/latest'];
    const all = ['dist-tags/left', ...named, ...forms];
    expect(purgedBetween(simple, after)).toEqual(all);
    expect(purgedBetween(simple, after, { key: 'npm index/left' })).toEqual(all);
  });

  test('the index as well, once a file is elsewhere', () => {
    const dist = (at: string) => ({ dist: { tarball: `http://registry.example/${at}/left-1.0.0.tgz` } });
    const [before, after] = ['a', 'b'].map((at) => ({ tags: {}, versions: { '1.0.0': dist(at) } }));
    expect(purgedBetween(before!, after!)).toEqual(['index/left', 'packument/full/left']);
  });

  test('a version that has changed, with the tags that point to it', () => {
    const after = { ...simple, versions: { ...simple.versions, '2.0.0': { deprecated: 'no more' } } };
    const named = ['manifest/left/2.0.0', 'manifest/left/latest', 'manifest/left/next'];
    expect(purgedBetween(simple, after)).toEqual([...named, ...forms]);
  });

  test('a version and a tag that are gone', () => {
    const after = { tags: { latest: '2.0.0' }, versions: { '2.0.0': { description: 'a' } } };
    const named = ['manifest/left/1.0.0', 'manifest/left/next'];
    expect(purgedBetween(simple, after)).toEqual(['dist-tags/left', ...named, ...forms]);
  });

  test('the full form alone where nothing else says anything new', () => {
    expect(purgedBetween(simple, { ...simple, readme: 'new' })).toEqual(['packument/full/left']);
    const after = { ...simple, versions: { ...simple.versions, '1.0.0': { description: 'b' } } };
    expect(purgedBetween(simple, after)).toEqual(['manifest/left/1.0.0', 'packument/full/left']);
  });

  test('what differs in the abbreviated form, where no more is known of one of them', () => {
    const after = { ...simple, versions: { ...simple.versions, '1.0.0': { deprecated: 'no more' } } };
    const both = { abbreviated: [simple] };
    expect(purgedBetween(simple, after, both)).toEqual(['manifest/left/1.0.0', ...forms]);
  });

  test('all that is made of it, where it is not remembered what it was', () => {
    const after = { ...simple, tags: { latest: '1.0.0' } };
    const all = ['dist-tags/left', 'index/left', ...forms, 'tag npm:left manifests'];
    expect(purgedBetween(simple, after, { isKnown: false }).map((word) => word.split(' ')[0])).toEqual(
      all.map((word) => word.split(' ')[0]),
    );
  });

  test('all versions by one tag, where very many have changed', () => {
    const many = (deprecated: string) =>
      Object.fromEntries(Array.from({ length: 101 }, (_, minor) => [`1.${minor}.0`, { deprecated }]));
    const words = purgedBetween({ tags: {}, versions: many('a') }, { tags: {}, versions: many('b') });
    expect(words.filter((word) => word.startsWith('tag '))).toHaveLength(1);
    expect(words.filter((word) => word.startsWith('manifest'))).toEqual([]);
  });
});

test('the same bytes of an upstream, under other terms, are another document', () => {
  const text = JSON.stringify({ name: 'left', 'dist-tags': { latest: '1.0.0' }, versions: { '1.0.0': {} } });
  const nothing = { advisories: [], provenance: false, age: null, only: null };
  const outlines = openOutlines();
  const fieldsOf = (blocked: readonly string[]) => {
    const terms = { ...nothing, blocked };
    const policy = { terms, nowMs: 0 };
    const asked = { name: 'left', remoteUrl: 'http://registry.example', withFull: true, policy };
    const stamp = { terms: blocked.join(), changesAtMs: null };
    const source = {
      remote: 'r',
      form: 'full',
      etag: null,
      lastModified: null,
      sha256: 'same',
      stamp,
    } as const;
    const derived = derivePackument(text, asked);
    outlines.remember('left', original(source), derived);
    return { etag: `"${Bun.hash(derived.abbreviated)}"`, source: writeSource(source) };
  };
  const [was, is] = [fieldsOf(['1.0.0']), fieldsOf(['9.9.9'])];
  const entry: Partial<Entry> = { status: 200, etag: was.etag, fields: [[sourceField, was.source]] };
  const headers = new Headers({ etag: is.etag, [sourceField]: is.source });
  const named = { key: 'npm packument/full/left' as CacheKey } as Partial<Resource>;
  const change = changer('npm', outlines)(named as Resource, entry as Entry, {
    status: 200,
    headers,
    body: null,
  });
  expect(change?.selectors.map(wordOf).toSorted()).toEqual([
    'dist-tags/left',
    'index/left',
    'manifest/left/1.0.0',
    'manifest/left/latest',
    ...forms,
  ]);
});

test('a refusal by the policy purges all that is made of the document, softly', () => {
  const entry: Partial<Entry> = { status: 200, etag: '"a"', fields: [] };
  const after = refusedAnswer('nothing is left', 10);
  const named = { key: 'npm packument/full/left' as CacheKey } as Partial<Resource>;
  const change = changer('npm', openOutlines())(named as Resource, entry as Entry, after);
  expect(change?.soft).toBe(true);
  expect(change?.selectors.map(wordOf)).toContain('packument/abbreviated/left');
});

test('outlines are bounded, the oldest ones forgotten first', () => {
  const outlines = openOutlines(10);
  const outline = { tags: new Map(), versions: new Map([['1.0.0', [null, 'a'] as const]]) };
  for (const sha256 of ['a', 'b', 'c', 'd', 'e', 'f'])
    outlines.remember('left', sha256, { ...outline, abbreviated: sha256, index: '' });
  expect(outlines.between('left', 'a', 'f')).toBeNull();
  expect(outlines.between('left', 'b', 'f')).toMatchObject({
    abbreviated: true,
    index: false,
    manifests: [],
  });
});
