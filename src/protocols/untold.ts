/** What nodes have not been told of a change that is made: how that is said, and how it is forgotten once they have been. */
import { MeridianError } from '../errors.ts';
import type { DocumentKey, MetadataStore, Revision } from '../store.ts';

/** @param what is done: `The push of acme/app`. */
export function untold(what: string, cause: unknown): MeridianError {
  const detail = `${what} is done, but the nodes could not be told at once`;
  return new MeridianError('bus-unreachable', detail, { cause });
}

/** @param revision of the note that has been told; absent: whichever is there. */
export async function forget(metadata: MetadataStore, key: DocumentKey, revision?: Revision): Promise<void> {
  try {
    // Once more after a power cut does no harm.
    await metadata.transact((transaction) => transaction.delete(key, revision), { lasting: false });
  } catch (error) {
    // Another change has come since, which forgets it itself; or the store is away: then it is told once more after a restart.
    if (!(error instanceof MeridianError) || !passing.has(error.code)) throw error;
  }
}

const passing: ReadonlySet<string> = new Set(['conflict', 'store-unavailable', 'overloaded']);
