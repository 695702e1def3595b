/** The hashes of a blob while it passes, and whether they are those that were expected. */
import { MeridianError } from '../../errors.ts';
import { asSha256, type Hashes, type HashName, type WriteOptions, type WrittenBlob } from '../../store.ts';

type Wanted = Pick<WriteOptions, 'expect' | 'hash'>;

export interface Hashing {
  update(chunk: Uint8Array): void;
  /** What has passed. @throws `blob-mismatch` when it is not what was expected. */
  finish(): WrittenBlob;
}

const names: readonly HashName[] = ['md5', 'sha1', 'sha256', 'sha384', 'sha512'];

export function hashing({ expect = {}, hash = [] }: Wanted): Hashing {
  const wanted = names.filter(
    (name) => name === 'sha256' || hash.includes(name) || expect[name] !== undefined,
  );
  const hashers = wanted.map((name) => [name, new Bun.CryptoHasher(name)] as const);
  let sizeBytes = 0;

  return {
    update(chunk) {
      sizeBytes += chunk.length;
      for (const [, hasher] of hashers) hasher.update(chunk);
    },
    finish() {
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
