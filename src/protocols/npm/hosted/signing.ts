/**
 * The registry's signature on every version that is published here: ECDSA P-256 over `<name>@<version>:<integrity>`, which
 * `npm audit signatures` checks by the keys at `/-/npm/v1/keys`. A key is made when the first version is signed, and stays
 * listed when another takes its place, with the time until which what it signed counts.
 */
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { z } from 'zod';
import { memoise } from '../../../http/memo.ts';
import type { DocumentKey, DocumentReader, Transaction } from '../../../store.ts';

const keysPrefix = (route: string): DocumentKey => ['npm-key', route];

const signingKey = z.object({
  keyid: z.string(),
  /** PKCS #8 DER, base64. */
  secret: z.string(),
  /** SubjectPublicKeyInfo DER, base64. */
  public: z.string(),
  createdMs: z.number(),
  /** When another took its place; `null` for the one that signs. */
  expiresMs: z.number().nullable(),
});
export type SigningKey = z.output<typeof signingKey>;

/** As npm lists keys. */
export interface PublicKey {
  readonly expires: string | null;
  readonly keyid: string;
  readonly keytype: 'ecdsa-sha2-nistp256';
  readonly scheme: 'ecdsa-sha2-nistp256';
  readonly key: string;
}

export interface Signature {
  readonly keyid: string;
  readonly sig: string;
}

/** Rotations happen once in months. */
const MAX_KEYS = 100;

export async function publicKeys(reader: DocumentReader, route: string): Promise<readonly PublicKey[]> {
  return (await all(reader, route)).map(({ keyid, public: key, expiresMs }) => ({
    expires: expiresMs === null ? null : new Date(expiresMs).toISOString(),
    keyid,
    keytype: 'ecdsa-sha2-nistp256',
    scheme: 'ecdsa-sha2-nistp256',
    key,
  }));
}

/** The key that signs, made if there is none; then all nodes may have to forget that there was none. */
export async function signingKeyOf(
  transaction: Transaction,
  route: string,
  nowMs: number,
): Promise<{ readonly key: SigningKey; readonly isNew: boolean }> {
  const current = (await all(transaction, route)).find(({ expiresMs }) => expiresMs === null);
  if (current !== undefined) return { key: current, isNew: false };
  const key = makeKey(nowMs);
  await transaction.put([...keysPrefix(route), key.keyid], key, null);
  return { key, isNew: true };
}

/** Another key signs from now on. */
export async function rotateKey(transaction: Transaction, route: string, nowMs: number): Promise<SigningKey> {
  for (const key of await all(transaction, route)) {
    if (key.expiresMs === null)
      await transaction.put([...keysPrefix(route), key.keyid], { ...key, expiresMs: nowMs });
  }
  const key = makeKey(nowMs);
  await transaction.put([...keysPrefix(route), key.keyid], key, null);
  return key;
}

/** By their secrets: a key is read once, and signs thousands of versions. */
const privateKey = memoise((secret) =>
  createPrivateKey({ key: Buffer.from(secret, 'base64'), format: 'der', type: 'pkcs8' }),
);

export function signVersion(key: SigningKey, name: string, version: string, integrity: string): Signature {
  const secret = privateKey(key.secret);
  const text = Buffer.from(`${name}@${version}:${integrity}`);
  return { keyid: key.keyid, sig: sign('sha256', text, secret).toString('base64') };
}

/** The one that signs first, whatever clocks have said since; then the newest first. */
async function all(reader: DocumentReader, route: string): Promise<readonly SigningKey[]> {
  const found = await reader.scan(keysPrefix(route), { limit: MAX_KEYS });
  const rank = ({ expiresMs }: SigningKey) => (expiresMs === null ? 0 : 1);
  return found
    .map(({ value }) => signingKey.parse(value))
    .sort((a, b) => rank(a) - rank(b) || b.createdMs - a.createdMs);
}

function makeKey(createdMs: number): SigningKey {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  const digest = createHash('sha256').update(spki).digest('base64').replace(/=+$/, '');
  return {
    keyid: `SHA256:${digest}`,
    secret: privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64'),
    public: spki.toString('base64'),
    createdMs,
    expiresMs: null,
  };
}
