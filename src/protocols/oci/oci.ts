/**
 * Registries of container images and other artifacts (OCI Distribution Specification 1.1), pulled through: what docker, containerd,
 * podman, skopeo, helm and oras ask for, served from the nearest cache and fetched from the upstream once for the whole network.
 */
import { type Clock, systemClock } from '../../clock.ts';
import type { Mount, Protocol } from '../../protocol.ts';
import type { FreshnessPolicy } from '../../resource.ts';
import { type AheadLimits, openAhead } from './ahead.ts';
import { covers } from './covers.ts';
import { codeOf, errorBody } from './errors.ts';
import { itemOf } from './key.ts';
import { namer } from './name.ts';
import { pull } from './pull.ts';
import { type OciSource, openSources } from './sources.ts';
import { openTokens } from './tokens.ts';

export interface OciOptions {
  readonly sources: readonly OciSource[];
  /** Name of the source of repositories whose name begins with none; `null`: there is no such repository. */
  readonly mirrors: string | null;
  /** What is fetched of an image before somebody asks for it. */
  readonly ahead: AheadLimits;
  /** How long a tag, and lists, are used without asking. */
  readonly metadata: FreshnessPolicy;
}

export function oci(
  { sources: configured, mirrors, ahead, metadata }: OciOptions,
  mount: Mount,
  clock: Clock = systemClock,
): Protocol {
  const sources = openSources(configured, mirrors);
  const { route } = mount;
  const origin = { route, sources, tokens: openTokens(clock), ahead: openAhead(route, ahead), metadata };
  return {
    id: 'oci',
    name: namer(mount, { sources, metadata }),
    covers: (target) => covers(mount, sources, target),
    problem: (error) => ({
      type: 'application/json',
      body: errorBody(codeOf(error), error.explanation, error.detail),
    }),
    changed({ key }, before, { status, headers }) {
      const item = itemOf(key);
      const isMoved = status === 200 && headers.get('etag') !== before.etag;
      if (item?.kind !== 'tag' || before.status !== 200 || !(isMoved || status === 404)) return null;
      return { selectors: [{ by: 'key', key }], soft: status === 200, seen: key };
    },
    pull: (ask, door) => pull(origin, ask, door),
  };
}
