/**
 * Brings what was written ahead into the bus's file, away from the event loop: that waits for the disk. Started by `checkpoint.ts`,
 * with the file's path as its message, and over when it has answered.
 */
import { Database } from 'bun:sqlite';
import { parentPort } from 'node:worker_threads';

parentPort?.on('message', (path: string) => {
  let failure: string | null = null;
  try {
    using db = new Database(path, { readwrite: true, create: false });
    // Nobody is waited for: what is in use stays where it is until the next time. The first one takes long and is in nobody's way; what
    // is left for the second one is to begin the file anew.
    for (const mode of ['PASSIVE', 'TRUNCATE'])
      db.exec(`PRAGMA busy_timeout = 0; PRAGMA wal_checkpoint(${mode})`);
  } catch (error) {
    failure = String(error);
  }
  parentPort?.postMessage(failure);
});
