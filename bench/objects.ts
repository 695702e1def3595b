/**
 * What the upstream has. An object's path says how long it is, and its bytes follow from its path, so any program of
 * a run can make, or check, any object without being told about it:
 *
 *     /objects/<bytes>/<name>          /objects/1024/hit
 *     /objects/<bytes>/<tag>/<name>    /objects/1024/shelf/17, with `Cache-Tag: shelf`
 *
 * A query makes another object for a cache, and the same one for the upstream.
 */

export interface Body {
  readonly label: string;
  readonly bytes: number;
  readonly path: string;
}

export const KIB = 1024;
export const MIB = 1024 * KIB;
export const GIB = 1024 * MIB;

export function object(bytes: number, name: string): Body {
  return { label: sizeLabel(bytes), bytes, path: `/objects/${bytes}/${name}` };
}

/** `1 KiB`, `100 MiB`. */
export function sizeLabel(bytes: number): string {
  if (bytes >= GIB) return `${bytes / GIB} GiB`;
  if (bytes >= MIB) return `${bytes / MIB} MiB`;
  return bytes >= KIB ? `${bytes / KIB} KiB` : `${bytes} B`;
}

/** The length and the tag that a path names; `null` for a path that names no object. */
export function readPath(path: string): { readonly bytes: number; readonly tag: string | null } | null {
  const match = /^\/objects\/(\d+)(?:\/([\w-]+))?\/[\w-]+$/.exec(path);
  return match ? { bytes: Number(match[1]), tag: match[2] ?? null } : null;
}

/** A longer object is made of this much, again and again: no compression in use looks back so far. */
const POOL_BYTES = 8 * MIB;
/** From here on an object is a file for the upstream, which then costs it next to no processor time. */
export const FILE_BYTES = 4 * MIB;

let pool: Uint8Array<ArrayBuffer> | null = null;

/** What every peer has to give byte for byte. Does not compress, and is the same in every run. */
export function bytesAt(path: string, bytes: number): Uint8Array<ArrayBuffer> {
  pool ??= noise(POOL_BYTES);
  // From another place for each path: a cache that stores equal bodies once has to store each of them.
  const from = bytes < FILE_BYTES ? Number(Bun.hash(path) % BigInt(POOL_BYTES - bytes)) : 0;
  if (from + bytes <= POOL_BYTES) return pool.subarray(from, from + bytes);
  const whole = new Uint8Array(bytes);
  for (let at = 0; at < bytes; at += POOL_BYTES)
    whole.set(pool.subarray(0, Math.min(POOL_BYTES, bytes - at)), at);
  return whole;
}

function noise(length: number): Uint8Array<ArrayBuffer> {
  const words = new Uint32Array(length / 4);
  let state = 0x9e3779b9;
  for (let index = 0; index < words.length; index++) {
    state ^= state << 13; // xorshift32 (Marsaglia, 2003)
    state ^= state >>> 17;
    state ^= state << 5;
    words[index] = state;
  }
  return new Uint8Array(words.buffer);
}

/** The fields that a file server usually sends. */
export function fieldsOf(path: string, tag: string | null): Record<string, string> {
  return {
    'content-type': 'application/octet-stream',
    'cache-control': 'public, max-age=3600',
    etag: `"${Bun.hash(path).toString(16)}"`,
    'last-modified': 'Wed, 01 Jan 2025 00:00:00 GMT',
    ...(tag && { 'cache-tag': tag }),
  };
}
