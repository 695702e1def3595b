/** What an origin tells of trees of Python packages, and what it takes for the beginning of one. */
import { describe, expect, test } from 'bun:test';
import { virtualClock } from '../../../../test/support/clock.ts';
import { wheel } from '../../../../test/support/python-package.ts';
import type { ForeseenItem, Item, Tree, Want } from '../../registry/ecosystem.ts';
import { walk } from '../../walk.ts';
import type { StoredFile } from '../index/page.ts';
import { writeStored } from '../index/stored.ts';
import { fileItem, indexItem, metadataItem } from '../path.ts';
import { openDocuments } from './documents.ts';
import { pypiForesight } from './foresight.ts';

const said = {
  ...{ cpu: 'x86_64', python: '3.11.2', implementation: { name: 'CPython', version: '3.11.2' } },
  ...{ system: { name: 'Linux' }, distro: { libc: { lib: 'glibc', version: '2.36' } } },
};
const headers = (installer = 'pip/24.0') =>
  new Headers({ 'user-agent': `${installer} ${JSON.stringify(said)}` });

interface Sketch {
  readonly needs?: readonly string[];
  readonly at?: string;
  readonly more?: Partial<StoredFile>;
}

/** Versions by project, each a wheel for every machine. */
type Index = Readonly<Record<string, Readonly<Record<string, Sketch>>>>;

const day = '2020-01-01T00:00:00Z';

function originOf(index: Index, { isApart = true, own = '' } = {}) {
  const documents = openDocuments();
  const { begins, expand, ends } = pypiForesight(documents);
  const read: string[] = [];
  let rests = 0;

  function bytesAt({ kind, path }: Item): Uint8Array | null {
    const [, name = '', file = ''] = path.split('/');
    const versions = index[name];
    if (versions === undefined) return null;
    if (kind === 'project') return new TextEncoder().encode(pageOf(name, versions));
    const version = file.split('-')[1] ?? '';
    const made = wheel({ name, version, requires: versions[version]?.needs ?? [] });
    return kind === 'metadata' ? made.metadata : made.bytes;
  }

  function pageOf(name: string, versions: Index[string] = {}): string {
    const files = Object.entries(versions).map(
      ([version, { at = day, more }]): StoredFile => ({
        ...{
          name: `${name}-${version}-py3-none-any.whl`,
          version,
          url: '',
          hashes: {},
          requiresPython: null,
        },
        ...{ yanked: null, metadata: isApart ? { sha256: 'x' } : null, sizeBytes: 7, uploadTime: at },
        ...{ provenance: null, refused: null, ...more },
      }),
    );
    const head = { from: '', name, versions: null, tracks: [], alternateLocations: [], status: null };
    return writeStored({ ...head, files });
  }

  /** What is foreseen of a client that asks for this. */
  async function after(item: Item, doing: Readonly<Record<string, number>> = {}, installer?: string) {
    const beginning = begins(item, headers(installer), { asked: (kind) => doing[kind] ?? 0 });
    if (beginning === null) return null;
    const registry = { livesHere: (name: string) => name === own, route: 'pypi' } as Tree['registry'];
    const tree: Tree = {
      ...{ about: beginning.about, notes: new Map(), registry, rest: async () => ++rests > 0 },
      async read(wanted) {
        read.push(wanted.path);
        return bytesAt(wanted);
      },
    };
    const told: ForeseenItem[] = [];
    const idOf = ({ name, range, detail }: Want) => `${name} ${range} ${detail}`;
    const step = async (want: Want) => ({ ...(await expand(want, tree)), foreseen: [] });
    await walk(beginning.wants, { idOf, expand: step, clock: virtualClock(0) }, async () => {
      told.push(...((await ends?.(tree)) ?? []));
      return [];
    });
    return told;
  }

  return { after, read, rests: () => rests };
}

/** `left 1.0` of files, `left 1.0 metadata` of what they say of themselves, `left` of indexes; with how likely it is. */
function inShort(told: readonly ForeseenItem[] | null): readonly string[] {
  const all = (told ?? []).map(({ item, likelihood }) => {
    const words = [item.name, item.version, item.kind === 'metadata' ? 'metadata' : ''].filter(Boolean);
    return `${words.join(' ')}${likelihood === undefined ? '' : ` ${likelihood}`}`;
  });
  // As `walk` does.
  return [...new Set(all)];
}

