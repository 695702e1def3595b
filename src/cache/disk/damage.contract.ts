/**
 * What a bad disk does to small bodies while nobody looks.
 */
import { Database } from 'bun:sqlite';
import { join } from 'node:path';

/** Flips a bit of one of them, or of all, in a folder that is not in use. */
export function damageSmall(folder: string, sha256: string | null = null): void {
  using db = new Database(join(folder, 'bodies.db'), { strict: true });
  const all = db.query<{ place: number; bytes: Uint8Array }, []>('SELECT place, bytes FROM bodies').all();
  for (const { place, bytes } of all) {
    if (sha256 !== null && Bun.CryptoHasher.hash('sha256', bytes, 'hex') !== sha256) continue;
    const at = bytes.length >> 1;
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    db.query('UPDATE bodies SET bytes = ? WHERE place = ?').run(bytes, place);
  }
}
