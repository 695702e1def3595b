/** What of a route is kept for good, as its own documents say it: for running totals to be held against. */
import type { Holdings } from '../../protocol.ts';
import type { Weight } from '../../store.ts';
import { allBelow, asFile, asVersion, filesPrefix, packagesPrefix, versionsPrefix } from './hosted/record.ts';
import { asMirrored, mirroredOf } from './mirror/record.ts';
import type { RegistryOrigin } from './origin.ts';

/** Documents of versions that are read at once: their metadata comes along. */
const versionsAtOnce = 100;

export function holdingsOf({
  route,
  hosted,
  mirror,
}: Pick<RegistryOrigin, 'route' | 'hosted' | 'mirror'>): Holdings {
  const listOf = { hosted: packagesPrefix(route), mirrored: mirroredOf(route) };
  return {
    async *names(reader, kept) {
      let last: string | undefined;
      for await (const { key } of allBelow(reader, listOf[kept])) {
        const name = key[2] ?? '';
        if (name !== last) yield name;
        last = name;
      }
    },

    async weigh(reader, kept, name) {
      const sum = { versions: 0, bytes: 0 };
      if (kept === 'mirrored') {
        for await (const { value } of allBelow(reader, mirroredOf(route, name))) {
          const { versions, sizeBytes } = asMirrored(value);
          sum.versions += versions;
          sum.bytes += sizeBytes;
        }
        return sum satisfies Weight;
      }
      const at = { route, name };
      for await (const { value } of allBelow(reader, versionsPrefix(at), { limit: versionsAtOnce }))
        if (asVersion(value).state === 'there') sum.versions++;
      for await (const { value } of allBelow(reader, filesPrefix(at))) {
        const file = asFile(value);
        if (file.state === 'there') sum.bytes += file.sizeBytes;
      }
      return sum;
    },

    bounds: (kept) => (kept === 'hosted' ? (hosted?.bounds ?? {}) : { routeBytes: mirror.bytes }),
  };
}
