/** Resident memory of processes, from `/proc` (proc(5)). */
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { processTree } from './cpu.ts';

/** Of the processes and all that they started; a page that several of them share counts once. */
export function residentBytes(roots: readonly number[]): number {
  return sum(roots, (pid) => kib(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'), 'Pss'));
}

/** The most that each of them has had since `resetPeak`, together. */
export function peakBytes(roots: readonly number[]): number {
  return sum(roots, (pid) => kib(readFileSync(`/proc/${pid}/status`, 'utf8'), 'VmHWM'));
}

export function resetPeak(roots: readonly number[]): void {
  for (const pid of roots.flatMap(processTree)) writeFileSync(`/proc/${pid}/clear_refs`, '5');
}

/** What the files below a folder take, in whole blocks. */
function fileBytes(folder: string): number {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .reduce((total, entry) => total + blocksOf(join(entry.parentPath, entry.name)) * 512, 0);
}

/** Files are written behind the answers: what they take when that is over. */
const QUIET_MS = 2_000;
const QUIET_AT_MOST_MS = 60_000;

export async function settledFileBytes(folder: string): Promise<number> {
  const deadline = performance.now() + QUIET_AT_MOST_MS;
  for (let last = -1, now = fileBytes(folder); ; last = now, now = fileBytes(folder)) {
    if (now === last || performance.now() > deadline) return now;
    await Bun.sleep(QUIET_MS);
  }
}

/** 0 for a file that has got another name since it was listed. */
function blocksOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.blocks ?? 0;
}

function sum(roots: readonly number[], bytesOf: (pid: number) => number): number {
  return roots.flatMap(processTree).reduce((total, pid) => total + bytesOf(pid), 0);
}

function kib(text: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? Number.NaN) * 1024;
}
