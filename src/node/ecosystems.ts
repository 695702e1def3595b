/**
 * The ecosystems that the kit serves, each by the id that the config gives it. A new one is a folder under `protocols/`, its row in the
 * config (`config/ecosystems.ts`), and a row here.
 */
import type { Clock } from '../clock.ts';
import { standardUpstreams } from '../config/default-upstreams.ts';
import type { EcosystemId, EcosystemSettings } from '../config/ecosystem-settings.ts';
import type { Mount, Protocol } from '../protocol.ts';
import { files } from '../protocols/files/files.ts';
import { huggingface } from '../protocols/huggingface/huggingface.ts';
import type { Ecosystem, Placed } from '../protocols/registry/ecosystem.ts';
import { registry } from '../protocols/registry/registry.ts';

type Made = { readonly [Id in EcosystemId]?: (settings: EcosystemSettings[Id], placed: Placed) => Ecosystem };

const made: Made = {
  files,
  huggingface,
};

/** The protocol of a route for packages. */
export async function packagesOf<Id extends EcosystemId>(
  id: Id,
  settings: EcosystemSettings[Id],
  mount: Mount,
  clock: Clock,
): Promise<Protocol> {
  const { upstreams: given, hosted = null, mirror, ahead, metadata, maxIndexBytes } = settings;
  // Only the origin talks to upstreams, so only the origin needs to know which they are.
  const isOrigin = mount.role === 'origin';
  const upstreams = given ?? (isOrigin ? await standardUpstreams(id) : []);
  const policy = isOrigin ? (settings.policy ?? null) : null;
  const options = { upstreams, hosted, policy, mirror, ahead, metadata, maxIndexBytes };
  const make = made[id];
  if (make === undefined) throw new Error(`this build of Meridian has no ${id}`);
  return registry(make(settings, mount), options, mount, clock);
}
