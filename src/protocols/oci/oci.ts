/**
 * Registries of container images and other artifacts (OCI Distribution Specification 1.1): what docker, containerd, podman, skopeo, helm
 * and oras ask for, served from the nearest cache. What lives elsewhere is fetched from its upstream once for the whole network
 * (`pull.ts`); what lives here is pushed to the origin, and kept there (`hosted/`).
 */
import { type Clock, systemClock } from '../../clock.ts';
import type { Answer } from '../../entry.ts';
import { MeridianError } from '../../errors.ts';
import type { Ask } from '../../parent.ts';
import type { Mount, OriginDoor, Protocol } from '../../protocol.ts';
import type { FreshnessPolicy } from '../../resource.ts';
import { type AheadLimits, openAhead } from './ahead.ts';
import { challengeFor } from './ask-login.ts';
import { covers } from './covers.ts';
import { codeOf, errorBody } from './errors.ts';
import { guides } from './guides.ts';
import { type HostedOptions, openHosted } from './hosted/claims.ts';
import { holdingsOf } from './hosted/holdings.ts';
import type { Home } from './hosted/home.ts';
import { retireUnneeded } from './hosted/retire.ts';
import { serve } from './hosted/serve.ts';
import { openTeller } from './hosted/tell.ts';
import { write } from './hosted/write.ts';
import { itemOf } from './key.ts';
import { namer } from './name.ts';
import type { OciOrigin } from './origin.ts';
import { below, readPath } from './path.ts';
import { pull } from './pull.ts';
import { type OciSource, openSources } from './sources.ts';
import { openTokens } from './tokens.ts';

export interface OciOptions {
  readonly sources: readonly OciSource[];
  /** Name of the source of repositories whose name begins with none; `null`: there is no such repository. */
  readonly mirrors: string | null;
  /** What lives here rather than at a source; `null`: nothing. */
  readonly hosted: HostedOptions | null;
  /** What is fetched of an image before somebody asks for it. */
  readonly ahead: AheadLimits;
  /** How long a tag, and lists, are used without asking. */
  readonly metadata: FreshnessPolicy;
}

export function oci(
  { sources: configured, mirrors, hosted: hosting, ahead, metadata }: OciOptions,
  mount: Mount,
  clock: Clock = systemClock,
): Protocol {
  const { route } = mount;
  const hosted =
    hosting &&
    openHosted(
      hosting,
      configured.map(({ name }) => name),
    );
  const sources = openSources(configured, mirrors, hosted);
  const origin: OciOrigin = {
    ...{ route, sources, tokens: openTokens(clock), ahead: openAhead(route, ahead), metadata },
  };
  const base = mount.prefix.endsWith('/v2') ? mount.prefix : `${mount.prefix}/v2`;
  const home = hosted && { route, base, hosted, metadata, teller: openTeller(route), clock };
  let purge: OriginDoor['purge'] | null = null;
  return {
    id: 'oci',
    name: namer(mount, { sources, hosted, metadata }),
    covers: (target) => covers(mount, sources, target),
    problem: (error, exchange) => ({
      type: 'application/json',
      body: errorBody(codeOf(error), error.explanation, error.detail),
      challenge: challengeFor(mount, sources, error, exchange),
    }),
    changed({ key }, before, { status, headers }) {
      const item = itemOf(key);
      // What lives here has been purged by whoever has changed it.
      if (item?.kind !== 'tag' || sources.placeOf(item.name) === null) return null;
      const isMoved = status === 200 && headers.get('etag') !== before.etag;
      if (before.status !== 200 || !(isMoved || status === 404)) return null;
      return { selectors: [{ by: 'key', key }], soft: status === 200, seen: key };
    },
    guides: (at) => guides(configured, mirrors, at),
    pull(ask, door) {
      if (home === null) return pullItem(origin, ask, door);
      home.teller.tellLeft(door);
      return answerHere(home, origin, mount, ask, door);
    },
    ...(hosted !== null && {
      holdings: holdingsOf(route, hosted),
      begin(lent) {
        ({ purge } = lent);
      },
      async retire(job) {
        if (purge !== null) await retireUnneeded({ route, hosted, clock, purge }, job);
      },
    }),
  };
}

async function answerHere(
  home: Home,
  origin: OciOrigin,
  mount: Mount,
  ask: Ask,
  door: OriginDoor,
): Promise<Answer> {
  if (ask.named.as === 'pass') {
    const wanted = readPath(below(mount, ask.exchange.path) ?? '');
    if (!('name' in wanted)) throw unknown();
    return write(home, wanted.name, wanted, ask, door);
  }
  const item = itemOf(ask.named.key);
  const isHere = item !== null && origin.sources.placeOf(item.name) === null;
  return isHere ? serve(home, item, ask, door) : pullItem(origin, ask, door);
}

function pullItem(origin: OciOrigin, ask: Ask, door: OriginDoor): Promise<Answer> {
  const item = ask.named.as === 'pass' ? null : itemOf(ask.named.key);
  if (item === null) throw unknown();
  return pull(origin, item, ask, door);
}

function unknown(): MeridianError {
  return new MeridianError('internal', 'The OCI protocol was asked for something that it did not name.');
}
