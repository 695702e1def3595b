/**
 * Registries of container images and other artifacts (OCI Distribution Specification 1.1): what docker, containerd, podman, skopeo, helm
 * and oras ask for, served from the nearest cache. What lives elsewhere is fetched from its upstream once for the whole network
 * (`pull.ts`); what lives here is pushed to the origin, and kept there (`hosted/`).
 */
import { type Clock, systemClock } from '../../clock.ts';
import type { Answer } from '../../entry.ts';
import type { Ask } from '../../parent.ts';
import type { Mount, OriginDoor, Protocol } from '../../protocol.ts';
import type { FreshnessPolicy } from '../../resource.ts';
import { type AheadLimits, openAhead } from './ahead.ts';
import { challengeFor, explanationOf } from './ask-login.ts';
import { catalogueOf } from './catalogue/catalogue.ts';
import { covers } from './covers.ts';
import { codeOf, errorBody, notNamed } from './errors.ts';
import { foresightOf } from './foresight/foresight.ts';
import { guides } from './guides.ts';
import { type HostedOptions, openHosted } from './hosted/claims.ts';
import type { Home } from './hosted/home.ts';
import { hostingOf } from './hosted/hosting.ts';
import { serve } from './hosted/serve.ts';
import { openTeller, type Withdrawn } from './hosted/tell.ts';
import { write } from './hosted/write.ts';
import { itemOf } from './key.ts';
import { allowedAt } from './methods.ts';
import { namer } from './name.ts';
import type { OciOrigin } from './origin.ts';
import { below, readPath } from './path.ts';
import { policyDesk } from './policy/explain.ts';
import { foreseeing, judged, nothingAhead } from './policy/gate.ts';
import type { PolicyOptions } from './policy/options.ts';
import { beginWithout, openPolicy } from './policy/policy.ts';
import { pull } from './pull.ts';
import { needs } from './replication/needs.ts';
import { openReplication, type Replication } from './replication/replicate.ts';
import type { ReplicationRule } from './replication/rules.ts';
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
  /** Which images nodes have before anybody asks for them. */
  readonly replication: readonly ReplicationRule[];
  /** How long a tag, and lists, are used without asking. */
  readonly metadata: FreshnessPolicy;
}

export function oci(
  {
    sources: configured,
    mirrors,
    hosted: hosting,
    policy: rules = null,
    ahead,
    replication: replicated,
    metadata,
  }: OciOptions,
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
  const withdrawn: Withdrawn = async (name, door) => policy?.withdrawn(name, door);
  const home = hosted && {
    ...{ route, base, hosted, metadata, teller: openTeller(route, withdrawn), withdrawn, clock },
  };
  const next = (from: OciOrigin, ask: Ask, door: OriginDoor) =>
    home === null ? pullItem(from, ask, door) : answerHere(home, from, mount, ask, door);
  const name = namer(mount, { sources, hosted, metadata });
  let purge: OriginDoor['purge'] | null = null;
  let replication: Replication | null = null;
  return {
    id: 'oci',
    name,
    foresight: foresightOf({ mount, clock, metadata, name }),
    covers: (target) => covers(mount, sources, target),
    problem: (error, exchange) => ({
      type: 'application/json',
      body: errorBody(codeOf(error), explanationOf(error, exchange), error.detail),
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
    catalogue: catalogueOf(origin, home, policy, clock),
    guides: (at) => guides(configured, mirrors, at),
    async pull(ask, door) {
      home?.teller.tellLeft(door);
      const answer = await (policy === null
        ? next(origin, ask, door)
        : judged(policy, mount, hosted, ask, door, (asked) => next(origin, asked, door)));
      if (replication !== null) tellOf(replication, ask, answer, mount);
      return answer;
    },
    policy: policyDesk(policy, route, fullName),
    needs: (wanted, given) => needs(base, wanted, given),
    begin(lent) {
      ({ purge } = lent);
      if (policy === null) beginWithout(route, lent);
      else policy.begin(lent);
      if (replicated.length > 0)
        replication = openReplication({ route, base, rules: replicated, hosted, clock }, lent);
    },
    close() {
      policy?.close();
      replication?.close();
    },
    ...(home !== null && hostingOf(home, () => purge)),
  };
}

/** What a request has found out, or changed. What was confirmed is what it was. */
function tellOf(replication: Replication, { named, exchange }: Ask, { status }: Answer, mount: Mount): void {
  if (named.as === 'resource') {
    const item = itemOf(named.key);
    if (item?.kind === 'tag' && (status === 200 || status === 404)) replication.seen(item.name, item.tag);
    return;
  }
  const wanted = readPath(below(mount, exchange.path) ?? '');
  if (wanted.kind !== 'manifest' || status >= 300) return;
  replication.changed(wanted.name, 'tag' in wanted.reference ? wanted.reference.tag : null);
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
    if (!('name' in wanted)) throw notNamed();
    return write(home, wanted.name, wanted, ask, door);
  }
  const item = itemOf(ask.named.key);
  const isHere = item !== null && origin.sources.placeOf(item.name) === null;
  return isHere ? serve(home, item, ask, door) : pullItem(origin, ask, door);
}

function pullItem(origin: OciOrigin, ask: Ask, door: OriginDoor): Promise<Answer> {
  const item = ask.named.as === 'pass' ? null : itemOf(ask.named.key);
  if (item === null) throw notNamed();
  return pull(origin, item, ask, door);
}
