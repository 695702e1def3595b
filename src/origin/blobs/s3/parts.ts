/**
 * An object in parts: a few are on their way at once, each kept in memory until the bucket has acknowledged it, so that it can be
 * sent again. The bucket compares every part with its checksum, and the whole with its size and the checksum of all
 * checksums, before the object appears; that it is what its name says has been seen before that.
 */

import { MeridianError } from '../../../errors.ts';
import type { WrittenBlob } from '../../../store.ts';
import type { Hashing } from '../hashing.ts';
import type { Cut, Part } from './cut.ts';
import {
  base64,
  checksumField,
  checksumFields,
  compositeChecksum,
  confirmChecksum,
  confirmEncryption,
  encryptionFields,
  type Target,
} from './protection.ts';
import { codeOf, refusalInside } from './refusal.ts';
import { shortText } from './short-text.ts';
import { escaped, textOf } from './xml.ts';

/** On their way; one more is being filled. */
const atOnce = 3;
const partTimeouts = { connectMs: 5_000, firstByteMs: 60_000, betweenBytesMs: 60_000 };
/** S3 may take minutes to put an object together. */
const completeTimeouts = { connectMs: 5_000, firstByteMs: 180_000, betweenBytesMs: 180_000 };
/** Nobody waits for long when it has failed already. */
const abortTimeouts = { connectMs: 2_000, firstByteMs: 5_000, betweenBytesMs: 5_000 };

export interface Uploading {
  readonly hashes: Hashing;
  readonly partBytes: number;
  readonly atMost: number;
  readonly ending: AbortController;
}

/** A part that the bucket has. */
interface Sent {
  readonly etag: string;
  readonly sha256: string;
}

export async function putParts(
  target: Target,
  first: Part,
  next: Cut,
  uploading: Uploading,
): Promise<WrittenBlob> {
  const { hashes, ending } = uploading;
  const uploadId = await begin(target, ending.signal);
  try {
    const sent = await sendAll(target, uploadId, first, next, uploading);
    const written = hashes.finish();
    await complete(target, uploadId, sent, written.sizeBytes, ending.signal);
    return written;
  } catch (error) {
    ending.abort(error);
    await abort(target, uploadId);
    throw error;
  }
}

async function begin({ bucket, key, protection }: Target, signal: AbortSignal): Promise<string> {
  const checksum = { 'x-amz-checksum-algorithm': 'SHA256', 'x-amz-checksum-type': 'COMPOSITE' };
  const fields = {
    'content-type': 'application/octet-stream',
    ...(protection.checksums ? checksum : {}),
    ...encryptionFields(protection),
  };
  return bucket.ask(
    { method: 'POST', key, query: { uploads: '' }, fields, signal },
    async ({ headers, body }) => {
      confirmEncryption(headers, protection);
      const id = textOf(await shortText(body), 'UploadId');
      if (id) return id;
      throw new MeridianError('upstream-invalid', 'it has begun an upload without a name');
    },
  );
}

/** All parts, in order; at most `atOnce` on their way, in buffers that are used again. */
async function sendAll(
  target: Target,
  uploadId: string,
  first: Part,
  next: Cut,
  { partBytes, atMost, ending }: Uploading,
): Promise<Sent[]> {
  const sent: Sent[] = [];
  const free: Uint8Array[] = [];
  const flights = new Set<Promise<void>>();

  async function deliver(number: number, { bytes }: Part): Promise<void> {
    try {
      sent[number - 1] = await send(target, uploadId, number, bytes, ending.signal);
      if (bytes.length === partBytes) free.push(bytes);
    } catch (error) {
      ending.abort(error); // the source, and the other parts, have no purpose any more
      throw error;
    }
  }

  function fly(number: number, part: Part): void {
    const flight = deliver(number, part);
    const landed = () => void flights.delete(flight);
    flights.add(flight);
    flight.then(landed, landed);
  }

  try {
    let part = first;
    for (let number = 1; part.bytes.length > 0; number++) {
      if (number > atMost) throw tooLong(partBytes);
      fly(number, part);
      if (part.last) break;
      while (flights.size >= atOnce) await Promise.race(flights);
      part = await next(free.pop() ?? new Uint8Array(partBytes));
    }
    await Promise.all(flights);
    ending.signal.throwIfAborted();
    return sent;
  } catch (error) {
    ending.abort(error);
    await Promise.allSettled(flights);
    throw error;
  }
}

