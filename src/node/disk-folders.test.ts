/** What becomes of a disk cache when a node has another number of workers than before. */
import { afterEach, beforeEach, expect, test } from 'bun:test';
import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Temporary, temporary } from '../../test/support/temporary.ts';
import { systemClock } from '../clock.ts';
import { openLog } from '../telemetry/log.ts';
import { diskFolder, settleDiskFolders } from './disk-folders.ts';

let folder: Temporary;
beforeEach(() => {
  folder = temporary('folders');
});
afterEach(() => folder[Symbol.dispose]());

const whole = () => diskFolder(folder.path, undefined);
const of = (worker: number) => diskFolder(folder.path, worker);

/** A disk cache as far as it is of interest here. */
function fill(path: string, body: string, lastUsedS = 1_000): void {
  mkdirSync(join(path, 'objects', 'ab'), { recursive: true });
  writeFileSync(join(path, 'objects', 'ab', 'abcd'), body);
  writeFileSync(join(path, 'index.db-wal'), '');
  writeFileSync(join(path, 'index.db'), body);
  for (const name of ['index.db', 'index.db-wal']) utimesSync(join(path, name), lastUsedS, lastUsedS);
}

function bodyIn(path: string): string | null {
  const [index, body] = [join(path, 'index.db'), join(path, 'objects', 'ab', 'abcd')];
  if (!existsSync(index)) return null;
  const said = readFileSync(body, 'utf8');
  expect(readFileSync(index, 'utf8')).toBe(said);
  return said;
}

async function start(workers: number): Promise<string> {
  let said = '';
  const write = (line: string) => {
    said += line;
  };
  const log = openLog({ level: 'info', format: 'json', clock: systemClock, write });
  await (await settleDiskFolders(folder.path, workers, log)).cleared;
  return said;
}

test('a node that has kept nothing yet gets nothing', async () => {
  expect(await start(2)).toBe('');
  expect(readdirSync(folder.path)).toEqual([]);
});

test('what one process has kept becomes the first worker’s, and the other way round', async () => {
  fill(whole(), 'one');
  expect(await start(2)).toBe('');
  expect(readdirSync(whole())).toEqual(['1']);
  expect(bodyIn(of(1))).toBe('one');
  await start(1);
  expect(bodyIn(whole())).toBe('one');
  expect(readdirSync(whole()).toSorted()).toEqual(['index.db', 'index.db-wal', 'objects']);
});

test('with more workers than before, each of those there were has what it had', async () => {
  for (const worker of [1, 2]) fill(of(worker), String(worker));
  await start(4);
  expect([1, 2].map((worker) => bodyIn(of(worker)))).toEqual(['1', '2']);
});

test('what no worker owns any more is deleted, and the log says so', async () => {
  for (const worker of [1, 2, 3, 12]) fill(of(worker), String(worker));
  expect(await start(2)).toContain('the disk cache is of another number of workers');
  expect(readdirSync(whole()).toSorted()).toEqual(['1', '2']);
  expect(await start(2)).toBe('');
  await start(1);
  expect(bodyIn(whole())).toBe('1');
  expect(readdirSync(whole())).not.toContain('2');
});

test('of two, the one that was not in use is deleted: it has missed purges', async () => {
  fill(whole(), 'old', 1_000);
  fill(of(1), 'new', 2_000);
  await start(2);
  expect(readdirSync(whole())).toEqual(['1']);
  expect(bodyIn(of(1))).toBe('new');
  fill(whole(), 'newer', 3_000);
  await start(2);
  expect(bodyIn(of(1))).toBe('newer');
  fill(whole(), 'newest', 4_000);
  await start(1);
  expect(bodyIn(whole())).toBe('newest');
  expect(readdirSync(whole())).not.toContain('1');
  fill(of(1), 'the very newest', 5_000);
  await start(1);
  expect(bodyIn(whole())).toBe('the very newest');
});

test('a move that was interrupted goes on', async () => {
  fill(whole(), 'one');
  mkdirSync(of(1));
  await Bun.$`mv ${join(whole(), 'objects')} ${of(1)}`.quiet();
  await start(3);
  expect(bodyIn(of(1))).toBe('one');
  expect(readdirSync(whole())).toEqual(['1']);
});

test('what an earlier start did not come to delete is deleted by the next', async () => {
  fill(of(1), 'one');
  fill(join(whole(), 'left-1234'), 'nobody’s');
  await start(2);
  expect(readdirSync(whole())).toEqual(['1']);
});

test('what cannot be moved is left, with a warning, and the node starts', async () => {
  fill(whole(), 'one');
  mkdirSync(join(of(1), 'objects', 'of somebody else'), { recursive: true });
  expect(await start(2)).toContain('stays as it is');
  expect(existsSync(join(of(1), 'objects', 'of somebody else'))).toBe(true);
});
