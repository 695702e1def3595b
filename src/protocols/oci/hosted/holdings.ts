/** What of this route is kept for good, as its own documents say it: for running totals to be held against. */
import type { Holdings } from '../../../protocol.ts';
import type { Weight } from '../../../store.ts';
import type { Hosted } from './claims.ts';
import { allBelow, asBlob, asManifest, blobsPrefix, manifestsPrefix, repositoriesPrefix } from './record.ts';

export function holdingsOf(route: string, hosted: Hosted): Holdings {
  return {
    async *names(reader, kept) {
      if (kept !== 'hosted') return;
      for await (const { key } of allBelow(reader, repositoriesPrefix(route))) yield key[2] ?? '';
    },

    async weigh(reader, kept, name) {
      let sum: Weight = { versions: 0, bytes: 0 };
      if (kept !== 'hosted') return sum;
      const at = { route, name };
      for await (const { value } of allBelow(reader, blobsPrefix(at)))
        sum = { ...sum, bytes: sum.bytes + asBlob(value).sizeBytes };
      for await (const { value } of allBelow(reader, manifestsPrefix(at)))
        sum = { versions: sum.versions + 1, bytes: sum.bytes + asManifest(value).sizeBytes };
      return sum;
    },

    bounds: (kept) => (kept === 'hosted' ? hosted.bounds : {}),
  };
}
