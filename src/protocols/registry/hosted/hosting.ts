/** What a route does with what it keeps, besides answering: totals, and what goes by itself. */
import type { Holdings, Protocol } from '../../../protocol.ts';
import type { Weight } from '../../../store.ts';
import type { RegistryOrigin } from '../ecosystem.ts';
import { asMirrored, mirroredOf } from '../mirror/record.ts';
import { retireMirrored } from '../mirror/retire.ts';
import { allBelow, asFile, asVersion, filesPrefix, packagesPrefix, versionsPrefix } from './record.ts';

/** Documents of versions that are read at once: their metadata comes along. */
const versionsAtOnce = 100;

type Keeping = Pick<RegistryOrigin, 'route' | 'hosted' | 'mirror' | 'clock'>;

export function hostingOf(registry: Keeping): Required<Pick<Protocol, 'holdings' | 'retire'>> {
  return { holdings: holdingsOf(registry), retire: (job) => retireMirrored(registry, job) };
}

/** As its own documents say it: for running totals to be held against. */
function holdingsOf({ route, hosted, mirror }: Keeping): Holdings {
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
