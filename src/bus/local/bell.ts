/**
 * Wakes the other processes: a file that whoever has written to the log writes to, and that all watch. A ring may get lost,
 * so those who wait look by themselves as well. The runtime's watch loses many of those that come within a few milliseconds of
 * another, as the answers of several nodes to one event do: each ring that is heard is therefore heard again, twice.
 */
import { type FSWatcher, watch } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { Clock } from '../../clock.ts';

/** After a ring, and after its first echo. */
const echoMs = [5, 20] as const;

export interface Bell {
  ring(): void;
  /** Hears it from now on: whoever has no use for that is not woken by it. */
  hear(): void;
  close(): Promise<void>;
}

export const noBell: Bell = {
  ring: () => undefined,
  hear: () => undefined,
  close: () => Promise.resolve(),
};

export async function openBell(
  path: string,
  clock: Clock,
  rung: () => void,
  failed: (error: unknown) => void,
): Promise<Bell> {
  await (await open(path, 'a')).close();
  const file: FileHandle = await open(path, 'r+');
  let watcher: FSWatcher | null = null;
  let isRinging = false;
  let again = false;
  let last = Promise.resolve();
  /** Echoes of the last ring that have been waited for. */
  let echoes = 0;
  let cancelEcho: (() => void) | null = null;

  function heard(): void {
    rung();
    echoes = 0;
    if (cancelEcho === null) awaitEcho();
  }

  function awaitEcho(): void {
    const ms = echoMs[echoes++];
    if (ms === undefined) {
      cancelEcho = null;
      return;
    }
    cancelEcho = clock.after(ms, () => {
      rung();
      awaitEcho();
    });
  }

  async function write(): Promise<void> {
    try {
      do {
        again = false;
        await file.write('!', 0);
      } while (again);
    } catch (error) {
      failed(error);
    }
    isRinging = false;
  }

  return {
    hear() {
      if (watcher !== null) return;
      try {
        watcher = watch(path, { persistent: false }, heard);
        watcher.on('error', failed);
      } catch (error) {
        failed(error);
      }
    },
    ring() {
      again = true;
      if (isRinging) return;
      isRinging = true;
      last = write();
    },
    async close() {
      watcher?.close();
      cancelEcho?.();
      await last;
      await file.close();
    },
  };
}
