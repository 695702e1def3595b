/**
 * Lists of versions, of builds and of plugins, made of what all upstreams that may have the artifact say. One that fails makes the whole answer
 * fail: a list without its versions would be wrong, while what is stored is only old. Versions that the policy is against are left out.
 */
import type { Answer } from '../../entry.ts';
import { MeridianError } from '../../errors.ts';
import { ownTarget } from '../../http/targeted.ts';
import { fewAtOnce } from '../few-at-once.ts';
import { cacheControlOf } from '../kept-for.ts';
import { type Document, documentAnswer, errorAnswer } from '../registry/answers.ts';
import type { Item, Pulling } from '../registry/ecosystem.ts';
import { readItem } from '../registry/item.ts';
import type { Judge } from '../registry/policy/judge-of.ts';
import type { Source } from '../registry/sources.ts';
import { fetchWhole, passError, type Whole } from '../registry/upstream.ts';
import { XmlError } from '../registry/xml.ts';
import { checksumOf } from './checksum.ts';
import { checksumType, itemOf, typeOf } from './items.ts';
import {
  type Metadata,
  readBuilds,
  readMetadata,
  unite,
  uniteBuilds,
  writeBuilds,
  writeMetadata,
} from './metadata.ts';
import { type BuildsPlace, type Checksum, fileOf, isSnapshot, type ListPlace, pathOf } from './place.ts';
import { type Times, wantsAge } from './times.ts';
import { asked } from './vouch.ts';

/** Nothing there. */
const absent: ReadonlySet<number> = new Set([404, 410, 451]);

interface Said<T> {
  readonly source: Source;
  readonly said: T;
}

export async function pullList(item: Item, place: ListPlace, times: Times, at: Pulling): Promise<Answer> {
  const all = await askAll(item, place, at, (bytes) => readMetadata(bytes, place));
  if (!('said' in all)) return all;
  const judge = at.registry.policy?.judgeOf(item.name ?? '');
  const allowed =
    judge === undefined
      ? all.said.map(({ said }) => said)
      : await Promise.all(all.said.map((one) => allowedOf(one, place, judge, times, at)));
  const text = writeMetadata(place, unite(allowed));
  if (text === null) return nothing(item, at);
  return listAnswer(text, place, all.heads, judge?.untilMs ?? null, at);
}

export async function pullBuilds(item: Item, place: BuildsPlace, at: Pulling): Promise<Answer> {
  const all = await askAll(item, place, at, (bytes) => readBuilds(bytes, place, place.version));
  if (!('said' in all)) return all;
  const builds = uniteBuilds(all.said.map(({ said }) => said));
  return listAnswer(writeBuilds(place, place.version, builds), place, all.heads, null, at);
}

/** Of the one document that everybody gets, by way of the origin's own cache: so both are always of the same making. */
export async function checksumOfList(
  item: Item,
  place: ListPlace | BuildsPlace,
  by: Checksum,
  at: Pulling,
): Promise<Answer> {
  const { status, headers, bytes } = await readItem(itemOf(place), at);
  if (status !== 200) return errorAnswer(at.registry.ecosystem, status, `There is no ${item.path}.`);
  const cacheControl = headers.get('cache-control') ?? 'no-store';
  const answer = documentAnswer(
    { body: checksumOf(bytes, by), type: checksumType },
    at.ask.stored,
    cacheControl,
  );
  // As old as what it is of, so that it is asked for again when that is: a second too soon rather than too late, since ages are whole seconds.
  const ageS = Number.parseInt(headers.get('age') ?? '0', 10) || 0;
  answer.headers.set('age', String(ageS + 1));
  return inStep(answer);
}

/**
 * Neither a list nor its checksum is used while it is being confirmed: one could be of another making than the other, and clients compare them.
 */
export function inStep(answer: Answer): Answer {
  for (const field of ['cache-control', ownTarget]) {
    const said = answer.headers.get(field);
    if (said !== null) {
      answer.headers.set(field, said.replace(/stale-while-revalidate=\d+/, 'stale-while-revalidate=0'));
    }
  }
  return answer;
}

/** Newer clients read the checksums here, where they cannot be of another list. */
export function listDocument(text: string, place: ListPlace | BuildsPlace): Document {
  const bytes = new TextEncoder().encode(text);
  const fields = Object.fromEntries(asked.map((by) => [`x-checksum-${by}`, checksumOf(bytes, by)]));
  return { body: bytes, type: typeOf(place), fields };
}

