/**
 * Gives out what lives here, or is kept here: whole or in part, as a file where it is one, and with what tells our own caches and those of clients
 * apart.
 */
import type { Answer } from '../entry.ts';
import { MeridianError } from '../errors.ts';
import { contentRange, parseRange, type Range, rangeBytes } from '../http/range.ts';
import { ownTarget } from '../http/targeted.ts';
import { accessField, restrictedValue } from '../identity.ts';
import type { Ask } from '../parent.ts';
import type { OriginDoor } from '../protocol.ts';
import type { Sha256 } from '../store.ts';
import { immutable } from './kept-for.ts';

/** A blob under some name. */
export interface Content {
  /** For errors. */
  readonly what: string;
  readonly blob: Sha256;
  readonly sizeBytes: number;
  /** With its type, entity tag, digest and how long it may be kept. */
  readonly headers: Headers;
}

/** @throws `blob-damaged` where its bytes are not there. */
export async function blobAnswer(
  { what, blob, sizeBytes, headers }: Content,
  { exchange, part }: Pick<Ask, 'exchange' | 'part'>,
  { stores }: Pick<OriginDoor, 'stores'>,
): Promise<Answer> {
  const range = partOf(part, headers.get('etag'), sizeBytes);
  headers.set('content-length', String(range === null ? sizeBytes : rangeBytes(range)));
  if (range !== null) headers.set('content-range', contentRange(range, sizeBytes));
  const status = range === null ? 200 : 206;
  if (exchange.method === 'HEAD') return { status, headers, body: null };
  const wanted = range === null ? undefined : { from: range.start, to: range.end };
  const opened = (await stores?.blobs.open(blob, wanted)) ?? null;
  if (opened === null) throw new MeridianError('blob-damaged', `The bytes of ${what} are missing.`);
  // Nodes alone ask an origin, and all of them compare what they get. What has another length is damaged.
  const file = opened.sizeBytes === sizeBytes ? opened.file : undefined;
  return { status, headers, body: opened.body, file };
}

/** Of what is asked for in part; `null`: the whole, which may always be given. */
function partOf(part: Ask['part'], etag: string | null, sizeBytes: number): Range | null {
  if (!part || (part.ifRange && part.ifRange !== etag)) return null;
  const wanted = parseRange(part.range, sizeBytes);
  return Array.isArray(wanted) && wanted.length === 1 ? (wanted[0] ?? null) : null;
}

/** For those only who have the right by name. */
export function restrict({ headers }: Answer): void {
  headers.set(accessField, restrictedValue);
}

/**
 * Our own caches are told of every change, and those of clients are not; and what is restricted is kept by no proxy of
 * theirs.
 */
export function toldApart(answer: Answer): Answer {
  const { headers } = answer;
  const stated = headers.get('cache-control') ?? 'no-store';
  if (stated === 'no-store') return answer;
  const who = headers.get(accessField) === restrictedValue ? 'private' : 'public';
  headers.set(ownTarget, stated);
  headers.set('cache-control', stated === immutable ? immutable.replace('public', who) : `${who}, no-cache`);
  return answer;
}
