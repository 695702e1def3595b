/**
 * Registries of container images and other artifacts (OCI Distribution Specification 1.1): what docker, containerd, podman, skopeo, helm
 * and oras ask for, served from the nearest cache. What lives elsewhere is fetched from its upstream once for the whole network
 * (`pull.ts`); what lives here is pushed to the origin, and kept there (`hosted/`).
 */
import { type Clock, systemClock } from '../../clock.ts';
import type { Answer } from '../../entry.ts';
import { MeridianError } from '../../errors.ts';
import { accessField, restrictedValue } from '../../identity.ts';
import type { Ask } from '../../parent.ts';
import type { Mount, OriginDoor, Protocol } from '../../protocol.ts';
import type { FreshnessPolicy } from '../../resource.ts';
import { type Ahead, type AheadLimits, openAhead } from './ahead.ts';
import { challengeFor } from './ask-login.ts';
import { catalogueOf } from './catalogue/catalogue.ts';
import { covers } from './covers.ts';
import { codeOf, errorBody } from './errors.ts';
import { guides } from './guides.ts';
import { type Hosted, type HostedOptions, openHosted } from './hosted/claims.ts';
import { holdingsOf } from './hosted/holdings.ts';
import type { Home } from './hosted/home.ts';
import { retireUnneeded } from './hosted/retire.ts';
import { serve } from './hosted/serve.ts';
import { openTeller } from './hosted/tell.ts';
import { write } from './hosted/write.ts';
import { itemOf } from './key.ts';
import { allowedAt } from './methods.ts';
import { namer } from './name.ts';
import type { OciOrigin } from './origin.ts';
import { below, readPath } from './path.ts';
import { policyDesk } from './policy/explain.ts';
import type { PolicyOptions } from './policy/options.ts';
import { beginWithout, type Next, openPolicy, type Policy } from './policy/policy.ts';
import { pull } from './pull.ts';
import { type OciSource, openSources } from './sources.ts';
import { openTokens } from './tokens.ts';

export interface OciOptions {
  readonly sources: readonly OciSource[];
  /** Name of the source of repositories whose name begins with none; `null`: there is no such repository. */
  readonly mirrors: string | null;
  /** What lives here rather than at a source; `null`: nothing. */
  readonly hosted: HostedOptions | null;
  /** What may be pulled; absent: everything. */
  readonly policy?: PolicyOptions | null | undefined;
  /** What is fetched of an image before somebody asks for it. */
  readonly ahead: AheadLimits;
  /** How long a tag, and lists, are used without asking. */
  readonly metadata: FreshnessPolicy;
}

export function oci(
  { sources: configured, mirrors, hosted: hosting, policy: rules = null, ahead, metadata }: OciOptions,
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
  const isHosted = (name: string) => hosted !== null && sources.placeOf(name) === null;
  const fullName = (name: string) => sources.fullName(name, null);
  const policy =
    rules &&
    openPolicy(rules, {
      ...{ route, clock, isHosted },
      fullName: (name) => fullName(name) ?? name,
      unjudged: (ask, door) => next({ ...origin, ahead: nothingAhead, met: undefined }, ask, door),
    });
  const origin: OciOrigin = {
    ...{ route, sources, tokens: openTokens(clock), metadata },
    ahead: foreseeing(openAhead(route, ahead), policy),
    met: policy?.met,
  };
  const base = mount.prefix.endsWith('/v2') ? mount.prefix : `${mount.prefix}/v2`;
  const home = hosted && { route, base, hosted, metadata, teller: openTeller(route), clock };
  const next = (from: OciOrigin, ask: Ask, door: OriginDoor) =>
    home === null ? pullItem(from, ask, door) : answerHere(home, from, mount, ask, door);
  let purge: OriginDoor['purge'] | null = null;
  return {
    id: 'oci',
    name: namer(mount, { sources, hosted, metadata }),
    covers: (target) => covers(mount, sources, target),
    problem: (error, exchange) => ({
      type: 'application/json',
      body: errorBody(codeOf(error), error.explanation, error.detail),
      challenge: challengeFor(mount, sources, error, exchange),
      allow: allowedAt(mount, hosted, exchange),
    }),
    changed({ key }, before, { status, headers }) {
      const item = itemOf(key);
      // What lives here has been purged by whoever has changed it.
      if (item?.kind !== 'tag' || sources.placeOf(item.name) === null) return null;
      const isMoved = status === 200 && headers.get('etag') !== before.etag;
      if (before.status !== 200 || !(isMoved || status === 404)) return null;
      return { selectors: [{ by: 'key', key }], soft: status === 200, seen: key };
    },
    catalogue: catalogueOf(origin, home, clock),
    guides: (at) => guides(configured, mirrors, at),
    pull(ask, door) {
      home?.teller.tellLeft(door);
      if (policy === null) return next(origin, ask, door);
      return judged(policy, mount, hosted, ask, door, (asked) => next(origin, asked, door));
    },
    policy: policyDesk(policy, route, fullName),
    begin(lent) {
      ({ purge } = lent);
      if (policy === null) beginWithout(route, lent);
      else policy.begin(lent);
    },
    close() {
      policy?.close();
    },
    ...(hosted !== null && {
      holdings: holdingsOf(route, hosted),
      async retire(job) {
        if (purge !== null) await retireUnneeded({ route, hosted, clock, purge }, job);
      },
    }),
  };
}

/** What is read is judged. What is pushed is not: signatures come after what they sign. */
async function judged(
  policy: Policy,
  mount: Mount,
  hosted: Hosted | null,
  ask: Ask,
  door: OriginDoor,
  next: Next,
): Promise<Answer> {
  const { named, exchange } = ask;
  if (named.as !== 'pass') {
    const item = itemOf(named.key);
    if (item === null) throw unknown();
    const answer = await policy.admit(item, ask, door, next);
    const { headers } = answer;
    if (answer.status === 403 && hosted?.claims(item.name) === true && !hosted.isPublic(item.name)) {
      headers.set(accessField, restrictedValue);
      headers.set('cache-control', 'no-store');
    }
    return answer;
  }
  const answer = await next(ask);
  const wanted = readPath(below(mount, exchange.path) ?? '');
  if (wanted.kind !== 'manifest' || answer.status >= 300) return answer;
  if (exchange.method === 'DELETE') await policy.withdrawn(wanted.name, door);
  else policy.pushed(wanted.name);
  return answer;
}

const nothingAhead: Ahead = { foresee: () => {} };

/** Nothing is fetched of what may not be pulled. */
function foreseeing(ahead: Ahead, policy: Policy | null): Ahead {
  if (policy === null) return ahead;
  return {
    foresee(name, manifest, ask, door) {
      policy.mayForesee(name, manifest, ask, door).then(
        (may) => may && ahead.foresee(name, manifest, ask, door),
        () => undefined, // whoever asks for the manifest hears why it could not be judged
      );
    },
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
