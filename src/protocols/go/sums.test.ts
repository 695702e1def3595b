import { describe, expect, test } from 'bun:test';
import { hash1, hashOfGoMod } from './dirhash.ts';
import { moduleIn, requirementsIn } from './go-mod.ts';
import { readSumRecord } from './sum-record.ts';

describe('the hash of a module', () => {
  // Of rsc.io/quote v1.5.2, as every go.sum that has it says.
  test('of a go.mod is what go.sum says', () => {
    const goMod = 'module "rsc.io/quote"\n\nrequire "rsc.io/sampler" v1.3.0\n';
    expect(hashOfGoMod(Buffer.from(goMod))).toBe('h1:LzX7hefJvL54yjefDEDHNONDjII0t9xZLPXsUe+TKr0=');
  });

  test('goes by the names of files in the order of their bytes', () => {
    const files = ['b', 'a', 'B', 'é', 'a/b'].map((name) => ({ name, sha256: '0'.repeat(64) }));
    expect(hash1(files)).toBe(hash1(files.toReversed()));
    expect(hash1(files)).not.toBe(hash1(files.slice(1)));
  });
});

describe('a record of a checksum database', () => {
  const hash = (letter: string) => `h1:${letter.repeat(43)}=`;
  const record = `7\nexample.com/m v1.0.0 ${hash('a')}\nexample.com/m v1.0.0/go.mod ${hash('b')}\n\ngo.sum database tree\n9\nxyz\n`;

  test('says both sums of a version', () => {
    expect(readSumRecord(record, 'example.com/m', 'v1.0.0')).toEqual({ zip: hash('a'), mod: hash('b') });
  });

  test('says nothing of another version', () => {
    expect(readSumRecord(record, 'example.com/m', 'v1.0.1')).toEqual({ zip: null, mod: null });
  });

  test('is nothing else', () => {
    for (const text of ['', '<html></html>', record.slice(0, 60), record.replace('7\n', 'x\n')]) {
      expect(readSumRecord(text, 'example.com/m', 'v1.0.0')).toBeNull();
    }
  });
});

describe('a go.mod', () => {
  test('says which module it is of', () => {
    const path = 'example.com/m';
    const ways = [
      ...[
        'module example.com/m\n',
        'module example.com/m',
        '// about\nmodule "example.com/m" // Deprecated: no\n\ngo 1.19\n',
      ],
      ...[
        'module `example.com/m`\r\n',
        'go 1.19\nmodule (\n\texample.com/m\n)\n',
        '\tmodule\texample.com/m\r\nrequire x.y/z v1.0.0\n',
      ],
    ];
    for (const text of ways) expect([text, moduleIn(text)]).toEqual([text, path]);
    for (const text of ['', 'go 1.19\n', '// module example.com/m\n', 'modules example.com/m\n'])
      expect([text, moduleIn(text)]).toEqual([text, null]);
  });

  test('says how many modules it requires', () => {
    expect(
      requirementsIn(
        'module m.x/m\nrequire a.b/c v1.0.0\nrequire (\n\ta.b/d v1.0.0\n\ta.b/e v1.0.0 // indirect\n)\n',
      ),
    ).toBe(3);
  });
});
