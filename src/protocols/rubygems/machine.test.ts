import { expect, test } from 'bun:test';
import { machineOf, suits } from './machine.ts';

test('Bundler and gem say what they run on', () => {
  const bundler =
    'bundler/2.3.27 rubygems/3.3.15 ruby/3.1.7 (x86_64-pc-linux-gnu) command/install 1234567890abcdef';
  expect(machineOf(bundler)).toEqual({ client: 'bundler', ruby: '3.1.7', cpu: 'x86_64', os: 'linux-gnu' });
  const gem = 'Ruby, RubyGems/3.3.15 x86_64-linux Ruby/3.1.7 (2025-03-26 patchlevel 261)';
  expect(machineOf(gem)).toEqual({ client: 'gem', ruby: '3.1.7', cpu: 'x86_64', os: 'linux-gnu' });
  expect(
    machineOf('bundler/2.6.0 rubygems/3.6.0 ruby/3.4.0 (aarch64-alpine-linux-musl) command/install'),
  ).toMatchObject({
    cpu: 'aarch64',
    os: 'linux-musl',
  });
  expect(
    machineOf('Ruby, RubyGems/3.5.0 arm64-darwin-23 Ruby/3.3.0 (2024-01-01 patchlevel 0)'),
  ).toMatchObject({
    cpu: 'arm64',
    os: 'darwin',
  });
  for (const other of [null, '', 'curl/8.0', 'bundler/2.3.27']) expect(machineOf(other)).toBeNull();
});

test('a build that was made for a machine suits better than one for all, and one for another not at all', () => {
  const linux = { cpu: 'x86_64', os: 'linux-gnu' };
  const musl = { cpu: 'x86_64', os: 'linux-musl' };
  const mac = { cpu: 'arm64', os: 'darwin' };
  expect(['ruby', 'x86_64-linux', 'x86_64-linux-gnu'].map((build) => suits(build, linux))).toEqual([1, 2, 3]);
  expect(['x86_64-linux', 'x86_64-linux-musl'].map((build) => suits(build, musl))).toEqual([2, 3]);
  for (const build of ['aarch64-linux', 'x86_64-linux-musl', 'x86_64-darwin', 'java', 'x64-mingw-ucrt'])
    expect([build, suits(build, linux)]).toEqual([build, 0]);
  expect(['arm64-darwin', 'universal-darwin', 'x86_64-darwin'].map((build) => suits(build, mac) > 1)).toEqual(
    [true, true, false],
  );
  expect(suits('java', { cpu: 'any', os: 'java' })).toBe(2);
});
