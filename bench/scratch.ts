/**
 * Where a run keeps what it needs for itself, and the promise to leave nothing behind: files, and everything
 * that was started, are gone when the run ends, fails, or is stopped with Ctrl-C.
 *
 * The files are in memory (`/dev/shm`) where there is such a place, so that no peer waits for a disk.
 */
import { accessSync, constants, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Scratch {
  /** A new directory for one user of the scratch space. */
  directory(name: string): string;
  /** Runs when the run ends; the last registered is the first to run. At once, if the run has ended. */
  atEnd(task: () => void | Promise<void>): void;
  /** True from when clearing begins: whatever fails then, fails because of it. */
  readonly ended: boolean;
  /** May be called again: each task runs once. */
  clear(): Promise<void>;
}

export function openScratch(): Scratch {
  const root = mkdtempSync(join(inMemory() ?? tmpdir(), 'meridian-bench-'));
  const tasks: (() => void | Promise<void>)[] = [() => rmSync(root, { recursive: true, force: true })];
  let directories = 0;
  let ended = false;

  const runTasks = async () => {
    for (let task = tasks.pop(); task; task = tasks.pop()) {
      try {
        await task();
      } catch (cause) {
        console.error('While cleaning up:', cause); // The other tasks still have to run.
      }
    }
  };
  let cleared = Promise.resolve();
  const clear = () => {
    ended = true;
    cleared = cleared.then(runTasks);
    return cleared;
  };

  // Ctrl-C may arrive twice: from the terminal, and passed on by npm. The second must not cut the clearing short.
  const stop = () => void clear().finally(() => process.exit(130));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);

  return {
    directory(name) {
      if (ended) throw new Error('The run has ended.'); // Stopped while something was about to start.
      directories += 1;
      const path = join(root, `${directories}-${name}`);
      mkdirSync(path);
      return path;
    },
    atEnd(task) {
      tasks.push(task);
      if (ended) void clear();
    },
    get ended() {
      return ended;
    },
    clear,
  };
}

function inMemory(): string | undefined {
  try {
    accessSync('/dev/shm', constants.W_OK);
    return '/dev/shm';
  } catch {
    return undefined; // Not every system has it: a directory on disk is served from the page cache.
  }
}
