/** What go.mod files require, and what an origin tells of modules by them. */
import { describe, expect, test } from 'bun:test';
import { virtualClock } from '../../../test/support/clock.ts';
import type { ForeseenItem, Item, Tree, Want } from '../registry/ecosystem.ts';
import { walk } from '../walk.ts';
import { goForesight } from './foresight.ts';
import { itemAt } from './item.ts';
import { readGoMod } from './requirements.ts';

describe('a go.mod', () => {
  test('requires what stands in blocks and alone, with or without quotes', () => {
    const text = [
      ...['module example.com/m // require example.com/no v1.0.0', '', 'go 1.21.3', 'toolchain go1.22.0'],
      ...[
        'require example.com/one v1.0.0',
        'require ( // of these',
        '\texample.com/two/v2 v2.1.0 // indirect',
      ],
      ...['\t"example.com/three" `v0.0.0-20200102030405-abcdefabcdef`', '\t// example.com/no v1.0.0', ')'],
      ...['exclude example.com/no v1.1.0', 'replace (', '\texample.com/no v1.0.0 => ../no', ')'],
      ...['retract v1.0.1', 'require example.com/four v4.0.0+incompatible // indirect; why not'],
    ].join('\r\n');
    const { requires, isPruned } = readGoMod(text);
    expect(isPruned).toBe(true);
    expect(requires).toEqual([
      { module: 'example.com/one', version: 'v1.0.0', isIndirect: false },
      { module: 'example.com/two/v2', version: 'v2.1.0', isIndirect: true },
      { module: 'example.com/three', version: 'v0.0.0-20200102030405-abcdefabcdef', isIndirect: false },
      { module: 'example.com/four', version: 'v4.0.0+incompatible', isIndirect: true },
    ]);
  });

  test.each([
    ['go 1.16', false],
    ['go 1.17', true],
    ['go 1.23rc1', true],
    ['go 2.0', true],
    ['', false],
    ['go one', false],
  ])('says whether all that it needs is in it: %s', (line, isPruned) => {
    expect(readGoMod(`module m\n${line}\n`).isPruned).toBe(isPruned);
  });

  test('has nothing of what makes no sense', () => {
    const lines = [
      'example.com/a',
      'example.com/a master',
      'nodot v1.0.0',
      'example.com/a v1 v2',
      '() v1.0.0',
    ];
    expect(readGoMod(lines.map((line) => `require ${line}\n`).join('')).requires).toEqual([]);
    expect(readGoMod('require (\nexample.com/a v1.0.0').requires).toHaveLength(1);
  });
});

const mods: Readonly<Record<string, string>> = {
  'tool v1.0.0':
    'go 1.19\nrequire x.y/new v1.0.0\nrequire x.y/old v1.0.0\nrequire x.y/leaf v1.1.0 // indirect\n',
  'aged v1.0.0': 'go 1.15\nrequire x.y/new v1.0.0\nrequire x.y/old v1.0.0\n',
  'new v1.0.0': 'go 1.19\nrequire x.y/leaf v1.0.0\n',
  'old v1.0.0': 'go 1.15\nrequire x.y/leaf v1.1.0\n',
  'own v1.0.0': 'go 1.19\nrequire x.y/leaf v1.0.0\n',
  'leaf v1.0.0': 'go 1.19\n',
  'leaf v1.1.0': 'go 1.19\n',
};

const registry = { livesHere: (name: string): boolean => name === 'x.y/own' };

/** What is foreseen of who asks for this: `leaf v1.0.0 mod`, `leaf list`; with how likely it is. */
async function after(
  item: Item,
  doing: Readonly<Record<string, number>> = {},
  database: string | null = null,
) {
  const { begins, expand, ends } = goForesight(database);
  const beginning = begins(item, new Headers(), { asked: (kind) => doing[kind] ?? 0 });
  if (beginning === null) return null;
  const tree: Tree = {
    ...{ about: beginning.about, notes: new Map(), registry: registry as Tree['registry'] },
    rest: async () => true,
    async read({ name, version, path }) {
      const module = name?.slice('x.y/'.length) ?? '';
      if (path.endsWith('/list')) return listOf(module);
      if (path.endsWith('/@latest')) return Buffer.from('{"Version":"v1.0.0"}');
      const text = mods[`${module} ${version}`];
      return text === undefined ? null : Buffer.from(`module ${name}\n${text}`);
    },
  };
  const inShort = ({ item: each, likelihood }: ForeseenItem) => ({
    target: [(each.name ?? '').replace('x.y/', ''), each.version, each.kind, likelihood]
      .filter(Boolean)
      .join(' '),
  });
  const options = { idOf: (want: Want) => JSON.stringify(want), clock: virtualClock(0) };
  const { foreseen } = await walk(
    beginning.wants,
    {
      ...options,
      async expand(want) {
        const { items, wants } = await expand(want, tree);
        return { foreseen: items.map(inShort), wants };
      },
    },
    async () => ((await ends?.(tree)) ?? []).map(inShort),
  );
  return foreseen.map(({ target }) => target);
}

function listOf(module: string): Uint8Array | null {
  const all = Object.keys(mods).filter((each) => each.startsWith(`${module} `));
  if (module === 'unreleased') return new Uint8Array();
  return all.length === 0 ? null : Buffer.from(all.map((each) => `${each.split(' ')[1]}\n`).join(''));
}

const at = (of: 'info' | 'mod' | 'zip', module: string, version = 'v1.0.0') =>
  itemAt({ of, module: `x.y/${module}`, version });
