/**
 * Files: what packages are made of. Each comes with the digest that its index promises, which every tier compares as the bytes stream, and
 * none keeps what differs. What no digest is known of is passed on, and kept only where the ecosystem says that its address never means
 * anything else.
 */
import type { Answer } from '../../entry.ts';
import { askConditionally, askForPart } from '../../http/conditional.ts';
import { type Digest, formatReprDigest } from '../../http/digest.ts';
import type { PartAsk } from '../../parent.ts';
import { discard } from '../bodies.ts';
import { immutable } from '../kept-for.ts';
import { sourceField } from '../rendered.ts';
import { absentStatuses, errorAnswer, etagOf } from './answers.ts';
import type { Item, Pulling } from './ecosystem.ts';
import { refuseVersion } from './policy/refuse.ts';
import { type Made, madeOf, writeMade } from './source-field.ts';
import type { Source } from './sources.ts';
import { askUpstream, passError } from './upstream.ts';

export interface FileWanted {
  readonly source: Source;
  /** Absolute, or a path below the source with its leading slash. */
  readonly url: string;
  /** `null`: nobody says it. */
  readonly digest: Digest | null;
  /** Media type. */
  readonly type: string;
  /** What the policy goes by; `null`: it is about no version, and is not judged. */
  readonly version: string | null;
  /** ms since the epoch; `null`: the upstream does not say it. */
  readonly publishedMs: number | null;
  /**
   * Without a digest: kept all the same, because the upstream never gives other bytes at this address. So says the ecosystem's own
   * specification; the bytes are then compared with what was fetched first.
   */
  readonly neverChanges?: boolean;
  /** Other bytes may take its place: how long it may be used, by `cacheControlOf`. Absent, without a digest: not at all. */
  readonly cacheControl?: string | ((upstream: Headers) => string);
  /** Further fields of the answer. */
  readonly fields?: Readonly<Record<string, string>>;
}

/** What a file's own answer says of it that clients may use. */
const kept = ['content-length', 'last-modified', 'meridian-unframed'];

export async function pullFile(item: Item, wanted: FileWanted, at: Pulling): Promise<Answer> {
  const { ask, registry } = at;
  const { digest, source, url, type } = wanted;
  const refusal =
    wanted.version === null ? null : refuseVersion(item, { ...wanted, version: wanted.version }, at);
  if (refusal !== null) return refusal;
  const mayKeep = digest !== null || wanted.neverChanges === true || wanted.cacheControl !== undefined;
  const etag = digest === null ? null : etagOf(digest);
  if (etag !== null && ask.stored?.etag === etag)
    return {
      status: 304,
      headers: new Headers({ etag, 'cache-control': keptFor(wanted, mayKeep, new Headers()) }),
      body: null,
    };

  const headers = new Headers({ accept: '*/*' });
  const part = partToAsk(item, ask.part, etag);
  askForPart(headers, part);
  const isOfSame = digest === null && part === null && madeOf(ask.stored)?.url === addressOf(wanted);
  if (isOfSame && ask.stored !== null) askConditionally(headers, ask.stored);
  const method = ask.exchange.method === 'HEAD' ? 'HEAD' : 'GET';
  const answer = await askUpstream(source, url, { method, headers }, at);
  const isWhole = answer.status === 200;
  const isPart = part !== null && (answer.status === 206 || answer.status === 416);
  const isConfirmed = isOfSame && answer.status === 304;
  if (!isWhole && !isPart && !isConfirmed) return passError(answer, item.path, registry);
  const cacheControl = keptFor(wanted, mayKeep, answer.headers);
  const fields = new Headers({ ...wanted.fields, 'cache-control': cacheControl, 'content-type': type });
  for (const name of isWhole ? kept : [...kept, 'content-range']) {
    const value = answer.headers.get(name);
    if (value !== null) fields.set(name, value);
  }
  if (digest === null) {
    // Whoever codes what was asked for as it is has sent something else than the file.
    const coding = answer.headers.get('content-encoding');
    if (coding !== null) fields.set('content-encoding', coding);
    const tag = answer.headers.get('etag');
    if (tag !== null && mayKeep && entityTag.test(tag)) fields.set('etag', tag);
    if (mayKeep) fields.set(sourceField, writeMade({ ...nothingMade, url: addressOf(wanted) }));
  } else {
    fields.set('etag', etagOf(digest));
    fields.set('repr-digest', formatReprDigest(digest));
  }
  if (method === 'HEAD' || isConfirmed) {
    await discard(answer);
    return { status: answer.status, headers: fields, body: null };
  }
  return { status: answer.status, headers: fields, body: answer.body };
}

function keptFor({ cacheControl }: FileWanted, mayKeep: boolean, upstream: Headers): string {
  if (typeof cacheControl === 'function') return cacheControl(upstream);
  return cacheControl ?? (mayKeep ? immutable : 'no-store');
}

/** RFC 9110 §8.8.3. */
const entityTag = /^(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"$/;

/** Of what is given out as it is, it is remembered where it is from: another source confirms nothing of it. */
const nothingMade: Omit<Made, 'url'> = {
  ...{ revision: 0, etag: null, lastModified: null, mark: '', untilMs: null },
};

function addressOf({ source, url }: Pick<FileWanted, 'source' | 'url'>): string {
  return url.startsWith('/') ? source.url + url : url;
}

/**
 * Of bytes that a digest names, the upstream's own validators are nobody's business; and where it can only be compared with all of them, a
 * part is not asked for: whoever wants one gets it of the whole.
 */
function partToAsk({ inParts }: Item, part: PartAsk | null | undefined, etag: string | null): PartAsk | null {
  if (!part) return null;
  if (etag === null) return part;
  if (inParts !== 'ahead') return null;
  const isPlain = /^bytes=(?:\d+-\d*|-\d+)$/.test(part.range);
  return isPlain && (part.ifRange == null || part.ifRange === etag) ? { range: part.range } : null;
}

/** Of several sources, the first that has it: what one does not have is asked of the next, and a failure is no such answer. */
export async function pullFirst(
  sources: readonly Source[],
  item: Item,
  at: Pulling,
  pull: (source: Source) => Promise<Answer>,
): Promise<Answer> {
  let last: Answer | null = null;
  for (const source of sources) {
    last = await pull(source);
    if (!absentStatuses.has(last.status)) return last;
  }
  return last ?? errorAnswer(at.registry.ecosystem, 404, `There is no ${item.path}.`);
}
