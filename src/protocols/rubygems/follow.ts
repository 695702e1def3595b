/**
 * Follows an upstream's `/versions`: only what has been appended is fetched, and whatever does not fit what is here leads to the whole file. It fits
 * if the last bytes that are here are there, too, at the same place, and if all of it hashes to what the upstream says (`Repr-Digest`, or
 * `Digest` as it was called before RFC 9530).
 */

import type { Answer } from '../../entry.ts';
import { MeridianError } from '../../errors.ts';
import { chunksOf, discard } from '../bodies.ts';
import type { Pulling } from '../registry/ecosystem.ts';
import type { Source } from '../registry/sources.ts';
import { askUpstream, fetchWhole, passError, type Reply } from '../registry/upstream.ts';

/** Bytes that are fetched again, to see whether what follows follows what is here. */
const overlapBytes = 1024;

/** How far an upstream has been followed. */
export interface Followed {
  readonly sizeBytes: number;
  /** Of all of it so far. */
  readonly sha256: Bun.CryptoHasher;
  /** Its last bytes. */
  readonly overlap: Uint8Array;
  readonly etag: string | null;
  /** Of its last answer: how long that may be kept. */
  readonly headers: Headers;
}

export type Step =
  /** Nothing has come. */
  | { readonly as: 'same'; readonly followed: Followed }
  /** These bytes follow what is here. */
  | { readonly as: 'more'; readonly followed: Followed; readonly bytes: Uint8Array }
  /** All of it, which is another one. */
  | { readonly as: 'anew'; readonly followed: Followed; readonly bytes: Uint8Array }
  | { readonly as: 'absent' }
  | { readonly as: 'failed'; readonly answer: Answer };

export async function followOn(
  source: Source,
  path: string,
  before: Followed | null,
  at: Pulling,
): Promise<Step> {
  return (before === null ? null : await askForMore(source, path, before, at)) ?? fetchAnew(source, path, at);
}

/** `null`: what comes does not fit. */
async function askForMore(source: Source, path: string, before: Followed, at: Pulling): Promise<Step | null> {
  const from = before.sizeBytes - before.overlap.length;
  const headers = new Headers({ range: `bytes=${from}-` });
  if (before.etag !== null) headers.set('if-none-match', before.etag);
  const answer = await askUpstream(source, path, { headers }, at);
  const [, first, total] =
    /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(answer.headers.get('content-range') ?? '') ?? [];
  if (answer.status === 304) {
    await discard(answer);
    return { as: 'same', followed: { ...before, headers: answer.headers } };
  }
  if (answer.status === 206 && Number(first) === from) {
    const bytes = await collected(answer, source, at);
    return fitting(before, bytes, answer, total === '*' ? null : Number(total) - from);
  }
  if (answer.status === 200) {
    const bytes = await collected(answer, source, at);
    const followed = startOf(bytes, answer.headers);
    const isSame = followed.sha256.copy().digest('hex') === before.sha256.copy().digest('hex');
    return isSame ? { as: 'same', followed } : { as: 'anew', followed, bytes };
  }
  await discard(answer);
  return null;
}

function fitting(
  before: Followed,
  bytes: Uint8Array,
  { headers }: Reply,
  announced: number | null,
): Step | null {
  const { overlap } = before;
  if (announced !== null && bytes.length !== announced) return null;
  if (bytes.length < overlap.length || Buffer.compare(bytes.subarray(0, overlap.length), overlap) !== 0)
    return null;
  const more = bytes.subarray(overlap.length);
  const sha256 = before.sha256.copy().update(more);
  const stated = statedSha256(headers);
  if (stated !== null && stated !== sha256.copy().digest('base64')) return null;
  const followed: Followed = {
    ...{ sha256, headers, etag: headers.get('etag') },
    sizeBytes: before.sizeBytes + more.length,
    overlap: bytes.slice(-overlapBytes),
  };
  return more.length === 0 ? { as: 'same', followed } : { as: 'more', followed, bytes: more };
}

async function fetchAnew(source: Source, path: string, at: Pulling): Promise<Step> {
  const { status, headers, bytes } = await fetchWhole(source, path, {}, at);
  if (status === 404 || status === 410) return { as: 'absent' };
  if (status !== 200)
    return { as: 'failed', answer: await passError({ status, headers, body: null }, path, at.registry) };
  const followed = startOf(bytes, headers);
  const stated = statedSha256(headers);
  if (stated !== null && stated !== followed.sha256.copy().digest('base64')) {
    throw new MeridianError('digest-mismatch', `${path} of ${source.name} is not what its own digest says.`);
  }
  return { as: 'anew', followed, bytes };
}

function startOf(bytes: Uint8Array, headers: Headers): Followed {
  const sha256 = new Bun.CryptoHasher('sha256').update(bytes);
  return {
    sha256,
    headers,
    etag: headers.get('etag'),
    sizeBytes: bytes.length,
    overlap: bytes.slice(-overlapBytes),
  };
}

/** Base64, as a byte sequence of RFC 9530, in the quotes that rubygems.org writes, or bare (RFC 3230). */
function statedSha256(headers: Headers): string | null {
  const stated = [headers.get('repr-digest'), headers.get('digest')].join(',');
  return /\bsha-256=(?::|")?([A-Za-z0-9+/]{43}=)/i.exec(stated)?.[1] ?? null;
}

async function collected(answer: Answer, { name }: Source, { registry }: Pulling): Promise<Uint8Array> {
  const share = registry.budget.share();
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of chunksOf(answer.body)) {
      size += chunk.length;
      if (size > registry.maxIndexBytes)
        throw new MeridianError(
          'upstream-invalid',
          `A document of ${name} exceeds ${registry.maxIndexBytes} bytes (\`maxIndexBytes\`).`,
        );
      share.take(chunk.length);
      chunks.push(chunk);
    }
  } catch (cause) {
    if (cause instanceof MeridianError) throw cause;
    throw brokenOff(name, cause);
  } finally {
    share.release();
  }
  return Buffer.concat(chunks, size);
}

function brokenOff(name: string, cause: unknown): MeridianError {
  return new MeridianError('upstream-truncated', `${name}: the answer broke off.`, { cause });
}