const list = (module: string) => itemAt({ of: 'list', module: `x.y/${module}` });

describe('a module that is taken up by its name', () => {
  test('is all there with what its go.mod says, where that says everything', async () => {
    expect(await after(at('info', 'tool'))).toEqual([
      ...['tool v1.0.0 mod', 'tool v1.0.0 zip'],
      ...['new v1.0.0 zip 0.85', 'new v1.0.0 mod 0.85', 'new v1.0.0 info 0.85'],
      ...['old v1.0.0 zip 0.85', 'old v1.0.0 mod 0.85', 'old v1.0.0 info 0.85'],
      ...['leaf v1.1.0 zip 0.8', 'leaf v1.1.0 mod 0.8', 'leaf v1.1.0 info 0.8'],
    ]);
  });

  test('is all there with the highest versions of the graph, where that has to be read', async () => {
    const told = (await after(at('info', 'aged'))) ?? [];
    expect(told.filter((each) => each.includes('mod'))).toEqual([
      ...['aged v1.0.0 mod', 'new v1.0.0 mod', 'old v1.0.0 mod', 'leaf v1.0.0 mod', 'leaf v1.1.0 mod'],
      ...['new v1.0.0 mod 0.85', 'old v1.0.0 mod 0.85', 'leaf v1.1.0 mod 0.85'],
    ]);
    expect(told.filter((each) => each.includes('zip')).map((each) => each.split(' zip')[0])).toEqual([
      ...['aged v1.0.0', 'new v1.0.0', 'old v1.0.0', 'leaf v1.1.0'],
    ]);
  });

  test('is the newest that its list has, or what stands for one where it has none', async () => {
    expect((await after(list('leaf')))?.slice(0, 2)).toEqual(['leaf v1.1.0 info', 'leaf v1.1.0 mod']);
    expect(await after(list('unreleased'))).toEqual([
      'unreleased latest',
      'unreleased v1.0.0 mod',
      'unreleased v1.0.0 zip',
    ]);
    expect(await after(itemAt({ of: 'latest', module: 'x.y/leaf' }))).toContain('leaf v1.1.0 zip');
  });

  test('is looked up in the checksum database', async () => {
    const told = (await after(at('info', 'tool'), {}, 'sum.example.com')) ?? [];
    expect(told.filter((each) => /lookup|sumdb/.test(each))).toEqual([
      ...['sumdb-supported', 'tool v1.0.0 lookup', 'new v1.0.0 lookup 0.85', 'old v1.0.0 lookup 0.85'],
      ...['leaf v1.1.0 lookup 0.8'],
    ]);
  });
});

test('what lives here is in no checksum database', async () => {
  const told = (await after(at('info', 'own'), {}, 'sum.example.com')) ?? [];
  expect(told.filter((each) => each.includes('lookup'))).toEqual(['leaf v1.0.0 lookup 0.85']);
});

describe('who has a go.mod of his own', () => {
  test('reads the graph, and then all that he has chosen', async () => {
    expect(await after(at('mod', 'new'), { mod: 2 })).toEqual([
      'new v1.0.0 info 0.85',
      'new v1.0.0 zip 0.85',
    ]);
    expect(await after(at('mod', 'old'), { mod: 2 })).toEqual([
      ...['old v1.0.0 info 0.5', 'old v1.0.0 zip 0.5', 'leaf v1.1.0 mod'],
    ]);
  });

  test('looks at dates, and then downloads', async () => {
    expect(await after(at('info', 'new'), { mod: 5 })).toEqual(['new v1.0.0 zip', 'new v1.0.0 mod']);
  });

  test('loads packages, those of what they import with them', async () => {
    expect(await after(at('zip', 'tool'))).toEqual([
      ...[
        'tool v1.0.0 mod',
        'tool v1.0.0 info',
        'new v1.0.0 zip 0.6',
        'old v1.0.0 zip 0.6',
        'leaf v1.1.0 zip 0.5',
      ],
    ]);
  });

  test('and no whole go.sum looks hashes up, and no dates', async () => {
    const told = await after(at('zip', 'old'), { lookup: 2 }, 'sum.example.com');
    expect(told).toEqual([
      ...['old v1.0.0 lookup', 'old v1.0.0 mod', 'leaf v1.1.0 zip 0.6', 'leaf v1.1.0 lookup 0.6'],
    ]);
  });

  test('and takes up another by name is foreseen by that alone', async () => {
    expect(await after(at('zip', 'new'), { info: 1 })).toBeNull();
    expect(await after(at('info', 'new'), { list: 1, mod: 3 })).toBeNull();
    expect(await after(at('mod', 'new'), { info: 1, mod: 3 })).toEqual([]);
    expect(await after(list('leaf'), { mod: 3 })).toEqual(['leaf v1.1.0 info', 'leaf v1.1.0 mod']);
  });
});

test('nothing follows from what is no module, or of which nothing is known', async () => {
  const tile = { of: 'sumdb', database: 'sum.example.com', what: 'tile', path: 'tile/8/0/000' } as const;
  expect(await after(itemAt(tile))).toBeNull();
  expect(await after(itemAt({ of: 'query', module: 'x.y/new', version: 'main' }))).toBeNull();
  expect(await after(list('nowhere'))).toEqual([
    'nowhere latest',
    'nowhere v1.0.0 mod',
    'nowhere v1.0.0 zip',
  ]);
});
