import { afterAll, describe, expect, test } from 'bun:test';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporary } from '../../../test/support/temporary.ts';
import { wantedBy } from './wanted.ts';

const folder = temporary('wanted');
afterAll(() => folder[Symbol.dispose]());

/** What a file of this name and text stands for. */
function ofFile(name: string, text: string) {
  const path = join(folder.path, name);
  writeFileSync(path, text);
  return wantedBy({ words: [path], route: undefined }, nobody);
}

const nobody = (): Promise<never> => Promise.reject(new Error('nobody has to be asked'));

function npmLock(resolved: object): string {
  const packages = {
    '': {},
    'node_modules/one': { version: '1.0.0', integrity: 'sha512-AA==', ...resolved },
  };
  return JSON.stringify({ lockfileVersion: 3, packages });
}

describe('a file whose name ends in .txt', () => {
  test.each(['requirements.txt', 'requirements-dev.txt', 'dev.txt'])(
    'is pip’s where it pins: %s',
    async (name) => {
      const { versions } = await ofFile(name, '--no-binary :all:\nflask[async]==3.0.0\nidna==3.7\n');
      expect(versions.map(({ protocol, packages }) => [protocol, packages.length])).toEqual([['pypi', 2]]);
    },
  );

  test('is a list where it pins nothing as pip does', async () => {
    const { addresses } = await ofFile('warm.txt', '# every morning\n/files/a.tgz?sum=YQ==\n/npm/react\n');
    expect(addresses.map(({ url }) => url)).toEqual(['/files/a.tgz?sum=YQ==', '/npm/react']);
  });
});

describe('a lock file of npm', () => {
  test('without addresses has npm ask for documents, too', async () => {
    expect((await ofFile('package-lock.json', npmLock({}))).needsIndexes).toBe(true);
  });

  test('with addresses has it ask for tarballs alone', async () => {
    const resolved = 'https://packages.example/npm/one/-/one-1.0.0.tgz';
    expect((await ofFile('package-lock.json', npmLock({ resolved }))).needsIndexes).toBe(false);
  });
});

describe('is refused, with what is wrong:', () => {
  test.each([
    ['package.json', '{ "name": "one" }', 'package.json is no lock file that is known here'],
    ['pnpm-workspace.yaml', 'packages: []', 'pnpm-workspace.yaml is no lock file that is known here'],
    ['empty.list', '# nothing today\n', 'Nothing is named in '],
    ['requirements.txt', 'flask>=3\n', 'Nothing is named in '],
  ])('the file %s', async (name, text, why) => {
    await expect(ofFile(name, text)).rejects.toThrow(why);
  });

  test('a file that there is not, and a folder', async () => {
    mkdirSync(join(folder.path, 'folder'));
    const missing = wantedBy({ words: ['./missing.list'], route: undefined }, nobody);
    await expect(missing).rejects.toThrow('There is no file ./missing.list');
    await expect(wantedBy({ words: ['..'], route: undefined }, nobody)).rejects.toThrow('.. is a folder');
  });

  test('a word that is meant as a file, and one that is a package without its version', async () => {
    const npm = { name: 'npm', protocol: 'npm', path: '/npm', hosts: [], access: 'open', hasPolicy: false };
    const ask = async () => [npm];
    const named = (word: string) => wantedBy({ words: [word], route: 'npm' }, ask);
    await expect(named('deps.json')).rejects.toThrow('There is no file deps.json; and of a package');
    await expect(named('lodash')).rejects.toThrow('Which version of lodash?');
  });

  test('an empty word', async () => {
    await expect(wantedBy({ words: [''], route: undefined }, nobody)).rejects.toThrow('An empty word');
  });
});
