/**
 * At the origin: a package's documents, made from the upstream's. Whichever form is made first has the
 * index stored along with it, so that the tarballs of an install, which are asked for a moment or an hour
 * later, need no second look at the upstream's document.
 */
import type { Answer } from '../../entry.ts';
import { accessField } from '../../identity.ts';
import type { Ask } from '../../parent.ts';
import type { OriginDoor } from '../../protocol.ts';
import type { Resource } from '../../resource.ts';
import { cacheControlOf } from '../kept-for.ts';
import { holdsUnder, markOf, needsTime, type Terms } from '../registry/policy/terms.ts';
import { answerWith, confirm, type Presentation, refusedAnswer } from './canonical.ts';
import type { Part, Purges } from './derivations.ts';
import { type Fetched, fetchPackument, type Wanted } from './fetch-packument.ts';
import { mediaTypes } from './form.ts';
import { choicesResource, indexResource } from './name.ts';
import type { NpmOrigin } from './origin.ts';
import type { Enforcement } from './packument.ts';
import { original, type Source, sourceOf } from './source.ts';

/** How long a derivation is held for its index to be stored. */
const SEEDING_MS = 5_000;

const contentTypes = { ...mediaTypes, index: 'text/plain; charset=utf-8' } as const satisfies Record<
  Part,
  string
>;

/** Where a package's document comes from. */
export interface PackumentSource {
  /** Its address: what another one has answered tells nothing about this one's. */
  readonly remote: string;
  /** Its tarballs are found without an index. */
  readonly isHosted: boolean;
  /** What the route asks of its versions; `null`: nothing. */
  readonly terms: Terms | null;
  fetch(wanted: Wanted, stored: Source | null, signal: AbortSignal): Promise<Fetched>;
}

export async function pullPart(
  npm: NpmOrigin,
  part: Part,
  name: string,
  ask: Ask,
  origin: OriginDoor,
  from = upstreamSource(npm, name, origin),
): Promise<Answer> {
  const { terms } = from;
  const policy: Enforcement | null = terms && { terms, nowMs: npm.clock.now() };
  const stored = heldSource(ask, from, policy);
  const withFull = part === 'full';
  // The abbreviated form does not say when versions were published.
  const form = withFull || (terms !== null && needsTime(terms)) ? 'full' : 'abbreviated';
  const fetched = await npm.derivations.take(
    name,
    part,
    stored,
    ask.signal,
    (signal) => from.fetch({ form, withFull, policy }, stored, signal),
    async (made) => {
      if (made.as !== 'derived' || from.isHosted) return;
      if (part !== 'index') await seed(npm, indexResource(npm.route, name, npm.metadata), ask, origin);
      await seedChoices(npm, name, made, ask, origin);
    },
    purgesFor(ask, origin),
  );
  if (fetched.as === 'error') return fetched.answer;

  const { stamp } = fetched.source;
  const atMostS = untilS(stamp?.changesAtMs ?? null, npm.clock.now());
  const ruling = fetched.as === 'derived' ? fetched.documents.ruling : null;
  if (part !== 'index' && ruling !== null && ruling.nothingLeft !== null) {
    return refusedAnswer(ruling.nothingLeft, atMostS);
  }
  const presentation: Presentation = {
    contentType: contentTypes[part],
    cacheControl: cacheControlOf(npm.metadata, fetched.head, atMostS),
    vary: part === 'index' ? undefined : 'accept, accept-encoding',
    source: fetched.source,
  };
  const document = fetched.as === 'derived' ? fetched.documents[part] : null;
  const answer =
    document === null
      ? confirm(ask.stored?.etag ?? null, presentation)
      : answerWith(document, presentation, ask.stored);
  const access = fetched.head.get(accessField);
  if (access !== null) answer.headers.set(accessField, access);
  return answer;
}

/** Neither longer than the route says, nor past the moment at which the terms lead to another document. */
function untilS(changesAtMs: number | null, nowMs: number): number {
  return changesAtMs === null
    ? Number.POSITIVE_INFINITY
    : Math.max(0, Math.ceil((changesAtMs - nowMs) / 1000));
}

/** What the stored part was made of, if the same would be made of it now. */
function heldSource({ stored }: Ask, { remote }: PackumentSource, policy: Enforcement | null): Source | null {
  const source = sourceOf(stored, remote);
  if (source === null) return null;
  const mark = policy && markOf(policy.terms);
  return holdsUnder(source.stamp, mark, policy?.nowMs ?? 0) ? source : null;
}

function upstreamSource(npm: NpmOrigin, name: string, origin: OriginDoor): PackumentSource {
  return {
    remote: npm.remotes.of(name).url,
    isHosted: false,
    terms: npm.policy?.termsOf(name) ?? null,
    fetch: (wanted, stored, signal) => fetchPackument({ ...npm, origin }, name, wanted, stored, signal),
  };
}

function purgesFor({ named }: Ask, origin: OriginDoor): Purges {
  const spare = (since: number) => named.as !== 'resource' || origin.spares(named, since);
  return { newest: origin.newestPurge, spare };
}

async function seedChoices(
  npm: NpmOrigin,
  name: string,
  { documents, source, head }: Extract<Fetched, { as: 'derived' }>,
  ask: Ask,
  origin: OriginDoor,
): Promise<void> {
  const fresh = { document: documents.choices, madeOf: original(source), head };
  npm.freshChoices.set(name, fresh);
  await seed(npm, choicesResource(npm.route, name, npm.metadata), ask, origin);
  if (npm.freshChoices.get(name) === fresh) npm.freshChoices.delete(name);
}

/**
 * Reads what is made along with a document anew through the origin's cache, which thereby asks for it while it is at
 * hand, and stores it.
 */
async function seed(npm: NpmOrigin, resource: Resource, ask: Ask, origin: OriginDoor): Promise<void> {
  const stop = new AbortController();
  const cancel = npm.clock.after(SEEDING_MS, () => stop.abort());
  const seeding: Ask = {
    ...ask,
    named: resource,
    stored: null,
    background: true,
    reload: true,
    signal: stop.signal,
  };
  try {
    await origin.read(resource, seeding, npm.maxPackumentBytes);
  } catch {
    // Nobody waits for it. Without an index, the package's first tarball costs one more look at the upstream.
  } finally {
    cancel();
  }
}
