/**
 * What a body must hash to: read from the forms in which registries and tiers say it, and checked while the
 * body streams.
 */
import { parseDictionary } from 'structured-headers';

export type DigestAlgorithm = 'sha1' | 'sha256' | 'sha384' | 'sha512';

export interface Digest {
  readonly algorithm: DigestAlgorithm;
  /** Base64 with padding, as `Bun.CryptoHasher` writes it. */
  readonly value: string;
}

/** From the strongest to the weakest, with the length of the hash and the name in `Repr-Digest`. */
const algorithms = [
  { algorithm: 'sha512', bytes: 64, field: 'sha-512' },
  // Not in the registry of RFC 9530. Others ignore it, our own tiers understand it.
  { algorithm: 'sha384', bytes: 48, field: 'sha-384' },
  { algorithm: 'sha256', bytes: 32, field: 'sha-256' },
  // Old npm packages have nothing better.
  { algorithm: 'sha1', bytes: 20, field: 'sha' },
] as const satisfies readonly { algorithm: DigestAlgorithm; bytes: number; field: string }[];

/**
 * The first of the strongest algorithm in integrity metadata (W3C Subresource Integrity §3.3), of which there may
 * be several, as in `sha1-… sha512-…?opt`. `undefined` when it has none that can be checked.
 *
 * `sha1` is none of SRI's own algorithms, but npm's.
 */
export function fromIntegrity(sri: string): Digest | undefined {
  const hashes = sri.split(/[\t\n\f\r ]/);
  for (const { algorithm, bytes } of algorithms) {
    for (const hash of hashes) {
      const match = /^(sha\d+)-([A-Za-z0-9+/_-]+={0,2})(?:\?[!-~]*)?$/.exec(hash);
      if (match?.[1] !== algorithm) continue;
      const digest = digestOf(algorithm, bytes, Buffer.from(match[2] ?? '', 'base64'));
      if (digest) return digest;
    }
  }
  return undefined;
}

/** From hexadecimal digits, whose number tells the algorithm: npm's `shasum` (SHA-1), the SHA-256 of others. */
export function fromShasum(hex: string): Digest | undefined {
  const found = algorithms.find(({ bytes }) => bytes * 2 === hex.length);
  if (found === undefined || !/^[0-9A-Fa-f]+$/.test(hex)) return undefined;
  return digestOf(found.algorithm, found.bytes, Buffer.from(hex, 'hex'));
}

/** The strongest supported digest in `Repr-Digest` (RFC 9530 §3). A malformed field says nothing. */
export function parseReprDigest(value: string | null): Digest | undefined {
  const members = value === null ? undefined : dictionary(value);
  for (const { algorithm, bytes, field } of algorithms) {
    const hash = members?.get(field)?.[0];
    const digest = hash instanceof ArrayBuffer ? digestOf(algorithm, bytes, Buffer.from(hash)) : undefined;
    if (digest) return digest;
  }
  return undefined;
}

export function formatReprDigest({ algorithm, value }: Digest): string {
  return `${algorithm === 'sha1' ? 'sha' : `sha-${algorithm.slice(3)}`}=:${value}:`;
}

/** Of all bytes of a body, as `Digest.value` has it. */
export function hashOf(bytes: Uint8Array<ArrayBuffer>, algorithm: DigestAlgorithm): string {
  return new Bun.CryptoHasher(algorithm).update(bytes).digest('base64');
}

/**
 * The same bytes, hashed as they pass. On a mismatch the stream fails instead of ending, and its last chunk
 * is never delivered: a recipient who counts bytes cannot take what came before for the whole.
 *
 * Each chunk is delivered once the next one has arrived, so that one is held back at most; nothing is read
 * ahead of that. Cancelling cancels `body`.
 *
 * @param onMismatch makes the error from what the body hashed to, in base64.
 */
export function verified(
  body: ReadableStream<Uint8Array>,
  digest: Digest,
  onMismatch: (actual: string) => Error,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  const hasher = new Bun.CryptoHasher(digest.algorithm);
  let held: Uint8Array | undefined;

  async function pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return finish(controller);
      if (value.length === 0) continue;
      hasher.update(value);
      const ready = held;
      held = value;
      if (ready) {
        controller.enqueue(ready);
        return;
      }
    }
  }

  function finish(controller: ReadableStreamDefaultController<Uint8Array>): void {
    const actual = hasher.digest('base64');
    if (actual !== digest.value) {
      controller.error(onMismatch(actual));
      return;
    }
    if (held) controller.enqueue(held);
    controller.close();
  }

  const checked = new ReadableStream<Uint8Array>(
    { pull, cancel: (reason) => reader.cancel(reason) },
    { highWaterMark: 0 },
  );
  checkedAgainst.set(checked, digest);
  return checked;
}

/** By the very stream: what is made of one may hold other bytes. */
const checkedAgainst = new WeakMap<ReadableStream<Uint8Array>, Digest>();

/** Whether this body is being compared with it already. */
export function isCheckedAgainst(body: ReadableStream<Uint8Array>, { algorithm, value }: Digest): boolean {
  const digest = checkedAgainst.get(body);
  return digest?.algorithm === algorithm && digest.value === value;
}

/**
 * The SHA-256 that this body is being compared with, as lower-case hexadecimal digits: whoever reads it from its start to a proper end
 * need not hash it again. `null` for a body that nobody compares with one.
 */
export function sha256Checked(body: ReadableStream<Uint8Array>): string | null {
  const digest = checkedAgainst.get(body);
  return digest?.algorithm === 'sha256' ? Buffer.from(digest.value, 'base64').toString('hex') : null;
}

/** In the canonical form, or `undefined` when the length is not the algorithm's. */
function digestOf(algorithm: DigestAlgorithm, bytes: number, hash: Buffer): Digest | undefined {
  return hash.length === bytes ? { algorithm, value: hash.toString('base64') } : undefined;
}

function dictionary(value: string): ReturnType<typeof parseDictionary> | undefined {
  try {
    return parseDictionary(value);
  } catch {
    return undefined; // what is malformed is ignored as a whole (RFC 9651 §4.2)
  }
}
