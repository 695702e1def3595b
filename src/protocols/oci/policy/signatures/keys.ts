/**
 * Public keys that images are signed with, and what one has signed: ECDSA with P-256, RSA (PKCS #1 v1.5), both of the SHA-256 of the message,
 * and Ed25519.
 */
import { createPublicKey, type KeyObject, verify } from 'node:crypto';

export interface VerifyingKey {
  /** As the config calls it. */
  readonly name: string;
  /** @param signature as cosign writes it, decoded: DER for ECDSA. */
  hasSigned(message: Uint8Array, signature: Uint8Array): boolean;
}

/** @param pem of a key that the config has taken: of one of these kinds. */
export function openKey({ name, pem }: { readonly name: string; readonly pem: string }): VerifyingKey {
  const key = createPublicKey(pem);
  // Ed25519 hashes by itself.
  const hash = key.asymmetricKeyType === 'ed25519' ? null : 'sha256';
  return { name, hasSigned: (message, signature) => isBy(key, hash, message, signature) };
}

/** What has not even the form of a signature may make the library throw: it is as good as a wrong one. */
function isBy(key: KeyObject, hash: 'sha256' | null, message: Uint8Array, signature: Uint8Array): boolean {
  try {
    return verify(hash, message, key, signature);
  } catch {
    return false; // not even the form of a signature
  }
}
