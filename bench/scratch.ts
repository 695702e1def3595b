/**
 * Where a run keeps what it needs for itself, and the promise to leave nothing behind: files, and everything
 * that was started, are gone when the run ends, fails, or is stopped with Ctrl-C.
 *
 * The files are in memory (`/dev/shm`) where there is such a place, so that no peer waits for a disk; but for a
 * question about disks they are on one.
 */
import { accessSync, constants, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** `memory`: a file system in memory. `disk`: that of the system's temporary files. */
export type Place = 'memory' | 'disk';

export interface Scratch {
  /** A new directory for one user of the scratch space; in memory, unless it is said otherwise. */
  directory(name: string, on?: Place): string;
  /** Runs when the run ends; the last registered is the first to run. At once, if the run has ended. */
  atEnd(task: () => void | Promise<void>): void;
  /** True from when clearing begins: whatever fails then, fails because of it. */
  readonly ended: boolean;
  /** May be called again: each task runs once. */
  clear(): Promise<void>;
}

export function openScratch(): Scratch {
  const root = (parent: string) => mkdtempSync(join(parent, 'meridian-bench-'));
  const roots = { memory: root(inMemory() ?? tmpdir()), disk: root(tmpdir()) };
  const remove = (path: string) => () => rmSync(path, { recursive: true, force: true });
  const tasks: (() => void | Promise<void>)[] = [remove(roots.memory), remove(roots.disk)];
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
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, stop);
  tasks.push(() => {
    // Last but for the files: one that comes while others are stopped must not end the process.
    for (const signal of signals) process.off(signal, stop);
  });

  return {
    directory(name, on = 'memory') {
      if (ended) throw new Error('The run has ended.'); // Stopped while something was about to start.
      directories += 1;
      const path = join(roots[on], `${directories}-${name}`);
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
