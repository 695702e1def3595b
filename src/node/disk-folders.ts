/**
 * The folders of a node's disk cache: one for each worker, `cache/<number>`, or `cache` itself where the node is one process.
 *
 * When the number of workers changes, what one process has kept becomes the first worker's, and the other way round: it
 * answers what is still its own, and the rest goes as room is needed. What no worker owns any more is deleted. Nobody tells
 * it of purges at this node alone, so it must not come back with the next change, either.
 */
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../config/error-code.ts';
import type { Log } from '../telemetry/log.ts';

/** With it, a folder is a disk cache. It is moved last, so that a move that was interrupted goes on the next time. */
const indexFile = 'index.db';
const numbered = /^[1-9]\d*$/;
/** Before the name of what is to be deleted. */
const leftBehind = 'left-';

/** @param worker which one of several; `undefined` where there is one process. */
export function diskFolder(dataDir: string, worker: number | undefined): string {
  return join(dataDir, 'cache', ...(worker === undefined ? [] : [String(worker)]));
}

/**
 * Before anything of the cache is opened. What is deleted takes its time: the promise is for that, and whoever serves need not wait.
 * Never fails: without it, the node serves with what there is.
 */
export async function settleDiskFolders(
  dataDir: string,
  workers: number,
  log: Log,
): Promise<{ readonly cleared: Promise<void> }> {
  const folder = diskFolder(dataDir, undefined);
  try {
    const left = await settle(dataDir, workers);
    if (left.length === 0) return { cleared: Promise.resolve() };
    log.info('the disk cache is of another number of workers: what none of them owns is deleted', { folder });
    const cleared = remove(left).catch((error) =>
      log.warn('the next start tries again to delete what no worker owns', { folder, error }),
    );
    return { cleared };
  } catch (error) {
    log.warn('what another number of workers has left of the disk cache stays as it is', { folder, error });
    return { cleared: Promise.resolve() };
  }
}

/** The paths of what belongs to nobody now, that of an earlier start which did not come to delete it included. */
async function settle(dataDir: string, workers: number): Promise<readonly string[]> {
  const whole = diskFolder(dataDir, undefined);
  const first = diskFolder(dataDir, 1);
  const [from, to] = workers === 1 ? [first, whole] : [whole, first];
  const own = await lastUsedMs(to);
  const other = await lastUsedMs(from);
  // Of two, the one that was not in use has missed purges.
  const isOlder = own !== null && other !== null && other > own;
  if (isOlder) await setAside(to, whole);
  if (other !== null && (own === null || isOlder)) await moveCache(from, to);
  const names = await namesIn(whole);
  const needless = names.filter((name) => (workers === 1 ? numbered.test(name) : isNeedless(name, workers)));
  for (const name of needless) await putAway(join(whole, name), whole);
  const left = (await namesIn(whole)).filter((name) => name.startsWith(leftBehind));
  return left.map((name) => join(whole, name));
}

async function remove(paths: readonly string[]): Promise<void> {
  for (const path of paths) await rm(path, { recursive: true, force: true });
}

/** In a folder of several: all but what its workers have, and what is put away already. */
function isNeedless(name: string, workers: number): boolean {
  if (name.startsWith(leftBehind)) return false;
  return !numbered.test(name) || Number(name) > workers;
}

/** When anything was written to its index; `null`: it is no disk cache. */
async function lastUsedMs(folder: string): Promise<number | null> {
  const [index, log] = await Promise.all([
    writtenMs(join(folder, indexFile)),
    writtenMs(join(folder, `${indexFile}-wal`)),
  ]);
  return index === null ? null : Math.max(index, log ?? 0);
}

async function writtenMs(path: string): Promise<number | null> {
  try {
    return (await stat(path)).mtimeMs;
  } catch (error) {
    if (isAbsent(error)) return null;
    throw error;
  }
}

/** The parts of one cache, without the folders of workers that may be beside them. */
async function partsOf(folder: string): Promise<string[]> {
  const names = await namesIn(folder);
  return names.filter((name) => !numbered.test(name) && !name.startsWith(leftBehind));
}

async function setAside(folder: string, whole: string): Promise<void> {
  const away = placeToLeave(whole);
  await mkdir(away, { recursive: true });
  await moveCache(folder, away);
}

async function putAway(path: string, whole: string): Promise<void> {
  await rename(path, placeToLeave(whole));
}

function placeToLeave(whole: string): string {
  return join(whole, `${leftBehind}${crypto.randomUUID()}`);
}

/** Within one file system. What is there of an earlier try that was interrupted is replaced by nothing: it has gone already. */
async function moveCache(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  const parts = await partsOf(from);
  const isIndex = (name: string) => Number(name === indexFile);
  for (const name of parts.toSorted((a, b) => isIndex(a) - isIndex(b)))
    await rename(join(from, name), join(to, name));
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isAbsent(error)) return [];
    throw error;
  }
}

function isAbsent(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes(codeOf(error) ?? '');
}
