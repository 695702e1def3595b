import { describe, expect, test } from 'bun:test';
import { grow } from '../../../test/support/tree.ts';
import type { Doing } from '../../foresight.ts';
import type { Beginning } from '../registry/ecosystem.ts';
import { cargoForesight } from './foresight.ts';
import { crateItem, indexItem } from './item.ts';

const fresh: Doing = { asked: () => 0 };
const client = (fields: Record<string, string> = {}) =>
  new Headers({ 'user-agent': 'cargo/1.95.0 (f2d3ce0bd 2026-03-21)', ...fields });

interface Line {
  readonly vers: string;
  readonly at?: string;
  readonly deps?: readonly Record<string, unknown>[];
  readonly features?: Record<string, readonly string[]>;
  readonly yanked?: boolean;
  readonly rust_version?: string;
}

const indexOf = (name: string, lines: readonly Line[]) =>
  lines
    .map(({ at, deps = [], ...line }) =>
      JSON.stringify({
        ...{ name, cksum: '0'.repeat(64), features: {}, yanked: false, ...line },
        deps: deps.map((dep) => ({
          req: '*',
          features: [],
          optional: false,
          default_features: true,
          target: null,
          kind: 'normal',
          ...dep,
        })),
        ...(at && { pubtime: `${at}T00:00:00Z` }),
      }),
    )
    .join('\n');

/** What is foreseen of a beginning, by path, with its likelihood. */
async function foreseen(indexes: Readonly<Record<string, readonly Line[]>>, beginning: Beginning) {
  const grown = await grow(cargoForesight(), beginning, (path) => {
    const name = path.split('/').at(-1) ?? '';
    const lines = indexes[name];
    return lines === undefined ? null : indexOf(name, lines);
  });
  return grown.likelihoods;
}

const begin = (...args: Parameters<ReturnType<typeof cargoForesight>['begins']>) => {
  const beginning = cargoForesight().begins(...args);
  if (beginning === null) throw new Error('nothing begins');
  return beginning;
};
const crate = (name: string, version: string) => crateItem(name, version).path;
const index = (name: string) => indexItem(name).path;
const old = { at: '2020-01-01' };

describe('what begins a tree', () => {
  test('is an index or a crate that cargo asks for', () => {
    const { begins } = cargoForesight();
    const config = { kind: 'config', name: null, path: 'config.json' };
    expect(begins(config, client(), fresh)).toBeNull();
    expect(begins(indexItem('serde'), new Headers({ 'user-agent': 'curl/8' }), fresh)).toBeNull();
    expect(begins(indexItem('serde'), client(), fresh)).toEqual({
      wants: [{ name: 'serde', range: '' }],
      about: { rust: '1.95', fetches: 'all' },
    });
    expect(begins(crateItem('serde', '1.0.5'), client(), fresh)?.about).toEqual({
      rust: '1.95',
      fetches: 'crates',
    });
  });

  test('fetches no crates where an index is confirmed, or many were asked for already', () => {
    expect(begin(indexItem('serde'), client({ 'if-none-match': '"a"' }), fresh).about.fetches).toBe(
      'indexes',
    );
    expect(begin(indexItem('serde'), client(), { asked: () => 100 }).about.fetches).toBe('indexes');
  });
});

