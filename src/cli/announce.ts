/**
 * Says where a node's control API is, in its data folder, so that commands of the same machine find it.
 */
import { systemClock } from '../clock.ts';
import type { NodeFile } from '../control/messages.ts';
import { removeNodeFile, writeNodeFile } from '../control/node-file.ts';
import type { Log } from '../telemetry/log.ts';
import { version } from './version.ts';

export interface Announcement {
  /** Writes it, now and after each change. */
  say(): Promise<void>;
  withdraw(): Promise<void>;
}

/** Until a node that could not say where it is tries again. */
const announceAgainMs = 10_000;

export function announcement(
  dataDir: string,
  about: () => Pick<NodeFile, 'name' | 'role' | 'urls' | 'control' | 'admin'>,
  log: Log,
): Announcement {
  const startedAt = new Date(systemClock.now()).toISOString();
  let cancel = () => {};

  /** A full or read-only disk hides a node from the commands, but not from its clients: it serves, and tries again. */
  async function say(): Promise<void> {
    cancel();
    try {
      await writeNodeFile(dataDir, { ...about(), pid: process.pid, startedAt, version });
    } catch (error) {
      log.warn('commands cannot find the node, as its file cannot be written', { dataDir, error });
      cancel = systemClock.after(announceAgainMs, () => void say());
    }
  }

  return {
    say,
    async withdraw() {
      cancel();
      await removeNodeFile(dataDir);
    },
  };
}
