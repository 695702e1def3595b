/**
 * What may be pulled from a route for containers, at the origin: everything that is asked for comes by here, whether it lives here or is pulled
 * through, and PoPs keep only what was let through. When the config says something else, what they keep is purged (`follow-policy.ts`).
 *
 * Manifests are judged, and tags by the manifest that they stand for. A layer is refused only where it is itself blocked: its digest does not
 * say which image somebody wants it for, and nobody hears of that digest but from a manifest.
 */
import type { Clock } from '../../../clock.ts';
import type { Answer } from '../../../entry.ts';
import { type Exchange, inOtherWords } from '../../../exchange.ts';
import type { Ask } from '../../../parent.ts';
import type { OriginDoor, OriginHome } from '../../../protocol.ts';
import type { Selector } from '../../../purge.ts';
import { beginWithoutPolicy, followChanges } from '../../follow-policy.ts';
import { openRefusals, type Refusals } from '../../refusals.ts';
import { reasonsOf } from '../../verdict.ts';
import { longestManifest, wholeOf } from '../answers.ts';
import { type Digest, digestOf, readDigest } from '../digest.ts';
import { type ContentItem, type Item, keyOf, type TagItem } from '../key.ts';
import { manifestResource } from '../name.ts';
import { repositoryTag } from '../tags.ts';
import { discard } from '../upstream.ts';
import { type Content, contentOf } from './content.ts';
import { begun, type Dossier, openDossiers, storable, withTag } from './dossiers.ts';
import { type Judge, openJudge, type Subject } from './judge.ts';
import type { PolicyOptions } from './options.ts';
import { refusalAnswer } from './refuse.ts';
import { type Finding, openNameRules } from './rules.ts';

export type Next = (ask: Ask) => Promise<Answer>;

export interface Policy {
  readonly options: PolicyOptions;
  readonly refusals: Refusals;
  /** The answer of `next`, or why there is none. */
  admit(item: Item, ask: Ask, door: OriginDoor, next: Next): Promise<Answer>;
  /** A tag is about to be answered with this manifest, which is asked for by its digest now. */
  met(name: string, tag: string, digest: Digest): Promise<boolean>;
  /** Whether what a manifest names may be fetched ahead. */
  mayForesee(name: string, manifest: Uint8Array, ask: Ask, door: OriginDoor): Promise<boolean>;
  /** A manifest was pushed that may hold a signature. */
  pushed(name: string): void;
  /** A manifest was deleted that may have held a signature. */
  withdrawn(name: string, door: Pick<OriginDoor, 'purge'>): Promise<void>;
  /** What every rule says of a manifest that has been met; `null`: it has not. */
  findingsOn(
    name: string,
    tag: string | null,
    digest: Digest,
    ask: Ask,
    door: OriginDoor,
  ): Promise<readonly Finding[] | null>;
  /** The same of a manifest in hand, whether or not somebody has asked for it. */
  findingsIn(subject: Subject, manifest: Uint8Array, ask: Ask, door: OriginDoor): Promise<readonly Finding[]>;
  /** What names, and what was written down before, say of it: nobody is asked. */
  knownOf(subject: Subject): Promise<readonly Finding[]>;
  /** Against all of a repository. */
  onRepository(name: string): Finding | null;
  begin(home: OriginHome): void;
  close(): void;
}

export interface PolicyDependencies {
  readonly route: string;
  readonly clock: Clock;
  /** Whether it lives here. */
  readonly isHosted: (name: string) => boolean;
  /** The full name of what may be called otherwise, too. */
  readonly fullName: (name: string) => string;
  /** What is asked for, by no rule, from no cache, and with nothing fetched ahead. */
  readonly unjudged: (ask: Ask, door: OriginDoor) => Promise<Answer>;
}

