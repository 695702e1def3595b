/** What a PoP has learned of its clients, kept in a file over restarts. Each worker learns of the clients that talk to it. */
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../clock.ts';
import { hasCode } from '../config/error-code.ts';
import type { NodeConfig } from '../config/network.ts';
import type { Codings } from '../predict/codings.ts';
import { type Learned, openLearned } from '../predict/learned/learned.ts';
import type { Restricted } from '../predict/restricted.ts';
import type { Log } from '../telemetry/log.ts';
import type { Seat } from './seat.ts';

export interface KeptLearned {
  readonly learned: Learned;
  /** Writes it down. */
  close(): Promise<void>;
}

export interface KeptWith {
  readonly clock: Clock;
  readonly log: Log;
  /** What is known of clients and names besides is kept with it, and taken up again. */
  readonly codings: Codings;
  readonly restricted: Restricted;
}

/** Of what is known, by estimate. */
const maxBytes = 32 * 2 ** 20;
const saveEveryMs = 5 * 60_000;

/** `null` where nothing is learned. A file that cannot be read is left aside, and learning begins anew. */
export async function keepLearned(
  { role, dataDir, predict }: NodeConfig,
  seat: Seat | undefined,
  { clock, log, codings, restricted }: KeptWith,
): Promise<KeptLearned | null> {
  if (role !== 'pop' || predict === false || !predict.learn) return null;
  const folder = join(dataDir, 'predict');
  const path = join(folder, seat === undefined ? 'learned' : `learned.${seat.worker}`);
  const learned = await read(path, log);
  codings.restore(learned.beside.codings);
  restricted.restore(learned.beside.restricted);
  let saving: Promise<void> = Promise.resolve();
  let saved: number | null = null;
  let cancel = clock.after(saveEveryMs, later);

  function later(): void {
    cancel = clock.after(saveEveryMs, later);
    saving = saving.then(save);
  }

  async function save(): Promise<void> {
    const bytes = learned.save({ codings: codings.rows(), restricted: restricted.rows() });
    const digest = Bun.hash.crc32(bytes);
    if (digest === saved) return;
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await writeFile(`${path}.new`, bytes, { mode: 0o600 });
      await rename(`${path}.new`, path);
      saved = digest;
    } catch (error) {
      log.warn('what was learned could not be written down', { path, error });
    }
  }

  return {
    learned,
    async close() {
      cancel();
      await saving;
      await save();
    },
  };
}

async function read(path: string, log: Log): Promise<Learned> {
  const saved = await bytesOf(path, log);
  try {
    return openLearned({ maxBytes, saved });
  } catch (error) {
    const aside = `${path}.broken`;
    log.warn('what was learned makes no sense: it is left aside, and learning begins anew', { aside, error });
    await rename(path, aside).catch((failed) =>
      log.warn('what was learned could not be left aside', { path, error: failed }),
    );
    return openLearned({ maxBytes, saved: null });
  }
}

/** `null` where there is nothing that could be read. */
async function bytesOf(path: string, log: Log): Promise<Uint8Array<ArrayBuffer> | null> {
  try {
    return new Uint8Array(await Bun.file(path).arrayBuffer());
  } catch (error) {
    if (!hasCode(error, 'ENOENT'))
      log.warn('what was learned could not be read: it begins anew', { path, error });
    return null;
  }
}