const metadata = (name: string, version: string) =>
  metadataItem(name, `${name}-${version}-py3-none-any.whl`, version);
const file = (name: string, version: string) =>
  fileItem(name, `${name}-${version}-py3-none-any.whl`, version);

const index: Index = {
  app: {
    '1.0': { needs: ['left>=1'] },
    '2.0': { needs: ['left>=1', 'right<3'], at: '2024-01-01T00:00:00Z' },
  },
  left: { '1.0': { needs: ['right'] }, '1.1': { needs: ['right'], at: '2025-01-01T00:00:00Z' } },
  right: { '2.0': {}, '3.0': { at: '2025-01-01T00:00:00Z' } },
};

describe('a request', () => {
  const { after } = originOf(index);

  test('for the metadata of the newest version leads to the tree: what is looked at first, then the files', async () => {
    expect(inShort(await after(metadata('app', '2.0')))).toEqual([
      ...['left', 'left 1.1 metadata', 'right', 'right 2.0 metadata'],
      ...['app 2.0', 'left 1.1', 'right 2.0'],
    ]);
  });

  test('of a client that reads wheels themselves leads to those, with their indexes', async () => {
    expect(inShort(await after(file('app', '2.0'), { project: 1 }, 'pip/23.0.1'))).toEqual([
      ...['left', 'left 1.1', 'right', 'right 2.0'],
    ]);
  });

  test('for an index is a guess: what is large, only the next one leads to', async () => {
    const told = await after(indexItem('app', 'json'));
    expect(inShort(told)).toEqual([
      ...[
        'app 2.0 metadata 0.6',
        'left 0.85',
        'left 1.1 metadata 0.45',
        'right 0.85',
        'right 2.0 metadata 0.45',
      ],
      ...['app 2.0 0.4', 'left 1.1 0.4', 'right 2.0 0.4'],
    ]);
    const accept = 'application/vnd.pypi.simple.v1+json';
    expect(told?.[1]).toMatchObject({ item: indexItem('left', 'json'), accept });
    expect(told?.[5]).toMatchObject({ bytes: 7 });
    const text = await after(indexItem('app', 'text'));
    expect(text?.[1]).toMatchObject({ item: indexItem('left', 'text'), accept: 'text/html' });
  });

  test('for an old version leads to what there was before the next one came, and not for sure', async () => {
    expect(inShort(await after(metadata('app', '1.0')))).toEqual([
      ...['left 0.9', 'left 1.0 metadata 0.45', 'right 0.9', 'right 2.0 metadata 0.45'],
      ...['app 1.0', 'left 1.0 0.4', 'right 2.0 0.4'],
    ]);
  });

  test('of a client with a lock file leads to files alone', async () => {
    expect(inShort(await after(file('app', '2.0'), {}, 'uv/0.4.18'))).toEqual([
      'left 1.1 0.6',
      'right 2.0 0.6',
    ]);
  });

  test.each([
    ['a file, by whoever has read what all need', file('app', '2.0'), { project: 3, metadata: 3 }],
    [
      'an index, by whoever is in the middle of a tree',
      indexItem('left', 'json'),
      { project: 1, metadata: 1 },
    ],
    ['the index that pip looks itself up in', indexItem('pip', 'json'), {}],
    ['the list of all projects', indexItem(null, 'json'), {}],
    ['an sdist', fileItem('app', 'app-2.0.tar.gz', '2.0'), { project: 1 }],
  ])('for %s leads to nothing', async (_, item, doing) => {
    expect(await after(item, doing)).toBeNull();
  });

  test('of what is no installer leads to nothing', async () => {
    const { begins } = pypiForesight();
    const browser = new Headers({ 'user-agent': 'Mozilla/5.0' });
    expect(begins(metadata('app', '2.0'), browser, { asked: () => 0 })).toBeNull();
  });
});