export function openPolicy(options: PolicyOptions, dependencies: PolicyDependencies): Policy {
  const { route, clock, isHosted, fullName } = dependencies;
  let home: OriginHome | null = null;
  const settings = new Bun.CryptoHasher('sha256').update(JSON.stringify(options)).digest('base64url');
  const refusals = openRefusals({ documents: 'oci-refused', route, clock });
  const names = openNameRules(options, fullName);
  const dossiers = openDossiers({ route, clock, stores: () => home?.stores ?? null });
  const judge: Judge = openJudge(options, { ...dependencies, names, dossiers, lost });

  /** What PoPs keep of it was let through by a signature that there is no more. */
  function lost(name: string): void {
    const warn = (error: unknown) =>
      home?.warn('nodes may go on with images whose signature is gone', {
        route,
        name,
        reason: String(error),
      });
    if (home !== null) purgeRepository(name, home).catch(warn);
  }

  async function purgeRepository(name: string, { purge }: Pick<OriginHome, 'purge'>): Promise<void> {
    await purge([{ by: 'prefix', prefix: `${keyOf(route, { kind: 'tag', name, tag: '' })}` }]);
    await purge([{ by: 'tag', tag: repositoryTag(name) }], true);
  }

  function refuse(subject: string, digest: Digest | null, against: readonly Finding[]): Answer {
    refusals.note(subject, [...new Set(against.map(({ rule }) => rule))], reasonsOf(against));
    return refusalAnswer(subject, digest, against);
  }

  /** Against a manifest. What another origin knows may be in its favour. */
  async function against(subject: Subject, content: Content, known: Dossier, ask: Ask, door: OriginDoor) {
    const { name, digest } = subject;
    if (content.isIndex) await dossiers.adopt(name, digest, content.manifests);
    const found = await judge.against(subject, content, known, ask, door);
    if (found.length === 0) return found;
    const fresh = await dossiers.get(name, digest, true);
    if (fresh === null || Bun.deepEquals(fresh, known)) return found;
    return judge.against(subject, content, fresh, ask, door);
  }

  async function admitManifest({ name, digest }: ContentItem, ask: Ask, door: OriginDoor, next: Next) {
    const subject = `${name}@${digest}`;
    const dossier = await dossiers.get(name, digest);
    if (dossier !== null && dossier.content !== null) {
      const found = await against({ name, tag: null, digest }, dossier.content, dossier, ask, door);
      return found.length > 0 ? refuse(subject, digest, found) : next(ask);
    }
    // Also what is blocked: of an index, the manifests that it names are not to be had, either.
    const answer = await wholeAnswer(await next(wholly(ask)), subject);
    if (answer.status !== 200) {
      const blocked = names.onDigest(name, digest);
      return blocked === null ? answer : refuse(subject, digest, [blocked]);
    }
    const { content, known } = await learned(name, digest, answer.body);
    const found = await against({ name, tag: null, digest }, content, known, ask, door);
    if (found.length > 0) return refuse(subject, digest, found);
    return ask.exchange.method === 'HEAD' ? { ...answer, body: null } : answer;
  }

  async function admitTag({ name, tag }: TagItem, ask: Ask, door: OriginDoor, next: Next): Promise<Answer> {
    const answer = await next(ask);
    if (answer.status !== 200 && answer.status !== 304) return answer;
    const digest = digestIn(answer);
    if (digest === null) return answer;
    const subject = `${name}:${tag}`;
    const blocked = names.onDigest(name, digest);
    if (blocked !== null) {
      await discard(answer);
      return refuse(subject, digest, [blocked]);
    }
    const dossier = await tagged(name, tag, digest);
    if (dossier.content !== null) {
      const found = await against({ name, tag, digest }, dossier.content, dossier, ask, door);
      if (found.length === 0) return answer;
      await discard(answer);
      return refuse(subject, digest, found);
    }
    const isHere = answer.status === 200 && ask.exchange.method !== 'HEAD';
    const whole = isHere ? await wholeAnswer(answer, subject) : null;
    const resource = manifestResource(route, name, digest);
    const read = whole ?? (await door.read(resource, { ...ask, stored: null }, longestManifest));
    const bytes = 'bytes' in read ? read.bytes : read.body;
    if (read.status !== 200)
      return { status: read.status, headers: read.headers, body: new Uint8Array(bytes) };
    const { content, known } = await learned(name, digest, bytes);
    const found = await against({ name, tag, digest }, content, known, ask, door);
    if (found.length > 0) return refuse(subject, digest, found);
    return whole ?? answer;
  }

  function tagged(name: string, tag: string, digest: Digest): Promise<Dossier> {
    return dossiers.change(name, digest, (before) => withTag(before, tag));
  }

  /** Reads a manifest, and writes down what it says. */
  async function learned(
    name: string,
    digest: Digest,
    bytes: Uint8Array,
  ): Promise<{ readonly content: Content; readonly known: Dossier }> {
    const content = contentOf(bytes);
    const known = await dossiers.change(name, digest, (before) => ({
      ...before,
      content: storable(content),
    }));
    return { content, known };
  }

  return {
    options,
    refusals,
    onRepository: (name) => names.onRepository(name, isHosted(name)),
    async admit(item, ask, door, next) {
      const whole = names.onRepository(item.name, isHosted(item.name));
      if (whole !== null) return refuse(subjectOf(item), null, [whole]);
      switch (item.kind) {
        case 'tag':
          return admitTag(item, ask, door, next);
        case 'manifest':
          return admitManifest(item, ask, door, next);
        case 'blob': {
          const blocked = names.onDigest(item.name, item.digest);
          return blocked === null ? next(ask) : refuse(subjectOf(item), item.digest, [blocked]);
        }
        default:
          return next(ask);
      }
    },
    async met(name, tag, digest) {
      const before = await dossiers.get(name, digest);
      if (before?.tags.includes(tag)) return false;
      await tagged(name, tag, digest);
      return true;
    },
    pushed(name) {
      judge.lookAgain(name);
    },
    async mayForesee(name, manifest, ask, door) {
      const digest = digestOf(manifest);
      const { content, known } = await learned(name, digest, manifest);
      return (await against({ name, tag: null, digest }, content, known, ask, door)).length === 0;
    },
    async withdrawn(name, door) {
      if (!judge.wantsSigned(name)) return;
      await judge.forget(name);
      await purgeRepository(name, door);
    },
    async findingsOn(name, tag, digest, ask, door) {
      const dossier = await dossiers.get(name, digest);
      if (dossier === null || dossier.content === null) return null;
      return judge.findings({ name, tag, digest }, dossier.content, dossier, ask, door);
    },
    async findingsIn(subject, manifest, ask, door) {
      const { name, digest } = subject;
      const known = (await dossiers.get(name, digest)) ?? begun(clock.now());
      return judge.findings(subject, known.content ?? contentOf(manifest), known, ask, door);
    },
    async knownOf(subject) {
      return judge.known(subject, await dossiers.get(subject.name, subject.digest));
    },
    begin(lent) {
      home = lent;
      refusals.begin(lent);
      followChanges({ ...followed(route), settings, home: lent }).read('');
    },
    close() {
      refusals.close();
    },
  };
}

