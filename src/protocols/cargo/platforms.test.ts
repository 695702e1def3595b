import { expect, test } from 'bun:test';
import { everywhere, platformsOf, shareOf } from './platforms.ts';

test('a dependency without a target is for all, and so is one that all platforms have', () => {
  expect(platformsOf(null)).toBe(everywhere);
  expect(platformsOf('cfg(any(unix, windows))')).toBe(everywhere);
  expect(platformsOf('cfg(target_pointer_width = "64")')).toBe(everywhere);
  expect(shareOf(everywhere)).toBe(1);
});

test('conditions are read as the compiler reads them', () => {
  const unix = platformsOf('cfg(unix)');
  const windows = platformsOf('cfg(windows)');
  expect(unix | windows).toBe(everywhere);
  expect(unix & windows).toBe(0);
  expect(platformsOf('cfg(not(windows))')).toBe(unix);
  expect(platformsOf('cfg(all(unix, not(target_os = "macos")))')).toBe(
    platformsOf('cfg(target_os = "linux")'),
  );
  expect(platformsOf('cfg(any(target_os = "macos", target_os = "linux",))')).toBe(unix);
  expect(platformsOf('x86_64-pc-windows-msvc')).toBe(windows);
  expect(platformsOf('cfg(target_os = "wasi")')).toBe(0);
  expect(shareOf(unix)).toBeGreaterThan(0.8);
  expect(shareOf(windows)).toBeLessThan(0.2);
});

test('what is no condition is for nobody', () => {
  for (const text of [
    'cfg()',
    'cfg(any(unix)',
    'cfg(unix windows)',
    'cfg(not(unix, windows))',
    'cfg(a = b)',
    `cfg(${'not('.repeat(99)}`,
  ])
    expect([text, platformsOf(text)]).toEqual([text, 0]);
});