describe('a tree', () => {
  test('goes back where versions do not go together, and tells what is looked at on the way', async () => {
    const { after } = originOf({
      app: { '1.0': { needs: ['picky', 'left'] } },
      left: { '1.0': { needs: ['shared<2'] } },
      picky: { '1.0': { needs: ['shared'] }, '2.0': { needs: ['shared>=2'] } },
      shared: { '1.0': {}, '2.0': {} },
    });
    const told = inShort(await after(metadata('app', '1.0')));
    expect(told).toEqual([
      ...['picky', 'picky 2.0 metadata 0.8', 'left', 'left 1.0 metadata', 'shared', 'shared 1.0 metadata'],
      ...['picky 1.0 metadata', 'app 1.0', 'left 1.0', 'picky 1.0', 'shared 1.0'],
    ]);
  });

  test('that has no way is told of as far as it goes, and less surely', async () => {
    const { after } = originOf({
      app: { '1.0': { needs: ['left', 'shared>=2'] } },
      left: { '1.0': { needs: ['shared<2'] } },
      shared: { '1.0': {}, '2.0': {} },
    });
    const told = inShort(await after(metadata('app', '1.0')));
    expect(told.slice(0, 4)).toEqual([
      'left',
      'left 1.0 metadata 0.64',
      'shared',
      'shared 2.0 metadata 0.64',
    ]);
  });

  test('has what extras need, and goes round', async () => {
    const { after } = originOf({
      app: { '1.0': { needs: ['tool[fast]'] } },
      tool: { '1.0': { needs: ['speed; extra == "fast"', 'slow; extra == "slow"', 'app'] } },
      speed: { '1.0': { needs: ['tool'] } },
    });
    const told = inShort(await after(metadata('app', '1.0')));
    expect(told).toEqual([
      ...['tool', 'tool 1.0 metadata', 'speed', 'speed 1.0 metadata', 'app 1.0', 'tool 1.0', 'speed 1.0'],
    ]);
  });

  test('passes over what is withdrawn, what the policy is against, what another Python needs, and pre-releases', async () => {
    const bad = [{ yanked: 'broken' }, { refused: 'too young' }, { requiresPython: '>=3.12' }];
    const { after } = originOf({
      app: { '1.0': { needs: ['left', 'early'] } },
      left: { '1.0': {}, ...Object.fromEntries(bad.map((more, nth) => [`2.${nth}`, { more }])) },
      early: { '1.0': {}, '2.0rc1': {} },
    });
    expect(inShort(await after(metadata('app', '1.0')))).toEqual([
      ...['left', 'left 1.0 metadata', 'early', 'early 1.0 metadata', 'app 1.0', 'early 1.0', 'left 1.0'],
    ]);
  });

  test('takes what is withdrawn where nothing else is asked for, and pre-releases where there is nothing else', async () => {
    const { after } = originOf({
      app: { '1.0': { needs: ['left==1.0', 'early'] } },
      left: { '1.0': { more: { yanked: 'broken' } } },
      early: { '2.0rc1': {} },
    });
    const told = inShort(await after(metadata('app', '1.0')));
    expect(told).toEqual(expect.arrayContaining(['left 1.0', 'early 2.0rc1']));
  });

  test('is read from wheels where their metadata cannot be had apart', async () => {
    const { after, read } = originOf(index, { isApart: false });
    expect(inShort(await after(file('app', '2.0'), { project: 1 }))).toEqual([
      ...['left', 'left 1.1', 'right', 'right 2.0'],
    ]);
    expect(read).toContain('files/left/left-1.1-py3-none-any.whl');
  });

  test('is found out once: the second time, only indexes are read', async () => {
    const { after, read } = originOf(index);
    const first = await after(metadata('app', '2.0'));
    read.length = 0;
    expect(await after(metadata('app', '2.0'))).toEqual(first);
    expect(read.toSorted()).toEqual(['simple/app/', 'simple/left/', 'simple/right/']);
  });

  test('is resolved once for all that is read at once, with a turn for others before each version', async () => {
    const names = Array.from({ length: 40 }, (_, nth) => `leaf-${nth}`);
    const leaves = Object.fromEntries(names.map((name) => [name, { '1.0': {} }]));
    const { after, rests } = originOf({ app: { '1.0': { needs: names } }, ...leaves });
    await after(metadata('app', '1.0'));
    expect(rests()).toBeGreaterThan(80);
    expect(rests()).toBeLessThan(300);
  });
});
