/**
 * One object, from chunks that are hashed as they come: in one piece when it is short, else in parts. It appears when it is
 * whole and its hashes are as expected, or not at all.
 */
import type { WriteOptions, WrittenBlob } from '../../../store.ts';
import { hashing } from '../hashing.ts';
import { type Chunks, cut, firstBuffer } from './cut.ts';
import { putParts } from './parts.ts';
import {
  base64,
  checksumField,
  checksumFields,
  confirmChecksum,
  confirmEncryption,
  encryptionFields,
  type Target,
} from './protection.ts';

/** S3's least is 5 MiB, and it takes 10,000, so a blob whose size is not known ends at 80 GB. */
const part = { leastBytes: 8 * 2 ** 20, atMost: 10_000 } as const;
const timeouts = { connectMs: 5_000, firstByteMs: 60_000, betweenBytesMs: 60_000 };

/** @param ending aborted when the upload fails, so that the source ends, too; or by whoever wants it no more. */
export async function put(
  target: Target,
  chunks: Chunks,
  wanted: Pick<WriteOptions, 'expect' | 'hash'>,
  ending: AbortController,
): Promise<WrittenBlob> {
  const hashes = hashing(wanted);
  const sizeBytes = wanted.expect?.sizeBytes;
  const partBytes = Math.max(part.leastBytes, Math.ceil((sizeBytes ?? 0) / part.atMost));
  const next = cut(chunks, partBytes, hashes.update);
  try {
    const first = await next(firstBuffer(sizeBytes, partBytes));
    if (!first.last)
      return await putParts(target, first, next, { hashes, partBytes, atMost: part.atMost, ending });
    const written = hashes.finish();
    await putWhole(target, first.bytes, written.sha256, ending.signal);
    return written;
  } finally {
    await chunks.return();
  }
}

async function putWhole(
  { bucket, key, protection }: Target,
  bytes: Uint8Array,
  sha256: string,
  signal: AbortSignal,
): Promise<void> {
  const checksum = base64(sha256);
  const fields = {
    'content-type': 'application/octet-stream',
    ...checksumFields(protection, checksum),
    ...encryptionFields(protection),
  };
  await bucket.ask(
    { method: 'PUT', key, fields, body: { bytes, sha256 }, signal, timeouts },
    ({ headers }) => {
      confirmEncryption(headers, protection);
      confirmChecksum(headers.get(checksumField), checksum);
    },
  );
}
