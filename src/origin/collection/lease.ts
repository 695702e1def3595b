/**
 * Who collects. Of the origins that share a store, one at a time does: not for safety, which condemnations give, but because
 * two would do the same work twice. The lease is a document that says until when it counts.
 */
import { z } from 'zod';
import type { Clock } from '../../clock.ts';
import { MeridianError } from '../../errors.ts';
import type { DocumentKey, MetadataStore } from '../../store.ts';

const key: DocumentKey = ['collection', 'lease'];
/** Longer than a page of blobs takes. */
const leaseMs = 5 * 60_000;

const lease = z.object({ by: z.string(), run: z.string(), untilMs: z.number() });

export interface Lease {
  /** @throws `conflict` when somebody else has it by now. */
  renew(): Promise<void>;
  release(): Promise<void>;
}

/**
 * @param by the origin. What it held in an earlier life, it takes back.
 * @throws `conflict` while another origin, or this one, is at it.
 */
export async function takeLease(
  metadata: MetadataStore,
  clock: Clock,
  { by, run }: { readonly by: string; readonly run: string },
): Promise<Lease> {
  let held: string | null = null;

  async function take(): Promise<void> {
    await metadata.transact(async (transaction) => {
      const found = await transaction.get(key);
      const other = found && lease.parse(found.value);
      const isFree = other === null || other.untilMs < clock.now() || (other.by === by && other.run !== run);
      const isOurs = other !== null && other.run === run && held === run;
      if (!isFree && !isOurs)
        throw new MeridianError('conflict', `the origin ${other?.by} is collecting at this moment`);
      await transaction.put(key, { by, run, untilMs: clock.now() + leaseMs });
    });
    held = run;
  }

  await take();
  return {
    renew: take,
    async release() {
      held = null;
      await metadata.transact(async (transaction) => {
        const found = await transaction.get(key);
        if (found !== null && lease.parse(found.value).run === run) await transaction.delete(key);
      });
    },
  };
}
