/**
 * The hottest entries of memory, as a list on disk from which the next process warms itself. A list that is lost or
 * damaged costs a slower start, so nothing is done for its safety but to replace it as a whole.
 */
import { readFile, rename, writeFile } from 'node:fs/promises';
import type { CacheKey } from '../../resource.ts';

export interface Hot {
  readonly heat: number;
  readonly key: CacheKey;
  /** As `variantOf` writes it. */
  readonly variant: string;
}

/** @param temporary on the same file system as `path`. */
export async function writeHot(path: string, temporary: string, list: readonly Hot[]): Promise<void> {
  const lines = list.map(({ heat, key, variant }) => JSON.stringify([Number(heat.toFixed(3)), key, variant]));
  await writeFile(temporary, lines.join('\n'));
  await rename(temporary, path);
}

/** Empty when there is none. */
export async function readHot(path: string): Promise<readonly Hot[]> {
  const text = await readFile(path, 'utf8').catch(() => ''); // See above: a cold start is no failure.
  return text.split('\n').flatMap(hotIn);
}

function hotIn(line: string): Hot[] {
  try {
    const parsed: unknown = JSON.parse(line);
    if (!Array.isArray(parsed)) return [];
    const [heat, key, variant] = parsed as unknown[];
    if (typeof heat !== 'number' || typeof key !== 'string' || typeof variant !== 'string') return [];
    return [{ heat, key: key as CacheKey, variant }];
  } catch {
    return []; // Cut off, or not ours.
  }
}
