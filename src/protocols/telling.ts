/**
 * Every change of what lives here is told to the nodes before whoever made it hears of his success. That there is something to tell is
 * written down in the same transaction, so that a crash in between does not leave a node with what was before.
 *
 *     <documents> <route> <name> <random>     what the nodes have not been told yet
 */
import { z } from 'zod';
import { MeridianError } from '../errors.ts';
import type { OriginDoor } from '../protocol.ts';
import type { Selector } from '../purge.ts';
import type { DocumentKey, Transaction } from '../store.ts';
import { forget, untold } from './untold.ts';

const note = z.object({ beyond: z.array(z.custom<Selector>()).readonly().optional() });

/** Whose notes, and what they are called. */
export interface Notes {
  /** The first word of their keys, such as `oci-unpurged`. */
  readonly documents: string;
  readonly route: string;
}

/** What has to be told of a change. */
export interface Untold {
  readonly key: DocumentKey;
  readonly selectors: readonly Selector[];
}

/** What telling takes. */
export type Telling = Pick<OriginDoor, 'stores' | 'purge'>;

const prefixOf = ({ documents, route }: Notes): DocumentKey => [documents, route];

/**
 * Within the transaction of the change.
 * @param beyond what of that `TellerOptions.everythingOf` does not say: it is written down, so the caller bounds it.
 */
export async function noteUntold(
  transaction: Transaction,
  notes: Notes,
  name: string,
  selectors: readonly Selector[],
  beyond: readonly Selector[] = [],
): Promise<Untold> {
  const key = [...prefixOf(notes), name, crypto.randomUUID()];
  await transaction.put(key, beyond.length === 0 ? {} : { beyond });
  return { key, selectors };
}

/** Whether something of a name has not been told yet, or is just being told. */
export async function hasUntold(
  reader: Pick<Transaction, 'scan'>,
  notes: Notes,
  name: string,
): Promise<boolean> {
  return (await reader.scan([...prefixOf(notes), name], { limit: 1 })).length > 0;
}

/**
 * After it. Fails with `bus-unreachable`, though the change has been made.
 * @param before what is done before, where that may fail as the bus does.
 */
export async function tell(
  { key, selectors }: Untold,
  origin: Telling,
  what: string,
  before?: () => Promise<void>,
): Promise<void> {
  try {
    await before?.();
    await origin.purge(selectors);
  } catch (cause) {
    throw untold(what, cause);
  }
  await forget(metadataOf(origin), key);
}

export interface Teller {
  /** Tells what was left untold, by an earlier process or by this one: with a request, and nobody waits for it. */
  tellLeft(origin: Telling): void;
  /** Work that may fail to tell what it has changed: then a later request does. */
  noting<Result>(work: Promise<Result>): Promise<Result>;
}

export interface TellerOptions extends Notes {
  /** All that a change of this name may make outdated, whatever it was. */
  everythingOf(name: string): readonly Selector[];
  /** What is done before a name's purge. */
  before?(name: string, origin: Telling): Promise<void>;
}

export function openTeller(options: TellerOptions): Teller {
  let isTold = false;
  return {
    tellLeft(origin) {
      if (isTold) return;
      isTold = true;
      tellAll(options, origin).catch(() => {
        isTold = false; // Where the store or the bus is away, the next request tries again.
      });
    },
    async noting(work) {
      try {
        return await work;
      } catch (error) {
        if (error instanceof MeridianError && error.code === 'bus-unreachable') isTold = false;
        throw error;
      }
    },
  };
}

async function tellAll(options: TellerOptions, origin: Telling): Promise<void> {
  const metadata = metadataOf(origin);
  for (;;) {
    const left = await metadata.scan(prefixOf(options), { limit: 100 });
    for (const { key, value } of left) {
      const name = key[2] ?? '';
      const { beyond = [] } = note.parse(value);
      await options.before?.(name, origin);
      await origin.purge([...options.everythingOf(name), ...beyond]);
      await forget(metadata, key);
    }
    if (left.length < 100) return;
  }
}

function metadataOf({ stores }: Telling) {
  if (stores !== null) return stores.metadata;
  throw new MeridianError('internal', 'This origin has no store to keep things in.');
}