function send(
  { bucket, key, protection }: Target,
  uploadId: string,
  number: number,
  bytes: Uint8Array,
  signal: AbortSignal,
): Promise<Sent> {
  const sha256 = new Bun.CryptoHasher('sha256').update(bytes).digest('hex');
  const checksum = base64(sha256);
  const query = { partNumber: String(number), uploadId };
  const fields = checksumFields(protection, checksum);
  const ask = {
    method: 'PUT',
    key,
    query,
    fields,
    body: { bytes, sha256 },
    signal,
    timeouts: partTimeouts,
  } as const;
  return bucket.ask(ask, ({ headers }) => {
    confirmChecksum(headers.get(checksumField), checksum);
    const etag = headers.get('etag');
    if (etag) return { etag, sha256 };
    throw new MeridianError('upstream-invalid', 'it has taken a part without giving it an ETag');
  });
}

async function complete(
  { bucket, key, protection }: Target,
  uploadId: string,
  sent: readonly Sent[],
  sizeBytes: number,
  signal: AbortSignal,
): Promise<void> {
  const checksum = compositeChecksum(sent.map(({ sha256 }) => sha256));
  const type = protection.checksums ? { 'x-amz-checksum-type': 'COMPOSITE' } : {};
  const size = { 'x-amz-mp-object-size': String(sizeBytes) };
  const fields = {
    'content-type': 'application/xml',
    ...checksumFields(protection, checksum),
    ...type,
    ...size,
  };
  const bytes = Buffer.from(listOf(sent, protection.checksums));
  const sha256 = new Bun.CryptoHasher('sha256').update(bytes).digest('hex');
  const ask = { method: 'POST', key, query: { uploadId }, fields, body: { bytes, sha256 }, signal } as const;
  try {
    await bucket.ask({ ...ask, timeouts: completeTimeouts }, async ({ body }) => {
      const xml = await shortText(body);
      const refusal = refusalInside(xml);
      if (refusal) throw refusal;
      confirmComposite(textOf(xml, 'ChecksumSHA256'), checksum);
    });
  } catch (error) {
    // It may have been completed by a request whose answer was lost.
    if (codeOf(error) !== 'NoSuchUpload') throw error;
    const head = { method: 'HEAD', key, signal } as const;
    const found = await bucket.ask(head, ({ headers }) => Number(headers.get('content-length')));
    if (found !== sizeBytes) throw error;
  }
}

/** Of what it has put together; some say it without the number of parts. */
function confirmComposite(theirs: string | undefined, ours: string): void {
  if (theirs === undefined || theirs === ours || ours.startsWith(`${theirs}-`)) return;
  throw new MeridianError('store-unavailable', `the bucket has put together ${theirs}, not ${ours}`);
}

function listOf(sent: readonly Sent[], checksums: boolean): string {
  const parts = sent.map(({ etag, sha256 }, index) => {
    const checksum = checksums ? `<ChecksumSHA256>${base64(sha256)}</ChecksumSHA256>` : '';
    return `<Part><PartNumber>${index + 1}</PartNumber><ETag>${escaped(etag)}</ETag>${checksum}</Part>`;
  });
  const namespace = 'http://s3.amazonaws.com/doc/2006-03-01/';
  return `<CompleteMultipartUpload xmlns="${namespace}">${parts.join('')}</CompleteMultipartUpload>`;
}

/** What it does not reach lies there unseen until the bucket's own rule for incomplete uploads ends it. */
async function abort({ bucket, key }: Target, uploadId: string): Promise<void> {
  const ask = { method: 'DELETE', key, query: { uploadId }, timeouts: abortTimeouts, once: true } as const;
  await bucket.ask(ask, () => {}).catch(() => {}); // the upload's own failure is the one to tell of
}

function tooLong(partBytes: number): MeridianError {
  return new MeridianError('body-too-large', `more than a bucket takes in parts of ${partBytes} bytes`);
}
