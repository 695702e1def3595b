/** What a file of an archive is called where there are tens of thousands of them: the first sixteen bytes of the hash of its path. */
declare const poolKey: unique symbol;

/** Hexadecimal. */
export type PoolKey = string & { readonly [poolKey]: true };

export const poolKeyBytes = 16;

/** @param path below the archive, decoded. */
export function poolKeyOf(path: string): PoolKey {
  return new Bun.CryptoHasher('sha256')
    .update(path)
    .digest('hex')
    .slice(0, 2 * poolKeyBytes) as PoolKey;
}