/** A route without a policy, which it may have had before. */
export function beginWithout(route: string, home: OriginHome): void {
  beginWithoutPolicy({ ...followed(route), home });
}

/**
 * What a change of the policy is about. Tags and lists may be served for a while after their time: they go. What has a digest may not be, so
 * it is enough to have it confirmed: what is still allowed is not sent again.
 */
function followed(route: string) {
  const hard: Selector[] = [
    { by: 'prefix', prefix: `${route} tag` },
    { by: 'prefix', prefix: `${route} referrers/` },
  ];
  return { documents: 'oci-policy', route, concerned: { hard, soft: [{ by: 'route', route }] as const } };
}

function subjectOf(item: Item): string {
  switch (item.kind) {
    case 'tag':
      return `${item.name}:${item.tag}`;
    case 'tags':
      return item.name;
    default:
      return `${item.name}@${item.digest}`;
  }
}

/** All of it, whoever wanted how much. */
function wholly(ask: Ask): Ask {
  const exchange: Exchange =
    ask.exchange.method === 'GET' ? ask.exchange : inOtherWords(ask.exchange, { method: 'GET' });
  return { ...ask, exchange, stored: null, part: null };
}

async function wholeAnswer(answer: Answer, what: string) {
  const bytes = await wholeOf(answer, longestManifest, what);
  return { status: answer.status, headers: answer.headers, body: bytes };
}

/** A signed manifest of an old kind has another digest than its bytes; it says which. */
function digestIn({ headers }: Answer): Digest | null {
  const named = headers.get('docker-content-digest') ?? headers.get('etag')?.replaceAll('"', '');
  return readDigest(named ?? '');
}
