/**
 * Files: what packages are made of. Each comes with the digest that its index promises, which every tier compares as the bytes stream, and
 * none keeps what differs. What no digest is known of is passed on, and kept only where the ecosystem says that its address never means
 * anything else.
 */
import type { Answer } from '../../entry.ts';
import { type Digest, formatReprDigest } from '../../http/digest.ts';
import { discard } from '../bodies.ts';
import { etagOf, immutable } from './answers.ts';
import type { Item } from './ecosystem.ts';
import type { Pulling } from './origin.ts';
import { refuseVersion } from './policy/refuse.ts';
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
  /** Without `neverChanges` and a digest: how it may be kept; absent: not at all. */
  readonly cacheControl?: string;
}

/** What a file's own answer says of it that clients may use. */
const kept = ['content-length', 'last-modified', 'meridian-unframed'];

export async function pullFile(item: Item, wanted: FileWanted, at: Pulling): Promise<Answer> {
  const { ask, registry } = at;
  const { digest, source, url, type } = wanted;
  const refusal =
    wanted.version === null ? null : refuseVersion(item, { ...wanted, version: wanted.version }, at);
  if (refusal !== null) return refusal;
  const mayKeep = digest !== null || wanted.neverChanges === true;
  const cacheControl = mayKeep ? immutable : (wanted.cacheControl ?? 'no-store');
  const etag = digest === null ? null : etagOf(digest);
  if (etag !== null && ask.stored?.etag === etag)
    return { status: 304, headers: new Headers({ etag, 'cache-control': cacheControl }), body: null };

  const headers = new Headers({ accept: '*/*' });
  const isPart = digest === null && ask.part != null;
  if (isPart) headers.set('range', ask.part.range);
  const method = ask.exchange.method === 'HEAD' ? 'HEAD' : 'GET';
  const answer = await askUpstream(source, url, { method, headers }, at);
  const isWhole = answer.status === 200;
  if (!isWhole && !(isPart && (answer.status === 206 || answer.status === 416)))
    return passError(answer, item.path, registry);
  const fields = new Headers({ 'cache-control': cacheControl, 'content-type': type });
  for (const name of isWhole ? kept : [...kept, 'content-range']) {
    const value = answer.headers.get(name);
    if (value !== null) fields.set(name, value);
  }
  if (digest === null) {
    const tag = answer.headers.get('etag');
    if (tag !== null && mayKeep) fields.set('etag', tag);
  } else {
    fields.set('etag', etagOf(digest));
    fields.set('repr-digest', formatReprDigest(digest));
  }
  if (method === 'HEAD') {
    await discard(answer);
    return { status: answer.status, headers: fields, body: null };
  }
  return { status: answer.status, headers: fields, body: answer.body };
}
