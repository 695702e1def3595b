/**
 * Holds a blob from the moment before it appears until a document refers to it, so that no collection takes it in between.
 * Who meets a collection of the same bytes waits until it is over: nothing of them has been written by then.
 */
import type { Clock } from '../clock.ts';
import { MeridianError } from '../errors.ts';
import {
  blobReferenceKey,
  condemnedBlobKey,
  type DocumentKey,
  type MetadataStore,
  type Sha256,
  type Transaction,
} from '../store.ts';

/** Longer than a deletion takes. One that was killed is finished later than anybody would wait. */
const waitMs = 15_000;
/** How often it is looked whether it is over. */
const lookMs = 50;

/** A pin that was lost with the machine of the store is missed by the transaction that it was for. */
const pinning = { lasting: false } as const;

export interface Pin {
  /** For `WriteOptions.claim`. @throws `store-unavailable` when the bytes are being removed, and that does not end. */
  claim(sha256: Sha256): Promise<void>;
  /** In the transaction that puts the reference. @throws `store-unavailable` when the blob is not held any more. */
  replace(transaction: Transaction): Promise<void>;
  /** That transaction has been carried out. */
  settle(): void;
  /** When there is no reference to come; nothing, when it is there. */
  release(): Promise<void>;
}

export function openPin(metadata: MetadataStore, clock: Clock): Pin {
  const holder = crypto.randomUUID();
  let held: DocumentKey | null = null;

  async function isClaimed(sha256: Sha256, pin: DocumentKey): Promise<boolean> {
    return metadata.transact(async (transaction) => {
      if ((await transaction.get(condemnedBlobKey(sha256))) !== null) return false;
      await transaction.put(pin, { sinceMs: clock.now() });
      return true;
    }, pinning);
  }

  return {
    async claim(sha256) {
      const pin = blobReferenceKey(sha256, ['pin', holder]);
      const untilMs = clock.elapsed() + waitMs;
      while (!(await isClaimed(sha256, pin))) {
        if (clock.elapsed() >= untilMs)
          throw busy('the same bytes are being removed from the store: publish again later');
        await new Promise<void>((resolve) => clock.after(lookMs, resolve));
      }
      held = pin;
    },

    async replace(transaction) {
      if (held !== null && !(await transaction.delete(held)))
        throw busy('the store has lost its hold of these bytes: publish again');
    },

    settle() {
      held = null;
    },

    async release() {
      const pin = held;
      held = null;
      if (pin !== null) await metadata.transact((transaction) => transaction.delete(pin), pinning);
    },
  };
}

function busy(detail: string): MeridianError {
  return new MeridianError('store-unavailable', detail, { retryAfterS: 5 });
}
