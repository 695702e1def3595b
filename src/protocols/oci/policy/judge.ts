/** What all rules say of a manifest, at the origin, where what they need to know can be found out. */
import { z } from 'zod';
import type { Clock } from '../../../clock.ts';
import type { Answer } from '../../../entry.ts';
import { MeridianError } from '../../../errors.ts';
import { inOtherWords } from '../../../exchange.ts';
import { parsedJson } from '../../../http/json.ts';
import type { Ask } from '../../../parent.ts';
import type { OriginDoor } from '../../../protocol.ts';
import { wholeOf } from '../answers.ts';
import type { Digest } from '../digest.ts';
import { itemResource } from '../name.ts';
import { judgeAge, openAgeRules, type Times } from './age.ts';
import { type Content, dateIn, nothing } from './content.ts';
import { begun, type Dossier, type Dossiers } from './dossiers.ts';
import type { PolicyOptions } from './options.ts';
import type { Finding, Met, NameRules, Ways } from './rules.ts';
import type { Reader } from './signatures/find.ts';
import { openSignatureRules, openSignatures } from './signed.ts';

export interface Subject {
  readonly name: string;
  /** As asked for; `null`: by its digest. */
  readonly tag: string | null;
  readonly digest: Digest;
}

export interface Judge {
  /** The first rules that are against it: the dearer ones are not asked then. Empty: it may be pulled. */
  against(
    subject: Subject,
    content: Content,
    known: Dossier,
    ask: Ask,
    door: OriginDoor,
  ): Promise<readonly Finding[]>;
  /** What each rule says. */
  findings(
    subject: Subject,
    content: Content,
    known: Dossier,
    ask: Ask,
    door: OriginDoor,
  ): Promise<readonly Finding[]>;
  /** What each rule says that needs to ask nobody. @param known `null`: nobody has asked for it yet. */
  known(subject: Subject, known: Dossier | null): Promise<readonly Finding[]>;
  wantsSigned(name: string): boolean;
  /** There may be a signature now where there was none. */
  lookAgain(name: string): void;
  /** No signature in this repository counts as found any more. */
  forget(name: string): Promise<void>;
}

interface Dependencies {
  readonly route: string;
  readonly clock: Clock;
  readonly isHosted: (name: string) => boolean;
  readonly fullName: (name: string) => string;
  readonly unjudged: (ask: Ask, door: OriginDoor) => Promise<Answer>;
  readonly names: NameRules;
  readonly dossiers: Dossiers;
  readonly lost: (name: string) => void;
}

/** An index may be named by another one. */
const deepest = 3;
const longestConfig = 4 * 2 ** 20;
/** For all that has to be read about one manifest. */
const withinMs = 25_000;