function listAnswer(
  text: string,
  place: ListPlace | BuildsPlace,
  heads: readonly Headers[],
  untilMs: number | null,
  { registry, ask }: Pulling,
): Answer {
  const leftS =
    untilMs === null ? undefined : Math.max(0, Math.floor((untilMs - registry.clock.now()) / 1000));
  const [first = new Headers()] = heads;
  const cacheControl = cacheControlOf(registry.metadata, first, leftS);
  return inStep(documentAnswer(listDocument(text, place), ask.stored, cacheControl));
}

function nothing(item: Item, { registry, ask }: Pulling): Answer {
  return errorAnswer(registry.ecosystem, 404, `There is no ${item.path}.`, ask.background ? 0 : undefined);
}

/** @returns the answer for the client where none of them has it, or one fails. @throws `upstream-invalid` for what cannot be read. */
async function askAll<T>(
  item: Item,
  place: ListPlace | BuildsPlace,
  at: Pulling,
  read: (bytes: Uint8Array) => T,
): Promise<Answer | { readonly said: readonly Said<T>[]; readonly heads: readonly Headers[] }> {
  const { registry } = at;
  const sources = registry.sources.of(item.name);
  const path = `/${pathOf(place)}`;
  const answers = await Promise.all(sources.map((source) => fetchWhole(source, path, {}, at)));
  const failed = answers.find(({ status }) => status !== 200 && !absent.has(status));
  if (failed !== undefined) return passError({ ...failed, body: null }, item.path, registry);
  const there = sources.flatMap((source, place) => {
    const whole = answers[place];
    return whole?.status === 200 ? [{ source, whole }] : [];
  });
  if (there.length === 0) return nothing(item, at);
  return {
    said: there.map(({ source, whole }) => ({ source, said: readOf(source, whole, path, read) })),
    heads: there.map(({ whole }) => whole.headers),
  };
}

function readOf<T>(source: Source, { bytes }: Whole, path: string, read: (bytes: Uint8Array) => T): T {
  try {
    return read(bytes);
  } catch (error) {
    throw notReadable(error, `${source.name}: ${path}`);
  }
}

function notReadable(error: unknown, what: string): unknown {
  if (!(error instanceof XmlError)) return error;
  return new MeridianError('upstream-invalid', `${what} ${error.message}.`, { cause: error });
}

/** Versions whose time is looked at: the highest ones. A file of any other is judged when it is asked for. */
const mostLookedAt = 50;
const timesAtOnce = 8;

async function allowedOf(
  { source, said }: Said<Metadata>,
  place: ListPlace,
  judge: Judge,
  times: Times,
  at: Pulling,
): Promise<Metadata> {
  const nowMs = at.registry.clock.now();
  const young = youngOf(said, place, nowMs, at);
  const publishedMs = new Map<string, number | null>();
  const few = fewAtOnce(timesAtOnce, mostLookedAt, 'times of versions');
  await Promise.all(
    young.map((version) =>
      few(async () => publishedMs.set(version, await times.of(source, fileOf(place, version, 'pom'), at))),
    ),
  );
  const versions = said.versions.filter((version) => {
    const facts = { version, publishedMs: publishedMs.has(version) ? (publishedMs.get(version) ?? null) : 0 };
    return judge.against(facts) === null;
  });
  return { ...said, versions };
}

/** Those that may be too young. Nothing is younger than the list itself. */
function youngOf(
  { versions, lastUpdated }: Metadata,
  place: ListPlace,
  nowMs: number,
  { registry }: Pulling,
): string[] {
  const judge = registry.policy?.judgeOf(`${place.group}:${place.artifact}`);
  if (judge === undefined) return [];
  const isOld = (version: string) =>
    lastUpdated !== null && judge.against({ version, publishedMs: msOf(lastUpdated) }) === null;
  return versions
    .filter((version) => !isSnapshot(version) && wantsAge(judge, version, nowMs) && !isOld(version))
    .slice(-mostLookedAt);
}

function msOf(stamp: string): number {
  const [, year, month, day, hour, minute, second] = /^(....)(..)(..)(..)(..)(..)$/.exec(stamp) ?? [];
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}
