/**
 * Notices that files which belong together have been replaced.
 *
 * They are looked at every few seconds rather than watched: what watching reports depends on how a file is
 * replaced (written over, renamed, a symbolic link two folders up moved, as in a mounted Kubernetes secret), and
 * on some file systems it reports nothing.
 */
import { stat } from 'node:fs/promises';
import type { Clock } from '../clock.ts';

/** Which version of the files is there; `missing` when one is not. */
export async function stampOf(paths: readonly string[]): Promise<string> {
  try {
    const files = await Promise.all(paths.map((path) => stat(path)));
    return files.map(({ mtimeMs, size, ino }) => `${mtimeMs} ${size} ${ino}`).join(', ');
  } catch {
    return 'missing'; // A version like any other: reading it will say which file, and why.
  }
}

/** How often the files are looked at. */
export const pollMs = 5_000;

export interface FileWatch {
  /** Looks now, and takes what it finds. Fails when that cannot be used. */
  check(): Promise<void>;
  stop(): void;
}

export interface WatchOptions<Content extends { readonly stamp: string }> {
  readonly paths: readonly string[];
  /** Fails when they cannot be used. */
  readonly read: () => Promise<Content>;
  /** What is in use when the watch begins. */
  readonly inUse: Content;
  readonly clock: Clock;
  /** Takes a new version into use. */
  readonly use: (content: Content) => void;
  /** Told once per version of the files that cannot be used. */
  readonly unusable: (error: unknown) => void;
}

/**
 * Takes changed files into use. A renewal writes them one after the other, so a change counts when it has
 * lasted from one look to the next.
 */
export function watchFiles<Content extends { readonly stamp: string }>(
  options: WatchOptions<Content>,
): FileWatch {
  const { paths, read, inUse, clock, use, unusable } = options;
  let used = inUse.stamp;
  /** The version that was last taken, or found wanting. */
  let settled = used;
  let seen = used;
  let cancel = clock.after(pollMs, look);
  let stopped = false;

  async function take(stamp: string): Promise<void> {
    settled = stamp;
    const content = await read();
    settled = content.stamp;
    if (stopped) return;
    use(content);
    used = content.stamp;
  }

  async function poll(): Promise<void> {
    const stamp = await stampOf(paths);
    const lasted = stamp === seen;
    seen = stamp;
    if (lasted && stamp !== settled) await take(stamp);
  }

  function look(): void {
    void poll().catch(unusable).then(lookAgain);
  }

  function lookAgain(): void {
    if (!stopped) cancel = clock.after(pollMs, look);
  }

  return {
    async check() {
      const stamp = await stampOf(paths);
      if (stamp !== used) await take(stamp);
    },
    stop() {
      stopped = true;
      cancel();
    },
  };
}