export function openJudge(options: PolicyOptions, dependencies: Dependencies): Judge {
  const { route, clock, isHosted, fullName, unjudged, names, dossiers, lost } = dependencies;
  const ages = openAgeRules(options.age, fullName);
  const signatureRules = openSignatureRules(options.signatures, fullName);
  const signatures = openSignatures({ dossiers, clock, isHosted, lost });

  async function* each(
    { name, tag, digest }: Subject,
    content: Content,
    known: Dossier,
    ask: Ask,
    door: OriginDoor,
  ): AsyncGenerator<Finding> {
    const { ways, seenMs } = await reached(name, digest, known);
    const met: Met = { name, tag, digest, content, ways, isHosted: isHosted(name) };
    yield* names.onManifest(met);
    const aged = met.isHosted || content.isSignature ? [] : ages.filter((rule) => rule.isAbout(name));
    if (aged.length > 0) {
      const needsDate = aged.some(({ since }) => since === 'created');
      const createdMs = needsDate ? await createdOf(met, known, readerOf(ask, door)) : null;
      const times: Times = { seenMs, createdMs };
      for (const rule of aged) yield judgeAge(rule, met, times, clock.now());
    }
    for (const rule of signatureRules) {
      if (rule.isAbout(name)) yield signatures.judge(rule, met, directReaderOf(ask, door));
    }
  }

  /** The ways to it, and since when. */
  async function reached(
    name: string,
    digest: Digest,
    known: Dossier,
  ): Promise<{ readonly ways: Ways; readonly seenMs: number }> {
    const tags = new Set(known.tags);
    const digests = new Set([digest]);
    let { seenMs } = known;
    let from: readonly Digest[] = known.parents;
    for (let depth = 0; depth < deepest && from.length > 0; depth++) {
      const further: Digest[] = [];
      for (const parent of from) {
        if (digests.has(parent)) continue;
        digests.add(parent);
        const found = await dossiers.get(name, parent);
        if (found === null) continue;
        for (const tag of found.tags) tags.add(tag);
        further.push(...found.parents);
        seenMs = Math.min(seenMs, found.seenMs);
      }
      from = further;
    }
    return { ways: { tags: [...tags], digests: [...digests] }, seenMs };
  }

  /** The later one of the dates that it gives. @throws where the config cannot be read now. */
  async function createdOf(
    { name, digest, content }: Met,
    known: Dossier,
    read: Reader,
  ): Promise<number | null> {
    let { configMs } = known;
    if (configMs === undefined) {
      configMs = content.config === null ? null : await dateOfConfig(name, content.config, read);
      const found = configMs;
      await dossiers.change(name, digest, (before) => ({ ...before, configMs: found }));
    }
    return latest(configMs, content.createdMs);
  }

  /** Through the cache: whoever wants the image wants that as well. */
  function readerOf(ask: Ask, door: OriginDoor): Reader {
    const own = ownAsk(ask);
    return (item, maxBytes) => door.read(itemResource(route, item), own, maxBytes);
  }

  /**
   * Signatures as they are now, by no rule: what is named like a signature may be anything, also the image itself, whose judging would
   * then wait for itself.
   */
  function directReaderOf(ask: Ask, door: OriginDoor): Reader {
    const own = ownAsk(ask);
    const direct: OriginDoor = {
      ...door,
      async read(resource, asked, maxBytes) {
        const answer = await unjudged({ ...asked, named: resource, stored: null, part: null }, direct);
        const bytes = await wholeOf(answer, maxBytes, 'a signature');
        return { status: answer.status, headers: answer.headers, bytes };
      },
    };
    return (item, maxBytes) => direct.read(itemResource(route, item), own, maxBytes);
  }

  return {
    async against(subject, content, known, ask, door) {
      const against: Finding[] = [];
      for await (const finding of each(subject, content, known, ask, door)) {
        if (finding.passes) continue;
        against.push(finding);
        if (finding.untilMs === null) break;
      }
      return against;
    },
    async findings(subject, content, known, ask, door) {
      const all: Finding[] = [];
      for await (const finding of each(subject, content, known, ask, door)) all.push(finding);
      return all;
    },
    async known({ name, tag, digest }, known) {
      const { ways, seenMs } = await reached(name, digest, known ?? begun(clock.now()));
      // Nobody has written down yet that the tag stands for it.
      const tags = tag === null || ways.tags.includes(tag) ? ways.tags : [...ways.tags, tag];
      const content = known?.content ?? nothing;
      const met: Met = { name, tag, digest, content, ways: { ...ways, tags }, isHosted: isHosted(name) };
      const all = [...names.onManifest(met)];
      if (known?.content == null || met.isHosted || content.isSignature) return all;
      const { configMs } = known;
      const times: Times = { seenMs, createdMs: latest(configMs ?? null, content.createdMs) };
      for (const rule of ages) {
        const isKnown = rule.since === 'seen' || configMs !== undefined;
        if (isKnown && rule.isAbout(name)) all.push(judgeAge(rule, met, times, clock.now()));
      }
      return all;
    },
    wantsSigned: (name) => signatureRules.some((rule) => rule.isAbout(name)),
    lookAgain: signatures.lookAgain,
    forget: signatures.forget,
  };
}

function latest(one: number | null, other: number | null): number | null {
  return one === null || other === null ? (one ?? other) : Math.max(one, other);
}

/** Someone else may want the same answer, and does not leave when this client does. */
function ownAsk(ask: Ask): Ask {
  const exchange = inOtherWords(ask.exchange, { method: 'GET', body: () => null });
  return { ...ask, exchange, stored: null, part: null, reload: false, signal: AbortSignal.timeout(withinMs) };
}

const dated = z.looseObject({ created: z.string().optional() });

async function dateOfConfig(name: string, digest: Digest, read: Reader): Promise<number | null> {
  const { status, bytes } = await read({ kind: 'blob', name, digest }, longestConfig);
  if (status >= 500 || status === 429)
    throw new MeridianError('policy-unready', `the config of an image of ${name} cannot be read now`, {
      retryAfterS: 5,
    });
  if (status !== 200) return null;
  return dateIn(dated.safeParse(parsedJson(new TextDecoder().decode(bytes))).data?.created);
}
