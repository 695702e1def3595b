/**
 * The ecosystems that the kit serves, each by the id that the config gives it. A new one is a folder under `protocols/`, its row in the
 * config (`config/ecosystems.ts`), and a row here.
 */
import type { Clock } from '../clock.ts';
import { standardUpstreams } from '../config/default-upstreams.ts';
import type { EcosystemId, EcosystemSettings } from '../config/ecosystem-settings.ts';
import { formatPath, type Mistake } from '../config/mistake.ts';
import type { Mount, Protocol } from '../protocol.ts';
import { apt } from '../protocols/apt/apt.ts';
import { cargo } from '../protocols/cargo/cargo.ts';
import { files } from '../protocols/files/files.ts';
import { go } from '../protocols/go/go.ts';
import { helm } from '../protocols/helm/helm.ts';
import { huggingface } from '../protocols/huggingface/huggingface.ts';
import { maven } from '../protocols/maven/maven.ts';
import { nuget } from '../protocols/nuget/nuget.ts';
import { pypi } from '../protocols/pypi/pypi.ts';
import type { Ecosystem, Placed } from '../protocols/registry/ecosystem.ts';
import { unreadableRules } from '../protocols/registry/policy/policy.ts';
import { registry } from '../protocols/registry/registry.ts';
import { rubygems } from '../protocols/rubygems/rubygems.ts';

type Made = { readonly [Id in EcosystemId]: (settings: EcosystemSettings[Id], placed: Placed) => Ecosystem };

const made: Made = {
  apt: (settings, { route }) => apt(route, settings),
  nuget: () => nuget,
  rubygems: () => rubygems,
  files,
  huggingface,
  pypi: () => pypi(),
  maven: (settings) => maven(settings),
  go: ({ sumdb }) => go({ database: sumdb === 'off' ? null : sumdb }),
  cargo: ({ authRequired, hosted }, { isOpen }) =>
    cargo({ authRequired: authRequired ?? (!isOpen || isForSome(hosted)) }),
  helm,
};

/** The protocol of a route for packages. */
export async function packagesOf<Id extends EcosystemId>(
  id: Id,
  settings: EcosystemSettings[Id],
  mount: Mount & Placed,
  clock: Clock,
): Promise<Protocol> {
  const { upstreams: given, hosted = null, mirror, ahead, metadata, maxIndexBytes } = settings;
  // Only the origin talks to upstreams, so only the origin needs to know which they are.
  const isOrigin = mount.role === 'origin';
  const upstreams = given ?? (isOrigin ? await standardUpstreams(id) : []);
  const policy = isOrigin ? (settings.policy ?? null) : null;
  const options = { upstreams, hosted, policy, mirror, ahead, metadata, maxIndexBytes };
  return registry(ecosystemOf(id, settings, mount), options, mount, clock);
}

function ecosystemOf<Id extends EcosystemId>(
  id: Id,
  settings: EcosystemSettings[Id],
  placed: Placed,
): Ecosystem {
  return made[id](settings, placed);
}

/** What the config alone cannot know: rules about versions that are none to the ecosystem. */
export function ruleMistakes<Id extends EcosystemId>(
  id: Id,
  settings: EcosystemSettings[Id],
  placed: Placed,
): readonly Mistake[] {
  if (settings.policy === undefined) return [];
  const ecosystem = ecosystemOf(id, settings, placed);
  return unreadableRules(settings.policy, ecosystem).map(({ at, text, why }) => ({
    path: formatPath([id, 'policy', ...at]),
    expected: `a range of versions of ${ecosystem.title} behind the @`,
    found: `'${text}'`,
    hint: `It cannot be read: ${why}.`,
  }));
}

/** Whether packages live here that not everybody may read. */
function isForSome(hosted: EcosystemSettings[EcosystemId]['hosted']): boolean {
  return (
    hosted !== undefined &&
    !hosted.names.every((name) => hosted.public.some((all) => all === name || all === '*'))
  );
}
