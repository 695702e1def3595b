/**
 * Manifests of registries from before 2016 (Docker Image Manifest V2, Schema 1,
 * https://distribution.github.io/distribution/spec/deprecated-schema-v1/), which carry their own signatures. Their digest is not one
 * of the bytes that are sent, but of what is signed (JSON Web Signature, RFC 7515): the document without its last member.
 */
import { z } from 'zod';
import type { Answer } from '../../entry.ts';
import { MeridianError } from '../../errors.ts';
import { parsedJson } from '../../http/json.ts';
import { manifestAnswer } from './answers.ts';
import { type Digest, digestOf, etagOf } from './digest.ts';

const signedType = 'application/vnd.docker.distribution.manifest.v1+prettyjws';

const signed = z.object({ signatures: z.array(z.object({ protected: z.string() })).min(1) });
const protectedHead = z.object({ formatLength: z.int().min(0), formatTail: z.string() });

export function isSigned(type: string | null): type is string {
  return type?.split(';', 1)[0]?.trim().toLowerCase() === signedType;
}

/** What the signatures are about; `null` for bytes that are no signed manifest. */
export function signedPart(bytes: Uint8Array): Uint8Array | null {
  const document = signed.safeParse(parsedJson(new TextDecoder().decode(bytes))).data;
  const [first] = document?.signatures ?? [];
  if (first === undefined) return null;
  const text = Buffer.from(first.protected, 'base64url').toString('utf8');
  const head = protectedHead.safeParse(parsedJson(text)).data;
  if (head === undefined || head.formatLength > bytes.byteLength) return null;
  return Buffer.concat([bytes.subarray(0, head.formatLength), Buffer.from(head.formatTail, 'base64url')]);
}

/**
 * Checked here, once: between tiers the digest of the bytes as they are guards them.
 *
 * @param wanted digest by which it was asked for; `null`: there is none.
 * @throws `digest-mismatch`
 */
export function signedAnswer(
  wanted: Digest | null,
  bytes: Uint8Array<ArrayBuffer>,
  type: string,
  cacheControl: string,
): Answer {
  const part = signedPart(bytes);
  if (part === null) throw new MeridianError('upstream-invalid', 'A signed manifest has no signature.');
  const digest = digestOf(part, wanted?.startsWith('sha512:') ? 'sha512' : 'sha256');
  if (wanted !== null && digest !== wanted)
    throw new MeridianError('digest-mismatch', `expected ${wanted} of what is signed, got ${digest}`);
  const answer = manifestAnswer(digestOf(bytes), type, bytes, cacheControl);
  answer.headers.set('docker-content-digest', digest);
  answer.headers.set('etag', etagOf(digest));
  return answer;
}
