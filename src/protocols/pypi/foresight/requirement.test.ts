/** Requirements with their markers, as wheels have them. */
import { describe, expect, test } from 'bun:test';
import type { Client } from './client.ts';
import { environmentOf } from './marker.ts';
import { isNeeded, readRequirement } from './requirement.ts';

const linux: Client = {
  ...{ python: '3.11.2', implementation: 'cpython', implementationVersion: '3.11.2', system: 'Linux' },
  ...{ cpu: 'x86_64', base: 'glibc-2.36', isGuessed: false, asksMetadata: true, form: 'json' },
};

function needs(line: string, extras: readonly string[] = [], client = linux): boolean {
  const read = readRequirement(line);
  if (read === null) throw new Error(`${line} cannot be read`);
  return isNeeded(read, environmentOf(client), extras);
}

test.each([
  ['requests', 'requests', [], 0],
  ['Foo.Bar [B_x, a] >=1.0,<2 ; extra == "c"', 'foo-bar', ['a', 'b-x'], 2],
  ['foo (>=1.0)', 'foo', [], 1],
  ['foo>=1,!=1.5.*;python_version<"3"', 'foo', [], 2],
])('%s', (line, name, extras, count) => {
  const read = readRequirement(line);
  expect([read?.name, read?.extras, read?.specifiers.length]).toEqual([name, extras, count]);
});

test.each([
  ...['', '-foo', 'foo @ https://example.com/foo.whl', 'foo >=', 'foo; python_version', 'foo bar', 'foo[a'],
  ...[
    'foo; nonsense == "1"',
    'foo; (os_name == "posix"',
    'foo; os_name == "posix" and',
    "foo; os_name == 'a",
  ],
  ...['foo; os_name "posix"', 'foo; os_name == "a" os_name == "b"', 'foo; () == "a"'],
])('what nobody understands is left out: %s', (line) => {
  expect(readRequirement(line)).toBeNull();
});

describe('a marker', () => {
  test.each([
    ['python_version >= "3.8"', true],
    ['python_version < "3.9"', false],
    ['python_version >= "3.10" and python_version < "3.12"', true],
    ['python_full_version < "3.11.3"', true],
    ['python_version in "3.10 3.11"', true],
    ['python_version not in "2.7, 3.5"', true],
    ['sys_platform == "win32" or sys_platform == "linux"', true],
    ['sys_platform == "win32" or sys_platform == "linux" and python_version < "3"', false],
    ['(sys_platform == "win32" or sys_platform == "linux") and platform_machine != "arm64"', true],
    ['platform_system == "Darwin"', false],
    ["os_name == 'posix' and implementation_name == 'cpython'", true],
    ['platform_python_implementation != "PyPy"', true],
    ['python_implementation == "CPython"', true],
    ['"linux" in sys_platform', true],
    ['"3.11" <= python_version', true],
    ['platform_release >= "20"', false],
    ['extra == "test"', false],
  ])('%s', (marker, holds) => {
    expect(needs(`foo; ${marker}`)).toBe(holds);
  });

  test('holds for an extra however that is spelt', () => {
    const line = 'foo>=1; extra == "Fast_IO" and python_version >= "3"';
    expect([needs(line), needs(line, ['fast-io']), needs(line, ['slow', 'fast-io'])]).toEqual([
      false,
      true,
      true,
    ]);
    expect(needs('foo; extra != "fast"', ['fast'])).toBe(true);
  });

  test('knows other machines', () => {
    const windows = { ...linux, system: 'Windows', cpu: 'AMD64' } as const;
    expect(needs('colorama; platform_system == "Windows" and os_name == "nt"', [], windows)).toBe(true);
    const pypy = { ...linux, implementation: 'pypy', implementationVersion: '7.3.11' };
    expect(
      needs('foo; platform_python_implementation == "PyPy" and implementation_version >= "7"', [], pypy),
    ).toBe(true);
  });
});

test.each([
  `a${' '.repeat(3_900)}@`,
  `a(${' '.repeat(3_900)}`,
  `a ${'['.repeat(3_900)}`,
  `a[${','.repeat(3_900)}`,
  `${'a'.repeat(3_900)}@`,
  `a${' ;'.repeat(1_900)}`,
  'a'.repeat(100_000_000),
])('a line that is made to take long means nothing, and takes no time: %#', (line) => {
  expect(readRequirement(line)).toBeNull();
});
