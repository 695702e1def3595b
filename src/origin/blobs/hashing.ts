/** The hashes of a blob while it passes, and whether they are those that were expected. */
import { MeridianError } from '../../errors.ts';
import { asSha256, type Hashes, type HashName, type WriteOptions, type WrittenBlob } from '../../store.ts';

type Wanted = Pick<WriteOptions, 'expect' | 'hash'>;

export interface Hashing {
  /** So far. */
  readonly sizeBytes: number;
  /** Whether it can say all that is wanted. */
  covers(wanted: Wanted): boolean;
  update(chunk: Uint8Array): void;
  /** What has passed, once. @throws `blob-mismatch` when it is not what was expected, at first or now. */
  finish(expect?: Wanted['expect']): WrittenBlob;
}

const names: readonly HashName[] = ['md5', 'sha1', 'sha256', 'sha384', 'sha512'];

export function hashing(wanted: Wanted): Hashing {
  const hashers = namesIn(wanted).map((name) => [name, new Bun.CryptoHasher(name)] as const);
  let sizeBytes = 0;

  return {
    get sizeBytes() {
      return sizeBytes;
    },
    covers: (later) => namesIn(later).every((name) => hashers.some(([own]) => own === name)),
    update(chunk) {
      sizeBytes += chunk.length;
      for (const [, hasher] of hashers) hasher.update(chunk);
    },
    finish(expect = wanted.expect ?? {}) {
      const hashes: Hashes = Object.fromEntries(
        hashers.map(([name, hasher]) => [name, hasher.digest('hex')]),
      );
      const sha256 = asSha256(hashes.sha256 ?? '');
      if (sha256 === undefined) throw new Error('SHA-256 has not 64 digits');
      const written = { sha256, sizeBytes, hashes };
      compare(written, expect);
      return written;
    },
  };
}

function namesIn({ expect = {}, hash = [] }: Wanted): readonly HashName[] {
  return names.filter((name) => name === 'sha256' || hash.includes(name) || expect[name] !== undefined);
}

function compare({ sizeBytes, hashes }: WrittenBlob, expect: NonNullable<Wanted['expect']>): void {
  if (expect.sizeBytes !== undefined && expect.sizeBytes !== sizeBytes) {
    throw new MeridianError('blob-mismatch', `${sizeBytes} bytes, where ${expect.sizeBytes} were announced`);
  }
  for (const name of names) {
    const announced = expect[name]?.toLowerCase();
    if (announced === undefined || announced === hashes[name]) continue;
    throw new MeridianError('blob-mismatch', `its ${name} is ${hashes[name]}, not ${announced}`);
  }
}
