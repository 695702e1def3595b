import { describe, expect, test } from 'bun:test';
import { filesOfModule, moduleBounds, objectionToModuleZip } from './module-files.ts';

const file = (name: string, sizeBytes = 1, isSpecial = false) => ({ name, sizeBytes, isSpecial });
const prefix = 'example.com/m@v1.0.0/';
const inZip = (...names: string[]) =>
  objectionToModuleZip(
    names.map((name) => file(`${prefix}${name}`)),
    prefix,
  );

describe("a module's zip", () => {
  test('holds files below the folder of its version', () => {
    expect(inZip('go.mod', 'a.go', 'sub/', 'sub/b.go', 'sub/c d.go', 'é.go', '.github/x.yml')).toBeNull();
  });

  test('holds nothing that the go command would refuse', () => {
    const wrong = {
      'not below': () => objectionToModuleZip([file('other@v1.0.0/a.go')], prefix),
      'dots alone': () => inZip('../../etc/passwd'),
      'empty element': () => inZip('/etc/passwd'),
      'empty element ': () => inZip('a//b.go'),
      letters: () => inZip('a\\b.go'),
      'letters ': () => inZip('a:b.go'),
      Windows: () => inZip('sub/aux.go'),
      'ends in a dot': () => inZip('a.'),
      'are the same': () => inZip('README', 'readme'),
      'are the same ': () => inZip('a/b.go', 'A/c.go'),
      'there twice': () => inZip('a.go', 'a.go'),
      'a file and a folder': () => inZip('a', 'a/b.go'),
      'one go.mod': () => inZip('sub/go.mod'),
      'in lower case': () => inZip('GO.MOD'),
      'a link': () => objectionToModuleZip([file(`${prefix}a.go`, 1, true)], prefix),
      'unpacks to more': () =>
        objectionToModuleZip([file(`${prefix}a`, moduleBounds.total), file(`${prefix}b`)], prefix),
      'go.mod has more': () =>
        objectionToModuleZip([file(`${prefix}go.mod`, moduleBounds.goMod + 1)], prefix),
      'LICENSE has more': () =>
        objectionToModuleZip([file(`${prefix}LICENSE`, moduleBounds.license + 1)], prefix),
    };
    for (const [words, objection] of Object.entries(wrong)) expect(objection()).toContain(words.trim());
  });
});

describe('the files of a repository', () => {
  const chosen = (...names: string[]) => {
    const found = filesOfModule(names.map((name) => file(name)));
    return 'files' in found ? found.files.map(({ name }) => name) : found.objection;
  };

  test('make a module without what is vendored and without other modules', () => {
    const names = [
      'go.mod',
      'a.go',
      'sub/',
      'sub/b.go',
      'vendor/modules.txt',
      'vendor/x/x.go',
      'tools/go.mod',
      'tools/t.go',
      'tools/deep/u.go',
    ];
    expect(chosen(...names)).toEqual(['go.mod', 'a.go', 'sub/b.go', 'vendor/modules.txt']);
  });

  test('make one without links', () => {
    const found = filesOfModule([file('go.mod'), file('link', 1, true)]);
    expect('files' in found && found.files.map(({ name }) => name)).toEqual(['go.mod']);
  });

  test('make none where one of them could not be unpacked', () => {
    expect(chosen('../x')).toContain('dots alone');
    expect(chosen('Go.mod')).toContain('lower case');
    expect(chosen('a', 'A')).toContain('are the same');
    expect(chosen()).toContain('no files');
  });
});
