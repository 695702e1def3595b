import { expect, test } from 'bun:test';
import { readCoreMetadata } from './core-metadata.ts';
import { spellingsOf } from './hosted/spelling.ts';

const read = (...lines: readonly string[]) => readCoreMetadata(new TextEncoder().encode(lines.join('\n')));

test('core metadata are read as the head of a mail, with the description behind it', () => {
  const metadata = read(
    ...['Metadata-Version: 2.4', 'Name: Foo.Bar', 'Version: 1.0', 'Summary: Does: things', 'Keywords: a,b c'],
    ...[
      'License: MIT',
      'Author-email: Alice <alice@example.com>',
      'Requires-Python: >=3.8',
      'Requires-Dist: six',
    ],
    ...[
      'Requires-Dist: ten; extra == "x"',
      'Project-URL: Source Code, https://code.example',
      '',
      '# Foo',
      '',
      'Name: no',
    ],
  );
  expect(metadata).toMatchObject({
    ...{ name: 'Foo.Bar', version: '1.0', summary: 'Does: things', licence: 'MIT', keywords: ['a', 'b c'] },
    ...{ repository: 'https://code.example', requiresPython: '>=3.8', dependencies: 2 },
    ...{ authors: ['Alice <alice@example.com>'], description: '# Foo\n\nName: no' },
  });
});

test('the text of a licence is no name of one, and a line may go on', () => {
  const metadata = read('Name: foo', 'Version: 1', 'License: All', '        of it', 'Summary: one');
  expect(metadata).toMatchObject({ licence: '', summary: 'one' });
  expect(readCoreMetadata(new TextEncoder().encode('Name: foo\r\nVersion: 1\r\n\r\nText'))).toMatchObject({
    version: '1',
    description: 'Text',
  });
});

test('without a name or a version there are none', () => {
  expect(read('Version: 1')).toBeNull();
  expect(read('Name: foo')).toBeNull();
  expect(readCoreMetadata(new Uint8Array([0xff, 0, 1]))).toBeNull();
});

test('a version is known by all its spellings', () => {
  expect(spellingsOf('1.0')).toEqual(['1.0', '1', '1.0.0', '1.0.0.0', '1.0.0.0.0']);
  expect(spellingsOf('v1.0-RC1')[0]).toBe('1.0rc1');
  expect(spellingsOf('1!2.0+ubuntu-1')).toContain('1!2.0+ubuntu.1');
  expect(spellingsOf('2024.01.05')[0]).toBe('2024.1.5');
});
