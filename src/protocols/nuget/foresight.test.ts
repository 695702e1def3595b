import { describe, expect, test } from 'bun:test';
import { manifestOf } from '../../../test/support/nuget-feed.ts';
import { grow } from '../../../test/support/tree.ts';
import type { Doing } from '../../foresight.ts';
import { flatItem, packageItem } from './address.ts';
import { nugetForesight } from './foresight.ts';
import { frameworkOf, groupFor } from './framework.ts';
import { lowestIn } from './range.ts';

const fresh: Doing = { asked: () => 0 };
const restore = new Headers({ 'user-agent': 'NuGet .NET Core MSBuild Task/6.8.0 (Linux 6.1; X64)' });

/** Versions of each package, with what they need. */
const feed: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, string>>>>>> = {
  top: { '1.0.0': { Left: '1.1', Right: '[2.0.0, 3.0.0)' } },
  left: { '1.0.0': {}, '1.1.0': { Far: '[1.0.0]' }, '1.2.0': {} },
  right: { '2.0.0-beta': {}, '2.1.0': { Far: '1.0.0', Gone: '1.0' }, '3.0.0': {} },
  far: { '1.0.0': {} },
};

async function foreseen() {
  const foresight = nugetForesight();
  const beginning = foresight.begins(packageItem('top', '1.0.0'), restore, fresh);
  if (beginning === null) throw new Error('nothing begins');
  return grow(foresight, beginning, (path) => {
    const [, , id = '', version = ''] = path.split('/');
    const found = feed[id];
    if (found === undefined) return null;
    if (version === 'index.json') return JSON.stringify({ versions: Object.keys(found) });
    const dependencies = found[version];
    return dependencies === undefined ? null : manifestOf({ id, version, dependencies });
  });
}

describe('what is foreseen of a package', () => {
  test('is the lists and the lowest versions of all that it needs', async () => {
    const { paths, likelihoods } = await foreseen();
    expect(paths).toEqual([
      ...['v3/flat/left/index.json', 'v3/flat/left/1.1.0/left.1.1.0.nupkg'],
      ...['v3/flat/right/index.json', 'v3/flat/right/2.1.0/right.2.1.0.nupkg'],
      ...['v3/flat/far/index.json', 'v3/flat/far/1.0.0/far.1.0.0.nupkg', 'v3/flat/gone/index.json'],
    ]);
    expect(Math.max(...Object.values(likelihoods))).toBeLessThan(1);
  });

  test('is nothing of a list, and nothing for others', () => {
    const { begins } = nugetForesight();
    expect(begins(flatItem('top'), restore, fresh)).toBeNull();
    expect(begins(packageItem('top', '1.0.0'), new Headers(), fresh)).toBeNull();
  });
});

test('of a range, the lowest that is there', () => {
  const all = ['0.9.0', '1.0.0-rc.1', '1.0.0', '1.5.0', '2.0.0'];
  const cases: readonly (readonly [range: string, lowest: string | null])[] = [
    ['1.0', '1.0.0'],
    ['(1.0, )', '1.5.0'],
    ['[1.0]', '1.0.0'],
    ['[1.1, 2.0)', '1.5.0'],
    ['(1.5, 2.0]', '2.0.0'],
    ['(, 1.0]', '0.9.0'],
    ['1.0.0-alpha', '1.0.0-rc.1'],
    ['[3.0, )', null],
    ['what', null],
    ['[1.0, 2.0, 3.0]', null],
  ];
  for (const [range, lowest] of cases) expect([range, lowestIn(all, range)]).toEqual([range, lowest]);
});

test('of several frameworks, the nearest to the one of the client', () => {
  expect(frameworkOf('NuGet Command Line/6.11.1 (Linux)')).toBe(8);
  expect(frameworkOf('NuGet xplat/7.0.0')).toBe(10);
  expect(frameworkOf('curl/8')).toBeNull();
  const groups = [
    '.NETFramework4.6.2',
    'netstandard2.0',
    '.NETStandard2.1',
    'net6.0',
    '.NETCoreApp3.1',
    'net9.0',
    'net8.0-windows7.0',
  ];
  const nearest = (framework: number, of: readonly string[]) =>
    groupFor(
      framework,
      of.map((targetFramework) => ({ targetFramework, dependencies: [] })),
    )?.targetFramework;
  expect(nearest(8, groups)).toBe('net6.0');
  expect(nearest(9, groups)).toBe('net9.0');
  expect(nearest(5, groups)).toBe('.NETCoreApp3.1');
  expect(nearest(8, ['net462', 'netstandard2.0'])).toBe('netstandard2.0');
  expect(groupFor(8, [{ dependencies: [] }])).toEqual({ dependencies: [] });
  expect(nearest(8, ['net48'])).toBeUndefined();
});