describe('what is foreseen of an index', () => {
  const of = (indexes: Readonly<Record<string, readonly Line[]>>) =>
    foreseen(indexes, begin(indexItem('top'), client(), fresh));

  test('is the newest that is not withdrawn, no pre-release, and that the compiler can build', async () => {
    const top = [
      { vers: '1.0.0', ...old },
      { vers: '1.1.0', ...old },
      { vers: '1.2.0', ...old, rust_version: '1.96' },
      { vers: '1.3.0', ...old, yanked: true },
      { vers: '2.0.0-rc.1', ...old },
    ];
    expect(Object.keys(await of({ top }))).toEqual([crate('top', '1.1.0')]);
  });

  test('is one crate of all that are compatible, and all that are not', async () => {
    const deps = [
      { name: 'left', req: '1' },
      { name: 'right', req: '1' },
    ];
    const indexes = {
      top: [{ vers: '1.0.0', ...old, deps }],
      left: [{ vers: '1.0.0', ...old, deps: [{ name: 'shared', req: '>=1.0, <1.2' }] }],
      right: [
        {
          vers: '1.0.0',
          ...old,
          deps: [
            { name: 'Shared', req: '1' },
            { name: 'other', package: 'shared', req: '0.1' },
          ],
        },
      ],
      shared: [
        { vers: '0.1.9', ...old },
        { vers: '1.1.0', ...old },
        { vers: '1.2.0', ...old },
      ],
    };
    const paths = Object.keys(await of(indexes));
    expect(paths.filter((path) => path.includes('shared'))).toEqual([
      index('shared'),
      crate('shared', '1.1.0'),
      crate('shared', '0.1.9'),
    ]);
  });

  test('has what features enable, also weakly, and no dependencies of tests', async () => {
    const deps = [
      { name: 'mid', req: '1', features: ['extra'], default_features: false },
      { name: 'tests', kind: 'dev' },
    ];
    const mid = {
      features: { default: ['dep:usual'], extra: ['dep:more', 'weak?/std', 'named/std'] },
      deps: ['usual', 'more', 'weak', 'named', 'never'].map((name) => ({ name, optional: true })),
    };
    const one = [{ vers: '1.0.0', ...old }];
    const indexes = {
      ...{ top: [{ vers: '1.0.0', ...old, deps }], mid: [{ vers: '1.0.0', ...old, ...mid }] },
      ...{ usual: one, more: one, weak: one, named: one, never: one, tests: one },
    };
    const crates = Object.keys(await of(indexes)).filter((path) => path.endsWith('/download'));
    expect(crates).toEqual(['top', 'mid', 'more', 'weak', 'named'].map((name) => crate(name, '1.0.0')));
  });

  test('is all indexes, and hardly the crates of other platforms', async () => {
    const deps = [
      { name: 'winapi', target: 'cfg(windows)' },
      { name: 'libc', target: 'cfg(unix)' },
    ];
    const one = [{ vers: '1.0.0', ...old }];
    const told = await of({ top: [{ vers: '1.0.0', ...old, deps }], winapi: one, libc: one });
    expect(told).toMatchObject({ [index('winapi')]: 1, [index('libc')]: 1 });
    expect(told[crate('winapi', '1.0.0')]).toBeLessThan(0.1);
    expect(told[crate('libc', '1.0.0')]).toBeGreaterThan(0.9);
  });

  test('is the less likely the younger it is, as somebody may have locked an older one', async () => {
    const deps = [{ name: 'young' }, { name: 'grown' }];
    const told = await of({
      top: [{ vers: '1.0.0', ...old, deps }],
      young: [
        { vers: '1.0.0', ...old },
        { vers: '1.0.1', at: '2026-05-30' },
      ],
      grown: [
        { vers: '1.0.0', ...old },
        { vers: '1.0.1', at: '2025-05-30' },
      ],
    });
    expect(told[crate('young', '1.0.1')]).toBeLessThan(0.6);
    expect(told[crate('grown', '1.0.1')]).toBeGreaterThan(0.9);
  });

  test('is the less likely the younger the incompatible release is that is newest', async () => {
    const told = await of({
      top: [
        { vers: '1.0.0', ...old },
        { vers: '2.0.0', at: '2026-05-01' },
      ],
    });
    expect(told[crate('top', '2.0.0')]).toBeLessThan(0.5);
  });

  test('is nothing where there is no such crate, or nothing of it can be read', async () => {
    expect(await of({})).toEqual({});
    expect(await of({ top: [{ vers: 'one' }] })).toEqual({});
  });
});

describe('what is foreseen of a crate', () => {
  const deps = [{ name: 'dep', req: '1' }];
  const dep = [
    { vers: '1.0.0', at: '2021-01-01' },
    { vers: '1.1.0', at: '2023-03-01' },
    { vers: '1.2.0', at: '2025-01-01' },
  ];
  const of = (version: string, top: readonly Line[]) =>
    foreseen({ top, dep }, begin(crateItem('top', version), client(), fresh));

  test('is no index, and what there was when it was locked', async () => {
    const top = [
      { vers: '1.0.0', at: '2022-01-01', deps },
      { vers: '1.0.1', at: '2023-01-01', deps },
      { vers: '1.0.2', at: '2024-01-01', deps },
    ];
    expect(await of('1.0.0', top)).toEqual({ [crate('top', '1.0.0')]: 1, [crate('dep', '1.0.0')]: 1 });
    const later = await of('1.0.1', top);
    expect(Object.keys(later)).toEqual([crate('top', '1.0.1'), crate('dep', '1.1.0')]);
    expect(later[crate('dep', '1.1.0')]).toBeCloseTo(0.84, 1);
    expect(Object.keys(await of('1.0.2', top))).toContain(crate('dep', '1.2.0'));
  });

  test('is nothing of a version that the index does not have', async () => {
    expect(await of('9.9.9', [{ vers: '1.0.0', ...old }])).toEqual({});
  });
});
