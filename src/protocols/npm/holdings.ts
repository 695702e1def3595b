/** What of this route is kept for good, as its own documents say it: for running totals to be held against. */
import type { Holdings } from '../../protocol.ts';
import {
  type Document,
  type DocumentKey,
  type DocumentReader,
  documentLimits,
  type Kept,
  type Weight,
} from '../../store.ts';
import { asHostedVersion, packagesPrefix, versionsPrefix } from './hosted/record.ts';
import { mirrored, mirroredOf } from './mirror.ts';
import type { NpmOrigin } from './origin.ts';

/** Versions that are read at once: their manifests come along. */
const versionsAtOnce = 100;

export function holdingsOf({ route, hosted, mirror }: NpmOrigin): Holdings {
  const listOf = { hosted: packagesPrefix(route), mirrored: mirroredOf(route) };
  return {
    async *names(reader, kept) {
      let last: string | undefined;
      for await (const { key } of all(reader, listOf[kept], documentLimits.page)) {
        const name = key[2];
        if (name === undefined || name === last) continue;
        yield name;
        last = name;
      }
    },

    async weigh(reader, kept, name) {
      const prefix = kept === 'hosted' ? versionsPrefix(route, name) : mirroredOf(route, name);
      let sum: Weight = { versions: 0, bytes: 0 };
      for await (const { value } of all(reader, prefix, versionsAtOnce)) {
        const bytes = bytesOf(kept, value);
        if (bytes !== null) sum = { versions: sum.versions + 1, bytes: sum.bytes + bytes };
      }
      return sum;
    },

    bounds: (kept) => (kept === 'hosted' ? (hosted?.bounds ?? {}) : { routeBytes: mirror.bytes }),
  };
}

/** `null`: it is there no more. */
function bytesOf(kept: Kept, value: unknown): number | null {
  if (kept === 'mirrored') return mirrored.parse(value).sizeBytes;
  const record = asHostedVersion(value);
  return record.state === 'published' ? record.sizeBytes : null;
}

async function* all(
  reader: DocumentReader,
  prefix: DocumentKey,
  limit: number,
): AsyncGenerator<Document, void, undefined> {
  for (let after: DocumentKey | undefined; ; ) {
    const page = await reader.scan(prefix, { limit, ...(after && { after }) });
    yield* page;
    if (page.length < limit) return;
    after = page.at(-1)?.key;
  }
}
