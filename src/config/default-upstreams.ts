/**
 * Where a route for packages pulls from that names no upstream: what the machine's own client is set to, where it is easy to ask, or the
 * public registry of the ecosystem. Only an origin asks, and once in its life. Credentials that the client may hold are not taken.
 */

import type { EcosystemId, EcosystemSettings } from './ecosystem-settings.ts';
import { aptArchives } from './machine/apt.ts';
import { cargoIndex } from './machine/cargo.ts';
import { goProxies } from './machine/go.ts';
import { type Machine, thisMachine } from './machine/machine.ts';
import { pipIndex } from './machine/pip.ts';
import { urlIn } from './machine/url.ts';

type Upstreams = NonNullable<EcosystemSettings[EcosystemId]['upstreams']>;
type Place = Pick<Upstreams[number], 'name' | 'url'>;

interface Standard {
  /** For people who look at a config. */
  readonly inWords: string;
  find(machine: Machine): Promise<readonly Place[]>;
}

export const defaultUpstreams: Readonly<Record<EcosystemId, Standard>> = {
  pypi: {
    inWords: "this machine's pip setting",
    find: async (machine) => [{ url: (await pipIndex(machine)) ?? 'https://pypi.org/simple' }],
  },
  go: {
    inWords: "this machine's GOPROXY",
    async find(machine) {
      const proxies = (await goProxies(machine)) ?? ['https://proxy.golang.org'];
      return proxies.map((url) => ({ url }));
    },
  },
  cargo: {
    inWords: "this machine's cargo setting",
    find: async (machine) => [{ url: (await cargoIndex(machine)) ?? 'https://index.crates.io' }],
  },
  maven: always('https://repo.maven.apache.org/maven2'),
  apt: { inWords: "this machine's apt sources", find: aptArchives },
  rubygems: always('https://rubygems.org'),
  nuget: always('https://api.nuget.org/v3/index.json'),
  helm: none(),
  huggingface: {
    inWords: 'HF_ENDPOINT, or huggingface.co',
    async find({ env }) {
      const given = env.HF_ENDPOINT;
      return [{ url: given ? urlIn(given, 'HF_ENDPOINT', 'huggingface') : 'https://huggingface.co' }];
    },
  },
  files: none(),
};

const known = new Map<EcosystemId, Promise<Upstreams>>();

/** Fails with an `Error` that says what to do. */
export function standardUpstreams(id: EcosystemId, machine?: Machine): Promise<Upstreams> {
  if (machine !== undefined) return find(id, machine);
  const found = known.get(id) ?? find(id, thisMachine);
  known.set(id, found);
  // What could not be told may be told after a change of the machine's settings.
  found.catch(() => known.delete(id));
  return found;
}

async function find(id: EcosystemId, machine: Machine): Promise<Upstreams> {
  const places = await defaultUpstreams[id].find(machine);
  return places.map((place) => ({ ...place, names: [], internalHosts: [] }));
}

function always(url: string): Standard {
  return { inWords: url, find: async () => [{ url }] };
}

function none(): Standard {
  return { inWords: 'none', find: async () => [] };
}
