/** What is foreseen of the real pip, held against what it asks for: a tree with all that makes resolving hard. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pypi } from '../../src/protocols/pypi/pypi.ts';
import { type Told, type Watched, watch } from '../support/foreseen.ts';
import { temporary } from '../support/index.ts';
import { available } from '../support/needs.ts';
import { runPython } from '../support/python-client.ts';
import { type PythonIndex, startPythonIndex } from '../support/python-index.ts';
import { sdist } from '../support/python-package.ts';

/** The machine's own, and the one that Debian has: an older one, which does not ask for metadata apart. */
const pips = [...new Set([Bun.which('pip'), '/usr/bin/pip'])].filter(
  (path): path is string => path !== null && existsSync(path),
);
const folder = temporary('pypi-foresight');
let upstream: PythonIndex;
let watched: Watched;

const machines = ['manylinux_2_17_x86_64', 'manylinux_2_17_aarch64', 'musllinux_1_1_x86_64', 'win_amd64'];

function publishTree(): void {
  const add = (name: string, version: string, requires: readonly string[] = [], more = {}) =>
    upstream.publish({ name, version, requires, ...more });
  add('app', '1.0', [
    ...['Web.Frame>=1,<3', 'native', 'frail', 'early', 'early-only', 'modern', 'tool[fast]~=1.2', 'left'],
    ...['right', 'picky', 'only-there; sys_platform == "win32"', 'of-old; python_version < "3"'],
    'always; python_version >= "3" and (os_name == "posix" or os_name == "nt")',
    'for-tests; extra == "test"',
  ]);
  add('web-frame', '1.0');
  add('web-frame', '2.5', ['leaf!=1.1', 'leaf<1.3']);
  add('web-frame', '3.0', ['never']);
  for (const version of ['1.0', '1.1', '1.2', '1.3']) add('leaf', version);
  for (const minor of [8, 9, 10, 11, 12, 13])
    for (const machine of machines)
      add('native', '2.0', ['leaf'], { tag: `cp3${minor}-cp3${minor}-${machine}` });
  add('native', '2.0', [], { tag: 'cp310-cp310-macosx_11_0_arm64' });
  upstream.publish(sdist({ name: 'native', version: '2.0' }));
  add('frail', '1.0');
  upstream.publish({ name: 'frail', version: '1.1' }, { yanked: 'it breaks' });
  add('early', '1.0');
  add('early', '2.0rc1');
  add('early-only', '0.1b1');
  add('early-only', '0.1b2');
  add('modern', '1.0');
  add('modern', '2.0', [], { requiresPython: '>=4' });
  add('tool', '1.2.5', ['speed>=1; extra == "fast"', 'slow; extra == "slow"']);
  add('tool', '2.0', ['speed>=1; extra == "fast"']);
  add('speed', '1.0', ['speed-core==1.*']);
  add('speed-core', '1.7');
  add('speed-core', '2.0');
  add('slow', '1.0');
  add('left', '1.0', ['shared<2']);
  add('right', '1.0', ['shared>=1']);
  for (const version of ['1.0', '1.5', '2.0', '2.1']) add('shared', version);
  add('picky', '3.0', ['shared>=2']);
  add('picky', '2.0', ['shared>=2', 'leaf']);
  add('picky', '1.0', ['shared<2', 'deep']);
  add('deep', '1.0', ['deeper']);
  add('deeper', '1.0', ['deepest']);
  add('deepest', '1.0');
  for (const name of ['only-there', 'of-old', 'always', 'for-tests', 'never']) add(name, '1.0');
  add('other', '1.0', ['leaf']);
  for (const [version, year] of [
    ['1.0', 2021],
    ['2.0', 2024],
  ] as const) {
    const needs = { 'pin-a': ['pin-b>=1', 'pin-c>=1'], 'pin-b': ['pin-c'], 'pin-c': [] };
    for (const [name, requires] of Object.entries(needs))
      upstream.publish({ name, version, requires }, { at: `${year}-01-01T00:00:00Z` });
  }
}

describe.skipIf(!available('pip', pips.length === 0 ? 'it is not installed' : null)).each(pips)(
  '%s',
  (pip) => {
    beforeAll(async () => {
      upstream = await startPythonIndex();
      publishTree();
      watched = watch(pypi(), `${upstream.url}/simple`);
    });
    beforeEach(() => watched.begin());
    afterAll(async () => {
      await watched?.stop();
      await upstream?.off();
    });

    async function downloads(...wanted: string[]): Promise<Told> {
      const to = join(folder.path, Bun.randomUUIDv7());
      const index = `${watched.url}/simple/`;
      const args = ['download', '--only-binary', ':all:', '--dest', to, '--index-url', index, ...wanted];
      const { code, output } = await runPython(pip, args, { home: join(folder.path, 'home') });
      if (code !== 0) throw new Error(output);
      return watched.told;
    }

    test.each([
      ['one tree', 'app', 0.95],
      ['two trees', 'other app', 0.9],
      ['one of which extras are wanted', 'tool[fast]', 0.4],
      ['versions that were pinned long ago', 'pin-a==1.0 pin-b==1.0 pin-c==1.0', 0.4],
      ['an old version, of which nothing else is pinned', 'pin-a<2', 0.4],
    ])(
      '%s',
      async (_, wanted, least) => {
        const told = await downloads(...wanted.split(' '));
        expect(told.precision).toBeGreaterThanOrEqual(0.8);
        expect(told.recall).toBeGreaterThanOrEqual(least);
      },
      60_000,
    );
  },
);

afterAll(() => folder[Symbol.dispose]());
