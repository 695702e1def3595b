/**
 * Wakes the other processes: a file that whoever has written to the log writes to, and that all watch. A ring may get lost,
 * so those who wait look by themselves as well.
 */
import { type FSWatcher, watch } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

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
  rung: () => void,
  failed: (error: unknown) => void,
): Promise<Bell> {
  await (await open(path, 'a')).close();
  const file: FileHandle = await open(path, 'r+');
  let watcher: FSWatcher | null = null;
  let isRinging = false;
  let again = false;
  let last = Promise.resolve();

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
        watcher = watch(path, { persistent: false }, rung);
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
      await last;
      await file.close();
    },
  };
}
