import { afterEach, beforeEach, expect, test } from 'bun:test';
import { appendFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Temporary, temporary } from '../../../test/support/temporary.ts';
import { eventually } from '../../../test/support/wait.ts';
import { noise, openFiles } from '../answers.contract.ts';
import { digester } from './digester.ts';
import { sha256Of } from './objects.ts';

const length = 10_000_000;
const body = noise(length);
let folder: Temporary;
let path: string;
beforeEach(() => {
  folder = temporary('digester');
  path = join(folder.path, 'body');
});
afterEach(() => folder[Symbol.dispose]());

const digestOf = digester();

test('a file is hashed behind whoever writes it', async () => {
  const digesting = digestOf(path);
  for (let at = 0; at < length; at += 1_000_000) {
    appendFileSync(path, body.subarray(at, at + 1_000_000));
    digesting.written(at + 1_000_000);
  }
  expect(await digesting.digest(length)).toBe(sha256Of(body));
  expect(openFiles(folder.path)).toBe(0);
});

test('several at a time', async () => {
  const paths = [1, 2, 3].map((seed) => join(folder.path, String(seed)));
  for (const [at, each] of paths.entries()) writeFileSync(each, body.subarray(at));
  const digests = await Promise.all(paths.map((each, at) => digestOf(each).digest(length - at)));
  expect(digests).toEqual(paths.map((_, at) => sha256Of(body.subarray(at))));
});

test('what lies behind its end, as it was told, does not count', async () => {
  writeFileSync(path, body);
  expect(await digestOf(path).digest(1234)).toBe(sha256Of(body.subarray(0, 1234)));
});

test('a file that is shorter, or gone, has no digest', async () => {
  writeFileSync(path, body);
  await expect(digestOf(path).digest(length + 1)).rejects.toThrow(`ends at ${length} of`);
  rmSync(path);
  await expect(digestOf(path).digest(length)).rejects.toThrow('ENOENT');
});

test('one that was given up is let go of', async () => {
  writeFileSync(path, body);
  const digesting = digestOf(path);
  digesting.written(length);
  digesting.cancel();
  digesting.cancel();
  await expect(digesting.digest(length)).rejects.toThrow('given up');
  await eventually('the file to be closed', () => openFiles(folder.path) === 0);
});

test('when the thread dies, what it was at fails, and another one does the next', async () => {
  const threads: Worker[] = [];
  const withDeaths = digester(() => {
    const thread = new Worker(new URL('./digest.worker.ts', import.meta.url));
    threads.push(thread);
    return thread;
  });
  writeFileSync(path, body);
  const digesting = withDeaths(path);
  digesting.written(length);
  const asked = digesting.digest(length);
  threads[0]?.terminate();
  await expect(asked).rejects.toThrow('has died');
  expect(await withDeaths(path).digest(length)).toBe(sha256Of(body));
  for (const thread of threads) thread.terminate();
});
