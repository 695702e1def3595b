/** When something that was mirrored was last wanted, to a day: what nobody wants any more can go. */
import type { Clock } from '../../../clock.ts';
import type { Document, MetadataStore } from '../../../store.ts';
import { asMirrored } from './record.ts';

/** Uses that are told apart are so far from each other. */
export const usedToMs = 24 * 3600_000;

export async function noteUse(
  clock: Clock,
  metadata: MetadataStore,
  { key, value, revision }: Document,
): Promise<void> {
  const record = asMirrored(value);
  if (clock.now() - record.usedMs < usedToMs) return;
  await metadata.transact(
    async (transaction) => {
      if ((await transaction.get(key))?.revision === revision)
        await transaction.put(key, { ...record, usedMs: clock.now() });
    },
    { lasting: false },
  );
}
