/**
 * Which bytes a response speaks of. Parts of two versions are never mixed, so a part counts only with a strong
 * validator, and only next to parts that have the same one (RFC 9111 §3.4).
 */
import type { Answer, Head } from '../../entry.ts';
import { MeridianError } from '../../errors.ts';
import { parseHttpDate } from '../../http/date.ts';
import { parseContentRange, type Range, rangeBytes } from '../../http/range.ts';
import { strongValidator } from '../../http/validator.ts';

/** A part that the parent has sent. */
export interface Part {
  readonly range: Range;
  readonly sizeBytes: number;
}

/** What a 206 carries; `null` when it does not say, or not in a way that can be believed. */
export function partOf(headers: Headers): Part | null {
  const content = parseContentRange(headers.get('content-range') ?? '');
  if (content?.size === undefined) return null;
  const length = headers.get('content-length');
  if (length !== null && Number(length) !== rangeBytes(content.range)) return null;
  return { range: content.range, sizeBytes: content.size };
}

/** A part's body. One that has come whole must be as long as its range; one that streams is counted as it comes. */
export function bodyOf({ body }: Answer, range: Range): Answer['body'] {
  if (body instanceof Uint8Array && body.length !== rangeBytes(range)) {
    const detail = `${body.length} of ${rangeBytes(range)} bytes of a part came`;
    throw new MeridianError('upstream-truncated', detail);
  }
  return body;
}

/** For `If-Range`; `null`: what comes under the same name later may be other bytes. */
export function validatorOf(headers: Headers): string | null {
  const modifiedMs = parseHttpDate(headers.get('last-modified') ?? '') ?? null;
  return strongValidator(headers.get('etag'), modifiedMs, parseHttpDate(headers.get('date') ?? ''));
}

/** Equal for equal bytes; `null` when nothing tells. */
export function versionOf(headers: Headers, sizeBytes: number): string | null {
  const validator = validatorOf(headers);
  return validator === null ? null : `${validator} ${sizeBytes} ${headers.get('content-encoding') ?? ''}`;
}

export function versionOfHead({ fields }: Head, sizeBytes: number): string | null {
  return versionOf(new Headers(fields.map(([name, value]) => [name, value] as [string, string])), sizeBytes);
}

/** What has a digest is checked by it before it is stored (RFC 9530), which only the whole can be. */
export function hasDigest({ fields }: Head): boolean {
  return fields.some(([name]) => name === 'repr-digest');
}
