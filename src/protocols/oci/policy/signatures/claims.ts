/**
 * What a signature says, once it is known to be one: of which manifest, and for which name. Two forms, both cosign's: a payload as simple
 * signing has it (https://github.com/containers/image/blob/main/docs/containers-signature.5.md), with its signature beside it; and a
 * bundle (https://docs.sigstore.dev/about/bundle/) around an envelope (DSSE) that holds an in-toto statement.
 */
import { z } from 'zod';
import { parsedJson } from '../../../../http/json.ts';
import { type Digest, readDigest } from '../../digest.ts';
import type { VerifyingKey } from './keys.ts';

export interface Claim {
  readonly digests: readonly Digest[];
  /** What the signer calls the image; empty: it does not say. */
  readonly names: readonly string[];
  /** Of the keys that have signed that, the names. */
  readonly by: readonly string[];
}

const payload = z.looseObject({
  critical: z.looseObject({
    type: z.string(),
    image: z.looseObject({ 'docker-manifest-digest': z.string() }),
    identity: z.looseObject({ 'docker-reference': z.string().optional() }).optional(),
  }),
});

/** cosign writes the first, the second is the format's own name for the same. */
const payloadTypes: ReadonlySet<string> = new Set([
  'cosign container image signature',
  'atomic container signature',
]);

/** @param signature in base64, from the annotation of the layer. `null`: signed by none of the keys, or not understood. */
export function claimInPayload(
  bytes: Uint8Array,
  signature: string,
  keys: readonly VerifyingKey[],
): Claim | null {
  const by = signersOf(bytes, [signature], keys);
  const read = payload.safeParse(parsedJson(new TextDecoder().decode(bytes))).data;
  if (by.length === 0 || read === undefined || !payloadTypes.has(read.critical.type)) return null;
  const { image, identity } = read.critical;
  const digest = readDigest(image['docker-manifest-digest']);
  const reference = identity?.['docker-reference'] ?? '';
  return { by, digests: digest === null ? [] : [digest], names: reference === '' ? [] : [reference] };
}

const bundle = z.looseObject({
  dsseEnvelope: z.looseObject({
    payload: z.string(),
    payloadType: z.string(),
    signatures: z.array(z.looseObject({ sig: z.string() })).max(100),
  }),
});

const statementType = 'application/vnd.in-toto+json';

const statement = z.looseObject({
  _type: z.enum(['https://in-toto.io/Statement/v1', 'https://in-toto.io/Statement/v0.1']),
  // An attestation by the same key is a statement about the image, and not a word that it may be used.
  predicateType: z.literal('https://sigstore.dev/cosign/sign/v1'),
  subject: z.array(z.looseObject({ name: z.string().optional(), digest: z.record(z.string(), z.string()) })),
});

/** `null`: signed by none of the keys, or not understood. */
export function claimInBundle(bytes: Uint8Array, keys: readonly VerifyingKey[]): Claim | null {
  const read = bundle.safeParse(parsedJson(new TextDecoder().decode(bytes))).data?.dsseEnvelope;
  if (read === undefined || read.payloadType !== statementType) return null;
  const body = Buffer.from(read.payload, 'base64');
  const signatures = read.signatures.map(({ sig }) => sig);
  const by = signersOf(preAuthenticated(read.payloadType, body), signatures, keys);
  const said = statement.safeParse(parsedJson(body.toString('utf8'))).data;
  if (by.length === 0 || said === undefined) return null;
  return {
    by,
    digests: said.subject.flatMap(({ digest }) =>
      Object.entries(digest).flatMap(([algorithm, hex]) => readDigest(`${algorithm}:${hex}`) ?? []),
    ),
    names: said.subject.flatMap(({ name }) => name || []),
  };
}

/** What is signed of an envelope (DSSE v1, Protocol: PAE). */
function preAuthenticated(type: string, body: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(`DSSEv1 ${type.length} ${type} ${body.byteLength} `), body]);
}

function signersOf(
  message: Uint8Array,
  signatures: readonly string[],
  keys: readonly VerifyingKey[],
): readonly string[] {
  const decoded = signatures.map((each) => Buffer.from(each, 'base64'));
  return keys
    .filter(({ hasSigned }) => decoded.some((signature) => hasSigned(message, signature)))
    .map(({ name }) => name);
}
