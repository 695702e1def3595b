import { describe, expect, test } from 'bun:test';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporary } from '../../test/support/temporary.ts';
import { keptSecret, knownSecret, newSecret } from './secret.ts';

test('a new secret is 32 random bytes', () => {
  expect(newSecret()).toMatch(/^[0-9a-f]{64}$/);
  expect(newSecret()).not.toBe(newSecret());
});

describe('a kept secret', () => {
  test('is made once, and only its owner can read it', async () => {
    using folder = temporary('secret');
    const dataDir = join(folder.path, 'deep', 'down');
    expect(await knownSecret(dataDir)).toBeUndefined();
    const secret = await keptSecret(dataDir);
    expect(await keptSecret(dataDir)).toBe(secret);
    expect(await knownSecret(dataDir)).toBe(secret);
    expect((await stat(join(dataDir, 'secret'))).mode & 0o777).toBe(0o600);
  });

  test('is the same for all who start at once, and leaves nothing else behind', async () => {
    using folder = temporary('secret');
    const secrets = await Promise.all(Array.from({ length: 20 }, () => keptSecret(folder.path)));
    expect(new Set(secrets).size).toBe(1);
    expect(await readdir(folder.path)).toEqual(['secret']);
    expect((await readFile(join(folder.path, 'secret'), 'utf8')).trim()).toBe(secrets[0]!);
  });

  test('that is damaged is not replaced silently', async () => {
    using folder = temporary('secret');
    await writeFile(join(folder.path, 'secret'), 'short');
    await expect(keptSecret(folder.path)).rejects.toThrow('is damaged: remove it');
  });
});
