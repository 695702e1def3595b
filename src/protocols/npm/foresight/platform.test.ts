import { expect, test } from 'bun:test';
import { fits, isForOthers } from './platform.ts';

const linux = { os: 'linux', cpu: 'x64', libc: 'glibc' };
const mac = { os: 'darwin', cpu: 'arm64', libc: 'glibc' };

test.each([
  [{}, true],
  [{ os: ['linux'], cpu: ['x64'] }, true],
  [{ os: ['darwin'] }, false],
  [{ os: ['!win32'] }, true],
  [{ os: ['!linux'] }, false],
  [{ cpu: ['arm64'] }, false],
  [{ os: ['linux'], libc: ['musl'] }, false],
])('%p fits Linux with glibc: %p', (needs, isFit) => {
  expect(fits(needs, linux)).toBe(isFit);
});

test('a C library counts on Linux only', () => {
  expect(fits({ libc: ['musl'] }, mac)).toBe(true);
});

test.each([
  ['@esbuild/linux-x64', false, true],
  ['@esbuild/darwin-arm64', true, false],
  ['@rollup/rollup-linux-x64-gnu', false, true],
  ['@rollup/rollup-linux-x64-musl', true, true],
  ['@img/sharp-linuxmusl-x64', true, true],
  ['@img/sharp-win32-ia32', true, true],
  ['@unrs/resolver-binding-wasm32-wasi', true, true],
  ['fsevents', true, false],
  ['is-windows', false, false],
  ['linux-distribution', false, false],
  ['lodash', false, false],
])('%s is for others, on Linux: %p, on a Mac: %p', (name, onLinux, onMac) => {
  expect([isForOthers(name, linux), isForOthers(name, mac)]).toEqual([onLinux, onMac]);
});
