/**
 * Digests as container images name everything: `sha256:<hex>` (OCI Image Specification, Descriptors). Only algorithms that can be
 * checked here are digests.
 */
declare const digest: unique symbol;

/** `sha256:` or `sha512:` and lower-case hexadecimal digits. */
export type Digest = string & { readonly [digest]: true };

const pattern = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/;

/** `null` for text that is none. Clients may percent-encode the colon. */
export function readDigest(text: string): Digest | null {
  const plain = text.replace(/%3A/i, ':');
  return pattern.test(plain) ? (plain as Digest) : null;
}

/** `Repr-Digest` (RFC 9530), by which every tier checks the bytes. */
export function reprDigestOf(digest: Digest): string {
  const colon = digest.indexOf(':');
  const field = digest.startsWith('sha512') ? 'sha-512' : 'sha-256';
  return `${field}=:${Buffer.from(digest.slice(colon + 1), 'hex').toString('base64')}:`;
}

export function digestOf(bytes: Uint8Array, algorithm: 'sha256' | 'sha512' = 'sha256'): Digest {
  return `${algorithm}:${new Bun.CryptoHasher(algorithm).update(bytes).digest('hex')}` as Digest;
}

/** Content-addressed, so the name is the strongest validator that there is. */
export function etagOf(digest: Digest): string {
  return `"${digest}"`;
}

export function algorithmOf(digest: Digest): 'sha256' | 'sha512' {
  return digest.startsWith('sha512') ? 'sha512' : 'sha256';
}

export function hexOf(digest: Digest): string {
  return digest.slice(digest.indexOf(':') + 1);
}
