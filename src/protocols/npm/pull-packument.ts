/**
 * At the origin: a package's documents, made from the upstream's. Whichever form is made first has the
 * index stored along with it, so that the tarballs of an install, which are asked for a moment or an hour
 * later, need no second look at the upstream's document.
 */
import type { Answer } from '../../entry.ts';
import { accessField } from '../../identity.ts';
import type { Ask } from '../../parent.ts';
import type { OriginDoor } from '../../protocol.ts';
import { answerWith, cacheControlOf, confirm, type Presentation } from './canonical.ts';
import type { Part, Purges } from './derivations.ts';
import { type Fetched, fetchPackument } from './fetch-packument.ts';
import { type Form, mediaTypes } from './form.ts';
import { indexResource } from './name.ts';
import type { NpmOrigin } from './origin.ts';
import { type Source, sourceOf } from './source.ts';

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
  fetch(form: Form, stored: Source | null, signal: AbortSignal): Promise<Fetched>;
}

export async function pullPart(
  npm: NpmOrigin,
  part: Part,
  name: string,
  ask: Ask,
  origin: OriginDoor,
  from = upstreamSource(npm, name, origin),
): Promise<Answer> {
  const stored = sourceOf(ask.stored, from.remote);
  const form = part === 'full' ? 'full' : 'abbreviated';
  const fetched = await npm.derivations.take(
    name,
    part,
    stored,
    ask.signal,
    (signal) => from.fetch(form, stored, signal),
    async ({ as }) => {
      if (as === 'derived' && part !== 'index' && !from.isHosted) await seedIndex(npm, name, ask, origin);
    },
    purgesFor(ask, origin),
  );
  if (fetched.as === 'error') return fetched.answer;

  const presentation: Presentation = {
    contentType: contentTypes[part],
    cacheControl: cacheControlOf(npm.metadata, fetched.head),
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

function upstreamSource(npm: NpmOrigin, name: string, origin: OriginDoor): PackumentSource {
  return {
    remote: npm.remotes.of(name).url,
    isHosted: false,
    fetch: (form, stored, signal) => fetchPackument({ ...npm, origin }, name, form, stored, signal),
  };
}

function purgesFor({ named }: Ask, origin: OriginDoor): Purges {
  const spare = (since: number) => named.as !== 'resource' || origin.spares(named, since);
  return { newest: origin.newestPurge, spare };
}

/**
 * Reads the index anew through the origin's cache, which thereby asks for it while the derivation is at
 * hand, and stores it.
 */
async function seedIndex(npm: NpmOrigin, name: string, ask: Ask, origin: OriginDoor): Promise<void> {
  const stop = new AbortController();
  const cancel = npm.clock.after(SEEDING_MS, () => stop.abort());
  const resource = indexResource(npm.route, name, npm.metadata);
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
    // Nobody waits for it. Without it, the package's first tarball costs one more look at the upstream.
  } finally {
    cancel();
  }
}
