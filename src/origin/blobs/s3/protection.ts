/**
 * What a bucket is asked to do for what it stores: to compare it with its checksum, and to encrypt it. SHA-256, though others
 * are faster: it is known for each body anyway, since the signature covers it, and for a whole object it is the name.
 */
import { MeridianError } from '../../../errors.ts';
import type { Bucket } from './bucket.ts';
import { Refusal } from './refusal.ts';
import type { Fields } from './sigv4.ts';

export interface Protection {
  /** Whether to send checksums beside the signed hash of each body, for the bucket to keep. Old servers refuse them. */
  readonly checksums: boolean;
  /** By the server; without it, as the bucket is set. */
  readonly encryption?: 'AES256' | 'aws:kms' | undefined;
  /** Which key, with `aws:kms`; without it, the account's own. */
  readonly kmsKeyId?: string | undefined;
}

/** An object to be, and how it is protected. */
export interface Target {
  readonly bucket: Bucket;
  readonly key: string;
  readonly protection: Protection;
}

export const checksumField = 'x-amz-checksum-sha256';
const encryptionField = 'x-amz-server-side-encryption';

/** For what makes an object: one that is put, or an upload in parts as it begins. */
export function encryptionFields({ encryption, kmsKeyId }: Protection): Fields {
  return {
    ...(encryption && { [encryptionField]: encryption }),
    ...(kmsKeyId === undefined ? {} : { [`${encryptionField}-aws-kms-key-id`]: kmsKeyId }),
  };
}

/** @param checksum in Base64, with `-<parts>` where it is one of checksums. */
export function checksumFields({ checksums }: Protection, checksum: string): Fields {
  return checksums ? { [checksumField]: checksum } : {};
}

/** @throws where the answer says that the bucket has received something else; whoever asked may ask again. */
export function confirmChecksum(theirs: string | null | undefined, ours: string): void {
  if (!theirs || theirs === ours) return;
  throw new Refusal(200, 'BadDigest', `the bucket has received what has the SHA-256 ${theirs}, not ${ours}`);
}

/** @throws `store-unavailable` where a server does not say that it encrypts: one that knows nothing of it stores plain bytes. */
export function confirmEncryption(headers: Headers, { encryption }: Protection): void {
  const theirs = headers.get(encryptionField);
  if (encryption === undefined || theirs === encryption) return;
  const found = theirs === null ? 'does not say that it encrypts' : `encrypts with ${theirs}`;
  throw new MeridianError(
    'store-unavailable',
    `the bucket ${found}, where \`encryption\` is '${encryption}'`,
  );
}

export function base64(sha256: string): string {
  return Buffer.from(sha256, 'hex').toString('base64');
}

/** Of an upload in parts, in the order of the parts, each in hexadecimal digits. */
export function compositeChecksum(parts: readonly string[]): string {
  const hasher = new Bun.CryptoHasher('sha256');
  for (const sha256 of parts) hasher.update(Buffer.from(sha256, 'hex'));
  return `${hasher.digest('base64')}-${parts.length}`;
}
